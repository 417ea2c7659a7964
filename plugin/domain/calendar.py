"""Zones, local days, working days and send windows of a practice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from plugin.domain.moment import LAST_YEAR

ONE_DAY = timedelta(days=1)
FIRST_YEAR = 2
MIDNIGHT = time(0)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


MOST_HOLIDAYS = 400


class Holiday(NamedTuple):
    """A day on which the practice is closed, and what it is called."""

    day: date
    name: str


@dataclass(frozen=True, slots=True)
class Practice:
    """What ``assess`` must know of a practice (DESIGN §3): its zone, hours and holidays.

    Weekdays are Monday = 0. ``morning`` is when staff steps fire on working days; patient messages go out between
    ``send_from`` and ``send_until`` on ``send_days`` (DESIGN §6), never on a holiday.
    """

    zone: ZoneInfo
    working_days: frozenset[int] = frozenset(range(5))
    holidays: frozenset[date] = frozenset()
    morning: time = time(8)
    send_days: frozenset[int] = frozenset(range(6))
    send_from: time = time(9)
    send_until: time = time(19)

    def day(self, instant: datetime) -> date:
        """The local date of an aware instant."""
        return instant.astimezone(self.zone).date()

    def start_of(self, day: date) -> datetime:
        """The first instant of a local day, in the zone's offset (midnight, or what a DST gap makes of it)."""
        return _local(day, MIDNIGHT, self.zone)

    def at(self, day: date, clock: time) -> datetime:
        """A wall-clock time on a local day, in the zone's offset; inside a DST gap: the instant after the gap."""
        return _local(day, clock, self.zone)

    def is_working_day(self, day: date) -> bool:
        """A working day that is no holiday."""
        return day.weekday() in self.working_days and day not in self.holidays

    def can_send_on(self, day: date) -> bool:
        """A day on which patient messages may go out."""
        return day.weekday() in self.send_days and day not in self.holidays

    def staff_morning(self, since: datetime) -> datetime:
        """The morning at which a staff step whose cause began at ``since`` fires: that local day's morning, or, when
        the cause began after it, the next working morning. Does not depend on the clock."""
        day = self.day(since)
        if since > self.at(day, self.morning):
            day += ONE_DAY
        while not self.is_working_day(day):
            day += ONE_DAY
        return self.at(day, self.morning)

    def send_time(self, since: datetime) -> datetime:
        """The first moment at or after ``since`` that lies in the send window."""
        local = since.astimezone(self.zone)
        day = local.date()
        if self.can_send_on(day):
            if local < self.at(day, self.send_from):
                return self.at(day, self.send_from)
            if local < self.at(day, self.send_until):
                return local
        day += ONE_DAY
        while not self.can_send_on(day):
            day += ONE_DAY
        return self.at(day, self.send_from)

    def same_send_day(self, since: datetime) -> datetime | None:
        """``send_time`` when it falls on the same local day as ``since``, else None."""
        when = self.send_time(since)
        return when if self.day(when) == self.day(since) else None


def plain_day(text: str) -> date | None:
    """A day as people type it, ``2026-12-25``; None for anything else, also for ISO's other ways of writing one."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.isoformat() == text else None


def calendar_body(practice: Practice, holidays: Iterable[Holiday]) -> dict[str, object]:
    """A calendar as it is stored (``plugin.catalog.practice_reader`` reads it): all but the zone."""
    return {
        "code": "practice",
        "title": "Calendar",
        "working_days": [WEEKDAYS[day] for day in sorted(practice.working_days)],
        "morning": f"{practice.morning:%H:%M}",
        "send_days": [WEEKDAYS[day] for day in sorted(practice.send_days)],
        "send_from": f"{practice.send_from:%H:%M}",
        "send_until": f"{practice.send_until:%H:%M}",
        "holidays": [{"date": day.isoformat(), **({"name": name} if name else {})} for day, name in sorted(holidays)],
    }


def holidays_in(body: Mapping[str, object]) -> list[Holiday]:
    """The days that a stored calendar names, in order; what is no day is passed over."""
    rows = body.get("holidays")
    found: list[Holiday] = []
    for row in rows if isinstance(rows, list) else ():
        try:
            found.append(Holiday(date.fromisoformat(str(row["date"])), str(row.get("name") or "")))
        except (AttributeError, KeyError, TypeError, ValueError):
            continue
    return sorted(found)


@lru_cache(maxsize=16384)
def _local(day: date, clock: time, zone: ZoneInfo) -> datetime:
    if day.year > LAST_YEAR or day.year < FIRST_YEAR:
        day = day.replace(year=LAST_YEAR if day.year > LAST_YEAR else FIRST_YEAR, day=1)
    return datetime.combine(day, clock, zone).astimezone(UTC).astimezone(zone)
