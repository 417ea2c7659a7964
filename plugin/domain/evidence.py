"""What says that a milestone happened, and how strongly (DESIGN §4.4, SEMANTICS E)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from plugin.domain.appointment import Outcome, Visit
from plugin.domain.assessment import Evidence, Strength
from plugin.domain.chart import Chart, PlanChart
from plugin.domain.moment import days
from plugin.domain.origin import SourceStatus, appointment_codes
from plugin.domain.piece import Piece, pairs
from plugin.domain.record import Appointment, Event, Order
from plugin.domain.turn import TurnState, turns_of


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
    _Gathering(plan, chart, turns, now).run()


class _Gathering:
    """One plan's turns while they are given what belongs to them. ``_given`` are the pieces that have found a step."""

    def __init__(self, plan: PlanChart, chart: Chart, turns: Sequence[TurnState], now: Now) -> None:
        self._plan, self._chart, self._turns, self._now = plan, chart, turns, now
        self._by_step: dict[int, list[TurnState]] = {}
        for turn in turns:
            self._by_step.setdefault(turn.index, []).append(turn)
        self._usable = [piece for piece in chart.pieces if self._is_usable(piece)]
        self._given: set[str] = set()

    def run(self) -> None:
        """What is linked first, so that coded evidence finds what is still open; loose evidence last."""
        for states in self._by_step.values():
            self._hear_sources(states)
            self._hear_outcomes(states)
        self._place_visits()
        for piece in self._usable:
            self._link(piece)
        for turn in self._turns:
            self._confirm(turn)
        self._code()
        self._book_by_code()
        self._loosen()
        for turn in self._turns:
            turn.drop_weak()

    # ------------------------------------------------------------------------------------------------ sources, visits
    def _hear_sources(self, states: Sequence[TurnState]) -> None:
        """O3 and E10: what the sources say of their step holds for each of its turns; a completed order is exact (E7)."""
        zone, now, step = self._chart.rules.practice.zone, self._now, states[0].step
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
                state.count(evidence)

    def _hear_outcomes(self, states: Sequence[TurnState]) -> None:
        """E11: an activity's outcome that cannot be read; an outcome that is itself a completed order is exact."""
        step = states[0].step
        for link in (*step.outcomes, *step.outputs):
            fact = self._chart.record.facts.get(link.ref or "")
            if fact is None and link in step.outcomes:
                _first_open(states).outcome_unread = True
            elif isinstance(fact, Order) and fact.ref not in step.refs and self._is_done(fact):
                turn = _first_open(states)
                turn.count(Evidence(fact.ref, Strength.EXACT, None, fact.version))
                turn.is_met = True

    def _is_done(self, order: Order) -> bool:
        """E1, E10: a completed Task or order, as far as its own dates have come."""
        zone, now = self._chart.rules.practice.zone, self._now
        dates = [d for m in (order.execution_end, order.last_modified) if m and (d := days(m, zone))]
        return order.status == "completed" and not any(d.is_after(now.at, now.today) for d in dates)

    def _place_visits(self) -> None:
        """A3: each appointment belongs to the steps of its most believed link; of a repeating step to the turn whose
        window holds its start."""
        for ref, steps in self._plan.linked.items():
            visit = self._chart.visits[ref]
            for index in steps:
                if index in self._by_step:
                    _turn_for(self._by_step[index], visit.start.first, visit.start.last).visits.append(visit)

    # -------------------------------------------------------------------------------------------------- exact evidence
    def _is_usable(self, piece: Piece) -> bool:
        """Not in the future, not contradicted; an appointment only when it was kept by its own word (E1)."""
        now = self._now
        if piece.ref in now.contradicted:
            return False
        if isinstance(piece.fact, Appointment):
            visit = self._chart.visits[piece.ref]
            if visit.outcome is not Outcome.KEPT or piece.fact.status != "fulfilled":
                return False
        return not any(d is not None and d.is_after(now.at, now.today) for d in (piece.place, piece.ended))

    def _is_for(self, turn: TurnState, piece: Piece) -> bool:
        """Not refused (E13), and not before the plan's start, unless the program says so."""
        start, definition = self._plan.start, turn.step.definition
        is_early = start is not None and piece.place is not None and piece.place.last < start.first
        if is_early and not (definition and definition.before_plan_start):
            return False
        return not turn.spoken.is_refused(piece.ref, piece.fact.version)

    def _link(self, piece: Piece) -> None:
        """E2: evidence that points to a step. Of a repeating step it goes to the turn whose window holds it."""
        place = piece.place
        for index in self._plan.exact.get(piece.ref, ()):
            states = self._by_step.get(index)
            if not states:
                continue
            turn = _turn_for(states, place.first if place else None, place.last if place else None)
            if self._is_for(turn, piece):
                self._give(turn, piece, Strength.EXACT)

    def _confirm(self, turn: TurnState) -> None:
        """E13: loose evidence that a person confirmed is exact."""
        for ref, statement in turn.spoken.confirmed.items():
            piece = next((p for p in self._chart.pieces if p.ref == ref), None)
            if piece is None:
                continue
            on = piece.on or self._chart.rules.practice.day(statement.at)
            turn.count(Evidence(ref, Strength.EXACT, on, piece.fact.version))
            turn.is_met = True
            self._given.add(ref)

    def _give(self, turn: TurnState, piece: Piece, strength: Strength) -> None:
        """Adds evidence; a kept visit of a laboratory or imaging order is no completion (E6), nor is an Encounter where
        all are finished (E12)."""
        self._given.add(piece.ref)
        if piece.fact.type == "Encounter" and self._chart.rules.traits.encounters_always_finished:
            strength = Strength.LOOSE
        evidence = Evidence(piece.ref, strength, piece.on, piece.fact.version)
        if strength is Strength.LOOSE:
            turn.add(evidence)
        elif turn.step.is_result and piece.is_visit:
            turn.add(evidence)
            turn.awaits_result = True
        else:
            turn.count(evidence)
            turn.is_met = True

    # -------------------------------------------------------------------------------------------------- coded evidence
    def _code(self) -> None:
        """E4: each event, in order of time, completes one milestone of the plan."""
        candidates = {p.ref for p in self._usable if p.ref not in self._given and self._may_be_coded(p)}
        if not candidates:
            return
        groups: dict[str, list[Piece]] = {}
        for piece in self._usable:
            groups.setdefault(piece.group, []).append(piece)
        for group in sorted(groups.values(), key=_when):
            left = [piece for piece in group if piece.ref in candidates]
            while left:
                left = self._coded(left, group)

    def _may_be_coded(self, piece: Piece) -> bool:
        """E8: it needs a patient and a date, unless it points to the plan (E2); what belongs to another plan's step by a
        reference is linked there (A3)."""
        if piece.ref in self._plan.left_open:
            return True
        if not piece.codes or not piece.is_own or piece.place is None or piece.ref in self._chart.linked:
            return False
        if piece.ref in self._plan.written_in:
            return False
        is_weak = self._chart.rules.traits.encounters_always_finished
        return not (is_weak and piece.fact.type == "Encounter")

    def _coded(self, left: Sequence[Piece], group: Sequence[Piece]) -> list[Piece]:
        """Gives what shares a code with one milestone to it; the pieces that remain for others."""
        matching = [t for t in self._turns if any(p.codes & t.step.codes and self._is_for(t, p) for p in left)]
        beside = (t for t in matching if any(p.ref in t.evidence for p in group))
        turn = next(beside, None) or self._turn_of_code(matching, left)
        if turn is None:
            self._count_partly(matching, left)
            return []
        for piece in left:
            if piece.codes & turn.step.codes and self._is_for(turn, piece):
                is_exact = piece.ref in self._plan.left_open
                self._give(turn, piece, Strength.EXACT if is_exact else Strength.CODED)
                turn.visits += [v for v in self._visits_of(piece) if v not in turn.visits]
        return [piece for piece in left if not piece.codes & turn.step.codes]

    def _turn_of_code(self, matching: Iterable[TurnState], pieces: Sequence[Piece]) -> TurnState | None:
        """E4: the first not taken whose days from opening to due date hold it; else, of those whose window holds it, the
        one due earliest; else the first completed one whose window holds it."""
        by_due = sorted(matching, key=lambda t: t.order)
        placed = [(piece, piece.place) for piece in pieces if piece.place]
        for fits in _FITS:
            for turn in by_due:
                mine = ((p, days_) for p, days_ in placed if p.codes & turn.step.codes and self._is_for(turn, p))
                if any(fits(turn, days_.first, days_.last) for _, days_ in mine):
                    return turn
        if any(piece.ref in self._plan.left_open for piece in pieces):
            return next((turn for turn in by_due if not turn.is_taken), None)
        return None

    def _count_partly(self, matching: Iterable[TurnState], pieces: Sequence[Piece]) -> None:
        """E9: of a partial date only some days are in the window: loose."""
        for turn in matching:
            for piece in pieces:
                if piece.place is None or not piece.codes & turn.step.codes or not self._is_for(turn, piece):
                    continue
                first, last = piece.place.first, piece.place.last
                if turn.touches(first, last) and not turn.holds(first, last):
                    self._give(turn, piece, Strength.LOOSE)

    def _visits_of(self, piece: Piece) -> list[Visit]:
        """The appointments that a kept visit is, or is the note of."""
        refs = piece.points_to if isinstance(piece.fact, Event) else {piece.ref}
        return [self._chart.visits[ref] for ref in refs if piece.is_visit and ref in self._chart.visits]

    def _book_by_code(self) -> None:
        """E4: a coded booking belongs to the first such milestone that has no booking. A miss belongs to the first such,
        else, as evidence does, to the first completed one whose window holds it."""
        for ref, visit in sorted(self._chart.visits.items(), key=lambda item: item[1].order):
            if ref in self._chart.linked or not visit.is_own or visit.outcome is Outcome.KEPT:
                continue
            if ref in self._plan.written_in:
                continue
            codes = pairs(appointment_codes(visit.fact))
            first, last = visit.start.first, visit.start.last
            matching = [turn for turn in self._turns if codes & turn.step.codes and turn.holds(first, last)]
            open_ones = [turn for turn in matching if not turn.is_taken]
            if _is_booked(visit):
                matching = [turn for turn in open_ones if not any(_is_booked(v) for v in turn.visits)]
            else:
                matching = open_ones or [turn for turn in matching if turn.is_done]
            if matching:
                best = min(matching, key=lambda turn: (not turn.holds_until_due(first, last), *turn.order))
                best.visits.append(visit)

    # -------------------------------------------------------------------------------------------------- loose evidence
    def _loosen(self) -> None:
        """E5: a kept appointment or finished encounter in the window that is not linked to another step, for visits."""
        visits = [turn for turn in self._turns if turn.step.is_visit]
        if not visits:
            return
        for piece in self._usable:
            if piece.ref in self._given or not piece.is_visit or not piece.is_own or piece.place is None:
                continue
            if piece.ref in self._plan.written_in:
                continue
            first, last = piece.place.first, piece.place.last
            touched = [turn for turn in visits if turn.touches(first, last) and self._is_for(turn, piece)]
            if touched and not self._is_elsewhere(piece):
                for turn in touched:
                    turn.add(Evidence(piece.ref, Strength.LOOSE, piece.on, piece.fact.version))

    def _is_elsewhere(self, piece: Piece) -> bool:
        """It belongs to a step of another plan, by a reference or by its code."""
        for other in self._chart.plans:
            if other is self._plan:
                continue
            if piece.ref in other.exact:
                return True
            if piece.place and any(piece.codes & step.codes for step in other.steps):
                days_ = (piece.place.first, piece.place.last)
                turns = turns_of(other, self._chart, self._now.today, {})
                if any(piece.codes & turn.step.codes and turn.holds(*days_) for turn in turns):
                    return True
        return False


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


def _when(group: Sequence[Piece]) -> tuple[date, str]:
    first = min((p.place.first for p in group if p.place), default=date.max)
    return (first, min(p.ref for p in group))


_FITS: tuple[Callable[[TurnState, date, date], bool], ...] = (
    lambda turn, first, last: not turn.is_taken and turn.holds_until_due(first, last),
    lambda turn, first, last: not turn.is_taken and turn.holds(first, last),
    lambda turn, first, last: turn.is_done and turn.holds(first, last),
)


def _is_booked(visit: Visit) -> bool:
    return visit.outcome in (Outcome.STANDING, Outcome.UNRECORDED)
