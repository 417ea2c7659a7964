"""Where milestones come from: each step of a plan as one origin names it (DESIGN §4.1, SEMANTICS O)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import NamedTuple

from plugin.domain.due import ACTION, ACTIVITY, APPOINTMENT, ORDER, RESTRICTION, Offer
from plugin.domain.program import MilestoneDefinition
from plugin.domain.record import (
    Action,
    Activity,
    Appointment,
    CarePlan,
    Coding,
    Concept,
    Detail,
    Fact,
    Identifier,
    Link,
    Moment,
    Order,
    Record,
    Schedule,
)

TASK_CODES = "http://hl7.org/fhir/CodeSystem/task-code"
"""O1: HL7's ``fulfill`` and its like say nothing of what is to be done."""

GENERIC_VISITS = frozenset({"ROUTINE", "FOLLOWUP", "CHECKUP", "WALKIN"})
"""E5: v2-0276 appointment types that say nothing of what the visit was for."""

_DATED_ORDERS = {"ServiceRequest", "CommunicationRequest", "DeviceRequest"}
"""§4.2 and D1: the orders whose ``occurrence[x]`` is a due date."""


class OriginKind(IntEnum):
    """In the order of DESIGN §4.1. Two steps of one origin are never merged."""

    INLINE = 1
    REFERENCE = 2
    TASK = 3
    PROGRAM = 4
    ORDER = 5


class SourceStatus(StrEnum):
    """What a source says of its own step, as far as it matters (O3, S4)."""

    OPEN = "open"
    COMPLETED = "completed"
    FAILED = "failed"
    ON_HOLD = "on-hold"
    CANCELLED = "cancelled"
    IN_ERROR = "entered-in-error"


_SOURCE_STATUS: Mapping[str, SourceStatus] = {
    "completed": SourceStatus.COMPLETED,
    "failed": SourceStatus.FAILED,
    "on-hold": SourceStatus.ON_HOLD,
    "cancelled": SourceStatus.CANCELLED,
    "stopped": SourceStatus.CANCELLED,
    "revoked": SourceStatus.CANCELLED,
    "rejected": SourceStatus.CANCELLED,
    "entered-in-error": SourceStatus.IN_ERROR,
}


def source_status(word: str | None) -> SourceStatus:
    """The seven words that end, stop or hold a step; all others leave it to window and evidence (S4)."""
    return _SOURCE_STATUS.get(word or "", SourceStatus.OPEN)


class Owners(NamedTuple):
    """Whom an origin names, by S6's places."""

    task: str | None = None
    detail: str | None = None
    order: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """One step as one origin names it. ``ident`` is its part of the key; ``refs`` are the resources that it is made of
    and those behind it (O7), its own first; ``names`` are what its focus and basedOn name (for merging)."""

    kind: OriginKind
    source: str
    ident: str
    place: int
    title: str | None
    fallback: str
    codes: tuple[Coding, ...] = ()
    own: str | None = None
    refs: tuple[str, ...] = ()
    names: frozenset[str] = frozenset()
    identifiers: frozenset[Identifier] = frozenset()
    offers: tuple[Offer, ...] = ()
    status: SourceStatus | None = None
    ends: tuple[Moment, ...] = ()
    """Task: executionPeriod.end and lastModified (E10), the date of completion first."""
    owners: Owners = Owners()
    visit: bool = False
    categories: tuple[Concept, ...] = ()
    authored_on: Moment | None = None
    outcomes: tuple[Link, ...] = ()
    """activity.outcomeReference (E11)."""
    outputs: tuple[Link, ...] = ()
    """Task.output (E2)."""
    appointment: str | None = None
    definition: MilestoneDefinition | None = None
    unread: bool = False
    fact: Fact | None = None


@dataclass(slots=True)
class Origins:
    """What a plan's sources gave: steps, what was left out and why, and whether a reference could not be read."""

    steps: list[Origin] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    unread: bool = False


class _Reader:
    """Resolves references within one patient's record and one plan's contained resources."""

    def __init__(self, record: Record, plan: CarePlan | None) -> None:
        self._facts = record.facts
        self._contained = {order.ref: order for order in plan.contained} if plan else {}

    def __call__(self, link: Link | None) -> Fact | None:
        if link is None or link.ref is None:
            return None
        return self._contained.get(link.ref) or self._facts.get(link.ref)


def origins_of(record: Record, plan: CarePlan) -> Origins:
    """The steps of a CarePlan, from its activities and from the Tasks that are based on it."""
    read = _Reader(record, plan)
    found = Origins()
    taken: set[str] = set()
    references = [(a, a.link, read(a.link)) for a in plan.activities if a.link is not None]
    for activity, link, fact in references:
        if isinstance(fact, Order) and fact.type == "RequestGroup" and fact.ref not in taken:
            taken.add(fact.ref)
            _group(fact, link, read, found, taken, _place(activity))
    for activity in plan.activities:
        if activity.detail is not None:
            _inline(plan, activity, found)
    for activity, link, fact in references:
        if fact is not None or activity.detail is None:
            _referenced(activity, link, read, found, taken)
    for task in _tasks_of(record, plan.ref):
        if task.ref not in taken:
            taken.add(task.ref)
            _order(task, Link(task.ref), OriginKind.TASK, read, found)
    return found


def _place(activity: Activity) -> int:
    """Leaves room for the actions of a RequestGroup."""
    return activity.place * 1000


def origins_of_order(record: Record, order: Order) -> Origins:
    """The one step of a plan that an order started by itself (§4.1, 5)."""
    found = Origins()
    _order(order, Link(order.ref), OriginKind.ORDER, _Reader(record, None), found)
    return found


def _tasks_of(record: Record, plan_ref: str) -> Iterator[Order]:
    """Tasks based on a plan that are not ours."""
    for order in (fact for fact in record.facts.values() if isinstance(fact, Order)):
        is_task = order.type == "Task" and not order.ours
        if is_task and any(link.ref == plan_ref for link in order.based_on):
            yield order


def _inline(plan: CarePlan, activity: Activity, found: Origins) -> None:
    detail = activity.detail or Detail()
    source = f"{plan.ref}#activity[{activity.place}]"
    if detail.do_not_perform:
        found.left_out.append(f"{source}: must not be performed (doNotPerform)")
        return
    found.steps.append(
        Origin(
            kind=OriginKind.INLINE,
            source=source,
            ident=activity.id or _fingerprint(detail.concept, detail.description),
            place=_place(activity),
            title=detail.concept.title or detail.description or (activity.link.display if activity.link else None),
            fallback=source,
            codes=_telling(detail.concept),
            own=activity.link.ref if activity.link else None,
            offers=(Offer(ACTIVITY, "activity.detail.scheduled", detail.schedule),),
            status=source_status(detail.status),
            owners=Owners(detail=_first(detail.performers)),
            visit=detail.kind == "Appointment",
            outcomes=activity.outcomes,
            fact=plan,
        )
    )


def _referenced(activity: Activity, link: Link, read: _Reader, found: Origins, taken: set[str]) -> None:
    """§4.1, 2: a reference that is read, or that stays unread (O10). A resource named twice is one step."""
    name = link.ref or (f"{link.identifier.system}|{link.identifier.value}" if link.identifier else None)
    if name is not None and name in taken:
        return
    if name is not None:
        taken.add(name)
    fact = read(link)
    place = _place(activity)
    if isinstance(fact, Order):
        if not fact.ours and fact.type != "RequestGroup":
            _order(fact, link, OriginKind.REFERENCE, read, found, place, activity.outcomes)
    elif isinstance(fact, Appointment):
        found.steps.append(_booked(fact, link, place, activity.outcomes))
    else:
        found.unread = True
        title = link.display or name
        ident = name or _fingerprint(Concept(text=link.display), None)
        found.steps.append(
            Origin(
                kind=OriginKind.REFERENCE,
                source=name or ident,
                ident=ident,
                place=place,
                title=title,
                fallback=name or f"activity[{activity.place}]",
                own=link.ref,
                refs=(link.ref,) if link.ref else (),
                outcomes=activity.outcomes,
                unread=True,
            )
        )


def _order(
    order: Order,
    link: Link,
    kind: OriginKind,
    read: _Reader,
    found: Origins,
    place: int = 0,
    outcomes: tuple[Link, ...] = (),
) -> None:
    """A Task or another request as a step, with the resources behind it (O7)."""
    if order.do_not_perform:
        found.left_out.append(f"{order.ref}: must not be performed (doNotPerform)")
        return
    is_task = order.type == "Task"
    named = ([order.focus] if order.focus else []) + list(order.based_on)
    behind = [fact for fact in map(read, named) if is_task and isinstance(fact, Order | Appointment)]
    found.steps.append(
        Origin(
            kind=kind,
            source=order.ref,
            ident=order.ref,
            place=place,
            title=order.concept.title or order.description or link.display or _behind_title(behind),
            fallback=order.ref,
            codes=_telling(order.concept) + tuple(code for fact in behind for code in _codes_of(fact)),
            own=order.ref,
            refs=(order.ref, *(fact.ref for fact in behind)),
            names=frozenset(n.ref for n in named if n.ref),
            identifiers=frozenset(order.identifiers).union(*(_identifiers(fact) for fact in behind)),
            offers=_offers(order)
            + tuple(offer for fact in behind if isinstance(fact, Order) for offer in _offers(fact)),
            status=source_status(order.status),
            ends=tuple(m for m in (order.execution_end, order.last_modified) if m) if is_task else (),
            owners=_owners(order),
            categories=order.categories + tuple(c for f in behind if isinstance(f, Order) for c in f.categories),
            authored_on=order.authored_on,
            outcomes=outcomes,
            outputs=order.outputs,
            fact=order,
        )
    )


def _owners(order: Order) -> Owners:
    if order.type == "Task":
        return Owners(task=_first((order.owner,) if order.owner else ()))
    return Owners(order=_first(order.performers) if order.type == "ServiceRequest" else None)


def _behind_title(behind: Sequence[Fact]) -> str | None:
    return next((f.concept.title for f in behind if isinstance(f, Order) and f.concept.title), None)


def _booked(appointment: Appointment, link: Link, place: int, outcomes: tuple[Link, ...]) -> Origin:
    """A step that *is* an appointment: due on the day of its start (D1); its own end is A8's."""
    concepts = (*appointment.service_types, *appointment.reasons)
    if appointment.appointment_type:
        concepts = (*concepts, appointment.appointment_type)
    title = next((c.title for c in concepts if c.title), None)
    in_error = appointment.status == "entered-in-error"
    return Origin(
        kind=OriginKind.REFERENCE,
        source=appointment.ref,
        ident=appointment.ref,
        place=place,
        title=title or appointment.description or link.display,
        fallback=appointment.ref,
        codes=appointment_codes(appointment),
        own=appointment.ref,
        refs=(appointment.ref,),
        names=frozenset(n.ref for n in appointment.based_on if n.ref),
        identifiers=frozenset(appointment.identifiers),
        offers=(Offer(APPOINTMENT, "Appointment.start", Schedule(at=appointment.start)),),
        status=SourceStatus.IN_ERROR if in_error else SourceStatus.OPEN,
        outcomes=outcomes,
        appointment=appointment.ref,
        visit=True,
        fact=appointment,
    )


def _group(group: Order, link: Link, read: _Reader, found: Origins, taken: set[str], place: int) -> None:
    """O8: each action with a code or title, or with only a readable resource, is a step; so is a parent with a title."""
    for action in group.actions:
        _action(group, action, read, found, taken, place)
    if not group.actions:
        _order(group, link, OriginKind.REFERENCE, read, found, place)


def _action(group: Order, action: Action, read: _Reader, found: Origins, taken: set[str], place: int) -> None:
    resource = read(action.resource)
    is_named = bool(action.title or any(c.title or c.codings for c in action.concepts))
    if action.resource and action.resource.ref and resource is None:
        found.unread = True
    is_read = isinstance(resource, Order | Appointment)
    if (is_named or is_read) and not (resource and resource.ref in taken):
        if resource is not None:
            taken.add(resource.ref)
        if isinstance(resource, Order) and resource.do_not_perform:
            found.left_out.append(f"{resource.ref}: must not be performed (doNotPerform)")
        else:
            found.steps.append(_action_origin(group, action, resource, place + len(found.steps)))
    for child in action.actions:
        _action(group, child, read, found, taken, place)


def _action_origin(group: Order, action: Action, resource: Fact | None, place: int) -> Origin:
    source = resource.ref if resource else f"{group.ref}#{action.place}"
    concept = next((c for c in action.concepts if c.title), None)
    offers = [Offer(ACTION, "RequestGroup.action.timing", action.schedule)]
    codes = tuple(code for c in action.concepts for code in _telling(c))
    status, title = source_status(group.status), None
    ends: tuple[Moment, ...] = ()
    owners, identifiers = Owners(), frozenset[Identifier]()
    categories: tuple[Concept, ...] = ()
    authored = group.authored_on
    if isinstance(resource, Order):
        offers += _offers(resource)
        codes += _telling(resource.concept)
        status, authored = source_status(resource.status), resource.authored_on or authored
        title = resource.concept.title or resource.description
        owners, identifiers, categories = _owners(resource), frozenset(resource.identifiers), resource.categories
        ends = tuple(m for m in (resource.execution_end, resource.last_modified) if m)
    elif isinstance(resource, Appointment):
        offers.append(Offer(APPOINTMENT, "Appointment.start", Schedule(at=resource.start)))
        codes += appointment_codes(resource)
    named = action.resource.display if action.resource else None
    return Origin(
        kind=OriginKind.REFERENCE,
        source=source,
        ident=source
        if resource
        else f"{group.ref}#{action.id or _fingerprint(_as_concept(action), action.description)}",
        place=place,
        title=(concept.title if concept else None) or action.title or title or action.description or named,
        fallback=source,
        codes=codes,
        own=resource.ref if resource else None,
        refs=(resource.ref,) if resource else (),
        identifiers=identifiers,
        offers=tuple(offers),
        status=status,
        ends=ends,
        owners=owners,
        categories=categories,
        authored_on=authored,
        appointment=resource.ref if isinstance(resource, Appointment) else None,
        visit=isinstance(resource, Appointment),
        fact=resource or group,
    )


def _as_concept(action: Action) -> Concept:
    codings = tuple(code for concept in action.concepts for code in concept.codings)
    return Concept(codings, action.title or next((c.text for c in action.concepts if c.text), None))


def _offers(order: Order) -> tuple[Offer, ...]:
    """The due dates that an order or Task offers; other requests give none (D1)."""
    if order.type == "Task":
        schedule = Schedule(start=order.restriction_start, end=order.restriction_end)
        return (Offer(RESTRICTION, "Task.restriction.period", schedule),)
    if order.type in _DATED_ORDERS:
        return (Offer(ORDER, f"{order.type}.occurrence", order.schedule),)
    return ()


def _codes_of(fact: Fact) -> tuple[Coding, ...]:
    if isinstance(fact, Order):
        return _telling(fact.concept)
    return appointment_codes(fact) if isinstance(fact, Appointment) else ()


def _identifiers(fact: Fact) -> frozenset[Identifier]:
    return frozenset(fact.identifiers) if isinstance(fact, Order | Appointment) else frozenset()


def appointment_codes(appointment: Appointment) -> tuple[Coding, ...]:
    """serviceType, reasonCode and appointmentType, without the generic visit types (E5)."""
    concepts: Iterable[Concept] = (*appointment.service_types, *appointment.reasons)
    codes = [code for concept in concepts for code in _telling(concept)]
    if appointment.appointment_type:
        codes += [c for c in _telling(appointment.appointment_type) if c.code not in GENERIC_VISITS]
    return tuple(codes)


def _telling(concept: Concept) -> tuple[Coding, ...]:
    """Codings that can match: with a system (E3), and not HL7's task codes (O1)."""
    return tuple(c for c in concept.codings if c.system and c.system != TASK_CODES)


def _first(links: Iterable[Link]) -> str | None:
    return next((link.ref for link in links if link.ref and not link.ref.startswith("#")), None)


def _fingerprint(concept: Concept, description: str | None) -> str:
    """Of code and description without the date (§4.1); the text counts only where there is no coding."""
    named = sorted(f"{c.system}|{c.code}" for c in concept.codings) or [concept.text or ""]
    text = "\x1f".join([*named, description or ""])
    return "fp-" + hashlib.sha256(text.encode()).hexdigest()[:12]
