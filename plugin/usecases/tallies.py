"""How many lines the lists have, counted every few seconds and kept in between: the sums at the head of a page are those of
a moment ago, and no page waits for all of the practice to be counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from plugin.domain.queue import Listing, Wanted
from plugin.domain.tally import Cell, Counts, counts_of, patient_counts
from plugin.usecases.ports import UnitOfWork

KEPT_FOR: Mapping[Listing, timedelta] = {
    Listing.WORK: timedelta(seconds=5),
    Listing.GAPS: timedelta(seconds=10),
    Listing.PATIENTS: timedelta(seconds=30),
}
"""The more rows there are to count, and the slower they change, the longer."""


@dataclass(frozen=True, slots=True)
class _Kept:
    counted_at: datetime
    today: date
    cells: Sequence[Cell]
    tiers: Mapping[int, int]


@dataclass(slots=True)
class Tallies:
    """One in a process; pages that are drawn at the same time may count twice, which harms nothing. What is one's own, and
    what a search has found, is few, and counted each time."""

    _kept: dict[Listing, _Kept] = field(default_factory=dict)

    def counts(self, uow: UnitOfWork, listing: Listing, wanted: Wanted, now: datetime) -> Counts:
        """The sums of a list as it is narrowed."""
        is_narrow = wanted.among is not None or wanted.owner is not None
        tally = self._count(uow, listing, wanted, now) if is_narrow else self._of_all(uow, listing, wanted, now)
        if listing is Listing.PATIENTS:
            return patient_counts(tally.tiers, tally.cells, wanted)
        mine = uow.queues.cells(listing, wanted.today, among=wanted.among, owner=wanted.who)
        return counts_of(listing, tally.cells, mine if wanted.owner in (None, wanted.who) else (), wanted)

    def _of_all(self, uow: UnitOfWork, listing: Listing, wanted: Wanted, now: datetime) -> _Kept:
        kept = self._kept.get(listing)
        if kept is None or kept.today != wanted.today or not timedelta() <= now - kept.counted_at < KEPT_FOR[listing]:
            kept = self._kept[listing] = self._count(uow, listing, wanted, now)
        return kept

    @staticmethod
    def _count(uow: UnitOfWork, listing: Listing, wanted: Wanted, now: datetime) -> _Kept:
        cells = uow.queues.cells(listing, wanted.today, among=wanted.among, owner=wanted.owner)
        tiers = uow.queues.tiers(among=wanted.among) if listing is Listing.PATIENTS else {}
        return _Kept(now, wanted.today, cells, tiers)
