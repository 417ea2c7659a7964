"""What is known of one patient: facts that the EHR says, statements that people make; server-neutral.

A fact is a slim, typed copy of one version of one FHIR R4 resource. References are normalised to ``Type/id`` within
their source; what cannot be resolved stays as it was given. Dates keep the text and precision of the source. What a
fact is made of is in ``element.py``, and is named here too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from plugin.domain.element import Coding as Coding
from plugin.domain.element import Concept as Concept
from plugin.domain.element import Identifier as Identifier
from plugin.domain.element import Link as Link
from plugin.domain.element import Measure as Measure
from plugin.domain.element import Moment as Moment
from plugin.domain.element import Schedule as Schedule
from plugin.domain.element import Timing as Timing


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One version of one resource. ``ref`` is ``Type/id``; ``seen`` is when it came to be (DESIGN §1), UTC."""

    ref: str
    version: str = ""
    seen: datetime | None = None

    @property
    def type(self) -> str:
        """The resource type."""
        return self.ref.partition("/")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient(Fact):
    """Patient; ``replaced_by`` is the survivor of a merge (``Patient.link`` of type replaced-by). ``language`` is the
    code of the language of communication, ``language_name`` what the chart calls it; ``needs_interpreter`` is None where
    nobody has said."""

    active: bool = True
    deceased: bool = False
    deceased_at: Moment | None = None
    replaced_by: str | None = None
    name: str | None = None
    family: str | None = None
    birth_date: Moment | None = None
    identifiers: tuple[Identifier, ...] = ()
    mrn: str | None = None
    language: str | None = None
    language_name: str | None = None
    needs_interpreter: bool | None = None


@dataclass(frozen=True, slots=True)
class Detail:
    """CarePlan.activity.detail."""

    kind: str | None = None
    concept: Concept = Concept()
    status: str | None = None
    do_not_perform: bool = False
    schedule: Schedule = Schedule()
    performers: tuple[Link, ...] = ()
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Activity:
    """CarePlan.activity; ``place`` is its index in the resource."""

    place: int
    id: str | None = None
    link: Link | None = None
    detail: Detail | None = None
    outcomes: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Action:
    """RequestGroup.action."""

    place: str
    id: str | None = None
    title: str | None = None
    description: str | None = None
    concepts: tuple[Concept, ...] = ()
    schedule: Schedule = Schedule()
    resource: Link | None = None
    performers: tuple[Link, ...] = ()
    actions: tuple[Action, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Order(Fact):
    """A request: Task, ServiceRequest, CommunicationRequest, MedicationRequest, NutritionOrder, DeviceRequest,
    VisionPrescription or RequestGroup. ``ours`` (O4): Milepost wrote it."""

    subject: str | None = None
    status: str | None = None
    intent: str | None = None
    do_not_perform: bool = False
    concept: Concept = Concept()
    categories: tuple[Concept, ...] = ()
    description: str | None = None
    identifiers: tuple[Identifier, ...] = ()
    ours: bool = False
    based_on: tuple[Link, ...] = ()
    focus: Link | None = None
    part_of: tuple[Link, ...] = ()
    owner: Link | None = None
    performers: tuple[Link, ...] = ()
    schedule: Schedule = Schedule()
    restriction_start: Moment | None = None
    restriction_end: Moment | None = None
    execution_start: Moment | None = None
    execution_end: Moment | None = None
    authored_on: Moment | None = None
    last_modified: Moment | None = None
    status_reason: Concept | None = None
    business_status: Concept | None = None
    outputs: tuple[Link, ...] = ()
    instantiates: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CarePlan(Fact):
    """A CarePlan; ``contained`` are the requests inside it, named ``Type/planid#localid``."""

    subject: str | None = None
    status: str | None = None
    intent: str | None = None
    title: str | None = None
    categories: tuple[Concept, ...] = ()
    identifiers: tuple[Identifier, ...] = ()
    instantiates: tuple[str, ...] = ()
    start: Moment | None = None
    end: Moment | None = None
    created: Moment | None = None
    author: Link | None = None
    encounter: Link | None = None
    care_teams: tuple[Link, ...] = ()
    goals: tuple[Link, ...] = ()
    activities: tuple[Activity, ...] = ()
    contained: tuple[Order, ...] = ()
    met_ended: datetime | None = None
    """When Milepost first read it, where it had ended by then; it stays so until the plan is open again."""


class Participant(NamedTuple):
    """Appointment.participant."""

    actor: str | None
    status: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment(Fact):
    """An Appointment; ``based_on`` holds R4's basedOn and the R5 back-port extension's, ``reasons`` its codes."""

    status: str | None = None
    start: Moment | None = None
    end: Moment | None = None
    participants: tuple[Participant, ...] = ()
    based_on: tuple[Link, ...] = ()
    backport_based_on: tuple[Link, ...] = ()
    supporting: tuple[Link, ...] = ()
    service_types: tuple[Concept, ...] = ()
    reasons: tuple[Concept, ...] = ()
    appointment_type: Concept | None = None
    cancelation_reason: Concept | None = None
    identifiers: tuple[Identifier, ...] = ()
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(Fact):
    """Something that happened: Observation, DiagnosticReport, Procedure, Immunization, QuestionnaireResponse, Encounter.

    ``start``/``end`` place it (effective, performed, occurrence, authored or period); ``issued`` counts only when nothing
    else is there (E9). ``valueless``: dataAbsentReason and no value in itself or its components (E1). ``concepts`` are
    the codes that say what it was (Encounter: type and serviceType; QuestionnaireResponse: none). ``components`` are the
    numbers within it: an Observation's components, a QuestionnaireResponse's answers to the questions of a known
    instrument (``instrument.py``).
    """

    subject: str | None = None
    status: str | None = None
    concepts: tuple[Concept, ...] = ()
    categories: tuple[Concept, ...] = ()
    start: Moment | None = None
    end: Moment | None = None
    issued: Moment | None = None
    based_on: tuple[Link, ...] = ()
    part_of: tuple[Link, ...] = ()
    appointments: tuple[Link, ...] = ()
    members: tuple[Link, ...] = ()
    encounter: Link | None = None
    identifiers: tuple[Identifier, ...] = ()
    valueless: bool = False
    value: float | None = None
    unit: str | None = None
    components: tuple[Measure, ...] = ()
    questionnaire: str | None = None
    performers: tuple[Link, ...] = ()


class Member(NamedTuple):
    """CareTeam.participant: the roles' codings and the member's reference; ``name`` and ``title`` are what the chart
    calls the member and the (first) role, where it does."""

    member: str | None
    roles: tuple[Coding, ...] = ()
    on_behalf_of: str | None = None
    name: str | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CareTeam(Fact):
    """A CareTeam, for resolving a program's owner role and for naming who cares; one without a subject serves many."""

    subject: str | None = None
    status: str | None = None
    name: str | None = None
    members: tuple[Member, ...] = ()


@dataclass(frozen=True, slots=True)
class GoalTarget:
    """Goal.target: ``measure`` is what is measured. What is aimed at is one of: ``value``, on the side that
    ``comparator`` (``<``, ``<=``, ``>=``, ``>``) says; ``low`` and ``high``, one of which may be open; ``words``."""

    measure: Concept | None = None
    value: float | None = None
    comparator: str | None = None
    low: float | None = None
    high: float | None = None
    unit: str | None = None
    words: str | None = None
    due: Moment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal(Fact):
    """A Goal; ``status`` is its lifecycle, ``achievement`` what the chart says of how far it has come."""

    subject: str | None = None
    status: str | None = None
    achievement: Concept | None = None
    description: Concept = Concept()
    categories: tuple[Concept, ...] = ()
    start: Moment | None = None
    status_on: Moment | None = None
    targets: tuple[GoalTarget, ...] = ()
    addresses: tuple[Link, ...] = ()
    outcomes: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance(Fact):
    """Provenance of a Task of ours that someone changed: its targets and authors."""

    targets: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    recorded: Moment | None = None
    ours: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Other(Fact):
    """Practitioner, PractitionerRole, Flag, Condition, Consent, DocumentReference: what conditions, owners and the panel
    need of them. A PractitionerRole's ``concepts`` are its codes, its ``categories`` the specialties; ``values`` is a
    Consent's rule."""

    subject: str | None = None
    status: str | None = None
    concepts: tuple[Concept, ...] = ()
    categories: tuple[Concept, ...] = ()
    name: str | None = None
    start: Moment | None = None
    end: Moment | None = None
    links: tuple[Link, ...] = ()
    values: tuple[Concept, ...] = ()
    ours: bool = False


FACT_TYPES: Mapping[str, type[Fact]] = {
    "Patient": Patient,
    "CarePlan": CarePlan,
    **dict.fromkeys(
        (
            "Task",
            "ServiceRequest",
            "CommunicationRequest",
            "MedicationRequest",
            "NutritionOrder",
            "DeviceRequest",
            "VisionPrescription",
            "RequestGroup",
        ),
        Order,
    ),
    "Appointment": Appointment,
    **dict.fromkeys(
        ("Observation", "DiagnosticReport", "Procedure", "Immunization", "QuestionnaireResponse", "Encounter"), Event
    ),
    "CareTeam": CareTeam,
    "Provenance": Provenance,
    "Goal": Goal,
    **dict.fromkeys(("Practitioner", "PractitionerRole", "Flag", "Condition", "Consent", "DocumentReference"), Other),
}
"""Which record stands for which resource type; types that are not here are not read."""


class Said(StrEnum):
    """What a person can say in Milepost (or by editing our Task in the EHR)."""

    COMPLETED = "completed"
    NOT_APPLICABLE = "not-applicable"
    HOLD = "hold"
    RELEASE = "release"
    REASSIGN = "reassign"
    CONFIRM = "confirm-evidence"
    REFUSE = "refuse-evidence"
    REVIEWED = "reviewed"
    CONTACT = "contact"
    NOTE = "note"
    UNDO = "undo"
    ENROL = "enrol"
    RELEASE_BACKLOG = "release-backlog"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One append-only statement. ``at`` is UTC. ``milestone`` is a milestone's key, ``plan`` a plan's id, where it
    concerns one; ``target`` is what it is about: evidence (``Type/id`` with ``target_version``), a statement's id (undo),
    an owner (``Type/id`` or ``role:<code>``), a program code (enrol). ``until`` ends a hold, on that local day.
    ``outcome`` is the coded outcome of a contact, ``next_on`` the local day of the next one."""

    id: str
    said: Said
    by: str
    at: datetime
    milestone: str | None = None
    plan: str | None = None
    target: str | None = None
    target_version: str | None = None
    until: date | None = None
    reason: str | None = None
    note: str | None = None
    outcome: str | None = None
    next_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownStep:
    """A milestone as it was stored before: a key once given is kept (DESIGN §4.1), and what is gone is cancelled."""

    key: str
    plan: str
    iteration: int
    title: str
    source: str
    codes: tuple[str, ...] = ()
    status: str = "ready"
    opens: date | None = None
    due: date | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """All that is known of one patient. ``ref`` is the survivor's where records were merged (S7); ``source`` is the
    source's slug."""

    ref: str
    source: str
    facts: Mapping[str, Fact] = field(default_factory=dict)
    statements: Sequence[Statement] = ()
    known: Sequence[KnownStep] = ()

    @property
    def names(self) -> frozenset[str]:
        """The references under which this patient is known: the survivor's, and those of all records it replaced (S7)."""
        patients = [fact for fact in self.facts.values() if isinstance(fact, Patient) and fact.replaced_by]
        names = {self.ref}
        while more := {fact.ref for fact in patients if fact.replaced_by in names} - names:
            names |= more
        return frozenset(names)

    @classmethod
    def of(
        cls,
        ref: str,
        source: str,
        facts: Iterable[Fact],
        statements: Iterable[Statement] = (),
        *,
        known: Iterable[KnownStep] = (),
    ) -> Record:
        """A record from facts in any order: of equal references the newest version counts."""
        newest: dict[str, Fact] = {}
        for fact in facts:
            older = newest.get(fact.ref)
            if older is None or _age(fact) >= _age(older):
                newest[fact.ref] = fact
        ordered = dict(sorted(newest.items()))
        said = tuple(sorted(statements, key=lambda s: (s.at, s.id)))
        return cls(ref, source, ordered, said, tuple(known))


def _age(fact: Fact) -> tuple[float, int, str]:
    """Orders versions of one resource: by stamp, then by version number, then by text."""
    stamp = fact.seen.timestamp() if fact.seen else 0.0
    return (stamp, int(fact.version) if fact.version.isdigit() else 0, fact.version)
