"""Local days, working mornings and send windows of a practice (DESIGN §5, §6)."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.domain.calendar import Practice
from tests.charts import CHICAGO

ZONES = ["UTC", "America/Chicago", "America/Santiago", "Asia/Kolkata", "Pacific/Apia", "Australia/Lord_Howe"]
HOLIDAYS = frozenset({date(2026, 6, 19), date(2026, 7, 3), date(2026, 12, 25), date(2026, 1, 1)})

instants = st.integers(1_735_700_000, 1_830_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
practices = st.builds(
    Practice,
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    working_days=st.sampled_from([frozenset(range(5)), frozenset({1, 3}), frozenset(range(7))]),
    holidays=st.sampled_from([frozenset(), HOLIDAYS]),
)


def at(text: str) -> datetime:
    """An instant."""
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("since", "morning"),
    [
        ("2026-06-15T00:00:00-05:00", "2026-06-15T08:00:00-05:00"),
        ("2026-06-15T08:00:00-05:00", "2026-06-15T08:00:00-05:00"),
        ("2026-06-15T08:00:01-05:00", "2026-06-16T08:00:00-05:00"),
        ("2026-06-12T12:00:00-05:00", "2026-06-15T08:00:00-05:00"),
        ("2026-06-18T12:00:00-05:00", "2026-06-22T08:00:00-05:00"),
        ("2026-06-15T03:00:00Z", "2026-06-15T08:00:00-05:00"),
        ("2026-03-06T12:00:00-06:00", "2026-03-09T08:00:00-05:00"),
    ],
)
def test_the_morning_of_a_staff_step(since: str, morning: str) -> None:
    """DESIGN §5: that local day's, or, when its cause began after it, the next working morning; a Friday, a holiday, a
    cause of the evening before in another zone, the week-end of the clock change."""
    assert Practice(CHICAGO, holidays=HOLIDAYS).staff_morning(at(since)).isoformat() == morning


@pytest.mark.parametrize(
    ("since", "sent"),
    [
        ("2026-06-15T08:59:59-05:00", "2026-06-15T09:00:00-05:00"),
        ("2026-06-15T09:00:00-05:00", "2026-06-15T09:00:00-05:00"),
        ("2026-06-15T18:59:59-05:00", "2026-06-15T18:59:59-05:00"),
        ("2026-06-15T19:00:00-05:00", "2026-06-16T09:00:00-05:00"),
        ("2026-06-13T19:00:00-05:00", "2026-06-15T09:00:00-05:00"),
        ("2026-06-18T19:00:00-05:00", "2026-06-20T09:00:00-05:00"),
        ("2026-10-31T20:00:00-05:00", "2026-11-02T09:00:00-06:00"),
    ],
)
def test_the_send_window(since: str, sent: str) -> None:
    """DESIGN §6: Monday to Saturday, 09:00-19:00; never on a holiday."""
    assert Practice(CHICAGO, holidays=HOLIDAYS).send_time(at(since)).isoformat() == sent


@pytest.mark.parametrize(
    ("since", "sent"),
    [
        ("2026-06-15T10:00:00-05:00", "2026-06-15T10:00:00-05:00"),
        ("2026-06-15T07:00:00-05:00", "2026-06-15T09:00:00-05:00"),
        ("2026-06-15T19:00:00-05:00", None),
        ("2026-06-14T10:00:00-05:00", None),
    ],
)
def test_what_cannot_be_sent_the_same_day(since: str, sent: str | None) -> None:
    """DESIGN §6, rebook: the same day, or not at all."""
    found = Practice(CHICAGO).same_send_day(at(since))

    assert (found.isoformat() if found else None) == sent


@pytest.mark.parametrize(
    ("zone", "day", "begins"),
    [
        ("America/Chicago", date(2026, 3, 8), "2026-03-08T00:00:00-06:00"),
        ("America/Chicago", date(2026, 3, 9), "2026-03-09T00:00:00-05:00"),
        ("America/Santiago", date(2026, 9, 6), "2026-09-06T01:00:00-03:00"),
        ("Asia/Kolkata", date(2026, 6, 15), "2026-06-15T00:00:00+05:30"),
    ],
)
def test_a_day_begins_when_the_wall_clock_says_so(zone: str, day: date, begins: str) -> None:
    """Where midnight does not exist, with the first instant after it."""
    assert Practice(ZoneInfo(zone)).start_of(day).isoformat() == begins


@given(practice=practices, since=instants)
def test_a_staff_step_never_fires_on_a_day_off(practice: Practice, since: datetime) -> None:
    """For any practice and moment: at its morning, of a working day, not before its cause; and its own morning is itself,
    so that it does not move with the clock."""
    morning = practice.staff_morning(since)

    assert practice.is_working_day(practice.day(morning))
    assert morning.astimezone(practice.zone).time() == time(8)
    assert morning >= since
    assert practice.staff_morning(morning) == morning


@given(practice=practices, since=instants)
def test_nothing_is_sent_outside_the_window(practice: Practice, since: datetime) -> None:
    """For any practice and moment: on a send day, within its hours, not before it is wanted; within it, at once."""
    sent = practice.send_time(since)
    local = sent.astimezone(practice.zone)

    assert practice.can_send_on(local.date())
    assert time(9) <= local.time() < time(19)
    assert sent >= since
    assert practice.send_time(sent) == sent


@given(practice=practices, since=instants)
def test_a_local_day_begins_with_its_first_instant(practice: Practice, since: datetime) -> None:
    """For any zone: that instant is of the day, the one before is not; Apia has had no 30 December 2011, but has these."""
    day = practice.day(since)
    begins = practice.start_of(day)

    assert begins <= since
    assert practice.day(begins) == day
    assert practice.day(begins - timedelta(microseconds=1)) < day
