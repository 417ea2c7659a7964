"""Who the patient is, how old what we know is: the day before, the day, the day after."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from plugin.domain.panel import panel_of, version_of
from plugin.domain.record import (
    Moment,
    Record,
)
from plugin.domain.tracking import Tracked
from tests.panel_file import NOW, PATIENT, ROW, SOURCE, TODAY, a_file, shown


@pytest.mark.parametrize(
    ("born", "years", "months"),
    [
        ("1961-06-21", 65, None),
        ("1961-06-22", 65, None),
        ("1961-06-23", 64, None),
        ("2024-06-23", 1, 23),
        ("2024-06-22", 2, None),
        ("2026-06-22", 0, 0),
        ("2026-06-23", None, None),
        ("1961-06", None, None),
        ("1961", None, None),
    ],
)
def test_age(born: str, years: int | None, months: int | None) -> None:
    """The day before the birthday, the day, the day after; months for an infant; none of a part of a date."""
    file = replace(a_file(), record=Record.of("Patient/p1", "main", [replace(PATIENT, birth_date=Moment(born))]))

    strip = panel_of(file).strip

    assert (strip.age_years, strip.age_months) == (years, months)


def test_age_of_who_has_died() -> None:
    """It stands still at death; a date of death that lies ahead is none yet (S3)."""
    dead = replace(PATIENT, deceased=True, deceased_at=Moment("2020-06-21"))
    file = replace(a_file(), record=Record.of("Patient/p1", "main", [dead]))
    ahead = replace(a_file(), record=Record.of("Patient/p1", "main", [replace(dead, deceased_at=Moment("2026-06-23"))]))

    assert (panel_of(file).strip.has_died, panel_of(file).strip.age_years) == (True, 58)
    assert panel_of(ahead).strip.has_died is False


@pytest.mark.parametrize(("hours", "is_stale"), [(1.99, False), (2, False), (2.01, True)])
def test_stale(hours: float, is_stale: bool) -> None:
    """A chart that was not read for longer than the limit is said to be old; reading this patient alone counts too."""
    old = replace(SOURCE, last_read_at=NOW - timedelta(hours=hours))
    tracked = Tracked(row=ROW, read_at=NOW - timedelta(minutes=1))

    assert shown(source=old).freshness.is_stale is is_stale
    assert shown(source=old, tracked=tracked).freshness.is_stale is False
    assert shown(source=replace(SOURCE, last_read_at=None)).freshness.is_stale


def test_a_chart_whose_parts_are_read_each_when_it_is_due() -> None:
    """It is as old as the part that waits longest, however lately the source was asked; but one who was read alone."""
    late, early = NOW - timedelta(minutes=2), NOW - timedelta(minutes=40)
    source = replace(SOURCE, last_read_at=late)
    file = replace(a_file(source=source), parts_read_at=early)
    alone = replace(file, tracked=Tracked(row=ROW, read_at=NOW - timedelta(minutes=1)))

    assert panel_of(file).freshness.read_at == file.local(early)
    assert panel_of(alone).freshness.read_at == file.local(NOW - timedelta(minutes=1))
    assert panel_of(a_file(source=source)).freshness.read_at == file.local(late)
    assert not panel_of(file).freshness.is_stale


def test_version() -> None:
    """Another when something was assessed, read or said, when a day begins, and when the chart has become old."""

    def of(tracked: Tracked | None, now: datetime = NOW, today: date = TODAY) -> str:
        return version_of(tracked, SOURCE, now, today=today, stale_after=timedelta(hours=2))

    one = Tracked(row=ROW, assessed_at=NOW)
    versions = {
        of(one),
        of(replace(one, assessed_at=NOW + timedelta(seconds=1))),
        of(replace(one, read_at=NOW)),
        of(replace(one, row=replace(ROW, next_change_at=NOW))),
        of(one, today=TODAY + timedelta(days=1)),
        of(one, now=NOW + timedelta(hours=3)),
        of(None),
    }

    assert len(versions) == 7
    assert of(one) == of(one)
