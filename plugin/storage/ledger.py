"""The ledger of effects: each wanted once, carried out once, by whoever has claimed it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, bindparam, case, func, not_, or_, select, update

from plugin.domain.assessment import EffectKind
from plugin.domain.ledger import EffectState, LedgerRow
from plugin.domain.source import Source
from plugin.storage.codec import decode_object
from plugin.storage.column_types import moment
from plugin.storage.tables import effect, patient, source
from plugin.storage.transaction import AnyRow, Transaction, Value
from plugin.storage.written import Answer, Written

LEASE = timedelta(minutes=5)
"""After this, who has claimed an effect is taken for dead, and another worker may claim it."""

UNDONE = ("detected-issue", "flag", "task")
"""Writes that are written over when they are wanted no more: what stood there is needed for that."""

_IN_EHR = frozenset({EffectKind.WRITE, EffectKind.NOTICE})
_TURN = (EffectKind.MESSAGE, EffectKind.WORK, EffectKind.REPORT, EffectKind.WRITE, EffectKind.NOTICE)
"""What costs least comes first. A notice refers to its Task, which must stand first: a server refuses what refers to
nothing."""

_COLUMNS = (
    effect.c.id,
    effect.c.key,
    effect.c.kind,
    effect.c.what,
    effect.c.state,
    effect.c.patient_id,
    effect.c.source_id,
    effect.c.plan,
    effect.c.milestone,
    effect.c.at,
    effect.c.role,
    effect.c.owner,
    effect.c.tier,
    effect.c.digest,
    effect.c.done_digest,
    effect.c.attempts,
    effect.c.error,
    effect.c.by,
)
_NAMES = tuple(column.name for column in _COLUMNS)

_TOLD = (
    select(*_COLUMNS, effect.c.content, effect.c.changed_at)
    .where(or_(effect.c.kind != EffectKind.WRITE.value, effect.c.state == EffectState.FAILED.value))
    .order_by(effect.c.id)
)
"""Everything but writes, and of those what failed."""
_TOLD_OF_ONE = Written(_TOLD.where(effect.c.patient_id == bindparam("of_patient")))


class SqlLedger:
    """The port ``Ledger``. ``ready_at`` says from when a row may be claimed; it has none when nothing is to be done."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def of_patients(self, patient_ids: Sequence[int]) -> Mapping[int, Sequence[LedgerRow]]:
        """See the port."""
        theirs = self._transaction.among(effect.c.patient_id, patient_ids)
        found: dict[int, list[LedgerRow]] = defaultdict(list)
        content = case((effect.c.what.in_(UNDONE), effect.c.content))
        for *row, kept in self._transaction.rows(select(*_COLUMNS, content).where(theirs).order_by(effect.c.id)):
            ledger_row = _ledger_row(row, kept)
            found[ledger_row.patient_id].append(ledger_row)
        return found

    def told(self, patient_id: int) -> Sequence[LedgerRow]:
        """See the port."""
        return _told(self._transaction.answers(_TOLD_OF_ONE, of_patient=patient_id))

    def contents(self, patient_id: int, what: str) -> Sequence[Mapping[str, object]]:
        """See the port. Also of writes that are withdrawn by now: what they left in the EHR may still be edited."""
        of_patient = and_(effect.c.patient_id == patient_id, effect.c.kind == EffectKind.WRITE.value)
        wanted = and_(effect.c.what == what, effect.c.content.is_not(None), effect.c.state != EffectState.SKIPPED.value)
        query = select(effect.c.content).where(of_patient, wanted).order_by(effect.c.id)
        return [decode_object(content) for content in self._transaction.column(query)]

    def claim(
        self, kinds: Sequence[EffectKind], now: datetime, limit: int, worker: str, *, patient_id: int | None = None
    ) -> Sequence[LedgerRow]:
        """See the port. Kind by kind, each in the order of its index, so that a batch costs the same however many wait."""
        found: list[AnyRow] = []
        for kind in sorted(kinds, key=_TURN.index):
            if len(found) < limit:
                found += self._ready(kind, now, limit - len(found), patient_id)
        self._give_up([id_ for id_, withdrawn_at in found if withdrawn_at is not None], now)
        return self._take([id_ for id_, withdrawn_at in found if withdrawn_at is None], now, worker)

    def claimants(self, kinds: Sequence[EffectKind], now: datetime) -> frozenset[str]:
        """See the port."""
        query = select(effect.c.worker).where(self._is_claimed(kinds, now)).distinct()
        return frozenset(self._transaction.column(query))

    def release(self, kinds: Sequence[EffectKind], workers: Iterable[str], now: datetime) -> int:
        """See the port."""
        theirs = and_(self._is_claimed(kinds, now), effect.c.worker.in_(list(workers)))
        return self._transaction.run(update(effect).where(theirs).values(ready_at=moment(now), changed_at=now)).rowcount

    def done(self, ids: Sequence[int], now: datetime, digests: Mapping[int, str] | None = None) -> None:
        """See the port."""
        if not ids:
            return
        wanted = self._transaction.pairs(
            select(effect.c.id, effect.c.digest)
            .where(self._transaction.among(effect.c.id, sorted(ids)))
            .order_by(effect.c.id)
            .with_for_update()
        )
        written = {**wanted, **{id_: digest for id_, digest in (digests or {}).items() if id_ in wanted}}
        rows = [(id_, written[id_]) for id_ in wanted]
        self._transaction.change(effect, ("id", "digest"), rows, lambda given: _done(given["digest"], now))

    def failed(self, id_: int, now: datetime, error: str, retry_at: datetime | None) -> None:
        """See the port. What was withdrawn meanwhile is not tried again."""
        is_withdrawn = effect.c.withdrawn_at.is_not(None)
        again = EffectState.PLANNED if retry_at else EffectState.FAILED
        self._transaction.run(
            update(effect)
            .where(effect.c.id == id_)
            .values(
                state=case((is_withdrawn, EffectState.WITHDRAWN.value), else_=again.value),
                ready_at=case((not_(is_withdrawn), moment(retry_at))),
                worker=None,
                error=error,
                changed_at=now,
            )
        )

    def again(self, source: Source, now: datetime, *, patients: Sequence[str] | None = None) -> int:
        """See the port."""
        in_ehr = effect.c.kind.in_([kind.value for kind in sorted(_IN_EHR)])
        waits = and_(effect.c.state == EffectState.PLANNED.value, effect.c.attempts > 0)
        theirs = and_(effect.c.source_id == source.id, in_ehr, or_(effect.c.state == EffectState.FAILED.value, waits))
        if patients is not None:
            of_them = and_(patient.c.source_id == source.id, self._transaction.among(patient.c.ref, patients))
            theirs = and_(theirs, effect.c.patient_id.in_(select(patient.c.id).where(of_them)))
        new = {"state": EffectState.PLANNED.value, "ready_at": now, "attempts": 0, "changed_at": now}
        return self._transaction.run(update(effect).where(theirs).values(new)).rowcount

    def start_over(self, source: Source, now: datetime) -> bool:
        """See the port. The update locks all other rows, so that nobody claims one meanwhile."""
        theirs = and_(effect.c.source_id == source.id, effect.c.kind == EffectKind.WRITE.value)
        is_claimed = effect.c.state == EffectState.CLAIMED.value
        anew = {"state": EffectState.WITHDRAWN.value, "done_digest": "", "error": None, "attempts": 0}
        when = {"ready_at": None, "withdrawn_at": now, "changed_at": now}
        self._transaction.run(update(effect).where(theirs, not_(is_claimed)).values({**anew, **when}))
        claimed = select(func.count()).select_from(effect).where(theirs, is_claimed)
        return self._transaction.column(claimed) == [0]

    def summary(self) -> Mapping[str, Mapping[str, int]]:
        """See the port."""
        query = select(effect.c.kind, effect.c.state, func.count()).where(self._of_practice())
        found: dict[str, dict[str, int]] = defaultdict(dict)
        for kind, state, count in self._transaction.rows(query.group_by(effect.c.kind, effect.c.state)):
            found[kind][state] = count
        return found

    def _ready(self, kind: EffectKind, now: datetime, limit: int, patient_id: int | None) -> Sequence[AnyRow]:
        is_ready = and_(self._of_practice(), effect.c.kind == kind.value, effect.c.ready_at <= now)
        if patient_id is not None:
            is_ready = and_(is_ready, effect.c.patient_id == patient_id)
        query = select(effect.c.id, effect.c.withdrawn_at).where(is_ready).order_by(effect.c.ready_at, effect.c.id)
        if kind in _IN_EHR:
            query = query.where(effect.c.source_id.not_in(select(source.c.id).where(source.c.paused)))
        return self._transaction.rows(query.limit(limit).with_for_update(skip_locked=True, of=effect))

    def _is_claimed(self, kinds: Sequence[EffectKind], now: datetime) -> ColumnElement[bool]:
        """By the index: a lease ends within its length from now."""
        of_kind = effect.c.kind.in_([kind.value for kind in kinds])
        runs = and_(effect.c.ready_at > now, effect.c.ready_at <= now + LEASE)
        return and_(self._of_practice(), of_kind, runs, effect.c.state == EffectState.CLAIMED.value)

    def _give_up(self, ids: Sequence[int], now: datetime) -> None:
        """Claimed by somebody who is gone, and withdrawn meanwhile."""
        if ids:
            new = {"state": EffectState.WITHDRAWN.value, "ready_at": None, "worker": None, "changed_at": now}
            self._transaction.run(update(effect).where(self._transaction.among(effect.c.id, ids)).values(new))

    def _take(self, ids: Sequence[int], now: datetime, worker: str) -> list[LedgerRow]:
        if not ids:
            return []
        chosen = self._transaction.among(effect.c.id, ids)
        new = {
            "state": EffectState.CLAIMED.value,
            "ready_at": now + LEASE,
            "worker": worker,
            "attempts": effect.c.attempts + 1,
            "changed_at": now,
        }
        self._transaction.run(update(effect).where(chosen).values(new))
        rows = self._transaction.rows(select(*_COLUMNS, effect.c.content).where(chosen).order_by(effect.c.id))
        return [_ledger_row(row[:-1], row[-1]) for row in rows]

    def _of_practice(self) -> ColumnElement[bool]:
        return effect.c.practice_id == self._transaction.practice_id


def read_told(transaction: Transaction, which: ColumnElement[bool]) -> Sequence[LedgerRow]:
    """Effects as ``Ledger.told`` tells them, of other patients or another time."""
    return _told(transaction.rows(_TOLD.where(which)))


def _told(rows: Sequence[Answer]) -> Sequence[LedgerRow]:
    return [replace(_ledger_row(row[:-2], row[-2]), changed_at=row[-1]) for row in rows]


def _done(carried_out: ColumnElement[str], now: datetime) -> Mapping[str, Value]:
    moved_on = and_(effect.c.kind == EffectKind.WRITE.value, effect.c.digest != carried_out)
    again = and_(moved_on, effect.c.withdrawn_at.is_(None))
    return {
        "state": case((again, EffectState.PLANNED.value), else_=EffectState.DONE.value),
        "ready_at": case((again, moment(now))),
        "done_digest": carried_out,
        "withdrawn_at": None,
        "worker": None,
        "error": None,
        "attempts": 0,
        "changed_at": now,
    }


def _ledger_row(row: AnyRow | Sequence[object], content: str | None) -> LedgerRow:
    values = dict(zip(_NAMES, row, strict=True))
    values["kind"] = EffectKind(values["kind"])
    values["state"] = EffectState(values["state"])
    return LedgerRow(**values, content=None if content is None else decode_object(content))
