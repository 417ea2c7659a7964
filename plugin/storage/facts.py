"""Facts: what stands, what stood before, and which patients a new page concerns."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Text, and_, bindparam, case, delete, select

from plugin.domain.moment import days
from plugin.domain.record import Appointment, Fact
from plugin.domain.source import Source
from plugin.domain.tracking import Stored
from plugin.storage.codec import decode_fact, encode
from plugin.storage.column_types import is_of_type
from plugin.storage.tables import fact, fact_history
from plugin.storage.transaction import Transaction, Value, is_among
from plugin.storage.written import Written

PAGE = 1000
"""References that are read at once."""

_COLUMNS = ("source_id", "ref", "patient_ref", "version", "status", "seen", "seen_at", "body", "begins")
_KEY = _COLUMNS[:3]
_UTC = ZoneInfo("UTC")
_HISTORY = ("source_id", "ref", "patient_ref", "version", "seen_at", "until", "is_deleted", "body")


class Given(NamedTuple):
    """A fact with all patients for whom it is kept."""

    fact: Fact
    patients: Sequence[str]


class Standing(NamedTuple):
    """A row as it stands. Without a lock, ``body`` is read only where no version tells whether it is the same."""

    version: str
    seen: datetime | None
    seen_at: datetime
    body: str | None


Rows = Mapping[str, Standing]
"""One fact's rows, by patient."""


class SqlFacts:
    """The port ``Facts``."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def store(self, source: Source, facts: Sequence[tuple[Fact, Sequence[str]]], seen_at: datetime) -> Stored:
        """See the port. A page that changes nothing costs one query."""
        newest = _newest(facts)
        standing = self._standing(source, list(newest))
        news = _news(newest, standing, seen_at)
        if not news:
            return Stored(frozenset(), unchanged=len(newest))
        if not standing.keys().isdisjoint(news):
            standing = self._standing(source, sorted(news), locked=True)
            news = _news(news, standing, seen_at)  # again: somebody may have stored the same meanwhile
        changed = self._replace(source, news, standing, seen_at)
        return Stored(changed - {""}, new=len(news), unchanged=len(newest) - len(news))

    def delete(self, source: Source, refs: Sequence[str], seen_at: datetime) -> frozenset[str]:
        """See the port."""
        standing = self._standing(source, refs, locked=True)
        gone = [(ref, patient) for ref, rows in standing.items() for patient in rows]
        self._to_history(source, [(*place, True) for place in gone], standing, seen_at)
        self._remove(source, gone)
        return frozenset(patient for _, patient in gone) - {""}

    def references(self, source: Source, type_: str) -> Iterator[Sequence[str]]:
        """See the port."""
        last = f"{type_}/"
        while True:
            page = (
                select(fact.c.ref)
                .where(fact.c.source_id == source.id, is_of_type(fact.c.ref, type_), fact.c.ref > last)
                .distinct()
                .order_by(fact.c.ref)
                .limit(PAGE)
            )
            refs = self._transaction.column(page)
            if refs:
                yield refs
            if len(refs) < PAGE:
                return
            last = refs[-1]

    def known(self, source: Source, refs: Sequence[str]) -> Mapping[str, str]:
        """See the port. Where the rows of several patients differ, the version that was stored last."""
        query = select(fact.c.ref, fact.c.version).where(self._where(source, refs)).order_by(fact.c.seen_at)
        return self._transaction.pairs(query)

    def get(self, source: Source, refs: Sequence[str]) -> Sequence[Fact]:
        """See the port."""
        listed = self._transaction.listed(refs)
        query = bodies_of(is_postgres=self._transaction.is_postgres)
        found = self._transaction.answers(query, of_source=source.id, listed=listed)
        bodies: dict[str, str] = {row[0]: row[1] for row in found}
        return [decode_fact(ref, body) for ref, body in bodies.items()]

    def within(
        self,
        source: Source,
        type_: str,
        *,
        patients: Collection[str] | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Mapping[str, str]:
        """See the port. Among what begins in a span, a type is told by its name: there is an index for one of the two."""
        query = select(fact.c.ref, fact.c.version).where(fact.c.source_id == source.id).order_by(fact.c.seen_at)
        if patients is not None:
            query = query.where(self._transaction.among(fact.c.patient_ref, sorted(patients)))
        if since is None and until is None:
            return self._transaction.pairs(query.where(is_of_type(fact.c.ref, type_)))
        if since is not None:
            query = query.where(fact.c.begins >= since)
        if until is not None:
            query = query.where(fact.c.begins < until)
        found = self._transaction.pairs(query)
        return {ref: version for ref, version in found.items() if ref.startswith(f"{type_}/")}

    def _where(self, source: Source, refs: Sequence[str]) -> ColumnElement[bool]:
        return and_(fact.c.source_id == source.id, self._transaction.among(fact.c.ref, refs))

    def _standing(self, source: Source, refs: Sequence[str], *, locked: bool = False) -> dict[str, Rows]:
        """Rows are locked in one order, so that two pages cannot wait for each other."""
        body = fact.c.body if locked else case((fact.c.version == "", fact.c.body))
        query = select(fact.c.ref, fact.c.patient_ref, fact.c.version, fact.c.seen, fact.c.seen_at, body)
        query = query.where(self._where(source, refs))
        if locked:
            query = query.order_by(fact.c.ref, fact.c.patient_ref).with_for_update()
        standing: dict[str, dict[str, Standing]] = {}
        for ref, patient, *row in self._transaction.rows(query):
            standing.setdefault(ref, {})[patient] = Standing(*row)
        return {**standing}

    def _replace(
        self, source: Source, news: Mapping[str, Given], standing: Mapping[str, Rows], seen_at: datetime
    ) -> frozenset[str]:
        """Writes what is new; the patients whose facts differ now."""
        written: list[tuple[Value, ...]] = []
        past: list[tuple[str, str, bool]] = []
        removed: list[tuple[str, str]] = []
        for ref in sorted(news):
            new, rows = news[ref], standing.get(ref, {})
            body, status, begins = encode(new.fact), getattr(new.fact, "status", None), _begins(new.fact)
            for patient in _to_write(new, rows):
                fresh = (new.fact.version, status, new.fact.seen, seen_at, body, begins)
                written.append((source.id, ref, patient, *fresh))
                past += [(ref, patient, False)] if patient in rows else []
            removed += [(ref, patient) for patient in _to_remove(new, rows)]
        past += [(ref, patient, True) for ref, patient in removed]
        self._to_history(source, past, standing, seen_at)
        self._remove(source, removed)
        self._transaction.put(fact, _COLUMNS, written, key=_KEY, replace=_COLUMNS[3:], staged=True)
        return frozenset(row[2] for row in written) | {patient for _, patient in removed}

    def _to_history(
        self,
        source: Source,
        past: Sequence[tuple[str, str, bool]],
        standing: Mapping[str, Rows],
        until: datetime,
    ) -> None:
        rows = []
        for ref, patient, is_deleted in past:
            row = standing[ref][patient]
            rows.append((source.id, ref, patient, row.version, row.seen_at, until, is_deleted, row.body))
        self._transaction.put(fact_history, _HISTORY, rows, staged=True)

    def _remove(self, source: Source, places: Sequence[tuple[str, str]]) -> None:
        if places:
            one = and_(fact.c.ref == bindparam("one_ref"), fact.c.patient_ref == bindparam("one_patient"))
            statement = delete(fact).where(fact.c.source_id == source.id, one)
            self._transaction.run(statement, [{"one_ref": r, "one_patient": p} for r, p in places])


@cache
def bodies_of(*, is_postgres: bool) -> Written:
    """Of those listed; of one reference the row that was stored last comes last."""
    wanted = is_among(fact.c.ref, bindparam("listed", type_=Text), is_postgres=is_postgres)
    query = select(fact.c.ref, fact.c.body).where(fact.c.source_id == bindparam("of_source"), wanted)
    return Written(query.order_by(fact.c.ref, fact.c.seen_at))


def _newest(facts: Sequence[tuple[Fact, Sequence[str]]]) -> dict[str, Given]:
    """One version of each: a page may hold two of them."""
    newest: dict[str, Given] = {}
    for given in (Given(*pair) for pair in facts):
        ref = given.fact.ref
        if ref not in newest or not _is_older(given.fact, newest[ref].fact):
            newest[ref] = given
    return newest


def _begins(new: Fact) -> datetime | None:
    """When an appointment begins; a day alone is no moment."""
    if not isinstance(new, Appointment) or new.start is None:
        return None
    found = days(new.start, _UTC)
    return found.instant if found else None


def _news(given: Mapping[str, Given], standing: Mapping[str, Rows], seen_at: datetime) -> dict[str, Given]:
    """What has something to write or to remove."""
    news = {}
    for ref, new in given.items():
        rows = standing.get(ref, {})
        if not _is_overtaken(new.fact, rows, seen_at) and (_to_write(new, rows) or _to_remove(new, rows)):
            news[ref] = new
    return news


def _to_write(new: Given, rows: Rows) -> list[str]:
    return [p for p in dict.fromkeys(new.patients) if p not in rows or not _is_same(new.fact, rows[p])]


def _to_remove(new: Given, rows: Rows) -> list[str]:
    return [p for p, row in rows.items() if p not in new.patients and not _is_same(new.fact, row)]


def _is_same(new: Fact, row: Standing) -> bool:
    """By version; where the source gives none, by content, whenever it was seen."""
    if new.version or row.version or row.body is None:
        return new.version == row.version
    return replace(decode_fact(new.ref, row.body), seen=None) == replace(new, seen=None)


def _is_overtaken(new: Fact, rows: Rows, seen_at: datetime) -> bool:
    """What stands is newer and was seen later. (A server restored from a backup gives older versions, but later.)"""
    return any(row.seen_at > seen_at and _is_older(new, row) for row in rows.values())


def _is_older(one: Fact | Standing, other: Fact | Standing) -> bool:
    """By stamp, else by version number; what has neither is not older."""
    if one.seen and other.seen and one.seen != other.seen:
        return one.seen < other.seen
    if one.version.isdigit() and other.version.isdigit():
        return int(one.version) < int(other.version)
    return False
