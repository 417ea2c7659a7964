"""Goals of one patient: what is aimed at, what was measured, whether it moves, and which plan and milestones it is
of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from plugin.domain.assessment import Milestone
from plugin.domain.measurement import Candidate, Measurement, Result, measured, numbers_in, one_a_day, results_of
from plugin.domain.moment import days
from plugin.domain.record import CarePlan, Concept, Goal, GoalTarget, Record
from plugin.domain.unit import is_same_unit, with_unit

NOT_SHOWN = frozenset({"entered-in-error", "rejected", "cancelled"})
"""Lifecycles of goals that nobody works towards, and nobody ever did."""
IN_A_ROW = 3
"""So many measurements without improvement are `no change`."""

_SIDES = {"<": "below {}", "<=": "at most {}", ">=": "at least {}", ">": "above {}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetLine:
    """One target. ``aim`` is ready to be read: ``below 7 %``. ``measurements`` are newest last, one a day. ``no_change``:
    the last three of them, since the goal was set, brought it no nearer, and it is not reached."""

    measure: str | None
    aim: str | None
    due: date | None = None
    due_precision: str | None = None
    measurements: tuple[Measurement, ...] = ()
    no_change: bool = False

    @property
    def last_three(self) -> tuple[Measurement, ...]:
        """The newest three, or as many as there are, newest last."""
        return self.measurements[-3:]


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalLine:
    """One goal. ``achievement`` is the chart's own code (``in-progress``, ``no-change`` …) or None; ``plans`` are the
    CarePlans that name it, ``milestones`` the keys of those that are about what it measures."""

    goal: str
    title: str | None
    status: str | None
    achievement: str | None
    achievement_title: str | None
    due: date | None
    due_precision: str | None
    targets: tuple[TargetLine, ...] = ()
    no_change: bool = False
    plans: tuple[str, ...] = ()
    milestones: tuple[str, ...] = ()


def goals(record: Record, zone: ZoneInfo, milestones: Iterable[Milestone] = ()) -> tuple[GoalLine, ...]:
    """All goals that somebody works towards, or did; what is due first comes first, what has no date last."""
    names = record.names
    known = [f for f in record.facts.values() if isinstance(f, Goal) and f.status not in NOT_SHOWN]
    results = results_of(record, zone) if known else []
    steps = tuple(milestones)
    lines = (_line(goal, record, results, steps, zone=zone) for goal in known if goal.subject in (None, *names))
    return tuple(sorted(lines, key=lambda line: (line.due or date.max, line.title or "", line.goal)))


def _line(
    goal: Goal, record: Record, results: Sequence[Result], steps: Sequence[Milestone], *, zone: ZoneInfo
) -> GoalLine:
    targets = tuple(_target(target, goal, results, zone) for target in goal.targets)
    due = min(((t.due, t.due_precision) for t in targets if t.due is not None), default=(None, None))
    plans = tuple(
        plan.ref
        for plan in record.facts.values()
        if isinstance(plan, CarePlan) and any(link.ref == goal.ref for link in plan.goals)
    )
    achieved = goal.achievement or Concept()
    return GoalLine(
        goal=goal.ref,
        title=goal.description.title,
        status=goal.status,
        achievement=next((coding.code for coding in achieved.codings if coding.code), None),
        achievement_title=achieved.title,
        due=due[0],
        due_precision=due[1],
        targets=targets,
        no_change=any(target.no_change for target in targets),
        plans=plans,
        milestones=_milestones(goal, plans, steps),
    )


def _target(target: GoalTarget, goal: Goal, results: Sequence[Result], zone: ZoneInfo) -> TargetLine:
    due = days(target.due, zone) if target.due else None
    since = days(goal.start, zone) if goal.start else None
    measurements = one_a_day(_measured(target, goal, results))
    return TargetLine(
        measure=target.measure.title if target.measure else None,
        aim=aim_of(target),
        due=due.last if due else None,
        due_precision=due.precision if due else None,
        measurements=measurements,
        no_change=_is_stuck(target, [m for m in measurements if since is None or m.on >= since.first]),
    )


def _measured(target: GoalTarget, goal: Goal, results: Sequence[Result]) -> Iterable[Candidate]:
    """By the measure's code; beside it what the goal itself names as its outcome, where it has one target."""
    codes = _codes(target)
    named = {link.ref for link in goal.outcomes} if len(goal.targets) == 1 else set()
    for result in results:
        found = next(numbers_in(result, codes), None)
        if found is None and result.event.ref in named and result.event.value is not None:
            found = measured(result, result.event.value, result.event.unit)
        if found is not None:
            yield Candidate(result, found)


def _codes(target: GoalTarget) -> tuple[tuple[str, str], ...]:
    codings = target.measure.codings if target.measure else ()
    return tuple((coding.system, coding.code) for coding in codings if coding.system and coding.code)


def _milestones(goal: Goal, plans: Sequence[str], steps: Sequence[Milestone]) -> tuple[str, ...]:
    """Those with a code that the goal measures: of the plans that name it, else of any plan."""
    codes = {f"{system}|{code}" for target in goal.targets for system, code in _codes(target)}
    about = [step for step in steps if codes.intersection(step.codes)]
    own = [step.key for step in about if step.plan in plans]
    return tuple(own or [step.key for step in about])


# ------------------------------------------------------------------------------------------------------------- targets
def aim_of(target: GoalTarget) -> str | None:
    """What is aimed at, in words: ``below 7 %``, ``120 to 129 mmHg``, ``at most 80 mmHg``; None where nothing is."""
    if target.value is not None:
        return _SIDES.get(target.comparator or "", "{}").format(with_unit(f"{target.value:.10g}", target.unit))
    if target.low is not None and target.high is not None:
        return with_unit(f"{target.low:.10g} to {target.high:.10g}", target.unit)
    if target.low is not None:
        return f"at least {with_unit(f'{target.low:.10g}', target.unit)}"
    if target.high is not None:
        return f"at most {with_unit(f'{target.high:.10g}', target.unit)}"
    return target.words


def _is_stuck(target: GoalTarget, measurements: Sequence[Measurement]) -> bool:
    """Neither of the last two is nearer to the target than the one before them; in other units nothing is said."""
    last = measurements[-IN_A_ROW:]
    distances = [distance for m in last if (distance := _distance(target, m)) is not None]
    if len(distances) < IN_A_ROW or _is_reached(target, last[-1].value):
        return False
    return min(distances[1:]) >= distances[0]


def _distance(target: GoalTarget, measurement: Measurement) -> float | None:
    """How far from the target, on its wrong side."""
    if target.unit and measurement.unit and not is_same_unit(target.unit, measurement.unit):
        return None
    low, high = _limits(target)
    if low is None and high is None:
        return None
    below = 0.0 if low is None else low - measurement.value
    above = 0.0 if high is None else measurement.value - high
    return max(below, above, 0.0)


def _limits(target: GoalTarget) -> tuple[float | None, float | None]:
    if target.value is None:
        return target.low, target.high
    if target.comparator in ("<", "<="):
        return None, target.value
    return target.value, None if target.comparator in (">", ">=") else target.value


def _is_reached(target: GoalTarget, value: float) -> bool:
    """``<`` and ``>`` leave their own number out."""
    low, high = _limits(target)
    if target.value is not None and target.comparator in ("<", ">") and value == target.value:
        return False
    return (low is None or value >= low) and (high is None or value <= high)
