"""One patient's record, made ready for assessing: what does not depend on the clock is worked out once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from plugin.domain.activity import origins_of, origins_of_order
from plugin.domain.appointment import Visit, visit_of
from plugin.domain.due import Bounds
from plugin.domain.moment import Days, days
from plugin.domain.origin import Origin, OriginKind, Origins, appointment_codes
from plugin.domain.program import Program
from plugin.domain.record import Appointment, CarePlan, CareTeam, Coding, Event, Fact, Order, Patient, Record, Statement
from plugin.domain.rules import Rules
from plugin.domain.said import Spoken, enrolments, spoken_of
from plugin.domain.step import Frame, Step, steps_of

_FINAL = {
    "Observation": {"final", "amended", "corrected", "appended"},
    "DiagnosticReport": {"final", "amended", "corrected", "appended"},
    "Procedure": {"completed"},
    "Immunization": {"completed"},
    "Encounter": {"finished"},
    "QuestionnaireResponse": {"completed", "amended"},
}
"""E1: what final means. Partial is not final."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Something final that may be evidence: an Event, or a kept Appointment. ``place`` is when it began, ``ended`` dates
    the completion (E9). ``group`` is equal for pieces of one event (a report and its results, a visit and its note)."""

    fact: Event | Appointment
    place: Days | None
    ended: Days | None
    codes: frozenset[tuple[str, str]]
    group: str
    is_visit: bool
    is_own: bool
    """It names this patient (E8: coded evidence needs it)."""
    points_to: frozenset[str]

    @property
    def ref(self) -> str:
        """``Type/id``."""
        return self.fact.ref

    @property
    def on(self) -> date | None:
        """The local day that dates the completion; of a partial date the first."""
        dated = self.ended or self.place
        return dated.first if dated else None


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
    linked: dict[str, frozenset[int]] = field(default_factory=dict)
    """Appointment -> the steps of its most believed link (A3), all but the coded one."""
    exact: dict[str, frozenset[int]] = field(default_factory=dict)
    """Piece -> the steps to which it points."""

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
    pieces: list[Piece]
    spoken: Mapping[str, Spoken]


def chart_of(record: Record, rules: Rules) -> Chart:
    """Everything that can be worked out without the clock."""
    patient = record.facts.get(record.ref)
    merged = {f.ref for f in record.facts.values() if isinstance(f, Patient) and f.replaced_by == record.ref}
    names = frozenset({record.ref, *merged})
    visits = _visits(record, names, rules)
    chart = Chart(
        record=record,
        rules=rules,
        names=names,
        patient=patient if isinstance(patient, Patient) else None,
        plans=[],
        visits=visits,
        pieces=_pieces(record, names, visits, rules),
        spoken=spoken_of(record.statements),
    )
    chart.plans = [plan for plan in _plans(chart) if plan is not None]
    for plan in chart.plans:
        plan.linked = _linked(plan, chart)
        plan.exact = _exact(plan, chart)
    return chart


# ------------------------------------------------------------------------------------------------- visits and evidence
def _visits(record: Record, names: frozenset[str], rules: Rules) -> dict[str, Visit]:
    encounters: dict[str, list[Event]] = {}
    for fact in record.facts.values():
        if isinstance(fact, Event) and fact.type == "Encounter":
            for link in fact.appointments:
                encounters.setdefault(link.ref or "", []).append(fact)
    visits: dict[str, Visit] = {}
    for fact in record.facts.values():
        if isinstance(fact, Appointment):
            visit = visit_of(fact, names, encounters.get(fact.ref, ()), rules.practice)
            if visit is not None:
                visits[fact.ref] = visit
    return visits


def _pieces(record: Record, names: frozenset[str], visits: Mapping[str, Visit], rules: Rules) -> list[Piece]:
    zone = rules.practice.zone
    pieces: list[Piece] = []
    for fact in record.facts.values():
        if isinstance(fact, Event):
            if fact.status not in _FINAL.get(fact.type, ()) or fact.valueless:
                continue
            start, end = fact.start or fact.end or fact.issued, fact.end
            place, ended = days(start, zone) if start else None, days(end, zone) if end else None
            codes = _pairs(code for concept in fact.concepts for code in concept.codings)
            for link in fact.appointments:
                booked = visits.get(link.ref or "")
                codes |= _pairs(appointment_codes(booked.fact)) if booked else frozenset()
            links = (*fact.based_on, *fact.part_of, *fact.appointments)
            points_to = frozenset(link.ref for link in links if link.ref)
            is_own = fact.subject in names
            pieces.append(Piece(fact, place, ended, codes, fact.ref, fact.type == "Encounter", is_own, points_to))
        elif isinstance(fact, Appointment) and fact.ref in visits:
            place = visits[fact.ref].start
            codes = _pairs(appointment_codes(fact))
            pieces.append(Piece(fact, place, None, codes, fact.ref, True, True, frozenset()))
    return _grouped(pieces)


def _pairs(codings: Iterable[Coding]) -> frozenset[tuple[str, str]]:
    return frozenset((c.system, c.code) for c in codings if c.system)


def _grouped(pieces: list[Piece]) -> list[Piece]:
    """One event is one piece of coded evidence (E4): a report with its results, a visit with its appointment, what was
    done in it, are grouped by the links between them."""
    leader = {piece.ref: piece.ref for piece in pieces}

    def root(ref: str) -> str:
        while leader[ref] != ref:
            ref = leader[ref]
        return ref

    linked = False
    for piece in pieces:
        if isinstance(piece.fact, Event):
            encounter = (piece.fact.encounter,) if piece.fact.encounter else ()
            for link in (*piece.fact.members, *piece.fact.part_of, *piece.fact.appointments, *encounter):
                if link.ref in leader and root(link.ref) != root(piece.ref):
                    one, other = sorted((root(link.ref), root(piece.ref)))
                    leader[other] = one
                    linked = True
    if not linked:
        return pieces
    return [Piece(p.fact, p.place, p.ended, p.codes, root(p.ref), p.is_visit, p.is_own, p.points_to) for p in pieces]


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
    categories = _pairs(c for concept in plan.categories for c in concept.codings)
    program = chart.rules.program_claiming(plan.instantiates, categories)
    origins = origins_of(chart.record, plan)
    status = plan.status or "unknown"
    start = days(plan.start, zone) if plan.start else None
    proposed = plan.intent in ("proposal", "option")
    made = PlanChart(
        plan=plan.ref,
        status=status,
        start=start,
        bounds=_bounds(start, days(plan.end, zone) if plan.end else None),
        steps=[],
        fact=plan,
        program=program,
        author=plan.author.ref if plan.author and plan.author.ref and not plan.author.ref.startswith("#") else None,
        care_teams=_care_teams(chart.record, plan),
        unread=origins.unread,
        left_out=tuple(origins.left_out),
        is_draft=status == "draft" or (proposed and status not in ("revoked", "completed", "entered-in-error")),
        title=plan.title,
        opens=start or (days(plan.created, zone) if plan.created else None),
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
    codes = _pairs(order.concept.codings)
    program = next((p for p in chart.rules.programs if codes & p.order_codes), None)
    if any(isinstance(chart.record.facts.get(link.ref or ""), CarePlan) for link in order.based_on):
        return None
    if program is None or order.type == "Task" or order.status in (None, "entered-in-error"):
        return None
    zone = chart.rules.practice.zone
    start = days(order.authored_on, zone) if order.authored_on else None
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
    program = chart.rules.program_of(enrolment.target or "")
    if program is None:
        return None
    day = chart.rules.practice.day(enrolment.at)
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
    plan.steps = _steps(chart, plan, Origins())
    return plan


def _steps(chart: Chart, plan: PlanChart, origins: Origins) -> list[Step]:
    frame = Frame(
        slug=chart.record.source,
        plan=plan.plan,
        bounds=plan.bounds,
        zone=chart.rules.practice.zone,
        known=[step for step in chart.record.known if step.plan == plan.plan],
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


# --------------------------------------------------------------------------------------------------------------- links
def _linked(plan: PlanChart, chart: Chart) -> dict[str, frozenset[int]]:
    """The steps of each appointment's most believed link (DESIGN §4.4, A3), all but the coded one."""
    return {ref: steps for ref, visit in chart.visits.items() if (steps := _steps_of_visit(plan, visit))}


def _steps_of_visit(plan: PlanChart, visit: Visit) -> frozenset[int]:
    fact = visit.fact
    its_own = {i for i, step in enumerate(plan.steps) if step.appointment == fact.ref}
    believed: tuple[set[str | None], ...] = (
        {link.ref for link in fact.based_on},
        {fact.ref},
        {link.ref for link in fact.supporting},
    )
    for refs in believed:
        steps = _naming(plan, refs, visit.fact)
        if steps:
            return frozenset(steps | its_own)
    steps = {i for i, step in enumerate(plan.steps) if step.identifiers & set(fact.identifiers)}
    for refs in (
        {link.ref for encounter in visit.encounters for link in encounter.based_on},
        {link.ref for link in fact.backport_based_on},
    ):
        steps = steps or _naming(plan, refs, visit.fact)
    noted = {encounter.ref for encounter in visit.encounters}
    steps = steps or {i for i, s in enumerate(plan.steps) if any(link.ref in noted for link in s.outcomes)}
    return frozenset(steps | its_own)


def _naming(plan: PlanChart, refs: set[str | None], fact: Appointment) -> set[int]:
    """The steps that are made of one of these resources; the plan itself only as E2 allows."""
    steps = {i for i, step in enumerate(plan.steps) if any(ref in refs for ref in step.refs)}
    if not steps and plan.plan in refs:
        steps = _of_plan(plan, _pairs(appointment_codes(fact)))
    return steps


def _of_plan(plan: PlanChart, codes: frozenset[tuple[str, str]]) -> set[int]:
    """E2: a pointer to the plan is exact for the step that it also matches by code, or for the plan's only step."""
    if len(plan.steps) == 1:
        return {0}
    return {i for i, step in enumerate(plan.steps) if step.codes & codes}


def _exact(plan: PlanChart, chart: Chart) -> dict[str, frozenset[int]]:
    """The steps to which each piece of evidence points (E2)."""
    found: dict[str, frozenset[int]] = {}
    outcome_of: dict[str, set[int]] = {}
    for index, step in enumerate(plan.steps):
        for link in (*step.outcomes, *step.outputs):
            outcome_of.setdefault(link.ref or "", set()).add(index)
    for piece in chart.pieces:
        steps = set(outcome_of.get(piece.ref, ()))
        if isinstance(piece.fact, Appointment):
            steps |= plan.linked.get(piece.ref, frozenset())
        elif piece.points_to:
            steps |= {i for i, step in enumerate(plan.steps) if any(ref in piece.points_to for ref in step.refs)}
            for ref in piece.points_to:
                steps |= plan.linked.get(ref, frozenset())
            if not steps and plan.plan in piece.points_to:
                steps |= _of_plan(plan, piece.codes)
        if steps:
            found[piece.ref] = frozenset(steps)
    return found
