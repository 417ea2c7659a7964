"""The audit log: rows that only ever come, with the hash of their content."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from plugin.domain.audit import AuditEntry, content_hash
from plugin.storage.audit_tables import audit_waiting
from plugin.storage.codec import decode_audit_entry
from plugin.storage.tables import audit
from plugin.storage.transaction import Transaction

_COLUMNS = ("at", "who", "action", "record", "content", "hash")


class SqlAudit:
    """The port ``Audit``."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def write(self, entries: Sequence[AuditEntry]) -> None:
        """See the port."""
        rows = []
        for entry in entries:
            content = entry.canonical
            rows.append((entry.at, entry.who, entry.action, entry.record, content, content_hash(content)))
        self._transaction.put_noted(audit, _COLUMNS, rows, note=audit_waiting, key="audit_id")

    def entries(self, limit: int = 100) -> Sequence[AuditEntry]:
        """See the port."""
        query = select(audit.c.content).where(audit.c.practice_id == self._transaction.practice_id)
        newest = self._transaction.column(query.order_by(audit.c.id.desc()).limit(limit))
        return [decode_audit_entry(content) for content in newest]
