"""How many lines the lists have. Of a few thousand they are counted for each page. Of more the count is kept for a
while, so that no page waits for all of the practice to be counted: the sums at the head of a page may then lack what
others did within ``KEPT_FOR``, and never what was done by whoever looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from plugin.domain.queue import Listing, Wanted
from plugin.domain.tally import Cell, Counts, counts_of, patient_counts
from plugin.usecases.ports import UnitOfWork

FEW = 5_000
"""So many lines are counted in less than it takes to draw the page."""

KEPT_FOR: Mapping[Listing, timedelta] = {
    Listing.WORK: timedelta(seconds=30),
    Listing.GAPS: timedelta(minutes=1),
    Listing.PATIENTS: timedelta(minutes=1),
}
"""The more rows there are to count, and the slower they change, the longer."""

ACTS: Mapping[Listing, Sequence[str]] = {
    Listing.WORK: ("work:", "say:"),
    Listing.GAPS: ("say:",),
    Listing.PATIENTS: ("say:",),
}
"""How the audit log's words begin for what somebody does that changes a list."""

ACT_TAKES = timedelta(seconds=10)
"""An act bears the moment at which it began: so much later everybody sees it, also by the clock of another machine."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """``act`` is the last act of whoever it was counted for, by its audit row, where there was one shortly before: it is in
    the count for certain."""

    counted_at: datetime
    today: date
    cells: Sequence[Cell]
    tiers: Mapping[int, int]
    act: int | None = None

    @property
    def lines(self) -> int:
        return sum(cell.lines for cell in self.cells)

    def is_fresh(self, listing: Listing, today: date, now: datetime) -> bool:
        """Whether it may still be shown to somebody who has done nothing since."""
        return self.today == today and timedelta() <= now - self.counted_at < KEPT_FOR[listing]


@dataclass(slots=True)
class Tallies:
    """One in a process; pages that are drawn at the same time may count twice, which harms nothing. What is one's own, and
    what a search has found, is few, and counted each time."""

    few: int = FEW
    _kept: dict[Listing, _Kept] = field(default_factory=dict)

    def counts(self, uow: UnitOfWork, listing: Listing, wanted: Wanted, now: datetime) -> Counts:
        """The sums of a list as it is narrowed."""
        is_narrow = wanted.among is not None or wanted.owner is not None
        tally = _count(uow, listing, wanted, now) if is_narrow else self._of_all(uow, listing, wanted, now)
        if listing is Listing.PATIENTS:
            return patient_counts(tally.tiers, tally.cells, wanted)
        mine = uow.queues.cells(listing, wanted.today, among=wanted.among, owner=wanted.names)
        return counts_of(listing, tally.cells, mine if wanted.owner in (None, wanted.names) else (), wanted)

    def _of_all(self, uow: UnitOfWork, listing: Listing, wanted: Wanted, now: datetime) -> _Kept:
        """By the audit log it is known to every process what somebody has done, from the moment on at which it is done."""
        kept, act = self._kept.get(listing), None
        if kept is not None and kept.lines > self.few and kept.is_fresh(listing, wanted.today, now):
            names = [name.who for name in wanted.names]
            act = uow.audit_log.last_act(names, ACTS[listing], since=kept.counted_at - ACT_TAKES)
            if act in (None, kept.act):
                return kept
        counted = self._kept[listing] = _count(uow, listing, wanted, now, act=act)
        return counted


def _count(uow: UnitOfWork, listing: Listing, wanted: Wanted, now: datetime, *, act: int | None = None) -> _Kept:
    cells = uow.queues.cells(listing, wanted.today, among=wanted.among, owner=wanted.owner)
    tiers = uow.queues.tiers(among=wanted.among) if listing is Listing.PATIENTS else {}
    return _Kept(now, wanted.today, cells, tiers, act)
