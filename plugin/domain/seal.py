"""The chain of the audit log: each row's hash stands on that of the row before it, and heads of the chain are kept
outside the database, so that whoever can only write the database can change nothing unseen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from plugin.domain.audit import content_hash

BEFORE_ALL = "0" * 64
"""What the first row's hash stands on."""

_INDEXED = ("who", "action", "record")


class Link(NamedTuple):
    """One row's place in the chain. ``number`` counts in the order of sealing, from 1 on; ids are given before a row is
    committed, so a row may come into the chain behind one with a higher id."""

    number: int
    audit_id: int
    chain: str


NOTHING = Link(0, 0, BEFORE_ALL)
"""The chain before its first row."""


class Unsealed(NamedTuple):
    """A committed row that waits for its place; ``hash`` is that of its content."""

    audit_id: int
    hash: str


class StoredRow(NamedTuple):
    """An audit row as it lies in the table."""

    id: int
    at: datetime
    who: str
    action: str
    record: str
    content: str
    hash: str


class SealedRow(NamedTuple):
    """A link as it is stored, and the row that it was made of; None when that is gone."""

    link: Link
    row: StoredRow | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The end of the chain after one sealing, of ``count`` rows, as it is kept outside the database."""

    at: datetime
    practice: int
    number: int
    chain: str
    count: int

    @property
    def after(self) -> int:
        """The number at which this sealing began."""
        return self.number - self.count

    @property
    def text(self) -> str:
        """One line, without its signature."""
        moment = self.at.astimezone(UTC).isoformat(timespec="milliseconds")
        return f"{moment} {self.practice} {self.number} {self.chain} {self.count}"


class UnreadableHead(NamedTuple):
    """A line that is no head of ours: what is wrong with it."""

    line: int
    words: str


HeadLine = Head | UnreadableHead


def head_of(text: str) -> Head:
    """What ``Head.text`` wrote. ValueError when it is something else."""
    at, practice, number, chain, count = text.split(" ")
    head = Head(
        at=datetime.fromisoformat(at), practice=int(practice), number=int(number), chain=chain, count=int(count)
    )
    if head.text != text or head.after < 0 or head.count < 1:
        raise ValueError("no head")
    return head


def chained(before: str, number: int, audit_id: int, hash_: str) -> str:
    """The chain's hash at a row: of the hash before it, its number, its id and its content's hash."""
    return hashlib.sha256(f"{before} {number} {audit_id} {hash_}".encode()).hexdigest()


def linked(last: Link, rows: Iterable[Unsealed]) -> Sequence[Link]:
    """The links of these rows, in this order, after the last one."""
    links = []
    for row in rows:
        number = last.number + 1
        last = Link(number, row.audit_id, chained(last.chain, number, row.audit_id, row.hash))
        links.append(last)
    return links


def what_was_changed(row: StoredRow) -> str | None:
    """Words for what does not fit within one row: its content and that content's hash, or the columns by which it is
    searched; None when all does."""
    if content_hash(row.content) != row.hash:
        return "its content is not what its hash was made of"
    try:
        content = json.loads(row.content)
        at = row.at.astimezone(UTC).isoformat(timespec="microseconds")
        differing = [name for name in _INDEXED if content[name] != getattr(row, name)]
        if content["at"] != at:
            differing.append("at")
    except (ValueError, KeyError, TypeError):
        return "its content is no audit entry"
    return f"its columns differ from its content: {', '.join(differing)}" if differing else None
