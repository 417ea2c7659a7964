"""Show the panel of one reader's patient: our own tables only, read at one moment; and write down that it was read.

The patient is the reader's and nobody else's: no caller names one.
"""

from __future__ import annotations

from contextlib import nullcontext
from datetime import datetime

from plugin.domain.audit import AuditEntry
from plugin.domain.errors import UnknownName
from plugin.domain.panel import panel_of, why_of
from plugin.domain.panel.view import Panel, Why
from plugin.domain.permissions import Action, Data, check_can
from plugin.domain.reader import Reader
from plugin.domain.source import Source
from plugin.usecases.on_file import file_in, file_of
from plugin.usecases.services import Services


def show_panel(services: Services, reader: Reader, now: datetime, *, after_act: bool = False) -> Panel:
    """Everything that these roles may see. One audit row for each time, but for the answer to an act: the act's own row
    says that this person saw this patient then. It is written while we read, and nothing is answered before it stands;
    where the reading fails, it tells of somebody who looked. Forbidden for whom no role lets see care plans."""
    check_can(reader.roles, Action.READ, Data.PLAN)
    with services.database.begin(reading=True) as uow:
        source = uow.sources.by_id(reader.source_id)
        row = _row(reader, source, f"read:{reader.page}", now)
        with nullcontext() if after_act else services.database.recording([row]):
            return panel_of(file_in(services, uow, source, reader, now))


def show_why(services: Services, reader: Reader, milestone: str, now: datetime) -> Why:
    """Why a milestone of this patient is as it is. Raises UnknownName for every other one, whoever's it is; that it was asked
    for is written down all the same, but not what."""
    check_can(reader.roles, Action.READ, Data.PLAN)
    file = file_of(services, reader, now)
    found = why_of(milestone, file)
    known = {"milestone": milestone} if found else {"found": False}
    write_down(services, reader, file.source, "read:why", now=now, **known)
    if found is None:
        raise UnknownName("There is no such step in this patient's plan.")
    return found


def write_down(
    services: Services, reader: Reader, source: Source, action: str, *, now: datetime, **detail: object
) -> None:
    """That something of the reader's patient was read. In a transaction of its own, which is over at once: who reads may
    not write, and waits for nobody."""
    with services.database.recording([_row(reader, source, action, now, **detail)]):
        pass


def _row(reader: Reader, source: Source, action: str, now: datetime, **detail: object) -> AuditEntry:
    record = f"{source.slug}/{reader.patient}"
    return AuditEntry(at=now, who=reader.who, action=action, record=record, detail={**reader.told, **detail})
