"""Time as OpenEMR 8.2 says and searches it.

It keeps the clinic's wall clock without a zone, and says it with the offset that the server has *now*, not the one of
the date: in November July's nine o'clock comes out as ``09:00:00-05:00``.
"""

from __future__ import annotations

import calendar
import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from deploy.openemr.recorded.errors import BadParameter

_ASKED = re.compile(
    r"(?P<prefix>\D{2})?(?P<year>\d{4})(?:-(?P<month>\d{2}))?(?:-(?P<day>\d{2}))?"
    r"(?:T(?P<hour>\d{2}):(?P<minute>\d{2}):(?P<second>\d{2}))?(?:\.\d{1,4})?(?P<zone>Z|[+-]\d{2}:\d{2})?"
)
_ABOUT = {
    "gt": operator.gt,
    "sa": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "eb": operator.lt,
    "le": operator.le,
}
Day = TypeVar("Day", date, datetime)
_AGAINST_LAST = ("gt", "sa", "le")

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class WallClock:
    """The server's clock: ``clock`` says an aware time, ``zone`` is where the clinic is."""

    clock: Clock
    zone: ZoneInfo

    def now(self) -> datetime:
        """The wall clock, to the second, as a DATETIME column takes it."""
        return self.local(self.clock()).replace(microsecond=0)

    def local(self, moment: datetime) -> datetime:
        """An aware time on the clinic's wall."""
        return moment.astimezone(self.zone).replace(tzinfo=None)

    def offset(self) -> str:
        """The server's offset at this moment: ``-05:00``."""
        return self.clock().astimezone(self.zone).isoformat()[-6:]


@dataclass(frozen=True)
class Asked:
    """One value of a date parameter: a comparison with a span of the wall clock, since a month or a year is whole."""

    prefix: str
    first: datetime
    last: datetime

    def takes(self, stored: datetime | date) -> bool:
        """Whether a stored time is meant; of a DATE column only the days count."""
        first, last = self.first, self.last
        if not isinstance(stored, datetime):
            return _compare(self.prefix, stored, first.date(), last.date())
        return _compare(self.prefix, stored, first, last)


def _compare(prefix: str, stored: Day, first: Day, last: Day) -> bool:
    if prefix in ("eq", "ne"):
        return (first <= stored <= last) is (prefix == "eq")
    return bool(_ABOUT[prefix](stored, last if prefix in _AGAINST_LAST else first))


def asked(value: str, wall: WallClock) -> Asked:
    """A value of a date parameter, read as OpenEMR does: ``2026-11`` is the whole month; an offset is honoured, and
    without one it is the server's of today. Raises BadParameter."""
    found = _ASKED.fullmatch(value)
    if found is None or (prefix := found["prefix"] or "eq") not in (*_ABOUT, "eq", "ne"):
        raise BadParameter(value)
    first, last = _days(found)
    if found["hour"]:
        at = time(min(int(found["hour"]), 23), min(int(found["minute"]), 59), min(int(found["second"]), 59))
        spans = datetime.combine(first, at), datetime.combine(last, at)
    else:
        spans = datetime.combine(first, time.min), datetime.combine(last, time(23, 59, 59))
    zone = found["zone"]
    if zone:
        shift = _offset("+00:00" if zone == "Z" else zone) - _offset(wall.offset())
        spans = spans[0] - shift, spans[1] - shift
    return Asked(prefix, *spans)


def _days(found: re.Match[str]) -> tuple[date, date]:
    """The first and the last day; what is too large is cut down to what there is (OpenEMR 8.2)."""
    year = max(int(found["year"]), 1)
    months = [min(max(int(found["month"]), 1), 12)] * 2 if found["month"] else [1, 12]
    last = calendar.monthrange(year, months[1])[1]
    days = [min(max(int(found["day"]), 1), last)] * 2 if found["day"] else [1, last]
    return date(year, months[0], min(days[0], calendar.monthrange(year, months[0])[1])), date(year, months[1], days[1])


def _offset(said: str) -> timedelta:
    hours, minutes = int(said[1:3]), int(said[4:6])
    return (-1 if said[0] == "-" else 1) * timedelta(hours=hours, minutes=minutes)


def takes(values: Sequence[Asked], stored: datetime | date | None) -> bool:
    """Commas are OR; what has no date is in no window."""
    return stored is not None and any(value.takes(stored) for value in values)
