"""What says that a milestone happened, and how strongly (DESIGN §4.4, SEMANTICS E)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from plugin.domain.appointment import Outcome, Visit
from plugin.domain.assessment import Evidence, Strength
from plugin.domain.chart import Chart, Piece, PlanChart
from plugin.domain.moment import days
from plugin.domain.origin import SourceStatus, appointment_codes
from plugin.domain.record import Appointment, Event, Order
from plugin.domain.turn import TurnState


@dataclass(slots=True)
class Now:
    """One moment: the instant, its local day, and which encounters contradict their appointment (A6)."""

    at: datetime
    today: date
    contradicted: frozenset[str] = frozenset()
    in_words: bool = True
    """Whether ``why`` is wanted: not while looking ahead."""


def gather(plan: PlanChart, chart: Chart, turns: Sequence[TurnState], now: Now) -> None:
    """Gives each turn its sources' status, its visits and its evidence."""
    by_step: dict[int, list[TurnState]] = {}
    for turn in turns:
        by_step.setdefault(turn.index, []).append(turn)
    _sources(plan, chart, by_step, now)
    _visits(plan, chart, by_step)
    usable = [piece for piece in chart.pieces if _is_usable(piece, plan, chart, now)]
    linked = _exact(plan, chart, by_step, usable, now)
    linked |= _coded(chart, turns, usable, linked)
    _booked_by_code(plan, chart, turns)
    _loose(plan, chart, turns, [piece for piece in usable if piece.ref not in linked])


# ---------------------------------------------------------------------------------------------------- sources, visits
def _sources(plan: PlanChart, chart: Chart, by_step: dict[int, list[TurnState]], now: Now) -> None:
    """O3 and E10: what the sources say of their step holds for each of its turns; a completed order is exact (E7)."""
    zone = chart.rules.practice.zone
    for index, states in by_step.items():
        step = plan.steps[index]
        said: list[SourceStatus] = []
        completed: list[Evidence] = []
        for origin in step.origins:
            if origin.status is None:
                continue
            ends = [d for d in (days(m, zone) for m in origin.ends) if d]
            status = origin.status
            if status is SourceStatus.COMPLETED and any(d.is_after(now.at, now.today) for d in ends):
                status = SourceStatus.OPEN
            said.append(status)
            if status is SourceStatus.COMPLETED and isinstance(origin.fact, Order):
                on = ends[0].first if ends else None
                completed.append(Evidence(origin.fact.ref, Strength.EXACT, on, origin.fact.version))
        status = step.status_from(said)
        for state in states:
            state.source = status
            for evidence in completed:
                _count(state, evidence)
        _outcomes(chart, states, now)


def _outcomes(chart: Chart, states: Sequence[TurnState], now: Now) -> None:
    """E11: an activity's outcome that cannot be read; an outcome that is itself a completed order is exact."""
    step = states[0].step
    for link in (*step.outcomes, *step.outputs):
        fact = chart.record.facts.get(link.ref or "")
        if fact is None and link in step.outcomes:
            _first_open(states).outcome_unread = True
        elif isinstance(fact, Order) and fact.status == "completed" and fact.ref not in step.refs:
            turn = _first_open(states)
            _count(turn, Evidence(fact.ref, Strength.EXACT, None, fact.version))
            turn.is_met = True


def _visits(plan: PlanChart, chart: Chart, by_step: dict[int, list[TurnState]]) -> None:
    """A3: each appointment belongs to the steps of its most believed link; of a repeating step to the turn whose window
    holds its start."""
    for ref, steps in plan.linked.items():
        visit = chart.visits[ref]
        for index in steps:
            if index in by_step:
                _turn_for(by_step[index], visit.start.first, visit.start.last).visits.append(visit)


def _turn_for(states: Sequence[TurnState], first: date | None, last: date | None) -> TurnState:
    """The turn whose window holds these days, else the first open turn (D7)."""
    if len(states) > 1 and first and last:
        for state in states:
            has_begun = state.begins is None or state.begins <= first
            if has_begun and (state.until is None or last < state.until):
                return state
    return _first_open(states)


def _first_open(states: Sequence[TurnState]) -> TurnState:
    return next((state for state in states if not state.is_taken), states[0])


# ----------------------------------------------------------------------------------------------------------- evidence
def _is_usable(piece: Piece, plan: PlanChart, chart: Chart, now: Now) -> bool:
    """Not in the future, not before the plan's start, not contradicted; an appointment only when it was kept (E1)."""
    if piece.ref in now.contradicted:
        return False
    if isinstance(piece.fact, Appointment):
        visit = chart.visits[piece.ref]
        if visit.outcome is not Outcome.KEPT or piece.fact.status != "fulfilled":
            return False
    if any(d is not None and d.is_after(now.at, now.today) for d in (piece.place, piece.ended)):
        return False
    before_start = plan.start is not None and piece.place is not None and piece.place.last < plan.start.first
    return not before_start or any(s.definition and s.definition.before_plan_start for s in plan.steps)


def _exact(
    plan: PlanChart, chart: Chart, by_step: dict[int, list[TurnState]], usable: Iterable[Piece], now: Now
) -> set[str]:
    """E2: evidence that points to a step. Of a repeating step it goes to the turn whose window holds it."""
    linked: set[str] = set()
    for piece in usable:
        for index in plan.exact.get(piece.ref, ()):
            states = by_step.get(index)
            if not states:
                continue
            place = piece.place
            turn = _turn_for(states, place.first if place else None, place.last if place else None)
            if turn.spoken.is_refused(piece.ref, piece.fact.version):
                continue
            linked.add(piece.ref)
            is_weak = chart.rules.traits.encounters_always_finished and piece.fact.type == "Encounter"
            _give(turn, piece, Strength.LOOSE if is_weak else Strength.EXACT)
    for states in by_step.values():
        for turn in states:
            _confirmed(turn, chart)
    return linked


def _confirmed(turn: TurnState, chart: Chart) -> None:
    """E13: loose evidence that a person confirmed is exact."""
    for ref, statement in turn.spoken.confirmed.items():
        piece = next((p for p in chart.pieces if p.ref == ref), None)
        if piece is None:
            continue
        on = piece.on or chart.rules.practice.day(statement.at)
        turn.add(Evidence(ref, Strength.EXACT, on, piece.fact.version))
        turn.is_met = True
        turn.dates.append(on)


def _give(turn: TurnState, piece: Piece, strength: Strength) -> None:
    """Adds evidence; a kept visit of a laboratory or imaging order is no completion (E6)."""
    turn.add(Evidence(piece.ref, strength, piece.on, piece.fact.version))
    if strength is Strength.LOOSE:
        return
    if turn.step.is_result and piece.is_visit:
        turn.awaits_result = True
        return
    turn.is_met = True
    if piece.on is not None:
        turn.dates.append(piece.on)


def _count(turn: TurnState, evidence: Evidence) -> None:
    turn.add(evidence)
    if evidence.on is not None:
        turn.dates.append(evidence.on)


def _coded(chart: Chart, turns: Sequence[TurnState], usable: Sequence[Piece], linked: set[str]) -> set[str]:
    """E4: each event, in order of time, completes one milestone of the plan."""
    groups: dict[str, list[Piece]] = {}
    for piece in usable:
        groups.setdefault(piece.group, []).append(piece)
    given: set[str] = set()
    for group in sorted(groups.values(), key=_when):
        pieces = [p for p in group if p.ref not in linked and p.is_own and p.place is not None and p.codes]
        if chart.rules.traits.encounters_always_finished:
            pieces = [p for p in pieces if p.fact.type != "Encounter"]
        matching = [t for t in turns if any(p.codes & t.step.codes for p in pieces)]
        if not pieces or not matching:
            continue
        beside = [t for t in matching if any(p.ref in t.evidence for p in group)]
        turn = beside[0] if beside else _turn_of_code(matching, pieces)
        if turn is None:
            given |= _partly(matching, pieces)
            continue
        for piece in pieces:
            if piece.codes & turn.step.codes and not turn.spoken.is_refused(piece.ref, piece.fact.version):
                given.add(piece.ref)
                _give(turn, piece, Strength.CODED)
                turn.visits.extend(v for v in _visits_of(piece, chart) if v not in turn.visits)
    return given


def _visits_of(piece: Piece, chart: Chart) -> list[Visit]:
    """The appointments that a kept visit is, or is the note of."""
    refs = piece.points_to if isinstance(piece.fact, Event) else {piece.ref}
    return [chart.visits[ref] for ref in refs if piece.is_visit and ref in chart.visits]


def _when(group: Sequence[Piece]) -> tuple[date, str]:
    first = min((p.place.first for p in group if p.place), default=date.max)
    return (first, min(p.ref for p in group))


_FITS: tuple[Callable[[TurnState, date, date], bool], ...] = (
    lambda turn, first, last: not turn.is_taken and turn.holds_until_due(first, last),
    lambda turn, first, last: not turn.is_taken and turn.holds(first, last),
    lambda turn, first, last: turn.holds(first, last),
)


def _turn_of_code(matching: Iterable[TurnState], pieces: Sequence[Piece]) -> TurnState | None:
    """E4: the first not taken whose days from opening to due date hold it; else, of those whose window holds it, the one
    due earliest; else the first completed one whose window holds it."""
    by_due = sorted(matching, key=lambda t: t.order)
    spans = [(p.place.first, p.place.last, p) for p in pieces if p.place]
    for fits in _FITS:
        for turn in by_due:
            for first, last, piece in spans:
                refused = turn.spoken.is_refused(piece.ref, piece.fact.version)
                if piece.codes & turn.step.codes and not refused and fits(turn, first, last):
                    return turn
    return None


def _partly(matching: Iterable[TurnState], pieces: Sequence[Piece]) -> set[str]:
    """E9: of a partial date only some days are in the window: loose."""
    given: set[str] = set()
    for turn in matching:
        for piece in pieces:
            if piece.place is None or not piece.codes & turn.step.codes:
                continue
            refused = turn.spoken.is_refused(piece.ref, piece.fact.version)
            if not refused and not turn.has_stronger() and turn.touches(piece.place.first, piece.place.last):
                turn.add(Evidence(piece.ref, Strength.LOOSE, piece.on, piece.fact.version))
                given.add(piece.ref)
    return given


def _booked_by_code(plan: PlanChart, chart: Chart, turns: Sequence[TurnState]) -> None:
    """E4: a coded booking belongs to the first such milestone that has no booking; so does a miss, to the first such."""
    for ref, visit in sorted(chart.visits.items(), key=lambda item: item[1].order):
        if ref in plan.linked or visit.outcome is Outcome.KEPT:
            continue
        codes = {(c.system, c.code) for c in appointment_codes(visit.fact) if c.system}
        first, last = visit.start.first, visit.start.last
        matching = [t for t in turns if codes & t.step.codes and not t.is_taken and t.holds(first, last)]
        if visit.outcome in (Outcome.STANDING, Outcome.UNRECORDED):
            matching = [t for t in matching if not any(_is_booked(v) for v in t.visits)]
        matching.sort(key=lambda t: (not t.holds_until_due(first, last), *t.order))
        if matching:
            matching[0].visits.append(visit)


def _is_booked(visit: Visit) -> bool:
    return visit.outcome in (Outcome.STANDING, Outcome.UNRECORDED)


def _loose(plan: PlanChart, chart: Chart, turns: Sequence[TurnState], unlinked: Iterable[Piece]) -> None:
    """E5: a kept appointment or finished encounter in the window that is not linked to another step, for visits."""
    visits = [t for t in turns if t.step.is_visit]
    if not visits:
        return
    elsewhere = {ref for other in chart.plans if other is not plan for ref in other.exact}
    for piece in unlinked:
        if not piece.is_visit or not piece.is_own or piece.place is None or piece.ref in elsewhere:
            continue
        for turn in visits:
            if turn.has_stronger() or turn.spoken.is_refused(piece.ref, piece.fact.version):
                continue
            if turn.touches(piece.place.first, piece.place.last):
                turn.add(Evidence(piece.ref, Strength.LOOSE, piece.on, piece.fact.version))
