"""One patient's record, made ready for assessing: what does not depend on the clock is worked out once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from plugin.domain.activity import origins_of, origins_of_order
from plugin.domain.appointment import Visit, visit_of
from plugin.domain.circumstance import Circumstances
from plugin.domain.due import Bounds
from plugin.domain.link import Links, Steps, written_in
from plugin.domain.moment import Days, days
from plugin.domain.origin import Origin, OriginKind, Origins
from plugin.domain.piece import Piece, pairs, pieces_of
from plugin.domain.program import Program
from plugin.domain.record import Appointment, CarePlan, CareTeam, Event, Fact, Order, Patient, Record, Statement
from plugin.domain.rules import Rules
from plugin.domain.said import Spoken, enrolments, spoken_of
from plugin.domain.step import Frame, Step, steps_of


@dataclass(slots=True)
class PlanChart:
    """One plan: its steps, their links to appointments and evidence, all that the clock does not change."""

    plan: str
    status: str
    start: Days | None
    bounds: Bounds
    steps: list[Step]
    fact: Fact | None = None
    program: Program | None = None
    author: str | None = None
    care_teams: tuple[CareTeam, ...] = ()
    unread: bool = False
    left_out: tuple[str, ...] = ()
    is_draft: bool = False
    title: str | None = None
    opens: Days | None = None
    """D3: where a window without a start opens, unless an order says when it was written."""
    written_in: frozenset[str] = frozenset()
    """The encounter in which the plan was written, and its appointment: unless they are linked to a step, they say nothing
    of what was planned there."""
    linked: dict[str, Steps] = field(default_factory=dict)
    """Appointment -> the steps of its most believed link (A3), all but the coded one."""
    exact: dict[str, Steps] = field(default_factory=dict)
    """Piece -> the steps to which it points."""
    left_open: frozenset[str] = frozenset()
    """Pieces that point to the plan and mean one of several equal steps (E2)."""
    circumstances: Circumstances | None = None
    """Made when the first condition asks (``circumstances_of``)."""

    @property
    def has_ended(self) -> bool:
        """Revoked, completed or entered in error."""
        return self.status in ("revoked", "completed", "entered-in-error")


@dataclass(slots=True)
class Chart:
    """One patient, ready to be assessed at any moment."""

    record: Record
    rules: Rules
    names: frozenset[str]
    patient: Patient | None
    plans: list[PlanChart]
    visits: dict[str, Visit]
    spoken: Mapping[str, Spoken]
    pieces: list[Piece] = field(default_factory=list)
    linked: frozenset[str] = frozenset()
    """The appointments that belong to a step of any plan by a reference."""


def chart_of(record: Record, rules: Rules) -> Chart:
    """Everything that can be worked out without the clock."""
    patient = record.facts.get(record.ref)
    names = record.names
    chart = Chart(
        record=record,
        rules=rules,
        names=names,
        patient=patient if isinstance(patient, Patient) else None,
        plans=[],
        visits=_visits(record, names, rules),
        spoken=spoken_of(record.statements),
    )
    chart.plans = [plan for plan in _plans(chart) if plan is not None]
    _link(chart)
    return chart


def _visits(record: Record, names: frozenset[str], rules: Rules) -> dict[str, Visit]:
    encounters: dict[str, list[Event]] = {}
    for fact in record.facts.values():
        if isinstance(fact, Event) and fact.type == "Encounter" and fact.status != "entered-in-error":
            for link in fact.appointments:
                encounters.setdefault(link.ref or "", []).append(fact)
    visits: dict[str, Visit] = {}
    for fact in record.facts.values():
        if isinstance(fact, Appointment):
            visit = visit_of(fact, names, encounters.get(fact.ref, ()), rules.practice)
            if visit is not None:
                visits[fact.ref] = visit
    return visits


def _link(chart: Chart) -> None:
    """A3, over all plans: an appointment belongs to the steps of its most believed link only."""
    links = [Links(plan.plan, plan.steps) for plan in chart.plans]
    for ref, visit in chart.visits.items():
        beliefs = [
            (plan, found) for plan, one in zip(chart.plans, links, strict=True) if (found := one.of_visit(visit))
        ]
        best = min((found.rank for _, found in beliefs), default=0)
        for plan, found in beliefs:
            steps = found.steps | found.own if found.rank == best else found.own
            if steps:
                plan.linked[ref] = steps
    chart.linked = frozenset(ref for plan in chart.plans for ref in plan.linked)
    chart.pieces = pieces_of(chart.record, chart.names, chart.visits, chart.linked, zone=chart.rules.practice.zone)
    for plan, one in zip(chart.plans, links, strict=True):
        found_exact = ((piece.ref, one.of_piece(piece, plan.linked)) for piece in chart.pieces)
        plan.exact = {ref: steps for ref, steps in found_exact if steps}
        open_ones = (p.ref for p in chart.pieces if p.ref not in plan.exact and one.leaves_open(p))
        plan.left_open = frozenset(open_ones)


def circumstances_of(plan: PlanChart, chart: Chart) -> Circumstances:
    """What the conditions of a plan's program are asked of."""
    if plan.circumstances is None:
        start = plan.start or plan.opens
        open_plans = (other for other in chart.plans if not (other.has_ended or other.is_draft))
        plan.circumstances = Circumstances(
            record=chart.record,
            practice=chart.rules.practice,
            patient=chart.patient,
            steps=plan.steps,
            visits=chart.visits,
            linked=plan.linked,
            linked_anywhere=chart.linked,
            plan_start=start.first if start else None,
            in_programs=frozenset(other.program.code for other in open_plans if other.program),
            encounters_tell=not chart.rules.traits.encounters_always_finished,
        )
    return plan.circumstances


# --------------------------------------------------------------------------------------------------------------- plans
def _plans(chart: Chart) -> Iterator[PlanChart | None]:
    record = chart.record
    listed: set[str] = set()
    for fact in record.facts.values():
        if isinstance(fact, CarePlan):
            plan = _care_plan(chart, fact)
            listed.update(ref for step in plan.steps for ref in step.refs)
            yield plan
    for fact in record.facts.values():
        if isinstance(fact, Order) and fact.ref not in listed and not fact.ours:
            yield _ordered(chart, fact)
    for enrolment in enrolments(record.statements):
        yield _enrolled(chart, enrolment)


def _care_plan(chart: Chart, plan: CarePlan) -> PlanChart:
    zone = chart.rules.practice.zone
    categories = pairs(c for concept in plan.categories for c in concept.codings)
    origins = origins_of(chart.record, plan)
    status = plan.status or "unknown"
    start = days(plan.start, zone) if plan.start else None
    opens = start or (days(plan.created, zone) if plan.created else None)
    proposed = plan.intent in ("proposal", "option")
    made = PlanChart(
        plan=plan.ref,
        status=status,
        start=start,
        bounds=_bounds(start, days(plan.end, zone) if plan.end else None),
        steps=[],
        fact=plan,
        program=chart.rules.program_claiming(plan.instantiates, categories, opens.first if opens else None),
        author=plan.author.ref if plan.author and plan.author.ref and not plan.author.ref.startswith("#") else None,
        care_teams=_care_teams(chart.record, plan),
        unread=origins.unread,
        left_out=tuple(origins.left_out),
        is_draft=status == "draft" or (proposed and status not in ("revoked", "completed", "entered-in-error")),
        title=plan.title,
        opens=opens,
        written_in=written_in(plan.encounter, chart.record, chart.visits, zone),
    )
    made.steps = _steps(chart, made, origins)
    return made


def _bounds(start: Days | None, end: Days | None) -> Bounds:
    return Bounds(start.first if start else None, end.last if end else None)


def _care_teams(record: Record, plan: CarePlan) -> tuple[CareTeam, ...]:
    """The plan's own teams first, then the patient's others that are active."""
    own = [f for link in plan.care_teams if isinstance(f := record.facts.get(link.ref or ""), CareTeam)]
    others = [f for f in record.facts.values() if isinstance(f, CareTeam) and f.status in (None, "active")]
    return tuple(dict.fromkeys([*own, *others]))


def _ordered(chart: Chart, order: Order) -> PlanChart | None:
    """§4.1, 5: an order or referral that a program claims starts a plan of its own."""
    if any(isinstance(chart.record.facts.get(link.ref or ""), CarePlan) for link in order.based_on):
        return None
    if order.type == "Task" or order.do_not_perform or order.status in (None, "entered-in-error"):
        return None
    codes, zone = pairs(order.concept.codings), chart.rules.practice.zone
    start = days(order.authored_on, zone) if order.authored_on else None
    program = next((p for p in chart.rules.programs_for(start.first if start else None) if codes & p.order_codes), None)
    if program is None:
        return None
    plan = PlanChart(
        plan=order.ref,
        status="active" if order.status not in ("revoked",) else "revoked",
        start=start,
        bounds=_bounds(start, None),
        steps=[],
        fact=order,
        program=program,
        care_teams=tuple(f for f in chart.record.facts.values() if isinstance(f, CareTeam)),
        title=program.title,
        opens=start,
    )
    plan.steps = _steps(chart, plan, origins_of_order(chart.record, order))
    return plan


def _enrolled(chart: Chart, enrolment: Statement) -> PlanChart | None:
    """A person's enrolment in a program starts a plan of its own, on the day on which it was said."""
    day = chart.rules.practice.day(enrolment.at)
    program = next((p for p in chart.rules.programs_for(day) if p.code == enrolment.target), None)
    if program is None:
        return None
    start = Days(day, day, "day")
    plan = PlanChart(
        plan=f"enrolment:{program.code}",
        status="active",
        start=start,
        bounds=_bounds(start, None),
        steps=[],
        program=program,
        care_teams=tuple(f for f in chart.record.facts.values() if isinstance(f, CareTeam)),
        title=program.title,
        opens=start,
    )
    plan.steps = _steps(chart, plan, Origins(), whose=chart.record.ref)
    return plan


def _steps(chart: Chart, plan: PlanChart, origins: Origins, whose: str | None = None) -> list[Step]:
    frame = Frame(
        slug=chart.record.source,
        plan=plan.plan,
        bounds=plan.bounds,
        zone=chart.rules.practice.zone,
        known=[step for step in chart.record.known if step.plan == plan.plan],
        whose=whose,
    )
    return steps_of(frame, [*origins.steps, *_program_origins(plan.program)])


def _program_origins(program: Program | None) -> Sequence[Origin]:
    """§4.1, 4: the milestones of the program that the plan is claimed by."""
    if program is None:
        return ()
    return [
        Origin(
            kind=OriginKind.PROGRAM,
            source=f"program/{program.code}#{definition.code}",
            ident=definition.code,
            place=index * 1000 + 500,
            title=definition.title,
            fallback=definition.code,
            codes=definition.codes,
            definition=definition,
        )
        for index, definition in enumerate(program.milestones)
    ]
