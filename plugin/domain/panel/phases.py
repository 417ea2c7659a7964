"""The plans by their phases, the bar that repeats them, and the first line that sums them up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from plugin.domain.assessment import Milestone, PlanState, Status
from plugin.domain.moment import days
from plugin.domain.panel.lines import counts, is_further, look_of
from plugin.domain.panel.on_file import OnFile, title_of
from plugin.domain.panel.view import (
    BarPhase,
    Coming,
    Day,
    Line,
    Look,
    PhaseView,
    PlanView,
    Segment,
    Summary,
    Who,
)
from plugin.domain.record import CarePlan, Moment

_DRAWN = (Look.DONE, Look.LATE, Look.REVIEW, Look.BOOKED, Look.READY, Look.LATER, Look.HOLD, Look.DROPPED)
SEGMENTS_AT_MOST = 24
"""More than these are drawn as one piece for each look, not one for each milestone."""


def plans_of(file: OnFile, lines: Mapping[str, Line]) -> tuple[PlanView, ...]:
    """The plans that are open first, those that have ended after them."""
    plans = sorted(file.plans, key=lambda plan: (plan.stage == "review", plan.title or "", plan.plan))
    return tuple(_plan(plan, file, lines) for plan in plans)


def _plan(plan: PlanState, file: OnFile, lines: Mapping[str, Line]) -> PlanView:
    program = file.program(plan)
    return PlanView(
        plan=plan.plan,
        title=plan.title or (program.title if program else None),
        status=plan.status,
        stage=plan.stage,
        program=program.title if program else None,
        program_version=plan.program_version,
        flags=plan.flags,
        phases=tuple(_phase(title, steps, lines) for title, steps in phased(plan, file)),
        left_out=len(plan.left_out),
    )


def phased(plan: PlanState, file: OnFile) -> Iterator[tuple[str | None, Sequence[Milestone]]]:
    """The milestones of each phase in the program's order; those of no phase last."""
    program = file.program(plan)
    titles = {phase.code: phase.title for phase in program.phases} if program else {}
    by_phase: dict[str | None, list[Milestone]] = {code: [] for code in (*titles, None)}
    for milestone in plan.milestones:
        by_phase[milestone.phase if milestone.phase in titles else None].append(milestone)
    for code, steps in by_phase.items():
        if steps:
            yield (titles[code] if code is not None else None), steps


def _phase(title: str | None, steps: Sequence[Milestone], lines: Mapping[str, Line]) -> PhaseView:
    counted = [m for m in steps if counts(m)]
    further = [m for m in steps if is_further(m)]
    return PhaseView(
        title=title,
        lines=tuple(lines[m.key] for m in steps if m.key in lines),
        done=sum(m.status is Status.COMPLETED for m in counted),
        of=len(counted),
        further=len(further),
        further_until=max((m.due for m in further if m.due), default=None),
    )


# ------------------------------------------------------------------------------------------------------------- the bar
def bar_of(file: OnFile) -> tuple[BarPhase, ...]:
    """One part for each phase of the plans that are open."""
    phases = [(title, [m for m in steps if counts(m)]) for plan in current(file) for title, steps in phased(plan, file)]
    total = sum(len(steps) for _, steps in phases)
    return tuple(_bar_phase(title, steps, total) for title, steps in phases if steps)


def _bar_phase(title: str | None, steps: Sequence[Milestone], total: int) -> BarPhase:
    looks = [look_of(m) for m in steps]
    segments: Iterable[Segment] = (Segment(look, 1) for look in looks)
    if total > SEGMENTS_AT_MOST:
        ordered = sorted(looks, key=_DRAWN.index)
        segments = (Segment(look, len(list(same))) for look, same in groupby(ordered))
    return BarPhase(title, sum(look is Look.DONE for look in looks), len(looks), tuple(segments))


def current(file: OnFile) -> Sequence[PlanState]:
    """The plans that are open; where all have ended, those."""
    return [plan for plan in file.plans if plan.stage != "review"] or file.plans


# ------------------------------------------------------------------------------------------------------ the first line
def summary_of(file: OnFile, lines: Mapping[str, Line]) -> Summary:
    """How far, what slipped, what next. What is put aside is late too: its clock goes on."""
    steps = [m for plan in current(file) for m in plan.milestones]
    late = [lines[m.key].days_late for m in steps if m.key in lines and lines[m.key].days_late]
    counted = [m for m in steps if counts(m)]
    return Summary(
        done=sum(m.status is Status.COMPLETED for m in counted),
        of=len(counted),
        late=len(late),
        latest_days=max(late, default=0),
        to_review=sum(m.status is Status.IN_REVIEW for m in steps),
        dropped=sum(m.status is Status.CANCELLED for m in steps),
        coming=coming_of(steps, lines, file),
    )


def coming_of(steps: Iterable[Milestone], lines: Mapping[str, Line], file: OnFile) -> Coming | None:
    """The earliest of what is booked from now on, or due from today on, of what is open and not put aside."""
    found = [coming for m in steps if m.key in lines and (coming := _coming(m, lines[m.key], file))]
    return min(found, key=_by_day, default=None)


def _by_day(coming: Coming) -> tuple[object, ...]:
    """On one day a booking comes before what is only due."""
    day = coming.day
    return (day.on, not coming.is_booked, day.at.isoformat() if day.at else "", coming.title or "")


def _coming(milestone: Milestone, line: Line, file: OnFile) -> Coming | None:
    if milestone.status.is_final or milestone.status in (Status.ON_HOLD, Status.IN_REVIEW):
        return None
    title = title_of(milestone)
    if line.booking is not None and line.booking.day.on >= file.today:
        with_whom = Who(line.booking.with_whom[0]) if line.booking.with_whom else line.owner
        return Coming(line.key, title, line.booking.day, is_booked=True, whose=with_whom, turn=line.turn)
    if milestone.due is None or milestone.due < file.today:
        return None
    day = Day(milestone.due, milestone.due_precision or "day")
    return Coming(line.key, title, day, is_booked=False, whose=line.owner, turn=line.turn)


def began_on(file: OnFile) -> Day | None:
    """When the earliest open plan began: scores are compared with what stood then."""
    zone = file.rules.practice.zone
    names = {plan.plan for plan in current(file)}
    plans = (f for f in file.record.facts.values() if isinstance(f, CarePlan) and f.ref in names and f.start)
    starts = [found.first for plan in plans if (found := days(Moment(plan.start or ""), zone))]
    return Day(min(starts)) if starts else None
