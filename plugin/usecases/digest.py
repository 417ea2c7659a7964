"""The digest of an assessment: what of it a person or the ledger would notice. Not the days that pass, nor the
words."""

from __future__ import annotations

import hashlib
from dataclasses import fields
from operator import attrgetter

from plugin.domain.assessment import Assessment, Effect, Milestone, PlanState

_SIZE = 16

_milestone_parts = attrgetter(*(f.name for f in fields(Milestone) if f.name not in ("why", "days_past_due")))
_plan_parts = attrgetter(*(f.name for f in fields(PlanState) if f.name != "milestones"))
_effect_parts = attrgetter(*(f.name for f in fields(Effect)))


def digest_of(assessment: Assessment) -> str:
    """Equal for two assessments that differ in ``days_past_due``, ``why`` and ``next_change_at`` alone: reading text is
    as fast as it gets here, and a new version of Milepost that words a value otherwise only stores it once more."""
    parts = (
        assessment.messages_wait,
        [
            (_plan_parts(plan), [_milestone_parts(milestone) for milestone in plan.milestones])
            for plan in assessment.plans
        ],
        [_effect_parts(effect) for effect in assessment.wanted],
        [passed.effect.key for passed in assessment.passed],
    )
    return hashlib.blake2b(repr(parts).encode(), digest_size=_SIZE).hexdigest()
