"""The audit log as it is read, its chain, and a heads file, in memory."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from datetime import datetime

from plugin.domain.audit import AuditEntry, AuditFilter, AuditRow, content_hash
from plugin.domain.errors import TemporaryFailure, UnknownName
from plugin.domain.seal import NOTHING, Head, HeadLine, Link, SealedRow, StoredRow, Unsealed
from tests.fake_tables import Part


class FakeAudit(Part):
    """The port ``Audit``."""

    _numbers = itertools.count(1)

    def write(self, entries: Sequence[AuditEntry]) -> None:
        self._tables.audit.update({next(self._numbers): entry for entry in entries})

    def entries(self, limit: int = 100) -> Sequence[AuditEntry]:
        return list(reversed(self._tables.audit.values()))[:limit]


class FakeAuditLog(Part):
    """The port ``AuditLog``."""

    def older(self, of: AuditFilter, *, than: int | None, limit: int) -> Sequence[AuditRow]:
        rows = self._matching(of)
        if than is not None:
            rows = [row for row in rows if _place(row) < _place(self.get(than))]
        return rows[:limit]

    def newer(self, of: AuditFilter, *, than: int, limit: int) -> Sequence[AuditRow]:
        rows = [row for row in self._matching(of) if _place(row) > _place(self.get(than))]
        return rows[-limit:]

    def get(self, id_: int) -> AuditRow:
        if id_ not in self._tables.audit:
            raise UnknownName(f"The audit log has no row {id_}.")
        return self._row(id_, self._tables.audit[id_])

    def actions(self) -> Sequence[str]:
        return sorted({entry.action for entry in self._tables.audit.values()})

    def last_act(self, names: Sequence[str], begins: Sequence[str], *, since: datetime) -> int | None:
        rows = [row for row in self._matching(AuditFilter(since=since)) if row.entry.who in names]
        return next((row.id for row in rows if row.entry.action.startswith(tuple(begins))), None)

    def _row(self, id_: int, entry: AuditEntry) -> AuditRow:
        seal = next((link.number for link in self._tables.links.values() if link.audit_id == id_), None)
        return AuditRow(id=id_, entry=entry, hash=content_hash(entry.canonical), seal=seal)

    def _matching(self, of: AuditFilter) -> list[AuditRow]:
        rows = [self._row(id_, entry) for id_, entry in self._tables.audit.items() if _is_meant(entry, of)]
        return sorted(rows, key=_place, reverse=True)


class FakeSeals(Part):
    """The port ``Seals``. There is one writer, and whatever is not sealed waits."""

    practice_id = 1

    def turn(self) -> bool:
        return True

    def last(self) -> Link:
        return max(self._tables.links.values(), default=NOTHING)

    def waiting(self, after: int, limit: int) -> Sequence[Unsealed]:
        return [Unsealed(row.id, row.hash) for row, _ in self.unsealed(after, limit)]

    def waiting_count(self) -> int:
        return len(self._tables.audit) - len(self._tables.links)

    def add(self, links: Sequence[Link]) -> None:
        self._tables.links.update({link.number: link for link in links})

    def sealed(self, after: int, limit: int) -> Sequence[SealedRow]:
        links = sorted(link for link in self._tables.links.values() if link.number > after)[:limit]
        return [SealedRow(link, self._stored(link.audit_id)) for link in links]

    def unsealed(self, after: int, limit: int) -> Sequence[tuple[StoredRow, bool]]:
        sealed = {link.audit_id for link in self._tables.links.values()}
        ids = sorted(id_ for id_ in self._tables.audit if id_ > after and id_ not in sealed)
        return [(self._stored(id_), True) for id_ in ids[:limit]]

    def _stored(self, id_: int) -> StoredRow:
        entry = self._tables.audit[id_]
        content = entry.canonical
        return StoredRow(id_, entry.at, entry.who, entry.action, entry.record, content, content_hash(content))


class FakeHeads:
    """The port ``Heads``. ``is_full``: nothing can be kept."""

    place = "memory"

    def __init__(self) -> None:
        self.kept: list[HeadLine] = []
        self.is_full = False

    def append(self, head: Head) -> None:
        if self.is_full:
            raise TemporaryFailure("there is no room for heads")
        self.kept.append(head)

    def is_there(self) -> bool:
        return bool(self.kept)

    def lines(self) -> Iterator[HeadLine]:
        return iter(list(self.kept))


def _place(row: AuditRow) -> tuple[datetime, int]:
    return row.entry.at, row.id


def _is_meant(entry: AuditEntry, of: AuditFilter) -> bool:
    wanted = (of.who, of.action, of.record)
    found = (entry.who, entry.action, entry.record)
    if any(one is not None and one != other for one, other in zip(wanted, found, strict=True)):
        return False
    return (of.since is None or entry.at >= of.since) and (of.until is None or entry.at < of.until)
