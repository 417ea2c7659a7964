"""Periodic jobs: when each ran last and runs next, and one beside its times."""

from __future__ import annotations

from datetime import timedelta

import pytest

from plugin.domain.errors import UnknownName
from plugin.domain.job import JobRun
from plugin.usecases.jobs import every_job, remember_run, run_now
from tests.builders import World

TICK, NIGHTLY = "milepost.tick", "milepost.reconcile.sources"


def test_a_job_that_never_ran(world: World) -> None:
    """Is no late one; the nightly one's next time is known all the same, in the practice's zone."""
    tick, nightly = every_job(world.services, world.clock())

    assert (tick.last, tick.next_at, tick.is_late) == (None, None, False)
    assert nightly.next_at is not None
    local = nightly.next_at.astimezone(world.services.practice.zone)
    assert (local.hour, local.minute) == (4, 15)
    assert timedelta() < nightly.next_at - world.clock() <= timedelta(days=1)


@pytest.mark.parametrize(("ago_s", "is_late"), [(29, False), (90, False), (91, True)])
def test_a_job_is_late_after_three_of_its_intervals(world: World, ago_s: int, is_late: bool) -> None:
    """The second before, the last, and the first after."""
    began = world.clock() - timedelta(seconds=ago_s)
    remember_run(world.services, JobRun(TICK, began, began, None))

    tick, _ = every_job(world.services, world.clock())

    assert tick.is_late is is_late
    assert tick.next_at == max(began + timedelta(seconds=30), world.clock())


def test_the_last_run_is_the_one_that_counts(world: World) -> None:
    """With how it ended."""
    for failed in (None, "crashed"):
        remember_run(world.services, JobRun(TICK, world.clock(), world.clock(), failed))

    tick, _ = every_job(world.services, world.clock())

    assert tick.last is not None
    assert tick.last.failed == "crashed"


def test_one_now(world: World) -> None:
    """Only what runs by itself: no task with ids, and none that does not exist."""
    run_now(world.services, NIGHTLY)

    assert world.jobs.asked == [f"run {NIGHTLY}"]
    with pytest.raises(UnknownName):
        run_now(world.services, "milepost.source.leave")
