"""The audit log's chain: what waits for its place, what has one, and both beside the rows that they were made of."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from sqlalchemy import ColumnElement, and_, delete, exists, func, select

from plugin.domain.seal import NOTHING, Link, SealedRow, StoredRow, Unsealed
from plugin.storage.audit_tables import audit_seal, audit_waiting
from plugin.storage.tables import audit
from plugin.storage.transaction import AnyRow, Transaction

_COLUMNS = ("number", "audit_id", "chain")
_ROW = (audit.c.id, audit.c.at, audit.c.who, audit.c.action, audit.c.record, audit.c.content, audit.c.hash)
_ONE_AT_A_TIME = 0x7365616C
"""The number of PostgreSQL's advisory lock: "seal"; a second number is the practice's."""


class SqlSeals:
    """The port ``Seals``."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self.practice_id = transaction.practice_id

    @cached_property
    def _of_practice(self) -> ColumnElement[bool]:
        return audit_seal.c.practice_id == self.practice_id

    def turn(self) -> bool:
        """See the port. On SQLite the one writer is the lock."""
        if not self._transaction.is_postgres:
            return True
        lock = func.pg_try_advisory_xact_lock(_ONE_AT_A_TIME, self.practice_id)
        return bool(self._transaction.column(select(lock))[0])

    def last(self) -> Link:
        """See the port."""
        query = select(*(audit_seal.c[name] for name in _COLUMNS)).where(self._of_practice)
        rows = self._transaction.rows(query.order_by(audit_seal.c.number.desc()).limit(1))
        return Link(*rows[0]) if rows else NOTHING

    def waiting(self, after: int, limit: int) -> Sequence[Unsealed]:
        """See the port. A row that is gone before it was sealed is sealed as gone: the chain tells of it."""
        query = (
            select(audit_waiting.c.audit_id, func.coalesce(audit.c.hash, ""))
            .outerjoin(audit, audit.c.id == audit_waiting.c.audit_id)
            .where(audit_waiting.c.practice_id == self.practice_id, audit_waiting.c.audit_id > after)
        )
        return [Unsealed(*row) for row in self._transaction.rows(query.order_by(audit_waiting.c.audit_id).limit(limit))]

    def waiting_count(self) -> int:
        """See the port."""
        query = select(func.count()).select_from(audit_waiting)
        return int(self._transaction.column(query.where(audit_waiting.c.practice_id == self.practice_id))[0])

    def add(self, links: Sequence[Link]) -> None:
        """See the port. What is taken off the waiting rows are these and no others: one that was committed since waits."""
        self._transaction.put(audit_seal, _COLUMNS, links, staged=True)
        new = select(audit_seal.c.audit_id).where(self._of_practice, audit_seal.c.number >= links[0].number)
        of_practice = audit_waiting.c.practice_id == self.practice_id
        self._transaction.run(delete(audit_waiting).where(of_practice, audit_waiting.c.audit_id.in_(new)))

    def sealed(self, after: int, limit: int) -> Sequence[SealedRow]:
        """See the port."""
        joined = and_(audit.c.id == audit_seal.c.audit_id, audit.c.practice_id == audit_seal.c.practice_id)
        query = (
            select(*(audit_seal.c[name] for name in _COLUMNS), *_ROW)
            .outerjoin(audit, joined)
            .where(self._of_practice, audit_seal.c.number > after)
        )
        rows = self._transaction.rows(query.order_by(audit_seal.c.number).limit(limit))
        return [SealedRow(Link(*row[:3]), None if row[3] is None else StoredRow(*row[3:])) for row in rows]

    def unsealed(self, after: int, limit: int) -> Sequence[tuple[StoredRow, bool]]:
        """See the port."""
        has_seal = exists().where(audit_seal.c.audit_id == audit.c.id)
        waits = and_(audit_waiting.c.audit_id == audit.c.id, audit_waiting.c.practice_id == audit.c.practice_id)
        query = (
            select(*_ROW, audit_waiting.c.audit_id)
            .outerjoin(audit_waiting, waits)
            .where(audit.c.practice_id == self.practice_id, audit.c.id > after, ~has_seal)
        )
        return [_unsealed(row) for row in self._transaction.rows(query.order_by(audit.c.id).limit(limit))]


def _unsealed(row: AnyRow) -> tuple[StoredRow, bool]:
    return StoredRow(*row[:-1]), row[-1] is not None
