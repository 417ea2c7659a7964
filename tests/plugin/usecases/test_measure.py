"""Gauges, asked of the database."""

import pytest

from plugin.domain.errors import TemporaryFailure
from plugin.ops.metrics import DECLARED, Kind
from plugin.usecases.measure import measure
from tests.builders import World, a_patient, a_plan


def told(world: World) -> dict[tuple[str, str], float]:
    """(name, labels' values) -> value."""
    return {(name, " ".join(labels.values())): value for name, value, labels in measure(world.services)}


def test_what_is_measured_is_declared(world: World) -> None:
    """Names and labels, all of them, after a practice has everything that can be measured."""
    world.server.put(a_patient(), a_plan(due="2026-05-01"))
    world.sweep()

    declared = {metric.name: set(metric.labels) for metric in DECLARED if metric.kind is Kind.GAUGE}
    measured = {name: set(labels) for name, _, labels in measure(world.services)}

    assert measured.items() <= declared.items()
    assert declared.keys() - measured.keys() <= {"work_items_open"}


def test_the_age_of_a_feed_grows_until_it_is_behind(world: World) -> None:
    """Never read: behind, and no age. Two hours is not behind, a second more is."""
    before = told(world)
    world.sweep()
    world.clock.forward(hours=2)
    at_the_limit = told(world)
    world.clock.forward(seconds=1)
    after = told(world)

    assert ("feed_age_seconds", "main") not in before
    assert before[("feed_is_behind", "main")] == 1
    assert at_the_limit[("feed_is_behind", "main")] == 0
    assert (after[("feed_is_behind", "main")], after[("feed_age_seconds", "main")]) == (1, 7201)


def test_who_is_due_and_what_is_planned_is_counted(world: World) -> None:
    """Before the tick one patient is due; after it nobody, and a Task is to be written."""
    world.server.put(a_patient(), a_plan())
    world.sweep(write=False)
    now = told(world)
    world.clock.forward(days=60)
    later = told(world)

    assert now[("patients_due", "")] == 0
    assert now[("effects", "write planned")] >= 1
    assert later[("patients_due", "")] == 1


def test_a_database_that_is_away_is_told_as_such(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page still comes, and says what is wrong."""

    def away(*, reading: bool = False) -> None:
        raise TemporaryFailure("the database does not answer")

    assert told(world)[("database_answers", "")] == 1
    monkeypatch.setattr(world.database, "begin", away)

    assert told(world) == {("database_answers", ""): 0}
