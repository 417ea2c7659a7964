"""Records that were set aside are read again."""

from __future__ import annotations

import pytest

from plugin.usecases.retry_aside import retry_aside
from tests.builders import World, a_patient, a_plan, a_result


@pytest.fixture
def stage(world: World) -> World:
    """A practice with a result that cannot be mapped."""
    world.server.put(a_patient(), a_plan(), a_result())
    world.server.broken.add(a_result().ref)
    world.sweep()
    return world


def aside(world: World) -> list[str]:
    """What is set aside, by reference."""
    with world.database.begin(reading=True) as uow:
        return [record.ref for record in uow.sources.aside(world.source)]


def test_what_is_right_now_is_taken_in(stage: World) -> None:
    """And whoever it concerns is assessed."""
    assert aside(stage) == [a_result().ref]
    stage.server.broken.clear()

    assert retry_aside(stage.services, stage.source) == 1

    assert aside(stage) == []
    assert stage.jobs.asked[-1] == "tick"
    assert a_result().ref in stage.kept()


def test_what_is_still_wrong_stays(stage: World) -> None:
    """With the reason of now."""
    assert retry_aside(stage.services, stage.source) == 0
    assert aside(stage) == [a_result().ref]


def test_what_is_gone_is_no_longer_set_aside(stage: World) -> None:
    """There is nothing to put right any more."""
    stage.server.delete(a_result().ref)

    assert retry_aside(stage.services, stage.source) == 1
    assert aside(stage) == []


def test_only_what_was_asked_for(stage: World) -> None:
    """Another reference, or one that was never set aside, changes nothing."""
    stage.server.broken.clear()

    assert retry_aside(stage.services, stage.source, ["Observation/other"]) == 0
    assert aside(stage) == [a_result().ref]
