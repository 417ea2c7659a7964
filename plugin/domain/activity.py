"""Where milestones come from: a plan's activities, and the Tasks that are based on it, read as origins (DESIGN
§4.1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from plugin.domain.due import ACTION, ACTIVITY, APPOINTMENT, ORDER, RESTRICTION, Offer
from plugin.domain.origin import (
    Origin,
    OriginKind,
    Origins,
    Owners,
    SourceStatus,
    appointment_codes,
    fingerprint,
    source_status,
    telling_codes,
)
from plugin.domain.record import (
    Action,
    Activity,
    Appointment,
    CarePlan,
    Coding,
    Concept,
    Detail,
    Fact,
    Link,
    Order,
    Record,
    Schedule,
)

_DATED_ORDERS = {"ServiceRequest", "CommunicationRequest", "DeviceRequest"}
"""§4.2 and D1: the orders whose ``occurrence[x]`` is a due date."""


def origins_of(record: Record, plan: CarePlan) -> Origins:
    """The steps of a CarePlan, from its activities and from the Tasks that are based on it."""
    reading = _Reading(record, plan)
    activities = [activity for activity in plan.activities if not reading.is_forbidden(activity)]
    for activity in activities:
        fact = reading.fact(activity.link)
        if activity.link and isinstance(fact, Order) and fact.type == "RequestGroup":
            reading.group(fact, activity.link, _place(activity))
    for activity in activities:
        if activity.detail is not None:
            reading.inline(activity, activity.detail)
    for activity in activities:
        if activity.link is not None:
            reading.referenced(activity, activity.link)
    for task in _tasks_of(record, plan.ref):
        if reading.takes(task.ref):
            reading.order(task, Link(task.ref), OriginKind.TASK)
    return reading.found


def origins_of_order(record: Record, order: Order) -> Origins:
    """The one step of a plan that an order started by itself (§4.1, 5)."""
    reading = _Reading(record, None)
    reading.order(order, Link(order.ref), OriginKind.ORDER)
    return reading.found


def _place(activity: Activity) -> int:
    """Leaves room for the actions of a RequestGroup."""
    return activity.place * 1000


def _tasks_of(record: Record, plan_ref: str) -> Iterator[Order]:
    """Tasks based on a plan that are not ours."""
    for order in (fact for fact in record.facts.values() if isinstance(fact, Order)):
        is_task = order.type == "Task" and not order.ours
        if is_task and any(link.ref == plan_ref for link in order.based_on):
            yield order


class _Reading:
    """One plan while its origins are read: resolves references within the patient's record and the plan's contained
    resources, and remembers what has been taken: a resource named twice is one step (O1)."""

    def __init__(self, record: Record, plan: CarePlan | None) -> None:
        self._facts = record.facts
        self._plan = plan
        self._contained = {order.ref: order for order in plan.contained} if plan else {}
        self._taken: set[str] = set()
        self.found = Origins()

    def fact(self, link: Link | None) -> Fact | None:
        """What a reference names; None when it cannot be read here: another patient's record is not (O10)."""
        if link is None or link.ref is None:
            return None
        return self._contained.get(link.ref) or self._facts.get(link.ref)

    def takes(self, name: str) -> bool:
        """Whether it had not been taken before."""
        is_new = name not in self._taken
        self._taken.add(name)
        return is_new

    # ------------------------------------------------------------------------------------------- activities and orders
    def is_forbidden(self, activity: Activity) -> bool:
        """O5: doNotPerform makes no milestone, whatever the activity refers to."""
        if activity.detail is None or not activity.detail.do_not_perform:
            return False
        self._leave_out(self._source(activity))
        return True

    def _source(self, activity: Activity) -> str:
        return f"{self._plan.ref if self._plan else ''}#activity[{activity.place}]"

    def _leave_out(self, source: str) -> None:
        self.found.left_out.append(f"{source}: must not be performed (doNotPerform)")

    def inline(self, activity: Activity, detail: Detail) -> None:
        """§4.1, 1."""
        source = self._source(activity)
        self.found.steps.append(
            Origin(
                kind=OriginKind.INLINE,
                source=source,
                ident=activity.id or fingerprint(detail.concept, detail.description),
                place=_place(activity),
                title=detail.concept.title or detail.description or (activity.link.display if activity.link else None),
                fallback=source,
                codes=telling_codes(detail.concept),
                own=_name(activity.link),
                offers=(Offer(ACTIVITY, "activity.detail.scheduled", detail.schedule),),
                status=source_status(detail.status),
                owners=Owners(detail=_first(detail.performers)),
                visit=detail.kind == "Appointment",
                untold=detail.kind is None,
                outcomes=activity.outcomes,
                fact=self._plan,
            )
        )

    def referenced(self, activity: Activity, link: Link) -> None:
        """§4.1, 2: a reference that is read, or that stays unread (O10)."""
        name, fact = _name(link), self.fact(link)
        if name is not None and not self.takes(name):
            return
        if isinstance(fact, Order):
            if not fact.ours and fact.type != "RequestGroup":
                self.order(fact, link, OriginKind.REFERENCE, place=_place(activity), outcomes=activity.outcomes)
        elif isinstance(fact, Appointment):
            self.found.steps.append(_booked(fact, link, _place(activity), activity.outcomes))
        elif name is not None or activity.detail is None:
            self.found.unread = True
            self.found.steps.append(_unread(activity, link, name or self._source(activity)))

    def order(
        self,
        order: Order,
        link: Link,
        kind: OriginKind,
        *,
        place: int = 0,
        outcomes: tuple[Link, ...] = (),
    ) -> None:
        """A Task or another request as a step."""
        if order.do_not_perform:
            self._leave_out(order.ref)
            return
        origin = self._origin_of(order, link, kind, place)
        self.found.steps.append(replace(origin, outcomes=outcomes) if outcomes else origin)

    def _origin_of(self, order: Order, link: Link, kind: OriginKind, place: int) -> Origin:
        """With the resources behind a Task (O7): they are read for code, due date and links."""
        is_task = order.type == "Task"
        named = ([order.focus] if order.focus else []) + list(order.based_on)
        behind = [fact for fact in map(self.fact, named) if is_task and isinstance(fact, Order | Appointment)]
        orders = [fact for fact in behind if isinstance(fact, Order)]
        return Origin(
            kind=kind,
            source=order.ref,
            ident=order.ref,
            place=place,
            title=order.concept.title or order.description or link.display or _title_of(orders),
            fallback=order.ref,
            codes=telling_codes(order.concept) + tuple(code for fact in behind for code in _codes_of(fact)),
            own=order.ref,
            refs=(order.ref, *(fact.ref for fact in behind)),
            names=frozenset(n.ref for n in named if n.ref),
            identifiers=frozenset(order.identifiers).union(*(fact.identifiers for fact in behind)),
            offers=_offers(order) + tuple(offer for fact in orders for offer in _offers(fact)),
            status=source_status(order.status),
            ends=tuple(m for m in (order.execution_end, order.last_modified) if m) if is_task else (),
            owners=_owners(order),
            categories=order.categories + tuple(category for fact in orders for category in fact.categories),
            authored_on=order.authored_on,
            outputs=order.outputs,
            fact=order,
        )

    # --------------------------------------------------------------------------------------------------- RequestGroups
    def group(self, group: Order, link: Link, place: int) -> None:
        """O8: its actions; a group without any is itself the step."""
        if not self.takes(group.ref):
            return
        for action in group.actions:
            self._action(group, action, place)
        if not group.actions:
            self.order(group, link, OriginKind.REFERENCE, place=place)

    def _action(self, group: Order, action: Action, place: int) -> None:
        """O8: with a code or title, or with only a readable resource, it is a step; so is a parent with a title."""
        resource = self.fact(action.resource)
        if resource is None and action.resource and action.resource.ref:
            self.found.unread = True
        if not isinstance(resource, Order | Appointment) or (isinstance(resource, Order) and resource.ours):
            resource = None
        is_named = bool(action.title or any(c.title or c.codings for c in action.concepts))
        if isinstance(resource, Order) and resource.do_not_perform:
            self._leave_out(resource.ref)
        elif (resource is None and is_named) or (resource is not None and self.takes(resource.ref)):
            self.found.steps.append(self._origin_of_action(group, action, resource, place + len(self.found.steps)))
        for child in action.actions:
            self._action(group, child, place)

    def _origin_of_action(
        self, group: Order, action: Action, resource: Order | Appointment | None, place: int
    ) -> Origin:
        """Due by the action's timing before the resource's own; of the resource's status, else of the group's."""
        link = action.resource or Link()
        concept = next((c for c in action.concepts if c.title), None)
        title = (concept.title if concept else None) or action.title
        if isinstance(resource, Order):
            origin = self._origin_of(resource, Link(resource.ref), OriginKind.REFERENCE, place)
        elif resource is not None:
            origin = _booked(resource, Link(resource.ref), place, ())
        else:
            source = f"{group.ref}#{action.place}"
            ident = f"{group.ref}#{action.id or fingerprint(_concept_of(action), action.description)}"
            origin = Origin(
                kind=OriginKind.REFERENCE,
                source=source,
                ident=ident,
                place=place,
                title=None,
                fallback=source,
                status=source_status(group.status),
                fact=group,
            )
        return replace(
            origin,
            title=title or origin.title or action.description or link.display,
            codes=tuple(code for c in action.concepts for code in telling_codes(c)) + origin.codes,
            offers=(Offer(ACTION, "RequestGroup.action.timing", action.schedule), *origin.offers),
            authored_on=origin.authored_on or group.authored_on,
        )


def _name(link: Link | None) -> str | None:
    """What a reference names: a resource, else a business identifier."""
    if link is None or link.ref is not None:
        return link.ref if link else None
    return f"{link.identifier.system}|{link.identifier.value}" if link.identifier else None


def _unread(activity: Activity, link: Link, name: str) -> Origin:
    """O10: a reference that cannot be read is still a step, titled by its display, else by itself."""
    return Origin(
        kind=OriginKind.REFERENCE,
        source=name,
        ident=_name(link) or fingerprint(Concept(text=link.display), None),
        place=_place(activity),
        title=link.display,
        fallback=name,
        own=_name(link),
        refs=(link.ref,) if link.ref else (),
        identifiers=frozenset((link.identifier,) if link.identifier else ()),
        outcomes=activity.outcomes,
        unread=True,
    )


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
        fact=appointment,
    )


def _owners(order: Order) -> Owners:
    if order.type == "Task":
        return Owners(task=_first((order.owner,) if order.owner else ()))
    return Owners(order=_first(order.performers) if order.type == "ServiceRequest" else None)


def _first(links: Iterable[Link]) -> str | None:
    return next((link.ref for link in links if link.ref and not link.ref.startswith("#")), None)


def _title_of(orders: Sequence[Order]) -> str | None:
    return next((order.concept.title for order in orders if order.concept.title), None)


def _offers(order: Order) -> tuple[Offer, ...]:
    """The due dates that an order or Task offers; other requests give none (D1)."""
    if order.type == "Task":
        schedule = Schedule(start=order.restriction_start, end=order.restriction_end)
        return (Offer(RESTRICTION, "Task.restriction.period", schedule),)
    if order.type in _DATED_ORDERS:
        return (Offer(ORDER, f"{order.type}.occurrence", order.schedule),)
    return ()


def _codes_of(fact: Order | Appointment) -> tuple[Coding, ...]:
    return telling_codes(fact.concept) if isinstance(fact, Order) else appointment_codes(fact)


def _concept_of(action: Action) -> Concept:
    codings = tuple(code for concept in action.concepts for code in concept.codings)
    return Concept(codings, action.title or next((c.text for c in action.concepts if c.text), None))
