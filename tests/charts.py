"""Charts in few words: plainly synthetic R4 resources as JSON, read as a Bundle, and what ``assess`` says of them."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from fhir_adapters.bundle import read_bundle
from plugin.domain.answer import answer
from plugin.domain.assess import assess
from plugin.domain.assessment import Assessment, Effect, Milestone
from plugin.domain.calendar import Practice
from plugin.domain.program import Program
from plugin.domain.record import KnownStep, Record, Said, Statement
from plugin.domain.rules import Rules, SourceTraits
from plugin.usecases.evaluate import SOURCE, records_of

Json = dict[str, Any]  # a resource, or a part of one

CHICAGO = ZoneInfo("America/Chicago")
LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"
TASK_CODES = "http://hl7.org/fhir/CodeSystem/task-code"
CANCELLED_BECAUSE = "http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason"
VISIT_KIND = "http://terminology.hl7.org/CodeSystem/v2-0276"


def concept(code: str, text: str | None = None, system: str | None = None) -> Json:
    """A CodeableConcept with one coding."""
    coding: Json = {"code": code} if system == "" else {"system": system or SNOMED, "code": code}
    return {"coding": [coding], "text": text} if text else {"coding": [coding]}


A1C = concept("4548-4", "HbA1c", LOINC)
LIPIDS = concept("24331-1", "Lipid panel", LOINC)
VISIT = concept("390906007", "Follow-up visit")
THERAPY = concept("91251008", "Physical therapy")
P1 = {"reference": "Patient/p1"}


def patient(id_: str = "p1", **more: Any) -> Json:
    """A person who does not exist."""
    return {"resourceType": "Patient", "id": id_, "name": [{"family": "Sampleton"}], **more}


def plan(*activities: Json, id_: str = "cp1", start: str | None = "2026-01-05", **more: Any) -> Json:
    """An active CarePlan of ``Patient/p1``; ``None`` takes an element away."""
    body: Json = {"resourceType": "CarePlan", "id": id_, "status": "active", "intent": "plan", "subject": P1}
    body |= {"period": {"start": start} if start else None, "activity": list(activities), **more}
    return {name: value for name, value in body.items() if value is not None}


def inline(code: Json | None = None, due: str | None = None, opens: str | None = None, **detail: Any) -> Json:
    """An activity.detail. ``kind``, ``status`` and the rest go in as they are."""
    body: Json = {"status": "not-started", **detail}
    if code:
        body["code"] = code
    period = {name: day for name, day in (("start", opens), ("end", due)) if day}
    if period:
        body["scheduledPeriod"] = period
    return {"detail": body}


def repeating(code: Json, *, start: str | None = None, end: str | None = None, **repeat: Any) -> Json:
    """An inline activity with a Timing by bounds."""
    bounds = {name: day for name, day in (("start", start), ("end", end)) if day}
    repeat |= {"boundsPeriod": bounds} if bounds else {}
    return inline(code, scheduledTiming={"repeat": repeat})


def step(ref: str, **more: Any) -> Json:
    """An activity.reference."""
    return {"reference": {"reference": ref}, **more}


def order(id_: str = "sr1", code: Json | None = VISIT, type_: str = "ServiceRequest", **more: Any) -> Json:
    """An active request of ``Patient/p1``."""
    body: Json = {"resourceType": type_, "id": id_, "status": "active", "intent": "order", "subject": P1, **more}
    return body | {"code": code} if code else body


def task(id_: str = "t1", title: str | None = "Medication check", due: str | None = None, **more: Any) -> Json:
    """A Task of somebody else."""
    body: Json = {"resourceType": "Task", "id": id_, "status": "requested", "intent": "order", "for": P1, **more}
    if title:
        body["description"] = title
    if due:
        body["restriction"] = {"period": {"end": due}}
    return body


def booking(
    start: str | None, status: str = "booked", *, id_: str = "a1", on: str | None = "ServiceRequest/sr1", **more: Any
) -> Json:
    """An Appointment of ``Patient/p1`` for an order. ``seen`` is its ``meta.lastUpdated``."""
    body: Json = {"resourceType": "Appointment", "id": id_, "status": status, "participant": [coming()]}
    seen = more.pop("seen", "2026-05-01T12:00:00Z")
    body |= {"meta": {"lastUpdated": seen}} if seen else {}
    body |= {"start": start} if start else {}
    body |= {"basedOn": [{"reference": on}]} if on else {}
    return body | more


def coming(who: str = "Patient/p1", status: str = "accepted") -> Json:
    """A participant."""
    return {"actor": {"reference": who}, "status": status}


def because(code: str) -> Json:
    """A cancelationReason."""
    return concept(code, system=CANCELLED_BECAUSE)


def result(on: str | None, code: Json = A1C, *, id_: str = "o1", order_: str | None = None, **more: Any) -> Json:
    """A final Observation with a value."""
    body: Json = {"resourceType": "Observation", "id": id_, "status": "final", "code": code, "subject": P1}
    body |= {"effectiveDateTime": on} if on else {}
    body |= {"valueQuantity": {"value": 7, "unit": "%"}, **more}
    return body | ({"basedOn": [{"reference": order_}]} if order_ else {})


def done(on: str | None, code: Json = THERAPY, *, id_: str = "pr1", **more: Any) -> Json:
    """A completed Procedure."""
    body: Json = {"resourceType": "Procedure", "id": id_, "status": "completed", "code": code, "subject": P1}
    return body | ({"performedDateTime": on} if on else {}) | more


def visit(on: str, *, id_: str = "e1", of: str | None = None, **more: Any) -> Json:
    """A finished Encounter of half an hour."""
    body: Json = {"resourceType": "Encounter", "id": id_, "status": "finished", "class": {"code": "AMB"}, "subject": P1}
    body["period"] = {"start": f"{on}T09:00:00-05:00", "end": f"{on}T09:30:00-05:00"}
    return body | ({"appointment": [{"reference": of}]} if of else {}) | more


def moment(text: str, zone: ZoneInfo = CHICAGO) -> datetime:
    """A day at noon, a wall-clock time, or an instant."""
    if len(text) == len("2026-06-15"):
        return datetime.combine(date.fromisoformat(text), time(12), zone)
    given = datetime.fromisoformat(text)
    return given if given.tzinfo else given.replace(tzinfo=zone)


def said(
    what: Said, milestone: str | None = None, *, at: str = "2026-06-10", id_: str = "s1", **more: Any
) -> Statement:
    """A statement of a nurse."""
    return Statement(id=id_, said=what, by="nurse", at=moment(at), milestone=milestone, **more)


@dataclass(frozen=True)
class Look:
    """What is true of one patient at one moment: the assessment, and the same as ``evaluate`` prints it."""

    assessment: Assessment
    document: Json

    @property
    def plan(self) -> Json:
        """The one plan."""
        (only,) = self.document["plans"]
        assert isinstance(only, dict)
        return only

    @property
    def milestones(self) -> list[Json]:
        """Of all plans."""
        return [milestone for plan_ in self.document["plans"] for milestone in plan_["milestones"]]

    @property
    def titles(self) -> list[str]:
        """Of all milestones."""
        return [milestone["title"] for milestone in self.milestones]

    @property
    def only(self) -> Json:
        """The one milestone."""
        (only,) = self.milestones
        return only

    def the(self, title: str, iteration: int = 1) -> Json:
        """The one milestone with a title."""
        (found,) = [m for m in self.milestones if (m["title"], m["iteration"]) == (title, iteration)]
        return found

    def due(self, day: str) -> Json:
        """The one milestone with a due date."""
        (found,) = [m for m in self.milestones if m["due"] == day]
        return found

    def turns(self, title: str, *keys: str) -> list[tuple[Any, ...]]:
        """Some keys of each turn, in order."""
        return [tuple(m[key] for key in keys) for m in self.milestones if m["title"] == title]

    def kept(self) -> list[Milestone]:
        """The milestones as records."""
        return list(self.assessment.milestones)

    def effects(self, what: str | None = None, kind: str | None = None) -> list[Effect]:
        """What is wanted, but for the writes unless they are asked for."""
        wanted = [e for e in self.assessment.wanted if e.kind.value == (kind or e.kind.value)]
        wanted = [e for e in wanted if kind == "write" or e.kind.value != "write"]
        return [e for e in wanted if what is None or e.what == what]

    def names(self) -> list[str]:
        """``kind what`` of what is wanted, sorted, but for the writes."""
        return sorted(f"{e.kind.value} {e.what}" for e in self.effects())


def record_of(
    resources: Iterable[Json],
    statements: Sequence[Statement] = (),
    known: Sequence[KnownStep] = (),
    who: str = "Patient/p1",
) -> Record:
    """All that is known of one patient, read from a Bundle; a Bundle's entry may be given in full."""
    entries = [r if "resource" in r or "request" in r else {"resource": r} for r in resources]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    read = read_bundle(json.dumps(bundle).encode())
    (found,) = [record for record in records_of(read.facts) if record.ref == who]
    return Record.of(who, SOURCE, found.facts.values(), statements, known=known)


def look(  # a keyword for each thing that a test may care about
    resources: Iterable[Json],
    at: str,
    *,
    zone: str | None = None,
    statements: Sequence[Statement] = (),
    programs: Sequence[Program] = (),
    known: Sequence[KnownStep] = (),
    traits: SourceTraits | None = None,
    practice: Practice | None = None,
    who: str = "Patient/p1",
) -> Look:
    """``assess``, and what ``evaluate`` would print. A mere day is its noon."""
    here = ZoneInfo(zone) if zone else (practice.zone if practice else CHICAGO)
    rules = Rules(practice or Practice(here), tuple(programs), traits=traits or SourceTraits())
    now = moment(at, here)
    assessment = assess(record_of(resources, statements, known, who), rules, now)
    return Look(assessment, answer([assessment], now, here))
