"""Whose page somebody opens: a patient by our number, and whom they looked at lately."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from plugin.domain.account import SignedIn
from plugin.domain.audit import AuditEntry, AuditFilter
from plugin.domain.errors import UnknownName
from plugin.domain.permissions import Action, Data, check_can
from plugin.domain.reader import PageReader
from plugin.domain.record import Patient
from plugin.usecases.ports import UnitOfWork
from plugin.usecases.services import Services

_ROWS = 100
"""Of the audit log that are looked through for whom somebody saw lately."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A patient to choose. ``patient`` is the fact, where one is stored."""

    id: int
    patient: Patient | None


def reader_of(services: Services, me: SignedIn, patient_id: int) -> PageReader:
    """Somebody in front of this patient. UnknownName when there is no such number; Forbidden for whom no role lets see
    care plans, whether there is or not."""
    check_can(me.roles, Action.READ, Data.PLAN)
    with services.database.begin(reading=True) as uow:
        found = uow.patients.by_number(patient_id)
    if found is None:
        raise UnknownName(f"There is no patient with the number {patient_id}.")
    source_id, ref = found
    return PageReader(me, patient_id, source_id, ref)


def seen_lately(services: Services, me: SignedIn, limit: int = 8) -> Sequence[Choice]:
    """Those whose pages this person opened last, the newest first. One audit row: their names are shown."""
    check_can(me.roles, Action.READ, Data.PLAN)
    with services.database.begin(reading=True) as uow:
        rows = uow.audit_log.older(AuditFilter(who=me.who, action="read:patient"), than=None, limit=_ROWS)
        records = list(dict.fromkeys(row.entry.record for row in rows))[:limit]
        found = [choice for record in records if (choice := _choice(uow, record))]
    if found:
        _note(services, me, found)
    return found


def _choice(uow: UnitOfWork, record: str) -> Choice | None:
    """Of a record as audit rows name it; None for whom nobody tracks any more."""
    slug, _, ref = record.partition("/")
    source = next((source for source in uow.sources.all() if source.slug == slug), None)
    tracked = uow.patients.look(source, ref) if source else None
    if source is None or tracked is None:
        return None
    facts = uow.facts.get(source, [tracked.row.ref])
    return Choice(tracked.row.id, next((fact for fact in facts if isinstance(fact, Patient)), None))


def _note(services: Services, me: SignedIn, shown: Sequence[Choice]) -> None:
    with services.database.begin() as uow:
        detail = {**me.told, "patients": sorted(choice.id for choice in shown)}
        entry = AuditEntry(at=services.clock(), who=me.who, action="read:list", record="list/lately", detail=detail)
        uow.audit.write([entry])
        uow.commit()
