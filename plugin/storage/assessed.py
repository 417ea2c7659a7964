"""What was assessed, read again: one patient's plans, and counts over all of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from sqlalchemy import Column, ColumnElement, Table, and_, func, select

from plugin.domain.assessment import Gap, Milestone, PlanState, Status
from plugin.domain.source import Source
from plugin.storage.codec import decode_milestone, decode_plan, decode_strings
from plugin.storage.tables import milestone, patient, plan
from plugin.storage.transaction import Transaction, Value

_ENDED = (Status.COMPLETED.value, Status.CANCELLED.value)


def read_plans(transaction: Transaction, source: Source, ref: str, today: date) -> list[PlanState]:
    """One patient's plans that the last assessment had, with all milestones that were ever stored for them."""
    patient_id = _patient_id(transaction, source, ref)
    if patient_id is None:
        return []
    steps: dict[str, list[Milestone]] = defaultdict(list)
    theirs = select(milestone.c.plan, milestone.c.body).where(milestone.c.patient_id == patient_id)
    for name, body in transaction.rows(theirs.order_by(milestone.c.plan, milestone.c.place, milestone.c.key)):
        steps[name].append(_on(today, decode_milestone(body)))
    plans = select(plan.c.plan, plan.c.body).where(plan.c.patient_id == patient_id, plan.c.gone_at.is_(None))
    rows = transaction.rows(plans.order_by(plan.c.plan))
    return [replace(decode_plan(body), milestones=tuple(steps[name])) for name, body in rows]


def count_all(transaction: Transaction, source: Source | None) -> Mapping[str, object]:
    """Counts for ``status``; of one source, or of the practice."""

    def of(table: Table) -> ColumnElement[bool]:
        return table.c.source_id == source.id if source else table.c.practice_id == transaction.practice_id

    there = and_(of(plan), plan.c.gone_at.is_(None))
    its_plan = and_(plan.c.patient_id == milestone.c.patient_id, plan.c.plan == milestone.c.plan)
    steps = and_(of(milestone), select(plan.c.plan).where(its_plan, plan.c.gone_at.is_(None)).exists())
    tracked = and_(of(patient), patient.c.tracked_at.is_not(None))
    flags: Counter[str] = Counter()
    for flagged, count in _count(transaction, plan.c.flags, there).items():
        flags.update(dict.fromkeys(decode_strings(flagged), count))
    gaps = and_(steps, milestone.c.gap == Gap.OPEN.value)
    tiers = _count(transaction, milestone.c.tier, gaps)
    is_open = and_(steps, milestone.c.status.not_in(_ENDED))
    return {
        "patients": _total(transaction, patient, tracked),
        "waiting_for_read_back": _total(transaction, patient, and_(tracked, patient.c.waits_since.is_not(None))),
        "failed": _total(transaction, patient, and_(tracked, patient.c.failed.is_not(None))),
        "backlog": _total(transaction, patient, and_(tracked, patient.c.backlog)),
        "plans": _total(transaction, plan, there),
        "plans_by_status": _count(transaction, plan.c.status, there),
        "plans_by_stage": _count(transaction, plan.c.stage, there),
        "milestones": _total(transaction, milestone, steps),
        "milestones_by_status": _count(transaction, milestone.c.status, steps),
        "open_milestones_by_owner": _count_owners(transaction, is_open),
        "open_gaps_by_tier": {str(tier): count for tier, count in tiers.items()},
        "patients_with_open_gap": int(
            transaction.column(select(func.count(milestone.c.patient_id.distinct())).where(gaps))[0]
        ),
        "flags": dict(flags),
    }


def _patient_id(transaction: Transaction, source: Source, ref: str) -> int | None:
    """Of the survivor, where the record was replaced."""
    of_source = patient.c.source_id == source.id
    survivors = transaction.column(select(patient.c.survivor_ref).where(of_source, patient.c.ref == ref))
    last = survivors[0] if survivors and survivors[0] else ref
    ids = transaction.column(select(patient.c.id).where(of_source, patient.c.ref == last))
    return ids[0] if ids else None


def _on(today: date, step: Milestone) -> Milestone:
    """With the days past due of a day (G1); nothing else moves within a status."""
    if step.due is None:
        return step
    return replace(step, days_past_due=(today - step.due).days if step.gap is Gap.OPEN else 0)


def _count(transaction: Transaction, by: Column[Value], which: ColumnElement[bool]) -> dict[Value, int]:
    return transaction.pairs(select(by, func.count()).where(which).group_by(by).order_by(by))


def _count_owners(transaction: Transaction, which: ColumnElement[bool]) -> dict[Value, int]:
    """By the person, or by the role where no person is known; the busiest first."""
    owner = func.coalesce(milestone.c.owner_ref, milestone.c.owner_role)
    query = select(owner, func.count()).where(which).group_by(owner)
    return transaction.pairs(query.order_by(func.count().desc(), owner))


def _total(transaction: Transaction, table: Table, which: ColumnElement[bool]) -> int:
    return int(transaction.column(select(func.count()).select_from(table).where(which))[0])
