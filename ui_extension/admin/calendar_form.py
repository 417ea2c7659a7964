"""The form of the practice's calendar: what stands in it, and the body that it becomes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, time
from typing import NamedTuple

from werkzeug.datastructures import MultiDict

from plugin.domain.calendar import MOST_HOLIDAYS, WEEKDAYS, Holiday, Practice, calendar_body, holidays_in, plain_day
from plugin.domain.errors import BadForm
from plugin.usecases.practice import TheirPractice

_LONGEST_NAME = 80
_PASTED = re.compile(r"\s*(\d{4}-\d{2}-\d{2})[\s,;:]*(.*)", re.ASCII)


class Given(NamedTuple):
    """What stands in the form of the calendar."""

    working_days: tuple[str, ...]
    morning: str
    send_days: tuple[str, ...]
    send_from: str
    send_until: str
    holidays: tuple[tuple[str, str], ...]
    pasted: str = ""


def given_by(theirs: TheirPractice) -> Given:
    """As the draft has it, else as it holds now."""
    body = theirs.calendar_draft.body if theirs.calendar_draft else calendar_body(theirs.practice, theirs.holidays)
    return Given(
        working_days=_texts(body.get("working_days")),
        morning=str(body.get("morning", "")),
        send_days=_texts(body.get("send_days")),
        send_from=str(body.get("send_from", "")),
        send_until=str(body.get("send_until", "")),
        holidays=tuple((holiday.day.isoformat(), holiday.name) for holiday in holidays_in(body)),
    )


def given_in(form: MultiDict[str, str]) -> Given:
    """As it was sent; ``holiday_gone`` holds the places of the rows that were ticked to be taken out."""
    days, names = form.getlist("holiday_day"), form.getlist("holiday_name")
    gone = set(form.getlist("holiday_gone"))
    rows = enumerate(zip(days, names, strict=False))
    pairs = [(day.strip(), name.strip()) for place, (day, name) in rows if str(place) not in gone]
    return Given(
        working_days=tuple(form.getlist("working_days")),
        morning=form.get("morning", "").strip(),
        send_days=tuple(form.getlist("send_days")),
        send_from=form.get("send_from", "").strip(),
        send_until=form.get("send_until", "").strip(),
        holidays=tuple((day, name) for day, name in pairs if day or name),
        pasted=form.get("pasted", ""),
    )


def with_pasted(given: Given) -> Given:
    """Lines that say a day move into the table; the others stay, to be looked at."""
    lines = [line for line in given.pasted.splitlines() if line.strip()]
    found = [match for line in lines if (match := _PASTED.fullmatch(line))]
    known = dict(given.holidays)
    added = {match[1]: match[2].strip() for match in found if match[1] not in known}
    rest = "\n".join(line for line in lines if not _PASTED.fullmatch(line))
    return given._replace(holidays=tuple(sorted([*given.holidays, *added.items()])), pasted=rest)


def calendar_in(given: Given, practice: Practice) -> Mapping[str, object]:
    """The body that is drafted. BadForm by the field."""
    wrong: dict[str, str] = {}
    given = with_pasted(given)
    if given.pasted.strip():
        wrong["pasted"] = f"This line does not begin with a day, as 2026-12-25: {given.pasted.splitlines()[0][:40]!r}."
    for key, words in (("working_days", "staff work"), ("send_days", "messages may go out")):
        if not set(getattr(given, key)) & set(WEEKDAYS):
            wrong[key] = f"Choose at least one day on which {words}."
    clocks = {key: _clock(getattr(given, key)) for key in ("morning", "send_from", "send_until")}
    wrong |= {key: "A time of day is needed, as 08:00." for key, clock in clocks.items() if clock is None}
    morning, send_from, send_until = (clock or time(0) for clock in clocks.values())
    if not {"send_from", "send_until"} & set(wrong) and send_from >= send_until:
        wrong["send_until"] = "It must be later than the time before it."
    holidays = _holidays_of(given.holidays, wrong)
    if wrong:
        raise BadForm(wrong)
    new = Practice(
        zone=practice.zone,
        working_days=_numbers(given.working_days),
        morning=morning,
        send_days=_numbers(given.send_days),
        send_from=send_from,
        send_until=send_until,
    )
    return calendar_body(new, holidays)


def _holidays_of(rows: Iterable[tuple[str, str]], wrong: dict[str, str]) -> list[Holiday]:
    """What is wrong goes to ``wrong``, each day with itself as the name of its field."""
    found: dict[date, Holiday] = {}
    for day, name in rows:
        local = plain_day(day)
        if local is None:
            wrong["holidays"] = f"{name or day or 'A holiday'}: a day is needed, as 2026-12-25."
        else:
            found[local] = Holiday(local, name[:_LONGEST_NAME])
    if len(found) > MOST_HOLIDAYS:
        wrong["holidays"] = (
            f"There can be {MOST_HOLIDAYS} holidays; these are {len(found):,}. Take out those long past."
        )
    return list(found.values())


def _numbers(days: Iterable[str]) -> frozenset[int]:
    return frozenset(WEEKDAYS.index(day) for day in days if day in WEEKDAYS)


def _clock(text: str) -> time | None:
    return time.fromisoformat(text) if re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text, re.ASCII) else None


def _texts(values: object) -> tuple[str, ...]:
    return tuple(str(value) for value in values) if isinstance(values, list | tuple) else ()
