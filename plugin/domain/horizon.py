"""When the answer will be different by itself: the moments at which it may, in order (DESIGN §1, next_change_at)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import NamedTuple

from plugin.domain.appointment import Outcome, Visit, stands_until, turning_points
from plugin.domain.assessment import Status
from plugin.domain.calendar import Practice
from plugin.domain.celebration import celebrated_until
from plugin.domain.chart import Chart, circumstances_of
from plugin.domain.circumstance import turning_days
from plugin.domain.condition import Condition
from plugin.domain.milestone import Assessed
from plugin.domain.moment import Days, days, plus_days
from plugin.domain.plan_state import PlanAnswer
from plugin.domain.program import Program
from plugin.domain.record import Appointment, Moment


class Ahead(NamedTuple):
    """The first moment at which the answer is different for certain (None: there is none), and those before it at which
    it may be, ascending: the caller looks at each until it is."""

    certain: datetime | None
    uncertain: Sequence[datetime]


def look_ahead(chart: Chart, answers: Sequence[PlanAnswer], now: datetime) -> Ahead:
    """Moments after ``now``. Where nothing is said to change, nothing does."""
    practice = chart.rules.practice
    today = practice.day(now)
    sure_days = (day for day in _sure_days(chart, answers) if day > today)
    first_day = min(sure_days, default=None)
    sure = [moment for moment in _bookings_over(answers, practice) if moment > now]
    if first_day is not None:
        sure.append(practice.start_of(first_day))
    certain = min(sure, default=None)
    found = {practice.start_of(day) for day in _days(chart, answers) if day > today}
    found.update(moment for moment in _instants(chart) if moment > now)
    return Ahead(certain, sorted(moment for moment in found if certain is None or moment < certain))


# --------------------------------------------------------------------------------------------- what changes for certain
# Whatever else may have happened by then (the step has ended, or its dates have moved) is a difference, too.
def _sure_days(chart: Chart, answers: Sequence[PlanAnswer]) -> Iterator[date]:
    """What is open becomes past due, and its tier rises; a window opens."""
    for answer in answers:
        if answer.plan.is_draft:
            continue
        ladder = chart.rules.ladder_of(answer.plan.program)
        for assessed in answer.turns:
            turn, status = assessed.turn, assessed.milestone.status
            if turn.turn.due is not None and not status.is_final:
                yield plus_days(turn.turn.due, 1)
                yield from ladder.thresholds(turn.turn.due)
            if turn.begins is not None and status is Status.UPCOMING and not turn.waits:
                yield turn.begins


def _bookings_over(answers: Sequence[PlanAnswer], practice: Practice) -> Iterator[datetime]:
    """The booking for which a step is scheduled stands no more."""
    for assessed in (assessed for answer in answers for assessed in answer.turns):
        if assessed.milestone.status is Status.SCHEDULED:
            yield max(stands_until(visit, practice) for visit in _booked(assessed))


def _booked(assessed: Assessed) -> Iterator[Visit]:
    start = assessed.milestone.booked_for
    return (v for v in assessed.turn.visits if v.outcome is Outcome.STANDING and (v.fact.start or "") == start)


# ------------------------------------------------------------------------------------------------ what may change it
def _days(chart: Chart, answers: Sequence[PlanAnswer]) -> Iterator[date]:
    """Days at whose beginning something may change."""
    for answer in answers:
        yield from _days_of_plan(chart, answer)
    for spoken in chart.spoken.values():
        if spoken.hold is not None and spoken.hold.until is not None:
            yield spoken.hold.until
    for dated in _dated(chart):
        if dated.instant is None:
            yield dated.first


def _days_of_plan(chart: Chart, answer: PlanAnswer) -> Iterator[date]:
    plan = answer.plan
    if plan.start is not None and any(step.is_unread for step in plan.steps):
        yield plan.start.first
    repeating = {assessed.turn.index for assessed in answer.turns if assessed.turn.turn.number > 1}
    for assessed in answer.turns:
        if assessed.turn.begins is not None and assessed.turn.index in repeating:  # one more turn is to be written
            yield assessed.turn.begins
    if plan.program is not None:
        for condition in _conditions(plan.program):
            yield from turning_days(condition, circumstances_of(plan, chart))
        if any(definition.celebrate for definition in plan.program.milestones):
            until = (celebrated_until(assessed) for assessed in answer.turns)
            yield from (plus_days(day, 1) for day in until if day is not None)


def _conditions(program: Program) -> Iterator[Condition]:
    for definition in program.milestones:
        if definition.applies_if is not None:
            yield definition.applies_if
    for flag in program.flags:
        yield flag.when


def _instants(chart: Chart) -> Iterator[datetime]:
    for visit in chart.visits.values():
        yield from turning_points(visit, chart.rules.practice)
    for dated in _dated(chart):
        if dated.instant is not None:
            yield dated.instant


def _dated(chart: Chart) -> Iterator[Days]:
    """Clinical dates that hide a fact until they have come (G6); an appointment that is no evidence hides nothing."""
    zone = chart.rules.practice.zone
    for piece in chart.pieces:
        if not isinstance(piece.fact, Appointment) or piece.fact.status == "fulfilled":
            yield from (d for d in (piece.place, piece.ended) if d is not None)
    hidden: list[Moment] = [m for plan in chart.plans for s in plan.steps for o in s.origins for m in o.ends]
    if chart.patient is not None and chart.patient.deceased_at:
        hidden.append(chart.patient.deceased_at)
    yield from (d for d in (days(m, zone) for m in hidden) if d is not None)
