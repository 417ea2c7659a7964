"""Patients that a source's server has, tracked or not."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import delete, or_, select

from plugin.domain.source import Source
from plugin.storage.reading_tables import on_file
from plugin.storage.tables import patient
from plugin.storage.transaction import Transaction

_COLUMNS = ("source_id", "ref")


class SqlOnFile:
    """The port ``OnFile``."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def add(self, source: Source, refs: Collection[str]) -> None:
        """See the port."""
        rows = [(source.id, ref) for ref in sorted(set(refs))]
        self._transaction.put(on_file, _COLUMNS, rows, key=_COLUMNS, staged=True)

    def remove(self, source: Source, refs: Collection[str]) -> None:
        """See the port."""
        gone = self._transaction.among(on_file.c.ref, sorted(refs))
        self._transaction.run(delete(on_file).where(on_file.c.source_id == source.id, gone))

    def patients(self, source: Source) -> Sequence[str]:
        """See the port."""
        query = select(on_file.c.ref).where(on_file.c.source_id == source.id).order_by(on_file.c.ref)
        return self._transaction.column(query)

    def tracked(self, source: Source) -> Sequence[str]:
        """See the port."""
        is_one = or_(patient.c.tracked_at.is_not(None), patient.c.survivor_ref.is_not(None))
        query = select(patient.c.ref).where(patient.c.source_id == source.id, is_one).order_by(patient.c.ref)
        return self._transaction.column(query)
