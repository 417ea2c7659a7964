"""What the form of an act offers to choose from, for one milestone as it stands now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from plugin.domain.act import ABOUT, ActKind, loose_evidence, offered_for
from plugin.domain.act_check import choices_of_evidence, members_of
from plugin.domain.assessment import Milestone
from plugin.domain.calendar import Practice
from plugin.domain.errors import Stale, UnknownName
from plugin.domain.moment import days
from plugin.domain.panel.lines import fact_title
from plugin.domain.panel.on_file import title_of
from plugin.domain.permissions import Action, check_can
from plugin.domain.reader import Reader
from plugin.domain.record import Appointment, Event, Fact, Other, Record
from plugin.domain.source import Source
from plugin.usecases.ports import UnitOfWork
from plugin.usecases.services import Services
from plugin.usecases.show_panel import write_down


class EvidenceChoice(NamedTuple):
    """A fact of the chart: its reference, what it was, and on which day."""

    ref: str
    title: str | None
    on: date | None


class OwnerChoice(NamedTuple):
    """Somebody of the care team: the reference, and the name where the chart has one."""

    ref: str
    name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActForm:
    """``version`` and ``patient`` go with the form, and come back with it; ``once`` makes a double click one act."""

    kind: ActKind
    milestone: str
    title: str | None
    patient: str
    version: str
    once: str
    today: date
    evidence: tuple[EvidenceChoice, ...] = ()
    owners: tuple[OwnerChoice, ...] = ()


def act_form(services: Services, reader: Reader, kind: ActKind, milestone: str) -> ActForm:
    """Raises Forbidden, UnknownName (not of this patient), Stale (this cannot be done with it as it stands). One audit row
    for each that is shown: there are facts of the chart in it."""
    check_can(reader.roles, Action.ACT, ABOUT[kind])
    now = services.clock()
    form, source = _form(services, reader, kind, milestone, today=services.practice.day(now))
    write_down(services, reader, source, "read:form", now=now, milestone=milestone)
    return form


def _form(services: Services, reader: Reader, kind: ActKind, milestone: str, *, today: date) -> tuple[ActForm, Source]:
    with services.database.begin(reading=True) as uow:
        source = uow.sources.by_id(reader.source_id)
        tracked = uow.patients.look(source, reader.patient)
        plans, versions = uow.plans.shown(tracked.row.id, today) if tracked else ((), {})
        found = next((step for plan in plans for step in plan.milestones if step.key == milestone), None)
        if tracked is None or found is None:
            raise UnknownName("There is no such step in this patient's plan.")
        if kind not in offered_for(found):
            raise Stale("This step stands otherwise by now, and this cannot be done with it.")
        record = uow.patients.records([tracked.row])[0] if kind in _WITH_CHART else None
        form = ActForm(
            kind=kind,
            milestone=found.key,
            title=title_of(found),
            patient=reader.patient,
            version=versions[found.key],
            once=services.token(),
            today=today,
            evidence=_evidence(kind, record, found, services.practice) if record else (),
            owners=_owners(uow, source, record) if record and kind is ActKind.REASSIGN else (),
        )
        return form, source


_LOOSE = frozenset({ActKind.CONFIRM, ActKind.REFUSE})
_WITH_CHART = _LOOSE | {ActKind.DONE, ActKind.REASSIGN}


def _evidence(kind: ActKind, record: Record, milestone: Milestone, practice: Practice) -> tuple[EvidenceChoice, ...]:
    if kind is ActKind.DONE:
        return tuple(_choice(fact, practice) for fact in choices_of_evidence(record, milestone))
    if kind in _LOOSE:
        return tuple(_choice(record.facts[ref], practice) for ref in loose_evidence(milestone) if ref in record.facts)
    return ()


def _choice(fact: Fact, practice: Practice) -> EvidenceChoice:
    start = fact.start if isinstance(fact, Event | Appointment) else None
    when = days(start, practice.zone) if start else None
    return EvidenceChoice(fact.ref, fact_title(fact), when.first if when else None)


def _owners(uow: UnitOfWork, source: Source, record: Record) -> tuple[OwnerChoice, ...]:
    members = members_of(record)
    names = {fact.ref: fact.name for fact in uow.facts.get(source, members) if isinstance(fact, Other)}
    return tuple(OwnerChoice(ref, names.get(ref)) for ref in members)
