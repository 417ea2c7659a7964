"""The task that delivers."""

from tasks.deliver import WITHIN, deliver_due
from tasks.routes import DELIVER
from tests.builders import World, a_patient, a_plan


def test_what_is_planned_is_delivered(world: World) -> None:
    """The milestone's Task stands on the server."""
    world.server.put(a_patient(), a_plan())
    world.sweep(write=False)

    deliver_due.apply()

    assert [ref for ref in world.server.written if ref.startswith("Task/")] != []


def test_it_ends_by_itself_long_before_it_is_ended() -> None:
    """Between two batches, when nothing is half done."""
    assert WITHIN.total_seconds() < deliver_due.app.conf.task_time_limit / 2
    assert deliver_due.name == DELIVER
