"""Show one patient as they were known on a past day: computed again from what had been seen, said and decided by then.

Nothing is stored, and nothing can be done there. What is not kept is not guessed: of a message or a work item that has
changed since, only that it was there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from plugin.domain.assess import assess
from plugin.domain.calendar import ONE_DAY, Practice
from plugin.domain.errors import BadInput, UnknownName
from plugin.domain.panel import OnFile, panel_of, why_of
from plugin.domain.panel.view import Panel, Why
from plugin.domain.past import Past
from plugin.domain.permissions import Action, Data, check_can
from plugin.domain.reader import Reader
from plugin.domain.rules import Rules
from plugin.domain.source import Source
from plugin.domain.tracking import PatientRow, Tracked
from plugin.usecases.on_file import bare_file, checked_and_named, file_of
from plugin.usecases.rules import rules_at
from plugin.usecases.services import Services
from plugin.usecases.show_panel import write_down

_AN_INSTANT = timedelta(microseconds=1)
_FIRST_YEAR = 1900
_WRITTEN = re.compile(r"[12]\d{3}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d)?)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class PastPanel:
    """A panel at a moment. ``was_known``: something of this patient had been seen by then; else it says who the patient
    is today, and no more."""

    panel: Panel
    at: datetime
    was_known: bool


def moment_of(text: str, practice: Practice, now: datetime) -> datetime | None:
    """The end of a local day (``2026-11-03``), or a moment in the practice's time (``2026-11-03T14:00``). None for today,
    which is now. BadInput for what is neither, and for what has not come yet."""
    try:
        if not _WRITTEN.fullmatch(text):
            raise ValueError(text)
        written = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput("Write the day as year, month and day: 2026-11-03.") from None
    is_day, day = "T" not in text, written.date()
    if is_day and day == practice.day(now):
        return None
    moment = practice.start_of(day + ONE_DAY) - _AN_INSTANT if is_day else practice.at(day, written.time())
    if moment > now or day.year < _FIRST_YEAR:
        raise BadInput("Only days that have come can be shown.")
    return moment


def show_as_of(services: Services, reader: Reader, moment: datetime) -> PastPanel:
    """Everything that these roles may see of it today. One audit row, which says as of when."""
    check_can(reader.roles, Action.READ, Data.PLAN)
    source, file = _file_as_of(services, reader, moment)
    now = services.clock()
    write_down(services, reader, source, f"read:{reader.page}", now=now, as_of=moment.isoformat())
    if file is None:
        who_it_is = panel_of(file_of(services, reader, now))
        return PastPanel(who_it_is, moment, was_known=False)
    return PastPanel(panel_of(file), moment, was_known=True)


def why_as_of(services: Services, reader: Reader, milestone: str, moment: datetime) -> Why:
    """Why a step was as it was. UnknownName for a step that the patient had not then."""
    check_can(reader.roles, Action.READ, Data.PLAN)
    source, file = _file_as_of(services, reader, moment)
    found = why_of(milestone, file) if file else None
    known = {"milestone": milestone} if found else {"found": False}
    write_down(services, reader, source, "read:why", now=services.clock(), as_of=moment.isoformat(), **known)
    if found is None:
        raise UnknownName("There was no such step in this patient's plan.")
    return found


def _file_as_of(services: Services, reader: Reader, moment: datetime) -> tuple[Source, OnFile | None]:
    with services.database.begin(reading=True) as uow:
        source = uow.sources.by_id(reader.source_id)
        past = uow.history.of_patient(source, reader.patient, moment)
        if past is None:
            return source, None
        rules = rules_at(services, uow, source, moment)
        file = past_file(services, reader, source, past=past, rules=rules, moment=moment)
        plans = assess(past.record, rules, moment).plans
        return source, checked_and_named(uow, replace(file, plans=plans))


def past_file(  # all that makes a past day
    services: Services, reader: Reader, source: Source, *, past: Past, rules: Rules, moment: datetime
) -> OnFile:
    """What was known, without what follows from it."""
    row = past_row(reader, past)
    file = bare_file(services, reader, source, past.record, rules=rules, now=moment)
    return replace(
        file,
        tracked=Tracked(row=row),
        moves=past.moves,
        effects=past.effects,
        work=past.work,
        is_past=True,
        can_act=False,
    )


def past_row(reader: Reader, past: Past) -> PatientRow:
    """The patient's row as it was, as far as that can be told."""
    return PatientRow(
        id=0,
        source_id=reader.source_id,
        ref=past.record.ref,
        next_change_at=None,
        digest="past",
        backlog=past.was_backlog,
    )
