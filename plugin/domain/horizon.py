"""When the answer will be different by itself: the moments at which it may, in order (DESIGN §1, next_change_at)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from plugin.domain.appointment import turning_points
from plugin.domain.assessment import Status
from plugin.domain.chart import Chart
from plugin.domain.condition import turning_days
from plugin.domain.moment import Days, days, plus_days
from plugin.domain.plan_state import PlanAnswer
from plugin.domain.record import Moment


def moments_ahead(chart: Chart, answers: Sequence[PlanAnswer], now: datetime) -> list[datetime]:
    """All moments after ``now`` at which something may change, each once, ascending. Some change nothing: the caller
    looks at each until the answer differs."""
    practice = chart.rules.practice
    today = practice.day(now)
    found: set[datetime] = set()
    for day in _days(chart, answers):
        if day > today:
            found.add(practice.start_of(day))
    found.update(moment for moment in _instants(chart) if moment > now)
    return sorted(found)


def certain_changes(chart: Chart, answers: Sequence[PlanAnswer]) -> set[datetime]:
    """Of these moments some at which the answer differs for certain, so that nobody has to look: the tier of what is
    open rises, and a window opens. Whatever else may have happened by then (the step has ended, or its dates have moved)
    is a difference, too."""
    days_: set[date] = set()
    for answer in answers:
        ladder = chart.rules.ladder_of(answer.plan.program)
        for assessed in answer.turns if not answer.plan.is_draft else ():
            turn, status = assessed.turn, assessed.milestone.status
            if turn.turn.due is not None and not status.is_final:
                days_.update(ladder.thresholds(turn.turn.due))
            if turn.begins is not None and status is Status.UPCOMING and not turn.waits:
                days_.add(turn.begins)
    return {chart.rules.practice.start_of(day) for day in days_}


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
    if answer.plan.start is not None:
        yield answer.plan.start.first
    ladder = chart.rules.ladder_of(answer.plan.program)
    for assessed in answer.turns:
        turn = assessed.turn
        if turn.begins is not None:
            yield turn.begins
        if turn.turn.due is not None and not assessed.milestone.status.is_final:
            yield plus_days(turn.turn.due, 1)
            yield from ladder.thresholds(turn.turn.due)
    for step in answer.plan.steps:
        if step.definition is not None and step.definition.applies_if is not None:
            yield from turning_days(step.definition.applies_if, chart.record, chart.rules.practice.zone)


def _instants(chart: Chart) -> Iterator[datetime]:
    for visit in chart.visits.values():
        yield from turning_points(visit, chart.rules.practice)
    for dated in _dated(chart):
        if dated.instant is not None:
            yield dated.instant


def _dated(chart: Chart) -> Iterator[Days]:
    """Clinical dates that hide a fact until they have come (G6)."""
    zone = chart.rules.practice.zone
    for piece in chart.pieces:
        yield from (d for d in (piece.place, piece.ended) if d is not None)
    hidden: list[Moment] = [m for plan in chart.plans for s in plan.steps for o in s.origins for m in o.ends]
    if chart.patient is not None and chart.patient.deceased_at:
        hidden.append(chart.patient.deceased_at)
    yield from (d for d in (days(m, zone) for m in hidden) if d is not None)
