"""Whether Milepost can work now."""

from dataclasses import replace

import pytest

from plugin.domain.errors import Unreachable
from plugin.usecases.readiness import readiness
from tests.builders import World


def test_it_is_ready_when_all_answers_and_every_source_was_read(world: World) -> None:
    """After the first complete reading, not before."""
    before = readiness(world.services)
    world.sweep()
    after = readiness(world.services)

    assert (before.is_ready, [health.source.slug for health in before.behind]) == (False, ["main"])
    assert (after.is_ready, after.behind) == (True, [])


def test_a_paused_source_keeps_nobody_from_being_ready(world: World) -> None:
    """Somebody wanted it to rest."""
    with world.database.begin() as uow:
        uow.sources.update(replace(world.source, paused=True), world.clock())
        uow.commit()

    assert readiness(world.services).is_ready


def test_an_ehr_that_is_down_is_not_asked(world: World) -> None:
    """A check that waits for a dead server would be as dead; that the source falls behind says it in time."""
    world.sweep()
    world.server.down = True

    assert readiness(world.services).is_ready


@pytest.mark.parametrize("part", ["database", "broker"])
def test_what_does_not_answer_is_told_in_its_words(world: World, monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    """Each on its own; without the database nothing is said of sources."""
    world.sweep()

    def away() -> None:
        raise Unreachable(f"the {part} is away")

    monkeypatch.setattr(world.database if part == "database" else world.jobs, "check", away)

    found = readiness(world.services)

    assert not found.is_ready
    assert {"database": found.database, "broker": found.broker}[part] == f"the {part} is away"
    assert (found.sources == []) is (part == "database")
