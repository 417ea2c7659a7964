"""What the adapter of a server remembers between polls: who is on file, who is tracked, what reading has cost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from threading import Lock
from zoneinfo import ZoneInfo

from plugin.domain.source import ReadingCost, Source
from plugin.usecases.ports import Clock, Database

SETTLE_EVERY = timedelta(seconds=5)
"""So long costs are only added up. A crash loses no more than these: they are for a person's judgement, not for an account."""


class SourceMemory:
    """Of one source, over the database. A source that is not stored yet (it is just being added) remembers nothing. Answers
    are waited for in several threads."""

    def __init__(self, database: Database, source_id: int, clock: Clock, zone: ZoneInfo) -> None:
        self._database = database
        self._source_id = source_id
        self._clock = clock
        self._zone = zone
        self._lock = Lock()
        self._sums = (0, 0, 0.0)
        self._settled_at: datetime | None = None

    def patients(self) -> Sequence[str]:
        """Everybody whom the server has, by reference."""
        if not self._source_id:
            return ()
        with self._database.begin(reading=True) as uow:
            return uow.on_file.patients(uow.sources.by_id(self._source_id))

    def tracked(self) -> Sequence[str]:
        """Those who are tracked, and the records whose survivors they are, by reference."""
        if not self._source_id:
            return ()
        with self._database.begin(reading=True) as uow:
            return uow.on_file.tracked(uow.sources.by_id(self._source_id))

    def spent(self, requests: int, bytes_: int, seconds: float) -> None:
        """So much was asked and answered. Stored with what comes after it, every few seconds; ``settle`` stores the rest."""
        now = self._clock()
        with self._lock:
            sums = self._sums
            self._sums = (sums[0] + requests, sums[1] + bytes_, sums[2] + seconds)
            if self._settled_at is None:
                self._settled_at = now
            is_time = now - self._settled_at >= SETTLE_EVERY
        if is_time:
            self.settle()

    def settle(self) -> None:
        """Stores what was spent and is not stored yet: at the end of a type, or of a reading."""
        now = self._clock()
        with self._lock:
            sums, self._sums, self._settled_at = self._sums, (0, 0, 0.0), None
        if not self._source_id or not sums[0]:
            return
        with self._database.begin() as uow:
            source: Source = uow.sources.by_id(self._source_id)
            uow.reading_costs.add(source, ReadingCost(now.astimezone(self._zone).date(), *sums))
            uow.commit()
