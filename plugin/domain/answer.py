"""The answer of ``milestone evaluate``: an assessment as JSON-able values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from plugin.domain.assessment import Assessment, Effect, Milestone, Owner, PlanState


def answer(assessments: Sequence[Assessment], now: datetime, zone: ZoneInfo) -> dict[str, object]:
    """One document for one moment: all plans of all patients, what is wanted, and when the answer will change.

    ``now`` must be aware; ``at`` is given back in its own offset, instants of effects in the zone's.
    """
    ahead = [a.next_change_at for a in assessments if a.next_change_at is not None]
    return {
        "at": now.isoformat(),
        "zone": zone.key,
        "plans": [plan_answer(plan) for a in assessments for plan in a.plans],
        "wanted": [_effect(effect, zone) for a in assessments for effect in a.wanted],
        "next_change_at": _in_zone(min(ahead), zone) if ahead else None,
    }


def plan_answer(plan: PlanState) -> dict[str, object]:
    """One plan with its milestones."""
    return {
        "plan": plan.plan,
        "patient": plan.patient,
        "status": plan.status,
        "stage": plan.stage,
        "flags": list(plan.flags),
        "milestones": [milestone_answer(milestone) for milestone in plan.milestones],
    }


def milestone_answer(milestone: Milestone) -> dict[str, object]:
    """One milestone."""
    return {
        "key": milestone.key,
        "title": milestone.title,
        "source": milestone.source,
        "iteration": milestone.iteration,
        "status": milestone.status.value,
        "reason": milestone.reason,
        "owner": _owner(milestone.owner),
        "opens": _day(milestone.opens),
        "due": _day(milestone.due),
        "due_from": milestone.due_from,
        "due_precision": milestone.due_precision,
        "days_past_due": milestone.days_past_due,
        "tier": milestone.tier,
        "gap": milestone.gap.value,
        "booked_for": milestone.booked_for,
        "evidence": [{"resource": e.resource, "strength": e.strength.word} for e in milestone.evidence],
        "missed": [{"resource": m.resource, "kind": m.kind} for m in milestone.missed],
        "why": list(milestone.why),
    }


def _owner(owner: Owner) -> dict[str, str]:
    named = {"reference": owner.reference} if owner.reference else {"role": owner.role or ""}
    return {**named, "from": owner.found}


def _effect(effect: Effect, zone: ZoneInfo) -> dict[str, object]:
    at = _in_zone(effect.at, zone) if effect.at else None
    return {"kind": effect.kind.value, "what": effect.what, "milestone": effect.milestone, "at": at}


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _in_zone(instant: datetime, zone: ZoneInfo) -> str:
    return instant.astimezone(zone).isoformat()
