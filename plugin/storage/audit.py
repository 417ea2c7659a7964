"""The audit log: rows that only ever come, with the hash of their content."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select

from plugin.domain.audit import AuditEntry, content_hash
from plugin.storage.audit_tables import audit_waiting
from plugin.storage.codec import decode_audit_entry
from plugin.storage.tables import audit
from plugin.storage.transaction import AnyInsert, Transaction, Value, noted

_COLUMNS = ("at", "who", "action", "record", "content", "hash")


class SqlAudit:
    """The port ``Audit``."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def write(self, entries: Sequence[AuditEntry]) -> None:
        """See the port."""
        self._transaction.put_noted(audit, _COLUMNS, _rows(entries), note=audit_waiting, key="audit_id")

    def entries(self, limit: int = 100) -> Sequence[AuditEntry]:
        """See the port."""
        query = select(audit.c.content).where(audit.c.practice_id == self._transaction.practice_id)
        newest = self._transaction.column(query.order_by(audit.c.id.desc()).limit(limit))
        return [decode_audit_entry(content) for content in newest]


def audit_change(entries: Sequence[AuditEntry], practice_id: int) -> tuple[AnyInsert, Mapping[str, Value]]:
    """On PostgreSQL: the one statement by which these rows are written, and its parameters."""
    return noted(audit, _COLUMNS, _rows(entries), note=audit_waiting, key="audit_id", practice_id=practice_id)


def _rows(entries: Sequence[AuditEntry]) -> list[tuple[Value, ...]]:
    rows = []
    for entry in entries:
        content = entry.canonical
        rows.append((entry.at, entry.who, entry.action, entry.record, content, content_hash(content)))
    return rows
