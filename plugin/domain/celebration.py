"""Completions that a program celebrates, for as long as they are fresh (DESIGN §6, milestone-reached)."""

from __future__ import annotations

from datetime import date

from plugin.domain.assessment import Status
from plugin.domain.milestone import Assessed
from plugin.domain.moment import plus_days

FRESH_DAYS = 7
"""Nobody is congratulated on last winter's visit when its note comes late, or a plan is read for the first time."""


def celebrated_until(assessed: Assessed) -> date | None:
    """The last day on which a completion is celebrated; None where it is not, or has no date."""
    definition, milestone = assessed.turn.step.definition, assessed.milestone
    if definition is None or not definition.celebrate or milestone.status is not Status.COMPLETED:
        return None
    return plus_days(milestone.completed_on, FRESH_DAYS) if milestone.completed_on else None
