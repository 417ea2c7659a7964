"""Verify the audit log: every row against its hash, every hash against the chain, the chain against its heads
outside."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import chain, pairwise
from typing import NamedTuple

from plugin.domain.seal import (
    NOTHING,
    Head,
    Link,
    SealedRow,
    StoredRow,
    UnreadableHead,
    chained,
    what_was_changed,
)
from plugin.usecases.admin_ports import Heads
from plugin.usecases.ports import UnitOfWork
from plugin.usecases.services import Services

PAGE = 5_000
MOST_TOLD = 20
"""Faults that are told one by one; one change can lead to as many as there are rows."""
LONG = timedelta(minutes=10)
"""A row that waits longer for its place in the chain is told: nobody seals."""

Progress = Callable[[int], None]
"""Told after each page how many rows were looked at."""


class Kind(StrEnum):
    """What was done to the log."""

    CHANGED = "changed"
    REMOVED = "removed"
    INSERTED = "inserted"
    CUT_OFF = "cut-off"
    """The end of the log is gone, or an older database was put in its place."""
    REWRITTEN = "rewritten"
    """The chain holds in itself, and is not the one whose heads are outside."""
    HEADS = "heads"
    """The heads outside are not all there."""


class Fault(NamedTuple):
    """One thing that is not as it was written. ``audit_id`` and ``number`` (in the chain) say where, as far as known."""

    kind: Kind
    words: str
    audit_id: int | None = None
    number: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What was found. Without a fault, everything up to ``head`` is what was written, as far as its heads outside and the
    key are in good hands; ``unsealed`` rows have no place in the chain yet. The first fault comes first."""

    sealed: int
    unsealed: int
    head: Link
    heads: int
    faults: Sequence[Fault]
    fault_count: int
    notes: Sequence[str]

    @property
    def is_good(self) -> bool:
        """Nothing was changed, removed or inserted."""
        return self.fault_count == 0


def verify_audit(services: Services, heads: Heads | None = None, progress: Progress | None = None) -> Verified:
    """Reads all of it once, a page at a time, as it stood at one moment; ``heads`` are those of a file, else our own."""
    outside = heads or services.heads
    found = _Found()
    with services.database.begin(reading=True) as uow:
        uow.seals.last()  # the moment is that of the first question: every head of it is outside by then
        walk = _Walk(_Outside(outside, uow.seals.practice_id, found), found)
        for row in _sealed(uow):
            walk.take(row)
            if progress and walk.rows % PAGE == 0:
                progress(walk.rows)
        unsealed = _look_at_unsealed(uow, found, services.clock())
    _look_beyond(services, walk, found)
    return Verified(
        sealed=walk.rows,
        unsealed=unsealed,
        head=walk.last,
        heads=walk.heads.count,
        faults=tuple(found.faults),
        fault_count=found.count,
        notes=tuple(found.notes),
    )


class _Found:
    """What was found so far, with an end to what is told."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.count = 0
        self.notes: list[str] = []

    def fault(self, kind: Kind, words: str, audit_id: int | None = None, number: int | None = None) -> None:
        self.count += 1
        if len(self.faults) < MOST_TOLD:
            self.faults.append(Fault(kind, words, audit_id, number))

    def note(self, words: str) -> None:
        if len(self.notes) < MOST_TOLD:
            self.notes.append(words)


class _Outside:
    """The heads outside, one after the other, while the chain is walked along."""

    def __init__(self, heads: Heads, practice_id: int, found: _Found) -> None:
        self.place = heads.place
        self.is_there = heads.is_there()
        self.count = 0
        self.last_number = 0
        self._practice_id = practice_id
        self._found = found
        self._coming = self._in_a_row(heads)
        self.next = next(self._coming, None)

    def met(self) -> None:
        """The next one."""
        self.next = next(self._coming, None)

    def _in_a_row(self, heads: Heads) -> Iterator[Head]:
        """Those of sealings that were completed, each of which begins where the one before ended."""
        for head, following in pairwise(chain(self._readable(heads), [None])):
            if head is None:
                return
            if following is not None and following.after == head.after and following.count >= head.count:
                continue  # its sealing was cut short by a crash, and done again by the one that follows
            if head.after != self.last_number:
                words = f"{self.place}: heads are missing between the numbers {self.last_number} and {head.after}"
                self._found.fault(Kind.HEADS, words, number=self.last_number + 1)
            self.count += 1
            self.last_number = head.number
            yield head

    def _readable(self, heads: Heads) -> Iterator[Head]:
        for line in heads.lines():
            if isinstance(line, UnreadableHead):
                # A line that was torn by a crash is of a sealing that never was; one that was changed leaves a hole.
                self._found.note(f"{self.place}, line {line.line}: {line.words}.")
            elif line.practice == self._practice_id:
                yield line


class _Walk:
    """Along the chain. After a fault it goes on with what is stored, so that a second one is seen as well."""

    def __init__(self, heads: _Outside, found: _Found) -> None:
        self.heads = heads
        self.last = NOTHING
        self.rows = 0
        self._found = found

    def take(self, sealed: SealedRow) -> None:
        """The next link, with its row."""
        link, row = sealed
        follows = link.number == self.last.number + 1
        if not follows:
            words = f"rows {self.last.number + 1} to {link.number - 1} of the chain are gone"
            self._found.fault(Kind.REMOVED, words, number=self.last.number + 1)
        if row is None:
            self._found.fault(Kind.REMOVED, "the row is gone", link.audit_id, link.number)
        else:
            self._compare(link, row, follows=follows)
        self.rows += 1
        self.last = link
        self._meet_heads()

    def _compare(self, link: Link, row: StoredRow, *, follows: bool) -> None:
        if (why := what_was_changed(row)) is not None:
            self._found.fault(Kind.CHANGED, f"{_named(row)}: {why}", link.audit_id, link.number)
        elif follows and chained(self.last.chain, link.number, link.audit_id, row.hash) != link.chain:
            words = "is not the row that was sealed here: changed with its hash, moved, or one was put in or taken out"
            self._found.fault(Kind.CHANGED, f"{_named(row)}: {words}", link.audit_id, link.number)

    def _meet_heads(self) -> None:
        while (head := self.heads.next) is not None and head.number <= self.last.number:
            if head.number == self.last.number and head.chain != self.last.chain:
                words = (
                    f"{self.heads.place} has another head of {head.at.isoformat(timespec='seconds')}: "
                    f"rows {head.after + 1} to {head.number} of the chain were written anew, or earlier ones"
                )
                self._found.fault(Kind.REWRITTEN, words, self.last.audit_id, head.number)
            self.heads.met()


def _named(row: StoredRow) -> str:
    """As people find it again."""
    return f"{row.at.isoformat(timespec='seconds')}, {row.action} {row.record}"


def _sealed(uow: UnitOfWork) -> Iterator[SealedRow]:
    after = 0
    while page := uow.seals.sealed(after, PAGE):
        yield from page
        after = page[-1].link.number


def _look_at_unsealed(uow: UnitOfWork, found: _Found, now: datetime) -> int:
    """Rows that were written since the last sealing have their hash only; one that does not even wait for its sealing was
    not written by us."""
    count, after, oldest = 0, 0, now
    while page := uow.seals.unsealed(after, PAGE):
        for row, waits in page:
            if not waits:
                found.fault(Kind.INSERTED, f"{_named(row)}: has no place in the chain and waits for none", row.id)
            elif (why := what_was_changed(row)) is not None:
                found.fault(Kind.CHANGED, f"{_named(row)}: {why}", row.id)
            oldest = min(oldest, row.at)
        count, after = count + len(page), page[-1][0].id
    if now - oldest > LONG:
        found.note(f"rows wait for their sealing since {oldest.isoformat(timespec='seconds')}: does a worker seal?")
    return count


def _look_beyond(services: Services, walk: _Walk, found: _Found) -> None:
    """Heads of what lies behind the end of the chain, and an end of which there is no head. What was sealed while we
    looked is neither."""
    heads = walk.heads
    with services.database.begin(reading=True) as uow:
        now, waiting = uow.seals.last(), uow.seals.waiting_count()
    while (head := heads.next) is not None:
        heads.met()
        if head.number <= now.number:
            continue
        is_last = heads.next is None
        if is_last and head.after == now.number and head.count <= waiting:
            found.note(f"the sealing of {head.at.isoformat(timespec='seconds')} is under way, or was cut short.")
            continue
        words = (
            f"{heads.place} has a head of {head.at.isoformat(timespec='seconds')} at {head.number}, and the chain ends at "
            f"{now.number}: its end was cut off, or an older database was put in its place"
        )
        found.fault(Kind.CUT_OFF, words, number=now.number + 1)
        break
    _look_for_missing(walk, found)


def _look_for_missing(walk: _Walk, found: _Found) -> None:
    heads = walk.heads
    if not heads.is_there and walk.rows:
        found.fault(Kind.HEADS, f"there is no file {heads.place}: nothing outside the database says how the chain was")
    elif heads.last_number < walk.last.number:
        words = f"{heads.place} ends at {heads.last_number}, the chain at {walk.last.number}: heads were taken away"
        found.fault(Kind.HEADS, words, number=heads.last_number + 1)
