"""Why a milestone is as it is: where each date, name and status comes from."""

from __future__ import annotations

import re
from collections.abc import Iterator

from plugin.domain.assessment import Milestone, PlanState
from plugin.domain.panel.attention import rungs_of
from plugin.domain.panel.lines import line_of
from plugin.domain.panel.on_file import OnFile
from plugin.domain.panel.recent import happening_of
from plugin.domain.panel.view import Why
from plugin.domain.permissions import Data

_TOLD_OTHERWISE = re.compile(r"(due \d|no due date|program |exact evidence|coded evidence|loose evidence|missed: )")
"""Lines of a milestone's own why that the page says with the values themselves, and with links."""


def why_of(key: str, file: OnFile) -> Why | None:
    """None when the patient has no such milestone."""
    for plan in file.plans:
        for milestone in plan.milestones:
            if milestone.key == key:
                return _why(milestone, plan, file)
    return None


def _why(milestone: Milestone, plan: PlanState, file: OnFile) -> Why:
    program = file.program(plan)
    rungs = rungs_of(milestone, plan, file)
    may_see = Data.RESULTS in file.visible
    return Why(
        line=line_of(milestone, file),
        plan=plan.plan,
        plan_title=plan.title or (program.title if program else None),
        program=(program.title if program else plan.program) if milestone.program_code else None,
        program_version=plan.program_version if milestone.program_code else None,
        due_from=milestone.due_from,
        sources=tuple(ref for ref in milestone.refs if ref in file.record.facts),
        ladder=file.rules.ladder_of(program).title if rungs else None,
        rungs=rungs,
        reasons=tuple(_reasons(milestone)) if may_see or not milestone.evidence else (),
        said=tuple(happening_of(s, file) for s in file.said_of.get(milestone.key, ())),
        chart=file.source.base_url,
        hidden=tuple(data for data in (Data.RESULTS, Data.NOTES) if data not in file.visible),
    )


def _reasons(milestone: Milestone) -> Iterator[str]:
    return (text for text in milestone.why if not _TOLD_OTHERWISE.match(text))
