"""The tasks that somebody at a screen waits for."""

from tasks.people import WITHIN, deliver_one, read_one
from tasks.routes import DELIVER_NOW, READ
from tests.builders import World, a_patient, a_plan, a_result


def test_one_patients_effects_are_delivered(world: World) -> None:
    """The other patient's wait for their own turn."""
    world.server.put(a_patient(1), a_plan(1), a_patient(2), a_plan(2))
    world.sweep(write=False)
    with world.look() as uow:
        tracked = uow.patients.look(world.source, "Patient/p1")
    assert tracked is not None

    deliver_one.apply(args=(tracked.row.id,))

    written = [draft for ref, draft in world.server.written.items() if ref.startswith("Task/")]
    assert [draft.body["patient"] for draft in written] == ["Patient/p1"]


def test_one_patient_is_read_and_assessed(world: World) -> None:
    """What is new in the chart shows at once."""
    world.server.put(a_patient(1), a_plan(1))
    world.sweep()
    with world.look() as uow:
        tracked = uow.patients.look(world.source, "Patient/p1")
    assert tracked is not None
    world.server.put(a_result(1))

    read_one.apply(args=(tracked.row.id,))

    assert world.statuses() == ["completed"]


def test_they_go_by_their_own_route_and_end_by_themselves() -> None:
    """Nobody waits behind what takes long."""
    assert (read_one.name, deliver_one.name) == (READ, DELIVER_NOW)
    assert WITHIN.total_seconds() < deliver_one.app.conf.task_time_limit / 2
