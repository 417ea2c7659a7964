"""Statements of people: appended, never changed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

from plugin.domain.audit import AuditEntry
from plugin.domain.record import Statement
from plugin.domain.source import Source
from plugin.storage.audit import SqlAudit
from plugin.storage.codec import encode
from plugin.storage.patients import SqlPatients
from plugin.storage.records import statements_of
from plugin.storage.tables import statement
from plugin.storage.transaction import Transaction

_COLUMNS = ("id", "source_id", "patient_ref", "said", "by", "at", "stored_at", "body")


class SqlStatements:
    """The port ``Statements``."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def add(
        self, source: Source, patient: str, new: Statement, now: datetime, *, told: Mapping[str, str] | None = None
    ) -> bool:
        """See the port."""
        row = (new.id, source.id, patient, new.said.value, new.by, new.at, now, encode(new))
        if not self._transaction.put(statement, _COLUMNS, [row], key=("practice_id", "id")):
            return False
        SqlPatients(self._transaction).mark(source, [patient], now)
        entry = AuditEntry(
            at=now,
            who=new.by,
            action=f"say:{new.said.value}",
            record=f"{source.slug}/{patient}",
            why=new.reason or "",
            detail={**(told or {}), **_detail(new)},
        )
        SqlAudit(self._transaction).write([entry])
        return True

    def of_patient(self, source: Source, patient: str) -> Sequence[Statement]:
        """See the port."""
        survivor = SqlPatients(self._transaction).survivor(source, patient)
        return statements_of(self._transaction, source.id, survivor)


def _detail(said: Statement) -> Mapping[str, object]:
    """Everything but the words, for which their hash stands: the audit is read by more people than the chart."""
    detail = {
        "id": said.id,
        "at": said.at.isoformat(),
        "milestone": said.milestone,
        "plan": said.plan,
        "target": said.target,
        "target_version": said.target_version,
        "until": said.until.isoformat() if said.until else None,
        "outcome": said.outcome,
        "next_on": said.next_on.isoformat() if said.next_on else None,
        "note_sha256": hashlib.sha256(said.note.encode()).hexdigest() if said.note else None,
    }
    return {name: value for name, value in detail.items() if value is not None}
