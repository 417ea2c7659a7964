"""``state = assess(facts, statements, program versions, clock)``: all of the domain for one patient at one moment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from operator import attrgetter

from plugin.domain.appointment import Outcome, outcome
from plugin.domain.assessment import Assessment, Effect, Milestone, Passed, PlanState
from plugin.domain.chart import Chart, chart_of
from plugin.domain.evidence import Now
from plugin.domain.horizon import look_ahead
from plugin.domain.moment import Days, days
from plugin.domain.plan_state import PlanAnswer, answer_plan
from plugin.domain.record import Event, Moment, Record
from plugin.domain.rules import Rules
from plugin.domain.wanted import Wants, writes


def assess(record: Record, rules: Rules, now: datetime) -> Assessment:
    """What is true of one patient at ``now`` (aware): milestones with their status, gaps, wanted effects, and the first
    moment at which, without news, the answer would be different. Pure; the same facts in any order give the same."""
    chart = chart_of(record, rules)
    answer = _look(chart, now)
    return Assessment(
        patient=record.ref,
        plans=tuple(plan.state for plan in answer.plans),
        wanted=(*answer.wanted, *writes(chart, answer.plans)),
        passed=tuple(answer.passed),
        next_change_at=_next_change(chart, answer, now),
        messages_wait=answer.messages_wait,
    )


@dataclass(slots=True)
class _Look:
    """The answer at one moment, without the writes (they follow from the milestones)."""

    plans: list[PlanAnswer]
    wanted: list[Effect]
    passed: list[Passed]
    messages_wait: bool


def _look(chart: Chart, now: datetime, in_words: bool = True) -> _Look:
    moment = _see_visits(chart, now, in_words)
    look = _Look([], [], [], False)
    for plan in chart.plans:
        answer = answer_plan(plan, chart, moment)
        wants = Wants(chart, answer, moment)
        look.plans.append(answer)
        look.wanted.extend(wants.effects())
        look.passed.extend(wants.passed)
        look.messages_wait = look.messages_wait or wants.messages_wait
    look.wanted.sort(key=lambda effect: effect.key)
    return look


def _see_visits(chart: Chart, now: datetime, in_words: bool) -> Now:
    """Gives each visit its outcome; finished encounters that contradict theirs are no evidence (A6)."""
    today = chart.rules.practice.day(now)
    contradicted: set[str] = set()
    for visit in chart.visits.values():
        finished = [e for e in visit.encounters if _has_finished(e, chart, now)]
        visit.outcome = outcome(visit, now, chart.rules.practice, bool(finished))
        if visit.outcome is Outcome.CONTRADICTED:
            contradicted.update(encounter.ref for encounter in finished)
    return Now(now, today, frozenset(contradicted), in_words)


def _has_finished(encounter: Event, chart: Chart, now: datetime) -> bool:
    """E12: where the source calls every Encounter finished, that says nothing of the appointment."""
    if encounter.status != "finished" or chart.rules.traits.encounters_always_finished:
        return False
    today = chart.rules.practice.day(now)
    return not any(d.is_after(now, today) for d in _dates((encounter.start, encounter.end), chart))


def _dates(moments: Iterable[Moment | None], chart: Chart) -> Iterable[Days]:
    return (d for d in (days(m, chart.rules.practice.zone) for m in moments if m) if d is not None)


# -------------------------------------------------------------------------------------------------- the next change
_MOVES_BY_ITSELF = ("why", "days_past_due")
_milestone_core = attrgetter(*(f.name for f in fields(Milestone) if f.name not in _MOVES_BY_ITSELF))
_plan_core = attrgetter(*(f.name for f in fields(PlanState) if f.name != "milestones"))


def _core(look: _Look) -> Sequence[object]:
    """Everything in the answer but ``days_past_due`` and ``why``."""
    plans = [(_plan_core(p.state), [_milestone_core(m) for m in p.state.milestones]) for p in look.plans]
    return (plans, look.wanted, look.passed, look.messages_wait)


def _next_change(chart: Chart, look: _Look, now: datetime) -> datetime | None:
    """The first of the moments ahead at which the answer differs, in UTC."""
    ahead = look_ahead(chart, look.plans, now)
    core = _core(look) if ahead.uncertain else ()
    differs = (m for m in ahead.uncertain if _core(_look(chart, m, in_words=False)) != core)
    first = next(differs, ahead.certain)
    return None if first is None else first.astimezone(UTC)
