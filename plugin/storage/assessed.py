"""What was assessed, read again: one patient's plans, and counts over all of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from sqlalchemy import (
    ColumnElement,
    Table,
    Text,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    null,
    select,
    union_all,
)
from sqlalchemy import cast as sql_cast

from plugin.domain.assessment import Gap, Milestone, PlanState, Status
from plugin.domain.source import Source
from plugin.storage.codec import decode_milestone, decode_plan, decode_strings
from plugin.storage.tables import milestone, patient, plan
from plugin.storage.transaction import Transaction
from plugin.storage.written import Answer, Written

_SHOWN = Written(
    union_all(
        select(milestone.c.plan, milestone.c.place, milestone.c.key, milestone.c.digest, milestone.c.body).where(
            milestone.c.patient_id == bindparam("patient_id")
        ),
        select(plan.c.plan, literal_column("0"), literal_column("''"), sql_cast(null(), Text), plan.c.body).where(
            plan.c.patient_id == bindparam("patient_id"), plan.c.gone_at.is_(None)
        ),
    )
)
"""One patient's milestones, and plans, which have no digest."""


def read_plans(transaction: Transaction, source: Source, ref: str, today: date) -> list[PlanState]:
    """One patient's plans that the last assessment had, with all milestones that were ever stored for them."""
    patient_id = _patient_id(transaction, source, ref)
    return [] if patient_id is None else read_shown(transaction, patient_id, today)[0]


def read_shown(transaction: Transaction, patient_id: int, today: date) -> tuple[list[PlanState], Mapping[str, str]]:
    """The same of a patient whose number is known, and what stands for each milestone as it is stored."""
    steps: dict[str, list[Milestone]] = defaultdict(list)
    versions: dict[str, str] = {}
    plans: list[tuple[str, str]] = []
    for name, _, key, digest, body in sorted(transaction.answers(_SHOWN, patient_id=patient_id), key=_place):
        if digest is None:
            plans.append((name, body))
        else:
            steps[name].append(_on(today, decode_milestone(body)))
            versions[key] = digest
    return [replace(decode_plan(body), milestones=tuple(steps[name])) for name, body in plans], versions


def count_all(transaction: Transaction, source: Source | None) -> Mapping[str, object]:
    """Counts for ``status``; of one source, or of the practice. Each table is read once."""

    def of(table: Table) -> ColumnElement[bool]:
        return table.c.source_id == source.id if source else table.c.practice_id == transaction.practice_id

    return {
        **_count_patients(transaction, and_(of(patient), patient.c.tracked_at.is_not(None))),
        **_count_plans(transaction, and_(of(plan), plan.c.gone_at.is_(None))),
        **_count_milestones(transaction, and_(of(milestone), milestone.c.gone_at.is_(None))),
    }


def _count_patients(transaction: Transaction, which: ColumnElement[bool]) -> Mapping[str, object]:
    waits, failed = patient.c.waits_since.is_not(None), patient.c.failed.is_not(None)
    query = select(func.count(), *(func.count(case((is_so, 1))) for is_so in (waits, failed, patient.c.backlog)))
    names = ("patients", "waiting_for_read_back", "failed", "backlog")
    (counts,) = transaction.rows(query.select_from(patient).where(which))
    return dict(zip(names, counts, strict=True))


def _count_plans(transaction: Transaction, which: ColumnElement[bool]) -> Mapping[str, object]:
    statuses: Counter[str] = Counter()
    stages: Counter[str] = Counter()
    flags: Counter[str] = Counter()
    columns = (plan.c.status, plan.c.stage, plan.c.flags)
    for status, stage, flagged, count in transaction.rows(
        select(*columns, func.count()).where(which).group_by(*columns)
    ):
        statuses[status] += count
        stages[stage] += count
        flags.update(dict.fromkeys(decode_strings(flagged), count))
    return {
        "plans": statuses.total(),
        "plans_by_status": dict(statuses),
        "plans_by_stage": dict(stages),
        "flags": dict(flags),
    }


def _count_milestones(transaction: Transaction, which: ColumnElement[bool]) -> Mapping[str, object]:
    """An owner is a person, or the role where no person is known; the busiest comes first."""
    statuses: Counter[str] = Counter()
    tiers: Counter[str] = Counter()
    owners: Counter[str] = Counter()
    owner = func.coalesce(milestone.c.owner_ref, milestone.c.owner_role)
    columns = (milestone.c.status, milestone.c.gap, milestone.c.tier, owner)
    query = select(*columns, func.count()).where(which).group_by(*columns).order_by(milestone.c.tier, owner)
    for status, gap, tier, whose, count in transaction.rows(query):
        statuses[status] += count
        tiers.update({str(tier): count} if gap == Gap.OPEN else {})
        owners.update({whose: count} if not Status(status).is_final else {})
    with_gap = select(func.count(milestone.c.patient_id.distinct())).where(which, milestone.c.gap == Gap.OPEN.value)
    return {
        "milestones": statuses.total(),
        "milestones_by_status": dict(statuses),
        "open_milestones_by_owner": dict(owners.most_common()),
        "open_gaps_by_tier": dict(tiers),
        "patients_with_open_gap": transaction.column(with_gap)[0],
    }


def _patient_id(transaction: Transaction, source: Source, ref: str) -> int | None:
    """Of the survivor, where the record was replaced."""
    of_source = patient.c.source_id == source.id
    survivors = transaction.column(select(patient.c.survivor_ref).where(of_source, patient.c.ref == ref))
    last = survivors[0] if survivors and survivors[0] else ref
    ids = transaction.column(select(patient.c.id).where(of_source, patient.c.ref == last))
    return ids[0] if ids else None


def _place(row: Answer) -> tuple[str, int, str]:
    """By plan; within it in the plan's own order."""
    name, place, key, *_ = row
    return name, place, key


def _on(today: date, step: Milestone) -> Milestone:
    """With the days past due of a day (G1); nothing else moves within a status."""
    if step.due is None:
        return step
    return replace(step, days_past_due=(today - step.due).days if step.gap is Gap.OPEN else 0)
