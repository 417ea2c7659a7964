"""The practice's calendar and limits from JSON-able values, as drafts and stored versions hold them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, time
from zoneinfo import ZoneInfo

from plugin.catalog.checked import checked, right
from plugin.catalog.table import Table
from plugin.domain.calendar import MOST_HOLIDAYS, WEEKDAYS, Practice
from plugin.domain.configuration import THE_PRACTICE, Limits
from plugin.domain.fault import Fault
from plugin.domain.permissions import Role

_MOST_ITEMS = 10_000
_UTC = ZoneInfo("UTC")


def calendar_of(values: Mapping[str, object], zone: ZoneInfo, name: str = "calendar") -> Practice:
    """The practice with this calendar, in its zone; BadProgram naming the first thing that is wrong."""
    return right(*checked(values, lambda table: _calendar(table, zone)), name)


def limits_of(values: Mapping[str, object], name: str = "limits") -> Limits:
    """Limits; BadProgram naming the first thing that is wrong."""
    return right(*checked(values, _limits), name)


def check_calendar(body: object) -> Sequence[Fault]:
    """Everything that is wrong with a calendar; never raises."""
    return checked(body, lambda table: _calendar(table, _UTC))[1]


def check_limits(body: object) -> Sequence[Fault]:
    """Likewise of limits."""
    return checked(body, _limits)[1]


def _calendar(table: Table, zone: ZoneInfo) -> Practice:
    _head(table)
    practice = Practice(
        zone=zone,
        working_days=_weekdays(table, "working_days"),
        holidays=_holidays(table),
        morning=_clock(table, "morning") or time(8),
        send_days=_weekdays(table, "send_days"),
        send_from=(send_from := _clock(table, "send_from")) or time(9),
        send_until=(send_until := _clock(table, "send_until")) or time(19),
    )
    if send_from and send_until and send_from >= send_until:
        table.faults_at("send_until", "The window ends before it begins: please give a later time.")
    table.close()
    return practice


def _limits(table: Table) -> Limits:
    _head(table)
    cap, capacity = table.needed_number("cap_percent", 0, 100), dict[str, int]()
    for row in table.tables("capacity"):
        role = row.text("role", [role.value for role in Role])
        if role in capacity:
            row.faults_at("role", "This role stands here twice.")
        per_day = row.needed_number("per_day", 0, _MOST_ITEMS)
        if role:
            capacity[role] = per_day
        row.close()
    table.close()
    return Limits(cap_percent=cap, capacity=capacity)


def _head(table: Table) -> None:
    table.text("code", (THE_PRACTICE,))
    table.maybe_text("title")
    table.maybe_text("version")


def _weekdays(table: Table, key: str) -> frozenset[int]:
    named = table.texts(key)
    if not named or not set(named) <= set(WEEKDAYS):
        table.faults_at(key, f"Please choose at least one of {', '.join(WEEKDAYS)}.")
    return frozenset(WEEKDAYS.index(day) for day in named if day in WEEKDAYS)


def _clock(table: Table, key: str) -> time | None:
    text = table.text(key)
    try:
        clock = time.fromisoformat(text)
    except ValueError:
        clock = None
    if clock is not None and clock.isoformat("minutes") == text:
        return clock
    if text:
        table.faults_at(key, "Please give a time of day, 00:00 to 23:59.")
    return None


def _holidays(table: Table) -> frozenset[date]:
    """Each day once."""
    found: set[date] = set()
    for row in table.tables("holidays", MOST_HOLIDAYS):
        day = _day(row)
        if day in found:
            row.faults_at("date", f"{day} is there already.")
        row.maybe_text("name")
        row.close()
        found.update((day,) if day else ())
    return frozenset(found)


def _day(row: Table) -> date | None:
    text = row.text("date")
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if text and (day is None or day.isoformat() != text):
        row.faults_at("date", "Please give a day, such as 2026-12-25.")
        return None
    return day
