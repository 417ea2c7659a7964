"""Show the panel of one session's patient: our own tables only, read at one moment; and write down that it was read.

The patient is the session's and nobody else's: no caller names one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from plugin.domain.audit import AuditEntry
from plugin.domain.errors import PermanentFailure, UnknownName
from plugin.domain.launch import PanelSession
from plugin.domain.panel import OnFile, panel_of, why_of
from plugin.domain.panel.on_file import people_named_in
from plugin.domain.panel.view import Panel, Why
from plugin.domain.permissions import Action, Data, check_can
from plugin.domain.record import Other, Record
from plugin.domain.source import Source
from plugin.domain.tracking import Tracked
from plugin.usecases.keeping import NOBODY, patients_of
from plugin.usecases.ports import UnitOfWork
from plugin.usecases.rules import rules_for
from plugin.usecases.services import Services

_MOVES = 30


def show_panel(services: Services, session: PanelSession, now: datetime, *, after_act: bool = False) -> Panel:
    """Everything that these roles may see. One audit row for each time, but for the answer to an act: the act's own row
    says that this person saw this patient then. Forbidden for whom no role lets see care plans."""
    check_can(session.roles, Action.READ, Data.PLAN)
    file = _on_file(services, session, now)
    if not after_act:
        write_down(services, session, file.source, "read:panel", now=now)
    return panel_of(file)


def show_why(services: Services, session: PanelSession, milestone: str, now: datetime) -> Why:
    """Why a milestone of this patient is as it is. Raises UnknownName for every other one, whoever's it is; that it was asked
    for is written down all the same, but not what."""
    check_can(session.roles, Action.READ, Data.PLAN)
    file = _on_file(services, session, now)
    found = why_of(milestone, file)
    known = {"milestone": milestone} if found else {"found": False}
    write_down(services, session, file.source, "read:why", now=now, **known)
    if found is None:
        raise UnknownName("There is no such step in this patient's plan.")
    return found


def _on_file(services: Services, session: PanelSession, now: datetime) -> OnFile:
    with services.database.begin(reading=True) as uow:
        source = uow.sources.by_id(session.source_id)
        tracked = uow.patients.look(source, session.patient)
        if tracked is None:
            return _untracked(services, uow, source, session, now)
        return _of_tracked(services, uow, source, session, tracked=tracked, now=now)


def _of_tracked(
    services: Services, uow: UnitOfWork, source: Source, session: PanelSession, *, tracked: Tracked, now: datetime
) -> OnFile:
    row = tracked.row
    record = uow.patients.record(source, row)
    plans, versions = uow.plans.shown(row.id, services.practice.day(now))
    _check_whose(record, (plan.patient for plan in plans))
    effects, work = uow.ledger.told(row.id), uow.work_items.of_patient(row.id)
    return OnFile(
        record=record,
        source=source,
        asked_for=session.patient,
        reader=session.who,
        tracked=tracked,
        rules=rules_for(services, uow, source, now),
        roles=session.roles,
        now=now,
        stale_after=services.stale_after,
        plans=plans,
        versions=versions,
        moves=uow.plans.moves(row.id, _MOVES),
        effects=effects,
        work=work,
        names=_names(uow, source, people_named_in(record, plans, effects, work)),
    )


def _untracked(services: Services, uow: UnitOfWork, source: Source, session: PanelSession, now: datetime) -> OnFile:
    """Somebody without a plan: what is known of them is who they are, if that."""
    facts = [fact for fact in uow.facts.get(source, [session.patient]) if session.patient in patients_of(fact)]
    return OnFile(
        record=Record.of(session.patient, source.slug, facts),
        source=source,
        asked_for=session.patient,
        reader=session.who,
        tracked=None,
        rules=rules_for(services, uow, source, now),
        roles=session.roles,
        now=now,
        stale_after=services.stale_after,
    )


def _check_whose(record: Record, patients: Iterable[str]) -> None:
    """Every record that was read is this patient's, or nobody's. What is not stays unseen, all of it: something is wrong
    with what is stored, and no one can say what else is."""
    names = record.names
    for fact in record.facts.values():
        whose = patients_of(fact)
        if whose != (NOBODY,) and names.isdisjoint(whose):
            raise PermanentFailure(f"{fact.ref} is kept for {record.ref} and is not of that patient.")
    strangers = set(patients) - names
    if strangers:
        raise PermanentFailure(f"A plan is kept for {record.ref} and is not of that patient.")


def _names(uow: UnitOfWork, source: Source, people: frozenset[str]) -> dict[str, str]:
    """People's names by reference, as the chart has them; of users without one there, as they signed in."""
    refs = sorted(who for who in people if not who.startswith("user:"))
    known = [fact for fact in uow.facts.get(source, refs) if isinstance(fact, Other)] if refs else []
    names = {fact.ref: fact.name for fact in known if fact.name}
    unnamed = [fact for fact in known if not fact.name]
    names |= _names_of_roles(uow, source, unnamed) if unnamed else {}
    missing = sorted(people - names.keys())
    return {**uow.people.names(source, missing), **names} if missing else names


def _names_of_roles(uow: UnitOfWork, source: Source, roles: Sequence[Other]) -> dict[str, str]:
    """A PractitionerRole is called as its practitioner is."""
    persons = {role.ref: next((link.ref for link in role.links if link.ref), None) for role in roles}
    found = uow.facts.get(source, sorted({ref for ref in persons.values() if ref}))
    names = {fact.ref: fact.name for fact in found if isinstance(fact, Other) and fact.name}
    return {role: names[person] for role, person in persons.items() if person in names}


def write_down(
    services: Services, session: PanelSession, source: Source, action: str, *, now: datetime, **detail: object
) -> None:
    """That something of the session's patient was read. In a transaction of its own, which is over at once: who reads may
    not write, and waits for nobody."""
    with services.database.begin() as uow:
        entry = AuditEntry(
            at=now,
            who=session.who,
            action=action,
            record=f"{source.slug}/{session.patient}",
            detail={"issuer": session.issuer, "launch": session.launch, **detail},
        )
        uow.audit.write([entry])
        uow.commit()
