"""The tasks that poll."""

from dataclasses import replace

import pytest

from tasks.routes import POLL, POLL_ALL
from tasks.sync import poll_source, poll_sources
from tests.builders import World, a_patient, a_plan
from tests.tasks.conftest import FakeTurns


def test_every_source_is_asked_for_and_a_paused_one_is_not(world: World) -> None:
    """One job for each, so that a slow source keeps no other waiting."""
    poll_sources.apply()
    with world.database.begin() as uow:
        uow.sources.update(replace(world.source, paused=True), world.clock())
        uow.commit()
    poll_sources.apply()

    assert world.jobs.asked == [f"poll {world.source.id}"]


def test_a_source_is_read_in_its_turn(world: World, turns: FakeTurns) -> None:
    """And the tick is asked for, since something came."""
    world.server.put(a_patient(), a_plan())

    poll_source.apply(args=(world.source.id,))

    assert turns.polled == [world.source.id]
    assert world.is_tracked("Patient/p1")
    assert "tick" in world.jobs.asked


@pytest.mark.parametrize(("is_wanted_again", "asked"), [(True, ["poll 1"]), (False, [])])
def test_a_poll_that_was_wanted_meanwhile_is_asked_for(
    world: World, turns: FakeTurns, is_wanted_again: bool, asked: list[str]
) -> None:
    """News that came behind the reader's back is read next, not half a minute later."""
    turns.is_wanted_again = is_wanted_again

    poll_source.apply(args=(world.source.id,))

    assert [job for job in world.jobs.asked if job.startswith("poll")] == asked


def test_names_are_explicit() -> None:
    """A message outlives a move of the code."""
    assert (poll_sources.name, poll_source.name) == (POLL_ALL, POLL)
