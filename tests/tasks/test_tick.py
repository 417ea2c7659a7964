"""The task that reassesses."""

from tasks.routes import TICK
from tasks.tick import WITHIN, reassess_due
from tests.builders import World, a_patient, a_plan


def test_who_is_due_is_reassessed(world: World) -> None:
    """And what came of it is to be delivered."""
    world.server.put(a_patient(), a_plan(due="2026-06-01"))
    world.sweep(write=False)
    world.clock.forward(days=3)
    world.jobs.asked.clear()

    reassess_due.apply()

    assert world.metrics.counters["patients_reassessed"] > 0
    assert "deliver" in world.jobs.asked


def test_it_ends_by_itself_long_before_it_is_ended() -> None:
    """A batch that is cut off is done again; better not to be cut off."""
    assert WITHIN.total_seconds() < reassess_due.app.conf.task_time_limit / 2
    assert reassess_due.name == TICK
