"""FHIR dates with their own precision, as local days of a practice (SEMANTICS D2, E9)."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from plugin.domain.record import Moment

_SHAPE = re.compile(
    r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?)?)?", re.ASCII
)
_AT_BEGINNING = re.compile(
    r"\d{4}-\d{2}(?:-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})?)?(?!\d)|(?!-?\d))", re.ASCII
)

LAST_YEAR = 9000
"""Dates beyond it are kept as they are; no arithmetic is done with them."""


@dataclass(frozen=True, slots=True)
class Days:
    """The local days that a moment may mean, first to last; ``instant`` where the source gave one."""

    first: date
    last: date
    precision: str
    instant: datetime | None = None

    def is_after(self, now: datetime, today: date) -> bool:
        """E9: an instant after now; a day after today; a partial date while its first day is."""
        if self.instant is not None:
            return self.instant > now
        return self.first > today

    def within(self, first: date | None, last: date | None) -> bool:
        """All of its days lie in the span; an end that is None is open."""
        return (first is None or self.first >= first) and (last is None or self.last <= last)

    def touches(self, first: date | None, last: date | None) -> bool:
        """Some of its days lie in the span."""
        return (first is None or self.last >= first) and (last is None or self.first <= last)


@lru_cache(maxsize=65536)
def days(moment: Moment, zone: ZoneInfo) -> Days | None:
    """The days that a FHIR date or dateTime means in a zone; None when it is no date (``2026-02-30``)."""
    shape = _SHAPE.fullmatch(moment)
    if shape is None:
        return None
    year, month, day = int(shape[1]), shape[2], shape[3]
    try:
        if month is None:
            return Days(date(year, 1, 1), date(year, 12, 31), "year")
        if day is None:
            end = calendar.monthrange(year, int(month))[1]
            return Days(date(year, int(month), 1), date(year, int(month), end), "month")
        if shape[4] is None:
            on = date(year, int(month), int(day))
            return Days(on, on, "day")
        return _of_instant(moment, zone)
    except (ValueError, OverflowError):
        return None


def _of_instant(moment: str, zone: ZoneInfo) -> Days:
    """A leap second counts as the second before it; without an offset the practice's zone is meant."""
    text = re.sub(r":60(?=[.Z+-]|$)", ":59", moment)
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=zone)
    local = instant.astimezone(zone).date()
    return Days(local, local, "day", instant)


def date_at_beginning(text: str, zone: ZoneInfo) -> Days | None:
    """D5: ``YYYY-MM-DD``, ``YYYY-MM`` or an instant at the beginning of a free text; a bare year is not a date."""
    shape = _AT_BEGINNING.match(text.lstrip())
    return days(Moment(shape[0]), zone) if shape else None


def plus_months(day: date, months: int) -> date:
    """The same day so many months later, or that month's last day (31 January, 28 February, 31 March)."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    if year > LAST_YEAR:
        return date(LAST_YEAR, 12, 31)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def plus_days(day: date, count: int) -> date:
    """So many days later (or earlier); a year beyond the calendar's end stays at its end."""
    if day.year >= LAST_YEAR:
        return day
    return day + timedelta(days=count)
