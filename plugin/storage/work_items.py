"""Work items: one for a patient, a role and a morning, with the steps that it lists."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, bindparam, func, or_, select, update

from plugin.domain.errors import Stale, UnknownName
from plugin.domain.work import OPEN, WorkItem
from plugin.storage.tables import patient, transition, work_item, work_item_step
from plugin.storage.transaction import AnyRow, Transaction
from plugin.storage.work_ranks import rank_work
from plugin.storage.written import Answer, Written

_ITEM = (
    "patient_id",
    "key",
    "turn",
    "kind",
    "role",
    "owner",
    "due_at",
    "priority",
    "note",
    "state",
    "opened_at",
    "changed_at",
)
_SAID = ("id", "revision", "until", "reason", "outcome", "by")
TOLD = (*(name for name in _ITEM if name != "turn"), *_SAID)
_PLACE_OF_ID = TOLD.index("id")
_MOVED = ("role", "owner", "note", "state", "until", "reason", "outcome", "by")
"""What a person's act changes."""
_STEP = ("work_item_id", "milestone", "place", "title", "withdrawn_at")
_TRANSITION = ("patient_id", "kind", "key", "before", "after", "at")

_OF_PATIENT = Written(
    select(*(work_item.c[name] for name in TOLD), work_item_step.c.milestone, work_item_step.c.title)
    .join_from(
        work_item,
        work_item_step,
        and_(work_item_step.c.work_item_id == work_item.c.id, work_item_step.c.withdrawn_at.is_(None)),
        isouter=True,
    )
    .where(work_item.c.patient_id == bindparam("of_patient"))
    .order_by(work_item.c.id, work_item_step.c.place)
)

_BY_NUMBER = (
    select(*(work_item.c[name] for name in TOLD), work_item_step.c.milestone, work_item_step.c.title)
    .join_from(work_item, work_item_step, isouter=True)
    .where(or_(work_item.c.state == "withdrawn", work_item_step.c.withdrawn_at.is_(None)))
    .order_by(work_item.c.id, work_item_step.c.place)
)

Steps = Sequence[tuple[str, str]]
"""Milestones by key, with their titles."""


class SqlWorkItems:
    """The port ``WorkItems``. When a step comes after the item of its morning was done, a second turn is opened."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def open(self, item: WorkItem, now: datetime) -> None:
        """See the port. Said twice, it changes nothing; a step that was taken off is listed again."""
        if self._open(item, now):
            rank_work(self._transaction, [item.patient_id])

    def _open(self, item: WorkItem, now: datetime) -> bool:
        """Whether anything is there that was not."""
        if self._insert(item, 1, now):
            return True
        last = self._turns(item)[-1]
        missing = self._not_listed(item)
        if not missing:
            return False
        if last.state in OPEN:
            self._list(last.id, missing)
            sooner = {"due_at": min(last.due_at, item.due_at), "priority": max(last.priority, item.priority)}
            sooner["revision"] = work_item.c.revision + 1
            self._transaction.run(update(work_item).where(work_item.c.id == last.id).values(**sooner, changed_at=now))
            return True
        return self._insert(item, last.turn + 1, now, missing)

    def withdraw_step(self, patient_id: int, milestone: str, kinds: Sequence[str], now: datetime) -> None:
        """See the port."""
        theirs = and_(work_item.c.patient_id == patient_id, work_item.c.state.in_(OPEN), work_item.c.kind.in_(kinds))
        lists = and_(work_item_step.c.milestone == milestone, work_item_step.c.withdrawn_at.is_(None))
        query = select(work_item.c.id).join_from(work_item, work_item_step).where(theirs, lists)
        ids = sorted(self._transaction.column(query.with_for_update(of=work_item)))
        if not ids:
            return
        of_items = self._transaction.among(work_item_step.c.work_item_id, ids)
        self._transaction.run(update(work_item_step).where(of_items, lists).values(withdrawn_at=now))
        fewer = {"revision": work_item.c.revision + 1}
        self._transaction.run(update(work_item).where(self._transaction.among(work_item.c.id, ids)).values(fewer))
        left = select(work_item_step.c.work_item_id).where(of_items, work_item_step.c.withdrawn_at.is_(None))
        self._withdraw(sorted(set(ids) - set(self._transaction.column(left))), now)

    def withdraw_source(self, source_id: int, now: datetime) -> None:
        """All that is open for the patients of a source that is removed."""
        query = select(work_item.c.id).join_from(work_item, patient)
        query = query.where(patient.c.source_id == source_id, work_item.c.state.in_(OPEN))
        self._withdraw(sorted(self._transaction.column(query.with_for_update(of=work_item))), now)

    def of_patient(self, patient_id: int) -> Sequence[WorkItem]:
        """See the port."""
        found: dict[int, list[Answer]] = defaultdict(list)
        for row in self._transaction.answers(_OF_PATIENT, of_patient=patient_id):
            found[row[_PLACE_OF_ID]].append(row)
        return [_item(rows) for rows in found.values()]

    def by_number(self, ids: Sequence[int]) -> Mapping[int, WorkItem]:
        """See the port."""
        found: dict[int, list[AnyRow]] = defaultdict(list)
        those = and_(self._of_practice(), self._transaction.among(work_item.c.id, ids))
        for row in self._transaction.rows(_BY_NUMBER.where(those)):
            found[row.id].append(row)
        return {id_: _item(rows) for id_, rows in found.items()}

    def lock(self, id_: int, wait: timedelta) -> WorkItem:
        """See the port."""
        this = and_(self._of_practice(), work_item.c.id == id_)
        with self._transaction.waiting(wait):
            self._transaction.run(select(work_item.c.id).where(this).with_for_update())
        found = self.by_number([id_])
        if not found:
            raise UnknownName(f"There is no work item with the number {id_}.")
        return found[id_]

    def move(self, before: WorkItem, after: WorkItem, now: datetime) -> WorkItem:
        """See the port."""
        new = {name: getattr(after, name) for name in _MOVED}
        new |= {"changed_at": now, "revision": before.revision + 1}
        new |= {} if after.state in OPEN else {"rank": None}
        this = and_(work_item.c.id == before.id, work_item.c.revision == before.revision)
        if not self._transaction.run(update(work_item).where(this).values(new)).rowcount:
            raise Stale("This is another by now.")
        if after.state != before.state:
            (turn,) = self._transaction.column(select(work_item.c.turn).where(work_item.c.id == before.id))
            self._moved([(before.patient_id, turn_name(before.key, turn), before.state, after.state)], now)
        rank_work(self._transaction, [before.patient_id])
        return self.by_number([before.id])[before.id]

    def summary(self) -> Mapping[str, Mapping[str, int]]:
        """See the port."""
        columns = (work_item.c.role, work_item.c.kind)
        query = select(*columns, func.count()).where(self._of_practice(), work_item.c.state.in_(OPEN))
        found: dict[str, dict[str, int]] = defaultdict(dict)
        for role, kind, count in self._transaction.rows(query.group_by(*columns)):
            found[role][kind] = count
        return found

    def _insert(self, item: WorkItem, turn: int, now: datetime, steps: Steps | None = None) -> bool:
        """False when this turn is there already."""
        whose = (item.patient_id, item.key, turn, item.kind, item.role, item.owner)
        row = (*whose, item.due_at, item.priority, item.note, item.state, now, now)
        key = ("practice_id", "key", "turn")
        if not self._transaction.put(work_item, _ITEM, [row], key=key):
            return False
        this = and_(self._of_key(item), work_item.c.turn == turn)
        (id_,) = self._transaction.column(select(work_item.c.id).where(this))
        self._list(id_, item.milestones if steps is None else steps)
        self._moved([(item.patient_id, turn_name(item.key, turn), None, item.state)], now)
        return True

    def _turns(self, item: WorkItem) -> Sequence[AnyRow]:
        columns = (work_item.c.id, work_item.c.turn, work_item.c.state, work_item.c.due_at, work_item.c.priority)
        query = select(*columns).where(self._of_key(item)).order_by(work_item.c.turn)
        return self._transaction.rows(query.with_for_update())

    def _not_listed(self, item: WorkItem) -> Steps:
        listed = select(work_item_step.c.milestone).join_from(work_item, work_item_step)
        listed = listed.where(self._of_key(item), work_item_step.c.withdrawn_at.is_(None))
        known = set(self._transaction.column(listed))
        return [step for step in item.milestones if step[0] not in known]

    def _list(self, id_: int, steps: Steps) -> None:
        of_item = select(func.count()).where(work_item_step.c.work_item_id == id_)
        (before,) = self._transaction.column(of_item)
        rows = [(id_, key, before + number, title, None) for number, (key, title) in enumerate(steps, 1)]
        self._transaction.put(work_item_step, _STEP, rows, key=_STEP[:2], replace=("title", "withdrawn_at"))

    def _withdraw(self, ids: Sequence[int], now: datetime) -> None:
        if not ids:
            return
        chosen = self._transaction.among(work_item.c.id, ids)
        columns = (work_item.c.patient_id, work_item.c.key, work_item.c.turn, work_item.c.state)
        rows = self._transaction.rows(select(*columns).where(chosen).order_by(work_item.c.id))
        gone = {"state": "withdrawn", "changed_at": now, "rank": None}
        self._transaction.run(update(work_item).where(chosen).values(gone))
        self._moved([(id_, turn_name(key, turn), state, "withdrawn") for id_, key, turn, state in rows], now)

    def _moved(self, moves: Sequence[tuple[int, str, str | None, str]], now: datetime) -> None:
        rows = [(patient_id, "work-item", *move, now) for patient_id, *move in moves]
        self._transaction.put(transition, _TRANSITION, rows)

    def _of_key(self, item: WorkItem) -> ColumnElement[bool]:
        return and_(self._of_practice(), work_item.c.key == item.key)

    def _of_practice(self) -> ColumnElement[bool]:
        return work_item.c.practice_id == self._transaction.practice_id


def _item(rows: Sequence[Answer]) -> WorkItem:
    """One item, of its rows: one for each step that it lists, or one without."""
    steps = tuple((milestone, title) for *_, milestone, title in rows if milestone is not None)
    return WorkItem(**dict(zip(TOLD, rows[0][: len(TOLD)], strict=True)), milestones=steps)


def turn_name(key: str, turn: int) -> str:
    """What an item is called in its transitions."""
    return key if turn == 1 else f"{key}#{turn}"
