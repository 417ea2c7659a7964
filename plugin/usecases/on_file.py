"""What a page about one patient is made from, read from our own tables, and checked: it is that patient's, all of
it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from plugin.domain.errors import PermanentFailure
from plugin.domain.panel import OnFile
from plugin.domain.panel.on_file import people_named_in
from plugin.domain.reader import Reader
from plugin.domain.record import Other, Record
from plugin.domain.rules import Rules
from plugin.domain.source import OPENEMR, Source
from plugin.domain.tracking import Tracked
from plugin.usecases.keeping import NOBODY, patients_of
from plugin.usecases.ports import UnitOfWork
from plugin.usecases.rules import rules_for
from plugin.usecases.services import Services
from plugin.usecases.source_reading import oldest_part

_MOVES = 30


def file_of(services: Services, reader: Reader, now: datetime) -> OnFile:
    """Everything that is stored of the reader's patient, read at one moment: our own tables only."""
    with services.database.begin(reading=True) as uow:
        return file_in(services, uow, uow.sources.by_id(reader.source_id), reader, now)


def file_in(services: Services, uow: UnitOfWork, source: Source, reader: Reader, now: datetime) -> OnFile:
    """The same, in a unit that is open already."""
    tracked = uow.patients.look(source, reader.patient)
    if tracked is None:
        file = _untracked(services, uow, source, reader, now)
    else:
        file = _of_tracked(services, uow, source, reader, tracked=tracked, now=now)
    return replace(file, parts_read_at=oldest_part(uow, source)) if source.kind == OPENEMR else file


def _of_tracked(
    services: Services, uow: UnitOfWork, source: Source, reader: Reader, *, tracked: Tracked, now: datetime
) -> OnFile:
    row = tracked.row
    record = uow.patients.record(source, row)
    plans, versions = uow.plans.shown(row.id, services.practice.day(now))
    file = bare_file(services, reader, source, record, rules=rules_for(services, uow, source, now), now=now)
    file = replace(
        file,
        tracked=tracked,
        plans=plans,
        versions=versions,
        moves=uow.plans.moves(row.id, _MOVES),
        effects=uow.ledger.told(row.id),
        work=uow.work_items.of_patient(row.id),
    )
    return checked_and_named(uow, file)


def _untracked(services: Services, uow: UnitOfWork, source: Source, reader: Reader, now: datetime) -> OnFile:
    """Somebody without a plan: what is known of them is who they are, if that."""
    facts = [fact for fact in uow.facts.get(source, [reader.patient]) if reader.patient in patients_of(fact)]
    record = Record.of(reader.patient, source.slug, facts)
    return bare_file(services, reader, source, record, rules=rules_for(services, uow, source, now), now=now)


def bare_file(  # what every file has, whatever stands in it
    services: Services, reader: Reader, source: Source, record: Record, *, rules: Rules, now: datetime
) -> OnFile:
    """A record in front of a reader, and nothing that was assessed of it yet."""
    return OnFile(
        record=record,
        source=source,
        asked_for=reader.patient,
        reader=reader.who,
        tracked=None,
        rules=rules,
        roles=reader.roles,
        now=now,
        stale_after=services.stale_after,
    )


def checked_and_named(uow: UnitOfWork, file: OnFile) -> OnFile:
    """The same with the names of people; PermanentFailure where anything in it is another patient's."""
    _check_whose(file.record, (plan.patient for plan in file.plans))
    people = people_named_in(file.record, file.plans, file.effects, file.work)
    return replace(file, names=names_of(uow, file.source, people))


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


def names_of(uow: UnitOfWork, source: Source, people: frozenset[str]) -> dict[str, str]:
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
