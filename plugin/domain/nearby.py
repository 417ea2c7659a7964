"""A booking of the patient that names no step, and may be one of them: it is shown, and nobody is told to book meanwhile. It
makes no step scheduled: which step a visit is for, only a link or a code says (DESIGN §4.4, §4.5)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from plugin.domain.appointment import Outcome, Visit
from plugin.domain.assessment import Milestone
from plugin.domain.calendar import Practice
from plugin.domain.chart import Chart, PlanChart
from plugin.domain.moment import days
from plugin.domain.origin import appointment_codes
from plugin.domain.piece import pairs
from plugin.domain.record import Moment
from plugin.domain.turn import TurnState

WAITED_FOR = timedelta(days=30)
"""So long past its due date the standard ladder acts (DESIGN §5): a visit that lies further ahead is no reason to wait."""


def free_bookings(plan: PlanChart, chart: Chart, turns: Sequence[TurnState]) -> list[Visit]:
    """Those that stand and belong to no step of any plan, by a reference or a code; the earliest first."""
    standing = [v for v in chart.visits.values() if v.outcome is Outcome.STANDING and v.is_own]
    if not standing:
        return []
    taken = {visit.fact.ref for turn in turns for visit in turn.visits} | chart.linked | plan.written_in
    free = [v for v in standing if v.fact.ref not in taken and not _is_elsewhere(v, plan, chart)]
    return sorted(free, key=lambda visit: visit.order)


def _is_elsewhere(visit: Visit, plan: PlanChart, chart: Chart) -> bool:
    codes = pairs(appointment_codes(visit.fact))
    others = (step for other in chart.plans if other is not plan for step in other.steps)
    return bool(codes) and any(codes & step.codes for step in others)


def may_be_booked_for(turn: TurnState, free: Sequence[Visit]) -> str | None:
    """When the first of them begins that lies in the window of a step which is a visit, or of which nobody says what it is;
    as the chart has it."""
    if not turn.step.may_be_visit:
        return None
    return next((v.fact.start for v in free if turn.holds(v.start.first, v.start.last)), None)


def is_waited_for(milestone: Milestone, practice: Practice) -> bool:
    """Whether the patient is not told to book what may be booked."""
    start = milestone.may_be_booked_for
    begins = days(Moment(start), practice.zone) if start else None
    return begins is not None and milestone.due is not None and begins.first <= milestone.due + WAITED_FOR
