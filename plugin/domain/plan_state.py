"""One plan, assessed: its milestones, flags and stage (SEMANTICS G3, G4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from plugin.domain.appointment import Visit, two_missed_in_a_row
from plugin.domain.assessment import Alert, Milestone, PlanState, Status
from plugin.domain.chart import Chart, PlanChart, circumstances_of
from plugin.domain.circumstance import holds, since
from plugin.domain.evidence import Now, gather
from plugin.domain.milestone import Assessed, assessed_turns, gone
from plugin.domain.record import Event, Other
from plugin.domain.status import has_died
from plugin.domain.turn import turns_of


@dataclass(slots=True)
class PlanAnswer:
    """A plan with its assessed turns; ``pair`` are the two appointments missed in a row."""

    plan: PlanChart
    turns: list[Assessed]
    state: PlanState
    pair: tuple[Visit, Visit] | None


def answer_plan(plan: PlanChart, chart: Chart, now: Now) -> PlanAnswer:
    """Turns, evidence, status, flags, stage of one plan at one moment."""
    turns = _assessed(plan, chart, now)
    pair = None if plan.has_ended or has_died(chart, now) else _missed_pair(turns)
    milestones = [t.milestone for t in turns] + _gone(plan, chart, turns)
    state = PlanState(
        plan=plan.plan,
        patient=chart.record.ref,
        status=plan.status,
        stage=_stage(plan, chart, milestones),
        flags=tuple(sorted(_flags(plan, milestones, pair, has_died(chart, now)))),
        title=plan.title,
        program=plan.program.code if plan.program else None,
        program_version=plan.program.version if plan.program else None,
        author=plan.author,
        milestones=tuple(milestones),
        left_out=plan.left_out,
        alerts=_alerts(plan, chart, now) if plan.program and plan.program.flags else (),
    )
    return PlanAnswer(plan, turns, state, pair)


def _assessed(plan: PlanChart, chart: Chart, now: Now) -> list[Assessed]:
    """Turns with their evidence. A program's dates may depend on completions, so it is gathered until they rest."""
    completions: dict[str, date | None] = {}
    assessed: list[Assessed] = []
    for _ in range(len(plan.steps) + 1):
        turns = turns_of(plan, chart, now.today, completions)
        gather(plan, chart, turns, now)
        assessed = assessed_turns(plan, chart, turns, now)
        found = _completions(assessed) if plan.program else {}
        if found == completions:
            break
        completions = found
    return assessed


def _completions(assessed: Sequence[Assessed]) -> dict[str, date | None]:
    """The days on which the program's milestones were completed; one without a date gives none."""
    found: dict[str, date | None] = {}
    for answer in assessed:
        code = answer.milestone.program_code
        if code and answer.milestone.status is Status.COMPLETED:
            found[code] = answer.milestone.completed_on
    return found


def _gone(plan: PlanChart, chart: Chart, turns: Sequence[Assessed]) -> list[Milestone]:
    """Steps that were stored for this plan and are not in it any more."""
    here = {t.milestone.key for t in turns}
    return [gone(known) for known in chart.record.known if known.plan == plan.plan and known.key not in here]


def _missed_pair(turns: Sequence[Assessed]) -> tuple[Visit, Visit] | None:
    visits = {v.fact.ref: v for t in turns for v in t.turn.visits}
    missed = {v.fact.ref for t in turns for v in t.missed}
    return two_missed_in_a_row(visits.values(), frozenset(visits.keys() - missed))


def _flags(plan: PlanChart, milestones: Sequence[Milestone], pair: object, died: bool) -> list[str]:
    flags: list[str] = []
    if plan.status not in ("draft", "active", "on-hold", "revoked", "completed", "entered-in-error"):
        flags.append("plan-status-unknown")
    if plan.unread:
        flags.append("reference-unread")
    if not plan.has_ended and not died and (pair or late_neighbours(milestones)):
        flags.append("two-missed-in-a-row")
    return flags


def _alerts(plan: PlanChart, chart: Chart, now: Now) -> tuple[Alert, ...]:
    """The flags of the program that hold for somebody who is cared for by an open plan."""
    is_cared_for = chart.patient is None or (chart.patient.active and not has_died(chart, now))
    if plan.program is None or plan.is_draft or plan.has_ended or not is_cared_for:
        return ()
    about = circumstances_of(plan, chart)
    held = (flag for flag in plan.program.flags if holds(flag.when, about, now.today))
    return tuple(Alert(flag.code, flag.title, since(flag.when, about, now.today)) for flag in held)


def late_neighbours(milestones: Sequence[Milestone]) -> tuple[Milestone, Milestone] | None:
    """G3: two neighbours by due date, both open and at tier 2 or more; one that has ended parts them."""
    if sum(1 for m in milestones if m.tier >= 2) < 2:
        return None
    dated = sorted((m for m in milestones if m.due is not None), key=lambda m: (m.due or date.max, m.key))
    for one, other in pairwise(dated):
        if all(not m.status.is_final and m.tier >= 2 for m in (one, other)):
            return one, other
    return None


def _stage(plan: PlanChart, chart: Chart, milestones: Sequence[Milestone]) -> str:
    """G4: the first that holds, ``review`` before all."""
    open_steps = [m for m in milestones if not m.status.is_final]
    if plan.has_ended:
        return "review"
    if plan.is_draft:
        return "creation"
    if plan.program is not None and _intake_is_missing(plan, chart):
        return "intake"
    if any(m.owner.found == "fallback" for m in open_steps):
        return "assignment"
    return "follow-ups" if open_steps else "closure"


def _intake_is_missing(plan: PlanChart, chart: Chart) -> bool:
    for item in plan.program.intake if plan.program else ():
        wanted = {(c.system, c.code) for c in item.codes}
        if not any(_has_code(fact, wanted) for fact in chart.record.facts.values()):
            return True
    return False


def _has_code(fact: object, wanted: set[tuple[str, str]]) -> bool:
    if not isinstance(fact, Event | Other):
        return False
    return any((c.system, c.code) in wanted for concept in fact.concepts for c in concept.codings)
