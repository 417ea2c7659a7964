"""Where the feed of one type stands: what is new in a page, and the cursor that may be stored with it.

A server stamps a resource when its transaction begins and shows it when the transaction ends, so a resource can come to
light with a stamp older than others that were read before it. What lies more than an overlap behind the server's clock
(`Date`) is settled; a cursor never goes further than that, and the rest is read again by the next pass. Which of it
was taken already, the cursor says. Our own clock is asked nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from fhir_adapters.http import Resource
from fhir_adapters.mapping import instant
from fhir_adapters.paging import RawPage, fhir_instant
from plugin.domain.source import Cursor

MOST_TAKEN = 20_000
"""Remembered as taken; after a bulk load that is larger, the rest is handed out again by each pass until the load is
older than two overlaps. Storing what is stored already changes nothing, so that costs time only."""


class Position:
    """One pass. `low` is where it begins: the cursor's watermark."""

    def __init__(self, cursor: Cursor, overlap: timedelta) -> None:
        self.low = None if cursor.watermark is None else instant(cursor.watermark)
        self._start = cursor
        self._overlap = overlap
        self._taken_before = frozenset(cursor.taken)
        self._window: dict[str, datetime] = {}
        self._floor: datetime | None = None
        self._newest: datetime | None = None
        self._began: datetime | None = None
        self._is_sorted = True

    def take(self, page: RawPage) -> list[Resource]:
        """What of a page was not taken before, by (id, version)."""
        if self._began is None:
            self._began = page.served_at
        fresh: list[Resource] = []
        for resource, key, stamp in zip(page.resources, page.keys, page.stamps, strict=True):
            if key is None or stamp is None:
                fresh.append(resource)
                continue
            if self._newest is None or stamp >= self._newest:
                self._newest = stamp
            else:
                self._is_sorted = False  # or read again from a stamp's beginning
            if key not in self._window and key not in self._taken_before:
                fresh.append(resource)
            self._window[key] = stamp
        self._forget()
        return fresh

    def cursor(self, *, is_last: bool) -> Cursor:
        """What may be stored together with all that was taken so far."""
        low = self._after_pass() if is_last else self._within_pass()
        if low is None:
            return self._start._replace(complete=is_last or self._start.complete)
        return Cursor(fhir_instant(low), self._taken_since(low), is_last or self._start.complete)

    def _within_pass(self) -> datetime | None:
        """All before the last stamp has been read, and what is settled need not be read again."""
        if self._newest is None or not self._is_sorted:
            return None
        settled = (self._began or self._newest) - self._overlap
        return self._not_before_start(min(self._newest, settled))

    def _after_pass(self) -> datetime | None:
        """An overlap behind the newest stamp; where that is long ago, two overlaps behind the server's clock, so that
        a bulk load does not come again for ever (and a clock that is wrong by less than an overlap loses nothing)."""
        if self._began is None:
            return self._not_before_start(None if self._newest is None else self._newest - self._overlap)
        quiet = self._began - 2 * self._overlap
        if self._newest is None:
            return self._not_before_start(quiet)
        return self._not_before_start(max(min(self._newest, self._began) - self._overlap, quiet))

    def _not_before_start(self, low: datetime | None) -> datetime | None:
        """A cursor does not go back, unless the server's clock did."""
        if self.low is None or (low is not None and self._began is not None and self._began < self.low):
            return low
        return self.low if low is None else max(low, self.low)

    def _taken_since(self, low: datetime) -> tuple[str, ...]:
        taken = [key for key, stamp in self._window.items() if stamp >= low]
        if len(taken) > MOST_TAKEN:
            taken = sorted(taken, key=self._window.__getitem__)[-MOST_TAKEN:]
        return tuple(taken)

    def _forget(self) -> None:
        """Drops what no later cursor can ask for: memory is that of a window, not of a sweep."""
        if self._newest is None:
            return
        floor = self._newest if self._began is None else min(self._newest, self._began - 2 * self._overlap)
        if self._began is None:
            floor -= self._overlap
        if self._floor is None or floor > self._floor:
            self._floor = floor
            self._window = {key: stamp for key, stamp in self._window.items() if stamp >= floor}
