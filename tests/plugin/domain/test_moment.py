"""FHIR dates as local days of a practice (D2, D5, E9)."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.domain.moment import LAST_YEAR, Days, days, plus_days, plus_months
from plugin.domain.record import Moment
from tests.charts import CHICAGO

ZONES = ["UTC", "America/Chicago", "America/New_York", "Asia/Kolkata", "Pacific/Kiritimati", "Australia/Lord_Howe"]


@pytest.mark.parametrize(
    ("text", "first", "last", "precision"),
    [
        ("2026", date(2026, 1, 1), date(2026, 12, 31), "year"),
        ("2028-02", date(2028, 2, 1), date(2028, 2, 29), "month"),
        ("2026-06-15", date(2026, 6, 15), date(2026, 6, 15), "day"),
        ("2026-06-15T04:59:59Z", date(2026, 6, 14), date(2026, 6, 14), "day"),
        ("2026-06-15T23:30:00", date(2026, 6, 15), date(2026, 6, 15), "day"),
        ("2026-06-15T23:59:60-05:00", date(2026, 6, 15), date(2026, 6, 15), "day"),
    ],
)
def test_the_days_that_a_moment_may_mean(text: str, first: date, last: date, precision: str) -> None:
    """D2. An instant without an offset, a vendor's fault, is meant in the practice's zone; a leap second is read."""
    found = days(Moment(text), CHICAGO)

    assert found is not None
    assert (found.first, found.last, found.precision) == (first, last, precision)


@pytest.mark.parametrize(
    "text", ["", "2026-02-30", "2026-13", "26-06-15", "2026-6-15", "2026-06-15T25:00:00Z", "x", "0000"]
)
def test_what_is_no_date_means_nothing(text: str) -> None:
    """None, and no exception."""
    assert days(Moment(text), CHICAGO) is None


@pytest.mark.parametrize(
    ("text", "at", "is_after"),
    [
        ("2026-06-15", "2026-06-14T23:59:59-05:00", True),
        ("2026-06-15", "2026-06-15T00:00:00-05:00", False),
        ("2026-06", "2026-05-31T23:59:59-05:00", True),
        ("2026-06", "2026-06-01T00:00:00-05:00", False),
        ("2026-06-15T12:00:00-05:00", "2026-06-15T11:59:59-05:00", True),
        ("2026-06-15T12:00:00-05:00", "2026-06-15T12:00:00-05:00", False),
    ],
)
def test_a_date_after_now_is_not_yet(text: str, at: str, is_after: bool) -> None:
    """E9: a partial date is after now while its first day is; an instant until it has come."""
    now = datetime.fromisoformat(at)
    found = days(Moment(text), CHICAGO)

    assert found is not None
    assert found.is_after(now, now.astimezone(CHICAGO).date()) == is_after


@given(
    instant=st.integers(-630_000_000, 4_100_000_000).map(lambda s: datetime.fromtimestamp(s, UTC)),
    zone=st.sampled_from(ZONES),
)
def test_an_instant_is_the_day_on_the_wall_of_the_practice(instant: datetime, zone: str) -> None:
    """For any instant and zone, DST nights included: one day, that of the local clock."""
    found = days(Moment(instant.isoformat()), ZoneInfo(zone))

    assert found == Days(*(instant.astimezone(ZoneInfo(zone)).date(),) * 2, "day", instant)


@given(st.dates(date(1900, 1, 1), date(2200, 1, 1)))
def test_a_partial_date_holds_each_of_its_days(day: date) -> None:
    """A day is in its month and its year, and ends of months are known."""
    for text in (day.isoformat(), day.isoformat()[:7], day.isoformat()[:4]):
        found = days(Moment(text), CHICAGO)
        assert found is not None
        assert found.first <= day <= found.last
        assert found.first.isoformat().startswith(text)
        assert found.last.isoformat().startswith(text)
        assert not (found.last + timedelta(days=1)).isoformat().startswith(text)


@given(st.dates(date(1900, 1, 1), date(2200, 1, 1)), st.integers(0, 400))
def test_months_later_is_the_same_day_or_the_last_of_that_month(day: date, months: int) -> None:
    """Never a month too far, never later in the month than the day counted from."""
    later = plus_months(day, months)

    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day == day.day or (later.day < day.day and (later + timedelta(days=1)).day == 1)


def test_sentinel_dates_do_not_break_the_calendar() -> None:
    """9999-12-31 means for ever to some vendors; nothing counts beyond it."""
    for_ever = date(9999, 12, 31)

    assert plus_days(for_ever, 31) == for_ever
    assert plus_months(for_ever, 12).year <= LAST_YEAR
