"""One patient, read afresh because somebody looks."""

from dataclasses import replace

from plugin.usecases.read_patient import patient_now, read_patient
from tests.builders import World, a_patient, a_plan, a_result

P1 = "Patient/p1"


def number(world: World) -> int:
    """The patient's."""
    with world.look() as uow:
        found = uow.patients.look(world.source, P1)
    assert found is not None
    return found.row.id


def test_what_is_new_in_the_chart_is_assessed_at_once(world: World) -> None:
    """Without waiting for the next poll; and the patient was read then."""
    world.server.put(a_patient(1), a_plan(1))
    world.sweep()
    before = world.statuses()
    world.server.put(a_result(1))
    world.clock.forward(minutes=1)

    read_patient(world.services, number(world))

    assert world.statuses() != before
    with world.look() as uow:
        assert uow.patients.read_at(world.source, P1) == world.clock()


def test_twice_is_once(world: World) -> None:
    """A job may run again."""
    world.server.put(a_patient(1), a_plan(1))
    world.sweep()
    read_patient(world.services, number(world))
    kept, effects = world.kept(), world.effects()

    read_patient(world.services, number(world))

    assert (world.kept(), world.effects()) == (kept, effects)


def test_a_paused_source_and_a_stranger_are_left_alone(world: World) -> None:
    """Nobody asks a server that must rest."""
    world.server.put(a_patient(1), a_plan(1))
    world.sweep()
    with world.database.begin() as uow:
        uow.sources.update(replace(world.now_source(), paused=True), world.clock())
        uow.commit()
    world.server.down = True

    read_patient(world.services, number(world))
    read_patient(world.services, 4711)


def test_a_patient_is_asked_for_without_being_tracked(world: World) -> None:
    """Who has no plan leaves nothing behind; who is not there is nobody."""
    world.server.put(a_patient(1))

    found = patient_now(world.services, world.source, P1)

    assert found is not None
    assert found.ref == P1
    assert world.kept() == set()
    assert patient_now(world.services, world.source, "Patient/p2") is None
