"""Due dates and windows, with their origin: schedules of the sources -> turns (DESIGN §4.2, SEMANTICS D)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import floor
from typing import NamedTuple
from zoneinfo import ZoneInfo

from plugin.domain.moment import Days, date_at_beginning, days, plus_days, plus_months
from plugin.domain.record import Moment, Schedule, Timing

MOST_TURNS = 60
_DAYS_OF_UNIT = {"s": 1 / 86400, "min": 1 / 1440, "h": 1 / 24, "d": 1.0, "wk": 7.0, "mo": 30.436875, "a": 365.2425}
_MONTHS_OF_UNIT = {"mo": 1, "a": 12}


class Turn(NamedTuple):
    """One turn of a step: ``opens`` is None where nothing says when its window opens (D3); ``due`` may be None."""

    number: int
    opens: date | None
    due: date | None
    precision: str | None = "day"


@dataclass(frozen=True, slots=True)
class Course:
    """When a step is to happen: its turns and where their due dates come from. ``repeats``: it was unrolled."""

    turns: tuple[Turn, ...]
    due_from: str | None = None
    repeats: bool = False

    @property
    def opens(self) -> date | None:
        """Of the first turn."""
        return self.turns[0].opens

    @property
    def due(self) -> date | None:
        """Of the first turn."""
        return self.turns[0].due

    @property
    def ends(self) -> date | None:
        """Of the last turn."""
        return self.turns[-1].due

    def overlaps(self, other: Course) -> bool:
        """O1: their windows overlap, or one of them has none."""
        if (self.opens is None and self.ends is None) or (other.opens is None and other.ends is None):
            return True
        begins_in_time = self.opens is None or other.ends is None or self.opens <= other.ends
        return begins_in_time and (other.opens is None or self.ends is None or other.opens <= self.ends)


NO_COURSE = Course((Turn(1, None, None, None),))


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a plan says of its own time: the local days of its start and end."""

    start: date | None = None
    end: date | None = None


class Offer(NamedTuple):
    """One source's offer of a due date: its rank in the order of DESIGN §4.2 (lower is first), its name, its schedule.
    ``name`` is written before the choice type (``ServiceRequest.occurrence``)."""

    rank: int
    name: str
    schedule: Schedule


RESTRICTION, ACTION, ORDER, ACTIVITY, APPOINTMENT = range(5)
"""Ranks; a program's rule stands between ACTIVITY and APPOINTMENT and is settled by its own module."""


def course_of(offers: Sequence[Offer], bounds: Bounds, zone: ZoneInfo) -> Course:
    """The first due date that exists decides; the window's start is that source's, else the first that exists and is not
    after the due date."""
    ranked = sorted(offers, key=lambda offer: offer.rank)
    for offer in ranked:
        course = _course(offer, bounds, zone)
        if course is None:
            continue
        if course.opens is None and not course.repeats and course.due is not None:
            opens = _first_start(ranked, zone, course.due)
            course = Course((course.turns[0]._replace(opens=opens),), course.due_from)
        return course
    opens = _first_start(ranked, zone, None)
    return Course((Turn(1, opens, None, None),)) if opens else NO_COURSE


def _course(offer: Offer, bounds: Bounds, zone: ZoneInfo) -> Course | None:
    """One source's due dates, or None when it has none."""
    schedule = offer.schedule
    start = _days(schedule.start, zone)
    end = _days(schedule.end, zone)
    if end is not None:
        suffix = ".end" if offer.rank == RESTRICTION else "Period.end"
        return _once(start, end, offer.name + suffix)
    at = _days(schedule.at, zone)
    if at is not None and offer.rank != ACTIVITY:  # D1: R4 has no activity.detail.scheduledDateTime
        name = offer.name if offer.rank == APPOINTMENT else f"{offer.name}DateTime"
        return _once(start, at, name)
    if schedule.timing is not None:
        turns = unroll(schedule.timing, bounds, zone)
        if turns:
            return Course(tuple(turns), f"{offer.name}Timing", repeats=True)
    if schedule.text is not None:
        written = date_at_beginning(schedule.text, zone)
        if written is not None:
            return _once(start, written, f"{offer.name}String")
    return None


def _once(start: Days | None, end: Days, due_from: str) -> Course:
    opens = start.first if start and start.first <= end.last else None
    return Course((Turn(1, opens, end.last, end.precision),), due_from)


def _first_start(offers: Sequence[Offer], zone: ZoneInfo, due: date | None) -> date | None:
    for offer in offers:
        timing = offer.schedule.timing
        start = _days(offer.schedule.start or (timing.bounds_start if timing else None), zone)
        if start is not None and (due is None or start.first <= due):
            return start.first
    return None


def _days(moment: Moment | None, zone: ZoneInfo) -> Days | None:
    return days(moment, zone) if moment else None


def unroll(timing: Timing, bounds: Bounds, zone: ZoneInfo) -> list[Turn]:
    """The turns of a Timing (D6, D7); none when nothing says when they are."""
    events = [d for d in (_days(event, zone) for event in timing.events) if d is not None]
    return _by_events(events) if events else _by_bounds(timing, bounds, zone)


def _by_events(events: Sequence[Days]) -> list[Turn]:
    """D6: each event is a turn due on its day, opening the day after the event before it."""
    turns: list[Turn] = []
    for event in sorted(events, key=lambda e: (e.last, e.first)):
        before = turns[-1].due if turns else None
        if before == event.last:
            continue
        opens = plus_days(before, 1) if before else None
        turns.append(Turn(len(turns) + 1, opens, event.last, event.precision))
    return turns[:MOST_TURNS]


def _by_bounds(timing: Timing, bounds: Bounds, zone: ZoneInfo) -> list[Turn]:
    """D7: bounds with frequency and period."""
    given = _days(timing.bounds_start, zone)
    start = given.first if given else bounds.start
    end, precision = _bounds_end(timing, start, bounds, zone)
    if not timing.period or timing.period <= 0 or timing.period_unit not in _DAYS_OF_UNIT:
        has_bounds = given or timing.bounds_end or timing.bounds_value
        in_order = end is not None and (start is None or start <= end)
        return [Turn(1, start, end, precision)] if has_bounds and in_order else []
    if start is None:
        return []
    turns: list[Turn] = []
    most = min(timing.count_max or timing.count or MOST_TURNS, MOST_TURNS)
    for number in range(1, most + 1):
        opens = _opening(timing, start, number)
        if end is not None and opens > end:
            break
        last = plus_days(_opening(timing, start, number + 1), -1)
        turns.append(Turn(number, opens, end, precision) if end and end < last else Turn(number, opens, last))
    return turns


def _bounds_end(timing: Timing, start: date | None, bounds: Bounds, zone: ZoneInfo) -> tuple[date | None, str]:
    """The last day of the bounds, with its precision: given, by a duration, else the plan's end."""
    given = _days(timing.bounds_end, zone)
    if given is not None:
        return given.last, given.precision
    if start is None or not timing.bounds_value or timing.bounds_unit not in _DAYS_OF_UNIT:
        return bounds.end, "day"
    months = _MONTHS_OF_UNIT.get(timing.bounds_unit)
    if months and float(timing.bounds_value).is_integer():
        return plus_days(plus_months(start, int(timing.bounds_value) * months), -1), "day"
    return plus_days(start, max(1, floor(timing.bounds_value * _DAYS_OF_UNIT[timing.bounds_unit])) - 1), "day"


def _opening(timing: Timing, start: date, number: int) -> date:
    """The day on which turn ``number`` opens, counted from the first opening; the spacing is what is rounded."""
    period, unit, often = timing.period or 1.0, timing.period_unit or "d", max(1, timing.frequency or 1)
    months = _MONTHS_OF_UNIT.get(unit)
    if months:
        spacing = period * months / often
        if spacing.is_integer():
            return plus_months(start, int(spacing) * (number - 1))
    return plus_days(start, max(1, floor(period * _DAYS_OF_UNIT[unit] / often)) * (number - 1))
