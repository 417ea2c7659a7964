"""How work is handed out: an effect becomes a work item, or a step of one; a step that is over comes off it.

Storage does the same in its tables (``plugin.storage.work_items``, compared by a contract test); here it is done with
values, for whoever wants to know how the queues would look.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from plugin.domain.calendar import Practice
from plugin.domain.ledger import LedgerRow, step_of
from plugin.domain.work import OPEN, WorkItem


def work_item(row: LedgerRow, practice: Practice, now: datetime) -> WorkItem:
    """What a person is to do. Steps of one patient for one role on one day are one item of each kind."""
    at = row.at or now
    role = row.role or "coordinator"
    title = (row.content or {}).get("title")
    return WorkItem(
        key=f"{row.patient_id}|{role}|{row.what}|{practice.day(at)}",
        kind=row.what,
        patient_id=row.patient_id,
        role=role,
        owner=row.owner,
        due_at=at,
        priority=row.tier or 0,
        milestones=((step_of(row), title if isinstance(title, str) else row.what),),
    )


def with_item(items: Sequence[WorkItem], item: WorkItem) -> tuple[WorkItem, ...]:
    """With this item, or with what it lists on the open one of its key. What is listed already stays as it is, also on an
    item that is done; a step that comes after the item of its key was done opens another."""
    turns = [known for known in items if known.key == item.key]
    listed = {step for known in turns for step, _ in known.milestones}
    missing = tuple(step for step in item.milestones if step[0] not in listed)
    if not turns:
        return (*items, item)
    if not missing:
        return tuple(items)
    last = turns[-1]
    if last.state not in OPEN:
        return (*items, replace(item, milestones=missing))
    longer = replace(
        last,
        milestones=(*last.milestones, *missing),
        due_at=min(last.due_at, item.due_at),
        priority=max(last.priority, item.priority),
    )
    return tuple(longer if known is last else known for known in items)


def without_step(items: Sequence[WorkItem], step: str, kinds: Collection[str]) -> tuple[WorkItem, ...]:
    """With this step off the open items of these kinds; one that lists nothing any more is withdrawn."""
    return tuple(_without(item, step) if item.state in OPEN and item.kind in kinds else item for item in items)


def lists(items: Sequence[WorkItem], row: LedgerRow, practice: Practice) -> bool:
    """Whether the open item that this effect was given out on asks for it. One that was due at once may be of any day."""
    step = step_of(row)
    key = None if row.at is None else work_item(row, practice, row.at).key
    return any(
        item.state in OPEN
        and item.kind == row.what
        and key in (None, item.key)
        and any(s == step for s, _ in item.milestones)
        for item in items
    )


def _without(item: WorkItem, step: str) -> WorkItem:
    left = tuple(known for known in item.milestones if known[0] != step)
    if len(left) == len(item.milestones):
        return item
    return replace(item, milestones=left, state=item.state if left else "withdrawn")
