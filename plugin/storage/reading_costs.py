"""What reading a source took, by local day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select, update

from plugin.domain.source import ReadingCost, Source
from plugin.storage.reading_tables import reading_cost
from plugin.storage.transaction import Transaction

_COLUMNS = ("source_id", "day", "requests", "bytes", "seconds")


class SqlReadingCosts:
    """The port ``ReadingCosts``."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def add(self, source: Source, cost: ReadingCost) -> None:
        """See the port. The day's row is made where it is missing, and added to in the database: two may add at once."""
        c = reading_cost.c
        self._transaction.put(reading_cost, _COLUMNS, [(source.id, cost.day, 0, 0, 0.0)], key=_COLUMNS[:2])
        sums = {
            "requests": c.requests + cost.requests,
            "bytes": c.bytes + cost.bytes_,
            "seconds": c.seconds + cost.seconds,
        }
        self._transaction.run(update(reading_cost).where(c.source_id == source.id, c.day == cost.day).values(sums))

    def since(self, source: Source, first: date) -> Sequence[ReadingCost]:
        """See the port."""
        c = reading_cost.c
        query = select(*(c[name] for name in _COLUMNS[1:])).where(c.source_id == source.id, c.day >= first)
        return [ReadingCost(*row) for row in self._transaction.rows(query.order_by(c.day))]
