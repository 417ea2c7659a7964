"""Tests of deploy/bench/chart.py: the patient who is multiplied is worth being measured."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from deploy.bench.chart import MARK, PATIENT, chart
from plugin.domain.assess import assess
from plugin.domain.assessment import Assessment
from plugin.domain.calendar import Practice
from plugin.domain.record import Record
from plugin.domain.rules import Rules

WRITTEN = datetime(2026, 6, 1, 12, tzinfo=UTC)
RULES = Rules(Practice(ZoneInfo("America/Chicago")))


def seen_on(day: int) -> Assessment:
    """The first of the four is due on the 15th."""
    record = Record.of(PATIENT, "bench", chart(date(2026, 6, 15), WRITTEN), [])
    return assess(record, RULES, datetime(2026, 6, day, 17, tzinfo=UTC))


def test_four_milestones_are_open() -> None:
    """In a plan with a month between one due date and the next."""
    dues = [milestone.due for milestone in seen_on(14).milestones]

    assert [due.isoformat() for due in dues if due] == ["2026-06-15", "2026-07-15", "2026-08-14", "2026-09-13"]
    assert not any(milestone.status.is_final for milestone in seen_on(14).milestones)


def test_time_alone_makes_the_first_overdue() -> None:
    """Its tier rises, and effects are wanted that were not wanted before."""
    before, after = seen_on(14), seen_on(17)

    assert [milestone.tier for milestone in before.milestones] == [0, 0, 0, 0]
    assert [milestone.tier for milestone in after.milestones] == [1, 0, 0, 0]
    assert {effect.key for effect in after.wanted} > {effect.key for effect in before.wanted}


def test_every_fact_bears_the_mark() -> None:
    """Or two patients would have the same one."""
    assert all(MARK in fact.ref for fact in chart(date(2026, 6, 15), WRITTEN))
