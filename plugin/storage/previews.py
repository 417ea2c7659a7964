"""Previews: what was asked for, how far it is, what it has brought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, func, select, update

from plugin.domain.errors import UnknownName
from plugin.domain.ledger import LedgerRow
from plugin.domain.preview import OVER, Caseload, PatientChange, Preview, PreviewPart, PreviewSums
from plugin.domain.tracking import Tracked
from plugin.domain.work import WorkItem
from plugin.storage import caseload
from plugin.storage.codec import encode
from plugin.storage.preview_codec import decode_change, decode_sums, encode_sums
from plugin.storage.preview_tables import preview, preview_change, preview_part
from plugin.storage.transaction import AnyRow, Transaction, Value

KEPT = 3
"""Of so many previews of a draft, the newest, the patients are kept."""

_PREVIEW = (
    "draft_id",
    "revision",
    "kind",
    "code",
    "at",
    "state",
    "by",
    "asked_at",
    "attempt",
    "worker",
    "snapshot",
    "began_at",
    "moved_at",
    "done",
    "total",
    "finished_at",
    "failed",
    "plans_from",
)
_PART = ("preview_id", "number", "first", "last", "worker", "sums")
_CHANGE = ("preview_id", "patient_id", "body")
_IS_OVER = preview.c.state.in_(sorted(OVER))


class SqlPreviews:
    """The port ``Previews``. Whoever works on one holds on to its number of attempts: another number, and they stop."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def ask(self, asked: Preview) -> Preview:
        """See the port."""
        row = (*(getattr(asked, name) for name in _PREVIEW), asked.of)
        self._transaction.put(preview, (*_PREVIEW, "sort"), [row])
        newest = select(preview.c.id).where(self._ours(), preview.c.draft_id == asked.draft_id)
        ids = self._transaction.column(newest.order_by(preview.c.id.desc()))
        self._forget(ids[KEPT:])
        return replace(asked, id=ids[0])

    def get(self, id_: int, *, lock: bool = False) -> Preview:
        """See the port."""
        found = self._find(preview.c.id == id_, lock=lock)
        if found is None:
            raise UnknownName(f"There is no preview with the number {id_}.")
        return found

    def latest(self, draft_id: int) -> Preview | None:
        """See the port."""
        return self._find(preview.c.draft_id == draft_id)

    def begin(self, asked: Preview, worker: str, at: datetime, now: datetime) -> Preview:
        """See the port."""
        self._forget([asked.id])
        begun = replace(
            asked,
            state="running",
            attempt=asked.attempt + 1,
            worker=worker,
            at=at,
            began_at=now,
            moved_at=now,
            snapshot=None,
            done=0,
            total=0,
        )
        changed = ("state", "attempt", "worker", "at", "began_at", "moved_at", "snapshot", "done", "total")
        new = {name: getattr(begun, name) for name in changed}
        self._transaction.run(update(preview).where(preview.c.id == asked.id).values(new))
        return begun

    def divide(self, begun: Preview, parts: Sequence[PreviewPart], total: int, *, snapshot: str | None) -> Preview:
        """See the port."""
        self._transaction.put(preview_part, _PART, [(begun.id, *part, None, None) for part in parts])
        self._transaction.run(update(preview).where(self._this(begun)).values(total=total, snapshot=snapshot))
        return replace(begun, total=total, snapshot=snapshot)

    def take(self, begun: Preview, worker: str, *, also_taken: bool) -> PreviewPart | None:
        """See the port."""
        if not self._transaction.column(select(preview.c.id).where(self._this(begun))):
            return None
        part = preview_part.c
        of_it = and_(part.preview_id == begun.id, part.sums.is_(None))
        query = select(part.number, part.first, part.last).order_by(part.number).limit(1)
        free = query.where(of_it, part.worker.is_(None)).with_for_update(skip_locked=True)
        rows = self._transaction.rows(free) or (self._transaction.rows(query.where(of_it)) if also_taken else ())
        if not rows:
            return None
        taken = PreviewPart(*rows[0])
        this = and_(part.preview_id == begun.id, part.number == taken.number)
        self._transaction.run(update(preview_part).where(this).values(worker=worker))
        return taken

    def keep(
        self, begun: Preview, part: PreviewPart, changes: Sequence[PatientChange], sums: PreviewSums, now: datetime
    ) -> bool:
        """See the port."""
        if not self._transaction.column(select(preview.c.id).where(self._this(begun)).with_for_update()):
            return False
        this = and_(preview_part.c.preview_id == begun.id, preview_part.c.number == part.number)
        is_missing = and_(this, preview_part.c.sums.is_(None))
        done = self._transaction.run(update(preview_part).where(is_missing).values(sums=encode_sums(sums)))
        if done.rowcount:
            rows = [(begun.id, change.patient_id, encode(change)) for change in changes]
            self._transaction.put(preview_change, _CHANGE, rows, staged=True)
            more = {"done": preview.c.done + sums.caseload, "moved_at": now}
            self._transaction.run(update(preview).where(preview.c.id == begun.id).values(more))
        return True

    def kept(self, begun: Preview) -> PreviewSums | None:
        """See the port."""
        rows = self._transaction.column(select(preview_part.c.sums).where(preview_part.c.preview_id == begun.id))
        if None in rows:
            return None
        return sum((decode_sums(text) for text in rows), PreviewSums())

    def finish(self, begun: Preview, sums: PreviewSums | None, now: datetime, *, failed: str | None = None) -> bool:
        """See the port."""
        new: dict[str, Value] = {"state": "failed" if failed else "done", "finished_at": now, "failed": failed}
        if sums is not None:
            new["sums"] = encode_sums(sums)
        return bool(self._transaction.run(update(preview).where(self._this(begun)).values(new)).rowcount)

    def cancel(self, id_: int, now: datetime) -> bool:
        """See the port."""
        stands = and_(self._ours(), preview.c.id == id_, ~_IS_OVER)
        new = {"state": "cancelled", "finished_at": now}
        return bool(self._transaction.run(update(preview).where(stands).values(new)).rowcount)

    def changes(self, id_: int, *, after: int = 0, limit: int = 50) -> Sequence[PatientChange]:
        """See the port."""
        of_it = and_(preview_change.c.preview_id == id_, preview_change.c.patient_id > after)
        query = select(preview_change.c.body).where(of_it).order_by(preview_change.c.patient_id).limit(limit)
        return [decode_change(body) for body in self._transaction.column(query)]

    def names(self, patient_ids: Sequence[int]) -> Mapping[int, str]:
        """See the port."""
        return caseload.names(self._transaction, patient_ids)

    # ---------------------------------------------------------------------------------------------------- the caseload
    def share(self) -> str | None:
        """See the port."""
        if not self._transaction.is_postgres:
            return None
        return str(self._transaction.column(select(func.pg_export_snapshot()))[0])

    def join(self, snapshot: str) -> bool:
        """See the port."""
        return self._transaction.is_postgres and caseload.join(self._transaction, snapshot)

    def caseload(self) -> Caseload:
        """See the port."""
        return caseload.read(self._transaction)

    def patients(self, part: PreviewPart) -> Sequence[Tracked]:
        """See the port."""
        return caseload.patients(self._transaction, part)

    def in_program(self, patient_ids: Sequence[int], program: str) -> frozenset[int]:
        """See the port."""
        return caseload.in_program(self._transaction, patient_ids, program)

    def with_gap(self, patient_ids: Sequence[int]) -> frozenset[int]:
        """See the port."""
        return caseload.with_gap(self._transaction, patient_ids)

    def items(self, patient_ids: Sequence[int]) -> Mapping[int, Sequence[WorkItem]]:
        """See the port."""
        return caseload.items(self._transaction, patient_ids)

    def load(self) -> tuple[Sequence[WorkItem], Sequence[LedgerRow]]:
        """See the port."""
        return caseload.load(self._transaction)

    # ------------------------------------------------------------------------------------------------------- pieces
    def _find(self, which: ColumnElement[bool], *, lock: bool = False) -> Preview | None:
        columns = (preview.c[name] for name in ("id", *_PREVIEW, "sort", "sums"))
        query = select(*columns).where(self._ours(), which).order_by(preview.c.id.desc()).limit(1)
        rows = self._transaction.rows(query.with_for_update() if lock else query)
        return _preview(rows[0]) if rows else None

    def _forget(self, ids: Sequence[int]) -> None:
        for table in (preview_change, preview_part):
            self._transaction.run(delete(table).where(self._transaction.among(table.c.preview_id, ids)))

    def _this(self, begun: Preview) -> ColumnElement[bool]:
        """The attempt that the caller works on, as long as it runs."""
        return and_(preview.c.id == begun.id, preview.c.attempt == begun.attempt, preview.c.state == "running")

    def _ours(self) -> ColumnElement[bool]:
        return preview.c.practice_id == self._transaction.practice_id


def _preview(row: AnyRow) -> Preview:
    known = {name: getattr(row, name) for name in ("id", *_PREVIEW)}
    return Preview(**known, of=row.sort, sums=None if row.sums is None else decode_sums(row.sums))
