"""A practice's calendar and limits in words, and what is different between two of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from plugin.domain.calendar import WEEKDAYS, Holiday, Practice
from plugin.domain.configuration import CALENDAR, LIMITS, Limits
from plugin.domain.permissions import role_words
from plugin.domain.program_compare import Change, Difference
from plugin.domain.program_words import Line


def calendar_lines(practice: Practice) -> Sequence[Line]:
    """All but the holidays, which have a list of their own."""
    return [
        Line("Staff work", weekday_words(practice.working_days)),
        Line("Work is due from", f"{practice.morning:%H:%M}"),
        Line("Messages go out", weekday_words(practice.send_days)),
        Line("At the hours", f"{practice.send_from:%H:%M} to {practice.send_until:%H:%M}, never on a holiday"),
    ]


def limits_lines(limits: Limits) -> Sequence[Line]:
    """The cap, then what each role can do."""
    cap = f"changes for more than {limits.cap_percent} % of the patients"
    capacity = ((role_words(role), count) for role, count in sorted(limits.capacity.items()))
    return [
        Line("A second person for", cap),
        *(Line(f"{role[:1].upper()}{role[1:]}", f"{count:,} work items a working day") for role, count in capacity),
    ]


def compare_calendars(
    before: Practice, after: Practice, holidays_before: Iterable[Holiday], holidays_after: Iterable[Holiday]
) -> Sequence[Difference]:
    """What is different in the later one, its holidays day by day."""
    was, now = dict(holidays_before), dict(holidays_after)
    return [
        *_changed(CALENDAR, calendar_lines(before), calendar_lines(after)),
        *(_holiday(day, now[day], Change.ADDED) for day in sorted(now.keys() - was.keys())),
        *(_holiday(day, was[day], Change.REMOVED) for day in sorted(was.keys() - now.keys())),
    ]


def compare_limits(before: Limits, after: Limits) -> Sequence[Difference]:
    """What is different in the later ones."""
    return list(_changed(LIMITS, limits_lines(before), limits_lines(after)))


def day_words(day: date) -> str:
    """``Wed 1 July 2026``."""
    return f"{day:%a} {day.day} {day:%B %Y}"


def weekday_words(days: Iterable[int]) -> str:
    """``Monday to Friday``, or one by one where there is a gap."""
    found = sorted(days)
    named = [WEEKDAYS[day].capitalize() for day in found]
    if len(found) > 2 and found == list(range(found[0], found[-1] + 1)):
        return f"{named[0]} to {named[-1]}"
    return " and ".join(filter(None, (", ".join(named[:-1]), *named[-1:])))


def _changed(part: str, before: Sequence[Line], after: Sequence[Line]) -> Iterator[Difference]:
    was, now = dict(before), dict(after)
    for label in dict.fromkeys([*now, *was]):
        old, new = was.get(label, ""), now.get(label, "")
        if old != new:
            yield Difference(part, "practice", part.capitalize(), Change.CHANGED, label, old, new)


def _holiday(day: date, name: str, change: Change) -> Difference:
    words = f"{day_words(day)}, {name}" if name else day_words(day)
    is_new = change is Change.ADDED
    return Difference(
        "holiday", day.isoformat(), words, change, before="" if is_new else words, after=words if is_new else ""
    )
