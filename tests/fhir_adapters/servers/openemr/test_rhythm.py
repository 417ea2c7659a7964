"""Tests of when a part is read again: by its cost, and by the clinic's hours."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from fhir_adapters.servers.openemr.parts import PARTS, Part, Way
from fhir_adapters.servers.openemr.rhythm import Allowance, Pace, Rhythm, is_working_time
from fhir_adapters.servers.openemr.state import paces_in, watermark_of

NEW_YORK = ZoneInfo("America/New_York")
NOON = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
NIGHT = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
PART = Part(Way.TRACKED, timedelta(hours=1), timedelta(hours=6), 0.1)
ALLOWANCE = Allowance(bytes_per_day=10_000_000, requests_per_day=1_000)
RHYTHM = Rhythm(NEW_YORK, ALLOWANCE)


def due_after(pace: Pace, since: datetime = NOON, part: Part = PART, rhythm: Rhythm = RHYTHM) -> timedelta:
    """How long until a part is due, to the quarter of an hour."""
    steps = (timedelta(minutes=15) * count for count in range(4 * 24 * 14))
    return next(step for step in steps if rhythm.is_due(part, replace(pace, at=since), since + step))


@pytest.mark.parametrize(
    ("local", "is_working"),
    [
        ("2026-11-23T06:59", False),
        ("2026-11-23T07:00", True),
        ("2026-11-23T18:59", True),
        ("2026-11-23T19:00", False),
        ("2026-11-21T12:00", False),
    ],
)
def test_working_time_is_by_the_clinics_clock(local: str, is_working: bool) -> None:
    """Monday to Friday, seven to seven."""
    assert is_working_time(datetime.fromisoformat(local)) is is_working


def test_what_was_never_read_is_due() -> None:
    """Whatever the hour."""
    nightly = replace(PART, by_day=None)

    assert RHYTHM.is_due(nightly, Pace(), NOON)


def test_what_costs_little_is_read_after_its_least_time() -> None:
    """An hour by day, six at night."""
    assert due_after(Pace(requests=1, bytes=1000)) == timedelta(hours=1)
    assert due_after(Pace(requests=1, bytes=1000), NIGHT) == timedelta(hours=6)


def test_what_uses_up_its_share_waits_as_long_as_that_lasts() -> None:
    """A tenth of ten megabytes is for twelve hours: half of it lasts six."""
    assert due_after(Pace(requests=1, bytes=500_000)) == timedelta(hours=6)
    assert due_after(Pace(requests=50, bytes=1000)) == timedelta(hours=6)


def test_a_server_that_works_hard_is_left_alone() -> None:
    """A search for plans among five thousand takes nine seconds there: ten lists of it are repeated after 75 minutes."""
    assert due_after(Pace(requests=10, seconds=90.0)) == timedelta(minutes=75)


def test_the_deep_reading_is_left_to_the_night() -> None:
    """Until seven in the evening nothing happens."""
    nightly = replace(PART, by_day=None, by_night=timedelta(hours=1))

    assert due_after(Pace(), part=nightly) == timedelta(hours=7)


def test_a_pass_that_was_cut_short_goes_on_as_soon_as_its_cost_allows() -> None:
    """Its least time is for beginning anew."""
    assert due_after(Pace(after="x", bytes=100_000)) == timedelta(minutes=75)


def test_a_run_ends_at_half_a_days_share() -> None:
    """But not the first one: until everything was read once, nothing is known."""
    dear = Pace(bytes=600_000, done=True)

    assert RHYTHM.is_enough(PART, dear)
    assert RHYTHM.is_enough(PART, Pace(seconds=121, done=True))
    assert not RHYTHM.is_enough(PART, replace(dear, done=False))
    assert not RHYTHM.is_enough(PART, Pace(bytes=400_000, done=True))


def test_always_is_always() -> None:
    """For a demonstration, in which nobody wants to wait."""
    eager = Rhythm(NEW_YORK, ALLOWANCE, always=True)

    assert eager.is_due(PART, Pace(at=NOON, bytes=10**9), NOON)
    assert not eager.is_enough(PART, Pace(bytes=10**9, done=True))


def test_the_shares_of_all_parts_are_one_allowance() -> None:
    """Each part's name is its own within its type."""
    assert sum(part.share for parts in PARTS.values() for part in parts) == pytest.approx(1.0)
    assert all(len({part.name for part in parts}) == len(parts) for parts in PARTS.values())


# ----------------------------------------------------------------------------------------------------------- as it is kept
def test_how_reading_stands_is_kept_in_the_cursor() -> None:
    """What is written is read again, and short."""
    paces = {
        "tracked": Pace(
            at=NOON, size=40, after="a3", since=NIGHT, proven=True, done=True, requests=3, bytes=9, seconds=0.5
        ),
        "changed": Pace(),
    }
    text = watermark_of(paces)

    assert paces_in(text) == paces
    assert len(text) < 300


@pytest.mark.parametrize(
    "text",
    [None, "", "2026-11-22T01:00:00.000Z", "[]", "7", '{"v":2,"parts":{"tracked":{"size":5}}}', '{"v":1,"parts":[1]}'],
)
def test_what_is_not_ours_is_as_if_nothing_was_read(text: str | None) -> None:
    """Another kind's cursor, another version's, nothing."""
    assert paces_in(text) == {}


def test_what_is_odd_in_it_is_left_at_its_beginning() -> None:
    """It is read from a database, and never stops a poll."""
    odd = '{"v":1,"parts":{"tracked":{"at":"x","size":"9","after":3,"since":"2026-11-22","proven":1,"bytes":-4},"b":7}}'

    assert paces_in(odd) == {"tracked": Pace()}
