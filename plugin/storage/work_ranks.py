"""Where open work stands in the queue: it follows the steps that an item lists, and the patient."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from sqlalchemy import and_, func, select

from plugin.domain.queue import rank
from plugin.storage.tables import milestone, patient, plan, work_item, work_item_step
from plugin.storage.transaction import AnyRow, Transaction, Value

_OPEN = ("open", "claimed", "snoozed")
_NEW = ("id", "priority", "rank", "program", "stage")
_STANDS = (work_item.c.id, work_item.c.priority, work_item.c.rank, work_item.c.program, work_item.c.stage)
_LISTED = and_(work_item_step.c.work_item_id == work_item.c.id, work_item_step.c.withdrawn_at.is_(None))
_STEP = and_(milestone.c.patient_id == work_item.c.patient_id, milestone.c.key == work_item_step.c.milestone)
_PLAN = and_(
    plan.c.patient_id == work_item.c.patient_id,
    plan.c.plan == func.coalesce(milestone.c.plan, work_item_step.c.milestone),
)
_OPEN_WORK = (
    select(
        *_STANDS,
        work_item.c.due_at,
        patient.c.risk,
        patient.c.tier.label("highest"),
        milestone.c.tier,
        plan.c.program.label("of_program"),
        plan.c.stage.label("of_stage"),
    )
    .join_from(work_item, patient, patient.c.id == work_item.c.patient_id)
    .outerjoin(work_item_step, _LISTED)
    .outerjoin(milestone, _STEP)
    .outerjoin(plan, _PLAN)
    .where(work_item.c.state.in_(_OPEN))
    .order_by(work_item.c.id, work_item_step.c.place)
)
"""Open items, with a row for each step that they list."""


def rank_work(transaction: Transaction, patient_ids: Sequence[int]) -> None:
    """Gives all open work of these patients its place. Where nothing has moved, nothing is written."""
    theirs = _OPEN_WORK.where(transaction.among(work_item.c.patient_id, patient_ids))
    items = [list(rows) for _, rows in groupby(transaction.rows(theirs), key=lambda row: row.id)]
    moved = [new for rows in items if (new := _place(rows)) != tuple(rows[0][: len(_NEW)])]
    transaction.change(work_item, _NEW, moved, lambda given: {name: given[name] for name in _NEW[1:]})


def _place(rows: Sequence[AnyRow]) -> tuple[Value, ...]:
    """The highest tier of its steps; of an item that is about the whole plan, or the patient, the patient's."""
    first = rows[0]
    tier = max((row.tier for row in rows if row.tier is not None), default=first.highest or first.priority)
    placed = next((row for row in rows if row.of_stage is not None), first)
    return (first.id, tier, rank(tier, first.risk, first.due_at), placed.of_program, placed.of_stage)
