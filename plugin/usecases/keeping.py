"""What of a page is kept, and for whom: facts of patients with a tracked plan, and no more than is needed (DESIGN
§9)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from plugin.domain.instrument import LOINC
from plugin.domain.record import (
    Action,
    Appointment,
    CarePlan,
    CareTeam,
    Coding,
    Concept,
    Event,
    Fact,
    Goal,
    Link,
    Order,
    Other,
    Patient,
)
from plugin.domain.rules import Rules

NOBODY = ""
"""Whose the facts of no patient are (a practitioner): the name under which storage keeps them."""

BY_CODE = frozenset({"Observation", "Condition", "DocumentReference"})
"""Types of which only that is kept whose code is named somewhere, or which points to something, or was asked for."""

_OF_NO_PATIENT = frozenset({"Practitioner", "PractitionerRole"})

READ_BY_REFERENCE = frozenset(
    {
        "CommunicationRequest",
        "MedicationRequest",
        "NutritionOrder",
        "DeviceRequest",
        "VisionPrescription",
        "RequestGroup",
    }
)
"""Types of which only that is kept which a plan, or what it is made of, refers to."""
_MAY_BE_MISSING = READ_BY_REFERENCE | BY_CODE

_BLOOD_PRESSURE = Coding(LOINC, "85354-9")
_MEASURED_WITHIN = {
    Coding(LOINC, "8480-6"): _BLOOD_PRESSURE,  # systolic
    Coding(LOINC, "8462-4"): _BLOOD_PRESSURE,  # diastolic
}
"""What a goal may name and a chart holds as a component: by the code of the whole it is found and kept."""


def patients_of(fact: Fact) -> tuple[str, ...]:
    """The patients' references, each once; ``("",)`` for what belongs to none, ``()`` when it names no patient."""
    if isinstance(fact, Patient):
        return (fact.ref,)
    if isinstance(fact, Appointment):
        actors = (p.actor for p in fact.participants if p.actor and p.actor.startswith("Patient/"))
        return tuple(dict.fromkeys(actors))
    if fact.type in _OF_NO_PATIENT:
        return (NOBODY,)
    if isinstance(fact, CareTeam) and fact.subject is None:
        return (NOBODY,)
    if isinstance(fact, CarePlan | Order | Event | CareTeam | Goal | Other):
        return (fact.subject,) if fact.subject and fact.subject.startswith("Patient/") else ()
    return ()


def is_ours(fact: Fact) -> bool:
    """Milepost wrote it (O4): it is no fact, though a person's edit in it is a statement."""
    return isinstance(fact, Order | Other) and fact.ours


def codes_named_by(fact: Fact) -> frozenset[Coding]:
    """Codes that evidence for this step, order or goal would have; without their displays. E3: no system, no match."""
    return with_wholes(Coding(c.system, c.code) for c in _codings(_naming(fact)) if c.system and c.code)


def with_wholes(codes: Iterable[Coding]) -> frozenset[Coding]:
    """And the codes of the wholes within which some of these are measured."""
    named = frozenset(codes)
    return named.union(_MEASURED_WITHIN[code] for code in named & _MEASURED_WITHIN.keys())


def codes_of(fact: Fact) -> Iterator[tuple[str, str]]:
    """(system, code) of what happened or was found, itself or within it."""
    if isinstance(fact, Event | Other):
        yield from ((c.system, c.code) for c in _codings(fact.concepts))
    if isinstance(fact, Event):
        yield from ((measure.system, measure.code) for measure in fact.components)


def points(fact: Fact) -> bool:
    """It points to a request, a procedure or an appointment: a link that may be exact evidence (E2). The encounter in
    which something was measured is no such link, or every vital sign would be one."""
    return isinstance(fact, Event) and bool(fact.based_on or fact.part_of or fact.appointments)


def pointers(fact: Fact) -> frozenset[str]:
    """The references of what a request or event serves or is part of."""
    links: tuple[Link | None, ...] = ()
    if isinstance(fact, Event):
        links = (*fact.based_on, *fact.part_of, *fact.appointments)
    elif isinstance(fact, Order):
        links = (*fact.based_on, *fact.part_of, fact.focus)
    return frozenset(link.ref for link in links if link and link.ref)


def makes_a_plan(fact: Fact, rules: Rules) -> bool:
    """A CarePlan, or an order that a program claims (DESIGN §4.1, origin 5). What was entered in error makes none."""
    if isinstance(fact, CarePlan):
        return fact.status != "entered-in-error"
    if not isinstance(fact, Order) or fact.ours or fact.do_not_perform or fact.status == "entered-in-error":
        return False
    named = {(c.system, c.code) for c in fact.concept.codings if c.system}
    return any(named & program.order_codes for program in rules.programs)


def read_by_reference(fact: Fact) -> frozenset[str]:
    """References that the feed brings not at all, or not for certain, and which this fact makes worth reading: what a
    plan is made of, the outcomes that it or a goal names, what an order of it builds on, the members that hold a panel's values."""
    return frozenset(
        link.ref
        for link in _links(fact)
        if link and link.ref and _is_local(link.ref) and link.ref.partition("/")[0] in _MAY_BE_MISSING
    )


def _links(fact: Fact) -> Iterator[Link | None]:
    if isinstance(fact, CarePlan):
        for activity in fact.activities:
            yield activity.link
            yield from activity.outcomes
        for order in fact.contained:
            yield from _links(order)
    elif isinstance(fact, Order):
        yield fact.focus
        yield from (*fact.based_on, *fact.part_of, *fact.outputs)
        yield from _resources_of(fact.actions)
    elif isinstance(fact, Event) and fact.valueless:
        yield from fact.members
    elif isinstance(fact, Goal):
        yield from fact.outcomes


def _resources_of(actions: Iterable[Action]) -> Iterator[Link | None]:
    for action in actions:
        yield action.resource
        yield from _resources_of(action.actions)


def _is_local(ref: str) -> bool:
    type_, _, id_ = ref.partition("/")
    return type_.isalpha() and bool(id_) and not set(id_) & set("/#?|")


def _naming(fact: Fact) -> Iterator[Concept]:
    if isinstance(fact, CarePlan):
        yield from (activity.detail.concept for activity in fact.activities if activity.detail)
        for order in fact.contained:
            yield from _naming(order)
    elif isinstance(fact, Order):
        yield fact.concept
        yield from _concepts_of(fact.actions)
    elif isinstance(fact, Goal):
        yield from (target.measure for target in fact.targets if target.measure)


def _concepts_of(actions: Iterable[Action]) -> Iterator[Concept]:
    for action in actions:
        yield from action.concepts
        yield from _concepts_of(action.actions)


def _codings(concepts: Iterable[Concept]) -> Iterator[Coding]:
    for concept in concepts:
        yield from concept.codings
