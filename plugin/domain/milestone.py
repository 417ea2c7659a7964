"""One turn, assessed, as the answer gives it: owner, gap, booking, evidence, and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypedDict

from plugin.domain.appointment import MISSED, Outcome, Visit, is_rebooked
from plugin.domain.assessment import Evidence, Gap, Milestone, Missed, Owner, Status
from plugin.domain.chart import Chart, PlanChart
from plugin.domain.evidence import Now
from plugin.domain.gap import days_past_due, gap_of
from plugin.domain.nearby import free_bookings, may_be_booked_for
from plugin.domain.program import MilestoneDefinition, Program
from plugin.domain.record import KnownStep, Said
from plugin.domain.status import Ruling, first_booking, has_died, rule
from plugin.domain.turn import TurnState

FALLBACK_ROLE = "coordinator"


@dataclass(slots=True)
class Assessed:
    """A turn with its milestone and the visits that were missed or cancelled, for the effects."""

    turn: TurnState
    milestone: Milestone
    missed: list[Visit]


def assessed_turns(plan: PlanChart, chart: Chart, turns: Sequence[TurnState], now: Now) -> list[Assessed]:
    """All turns of a plan with what is to be said of them."""
    of_step: dict[int, list[Visit]] = {}
    for turn in turns:
        of_step.setdefault(turn.index, []).extend(turn.visits)
    written = _turns_to_write(turns, _day_to_write(plan, chart, now))
    answering = _Answering(plan, chart, now, free_bookings(plan, chart, turns))
    answers: list[Assessed] = []
    for turn in turns:
        missed = [v for v in turn.visits if _is_missed(v, turn, of_step[turn.index])]
        milestone = answering.milestone(turn, missed, to_write=turn.key in written)
        answers.append(Assessed(turn, milestone, missed))
    return answers


def _is_missed(visit: Visit, turn: TurnState, of_step: Iterable[Visit]) -> bool:
    """A4: a rebooked cancellation is no miss; a no-show stays one."""
    if visit.outcome is Outcome.CANCELLED:
        return not is_rebooked(visit, turn.visits, of_step)
    return visit.outcome in MISSED


def _day_to_write(plan: PlanChart, chart: Chart, now: Now) -> date:
    """The day that says which turns have opened: today, as long as the plan's clock runs (S1); when the plan has ended, or
    the patient has died or is inactive, the day on which that was seen: no turn opens after it."""
    patient, practice = chart.patient, chart.rules.practice
    if plan.has_ended:
        seen = plan.fact.seen if plan.fact else None
    elif patient is not None and (has_died(chart, now) or not patient.active):
        seen = patient.seen
    else:
        return date.min if plan.is_draft else now.today
    return min(now.today, practice.day(seen)) if seen else date.min


def _turns_to_write(turns: Sequence[TurnState], today: date) -> set[str]:
    """DESIGN §10: of a repeating milestone the turns that have opened and the next one are written."""
    written: set[str] = set()
    ahead: set[int] = set()
    for turn in turns:
        has_opened = turn.begins is None or turn.begins <= today
        if has_opened or turn.index not in ahead:
            written.add(turn.key)
        if not has_opened:
            ahead.add(turn.index)
    return written


class _Answering:
    """What is said of the turns of one plan."""

    def __init__(self, plan: PlanChart, chart: Chart, now: Now, free: Sequence[Visit]) -> None:
        self._plan, self._chart, self._now, self._free = plan, chart, now, free
        self._ladder = chart.rules.ladder_of(plan.program)

    def milestone(self, turn: TurnState, missed: Sequence[Visit], *, to_write: bool) -> Milestone:
        plan, today = self._plan, self._now.today
        ruling = rule(turn, plan, self._chart, self._now)
        step, status, due = turn.step, ruling.status, turn.turn.due
        past = days_past_due(status, due, plan.is_draft, today)
        tier = self._ladder.tier_at(past) if past else None
        booking = None if status.is_final else first_booking(turn)
        may_be = None if booking or status.is_final else may_be_booked_for(turn, self._free)
        dates = _completion_dates(turn, self._chart)
        found = turn.evidence.values()
        evidence = tuple(sorted(found, key=lambda e: (-e.strength, e.resource))) if found else ()
        return Milestone(
            key=turn.key,
            plan=plan.plan,
            title=step.title,
            source=step.source,
            iteration=turn.turn.number,
            status=status,
            reason=ruling.reason,
            owner=owner_of(turn, plan),
            opens=turn.turn.opens,
            due=due,
            due_from=turn.due_from,
            due_precision=turn.turn.precision if due else None,
            days_past_due=past,
            tier=tier.number if tier else 0,
            gap=Gap.NONE if plan.is_draft else gap_of(status, due, dates, today),
            booked_for=booking[1] if booking else None,
            may_be_booked_for=may_be,
            evidence=evidence,
            missed=tuple(Missed(v.fact.ref, _miss_word(v), v.fact.start) for v in missed),
            why=tuple(self._why(turn, ruling, evidence, missed, may_be)) if self._now.in_words else (),
            completed_on=min(dates, default=None) if status is Status.COMPLETED else None,
            codes=step.code_texts,
            **_place_in(plan.program, step.definition),
            refs=step.refs,
            task=step.task,
            hold_until=turn.spoken.hold.until if ruling.reason == "held" and turn.spoken.hold else None,
            repeats=turn.until is not None or turn.turn.number > 1,
            to_write=to_write,
        )

    def _why(
        self,
        turn: TurnState,
        ruling: Ruling,
        evidence: Sequence[Evidence],
        missed: Sequence[Visit],
        may_be_booked_for: str | None,
    ) -> Iterable[str]:
        """The facts and rules behind a milestone's status, in words, without patient data."""
        program = self._plan.program
        if turn.turn.due is not None:
            yield f"due {turn.turn.due.isoformat()} by {turn.due_from}"
        else:
            yield "no due date"
        if program is not None and turn.step.definition is not None:
            yield f"program {program.code} version {program.version}"
        yield ruling.because
        for item in evidence:
            on = f" on {item.on.isoformat()}" if item.on else ""
            yield f"{item.strength.word} evidence: {item.resource}{on}"
        if not evidence and not ruling.status.is_final:
            yield f"no evidence since {turn.begins.isoformat()}" if turn.begins else "no evidence"
        for visit in missed:
            yield f"missed: {visit.fact.ref} ({_miss_word(visit)})"
        if may_be_booked_for is not None:
            yield f"a visit is booked for {may_be_booked_for}, which may be this step"


class _Placing(TypedDict, total=False):
    program_code: str
    phase: str | None
    phase_title: str
    phase_place: int


def _place_in(program: Program | None, definition: MilestoneDefinition | None) -> _Placing:
    """Where a program has this milestone, as the milestone's own fields; nothing for a step that is in none."""
    if program is None or definition is None:
        return {}
    placing = _Placing(program_code=definition.code, phase=definition.phase)
    for place, phase in enumerate(program.phases, start=1):
        if phase.code == definition.phase:
            placing |= {"phase_title": phase.title, "phase_place": place}
    return placing


def _completion_dates(turn: TurnState, chart: Chart) -> list[date]:
    """E10: of several dates the earliest counts; a person's word is dated by the day on which it was said."""
    word = turn.spoken.word
    if word is None or word.said is not Said.COMPLETED:
        return turn.dates
    return [*turn.dates, chart.rules.practice.day(word.at)]


def _miss_word(visit: Visit) -> str:
    return "noshow" if visit.outcome is Outcome.NOSHOW else "cancelled"


def owner_of(turn: TurnState, plan: PlanChart) -> Owner:
    """One owner, the first of S6's places."""
    if turn.spoken.owner:
        kind, _, role = turn.spoken.owner.partition("role:")
        return Owner(None, role, "statement") if not kind and role else Owner(turn.spoken.owner, None, "statement")
    for place, found in (
        ("Task.owner", (origin.owners.task for origin in turn.step.origins)),
        ("activity.detail.performer", (origin.owners.detail for origin in turn.step.origins)),
        ("ServiceRequest.performer", (origin.owners.order for origin in turn.step.origins)),
    ):
        reference = next((ref for ref in found if ref), None)
        if reference:
            return Owner(reference, None, place)
    definition = turn.step.definition
    if definition is not None and definition.owner_role:
        member = _member(plan, definition.owner_role)
        return Owner(member, None, "program") if member else Owner(None, definition.owner_role, "program")
    if plan.author:
        return Owner(plan.author, None, "CarePlan.author")
    return Owner(None, FALLBACK_ROLE, "fallback")


def _member(plan: PlanChart, role: str) -> str | None:
    """The program's role, resolved in the care teams: the first member whose role's code it is."""
    for team in plan.care_teams:
        for member in team.members:
            if member.member and any(coding.code == role for coding in member.roles):
                return member.member
    return None


def gone(known: KnownStep) -> Milestone:
    """A step that is gone from its plan: cancelled, its history kept; what was completed stays completed (S2)."""
    was_done = known.status == Status.COMPLETED.value
    return Milestone(
        key=known.key,
        plan=known.plan,
        title=known.title,
        source=known.source,
        iteration=known.iteration,
        status=Status.COMPLETED if was_done else Status.CANCELLED,
        reason=None if was_done else "removed-from-plan",
        owner=Owner(None, FALLBACK_ROLE, "fallback"),
        opens=known.opens,
        due=known.due,
        due_from=None,
        due_precision="day" if known.due else None,
        days_past_due=0 if known.due else None,
        tier=0,
        gap=Gap.NONE,
        why=("the step is gone from the plan",),
        codes=known.codes,
    )
