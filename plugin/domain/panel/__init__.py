"""The panel's view model: everything that the page says of one patient, made from what is stored, by pure functions."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from plugin.domain.assessment import EffectKind
from plugin.domain.goal import GoalLine, goals
from plugin.domain.panel.attention import attention_of
from plugin.domain.panel.beside import missed_of, referrals_of, team_of, todos_of
from plugin.domain.panel.lines import is_further, lines_by_key
from plugin.domain.panel.on_file import OnFile as OnFile
from plugin.domain.panel.phases import bar_of, began_on, plans_of, summary_of
from plugin.domain.panel.recent import lately_of
from plugin.domain.panel.strip import freshness_of, is_stale, strip_of
from plugin.domain.panel.view import Panel as Panel
from plugin.domain.panel.why import why_of as why_of
from plugin.domain.permissions import Data
from plugin.domain.score import ScoreSeries, scores
from plugin.domain.source import Source
from plugin.domain.tracking import Tracked

_SHOWN = (Data.SCHEDULE, Data.PLAN, Data.RESULTS, Data.NOTES)
_VERSION_LETTERS = 16
CRISIS_DAYS = timedelta(days=30)
"""DESIGN §6: so long an answer about death or self-harm stops what goes out by itself, and stands above everything."""


def panel_of(file: OnFile) -> Panel:
    """What these roles may see of this patient."""
    series = _scores(file)
    panel = Panel(
        strip=strip_of(file),
        freshness=freshness_of(file),
        now=file.local(file.now),
        version=version_of(file.tracked, file.source, file.now, today=file.today, stale_after=file.stale_after),
        is_tracked=file.tracked is not None,
        hidden=tuple(data for data in _SHOWN if data not in file.visible),
        chart=file.source.base_url,
        scores=series,
        crises=tuple(one for one in series if one.crisis and one.crisis.value > 0 and _is_recent(one.crisis.on, file)),
        is_backlog=file.tracked is not None and file.tracked.row.backlog,
    )
    return _with_plan(panel, file) if Data.PLAN in file.visible else panel


def version_of(tracked: Tracked | None, source: Source, now: datetime, *, today: date, stale_after: timedelta) -> str:
    """Another as soon as something of the patient was read, said or assessed, another day has begun, or the chart has not
    been read for too long."""
    parts: tuple[object, ...] = (today, is_stale(source, tracked, now, stale_after))
    if tracked is not None:
        row = tracked.row
        parts += (row.digest, row.next_change_at, tracked.assessed_at, tracked.failed, tracked.waits_since)
        parts += (tracked.read_at,)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:_VERSION_LETTERS]


def _with_plan(panel: Panel, file: OnFile) -> Panel:
    shown = _goals(file)
    beside = _beside_milestones(shown, file)
    lines = lines_by_key(file.plans, file, beside)
    placed = {goal.goal for goals_there in beside.values() for goal in goals_there}
    may_see_visits = Data.SCHEDULE in file.visible
    return replace(
        panel,
        summary=summary_of(file, lines),
        bar=bar_of(file),
        attention=attention_of(file, lines),
        plans=plans_of(file, lines),
        todos=todos_of(file, lines),
        goals=tuple(goal for goal in shown if goal.goal not in placed),
        missed=missed_of(file) if may_see_visits else (),
        referrals=referrals_of(file, lines),
        team=team_of(file),
        lately=lately_of(file),
        failed_writes=sum(row.kind is EffectKind.WRITE for row in file.effects),
    )


# ---------------------------------------------------------------------------------------------------- goals and scores
def _goals(file: OnFile) -> Sequence[GoalLine]:
    """All goals; what was measured only for those who may see results."""
    milestones = (m for plan in file.plans for m in plan.milestones)
    found = goals(file.record, file.rules.practice.zone, milestones)
    return found if Data.RESULTS in file.visible else [_without_results(goal) for goal in found]


def _without_results(goal: GoalLine) -> GoalLine:
    targets = tuple(replace(target, measurements=(), no_change=False) for target in goal.targets)
    return replace(goal, targets=targets, no_change=False, achievement=None, achievement_title=None)


def _beside_milestones(shown: Sequence[GoalLine], file: OnFile) -> Mapping[str, Sequence[GoalLine]]:
    """Each goal at one of the milestones that are about it: the first that is open, else the last."""
    listed = {m.key: m for plan in file.plans for m in plan.milestones if not is_further(m)}
    found: dict[str, list[GoalLine]] = {}
    for goal in shown:
        about = [listed[key] for key in goal.milestones if key in listed]
        if about:
            best = next((m for m in about if not m.status.is_final), about[-1])
            found.setdefault(best.key, []).append(goal)
    return found


def _is_recent(on: date, file: OnFile) -> bool:
    return file.today - on <= CRISIS_DAYS


def _scores(file: OnFile) -> tuple[ScoreSeries, ...]:
    if Data.RESULTS not in file.visible:
        return ()
    began = began_on(file)
    return scores(file.record, file.rules.practice.zone, began.on if began else None)
