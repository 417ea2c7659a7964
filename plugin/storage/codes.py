"""Codes: those that stand in the charts, and how many patients have them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Select, case, delete, func, select, tuple_

from plugin.domain.known_code import CodeSeen, Place
from plugin.domain.record import Coding
from plugin.storage.code_tables import code_seen
from plugin.storage.tables import fact
from plugin.storage.transaction import Transaction, Value

_COLUMNS = ("system", "code", "display", "patients", "words", "counted_at")
_MOST = 20_000
"""Codes that are kept: those of the most patients. A chart that makes up codes cannot fill the table."""


class _Concept(msgspec.Struct):
    codings: tuple[Coding, ...] = ()


class _Detail(msgspec.Struct):
    concept: _Concept | None = None


class _Activity(msgspec.Struct):
    detail: _Detail | None = None


class _Coded(msgspec.Struct):
    """What of a fact's body holds codes; the rest is passed over without being read."""

    concept: _Concept | None = None
    concepts: tuple[_Concept, ...] = ()
    categories: tuple[_Concept, ...] = ()
    service_types: tuple[_Concept, ...] = ()
    reasons: tuple[_Concept, ...] = ()
    appointment_type: _Concept | None = None
    activities: tuple[_Activity, ...] = ()

    def codings(self) -> Iterator[Coding]:
        """All of them, as often as they stand there."""
        inline = [activity.detail.concept for activity in self.activities if activity.detail]
        alone = (self.concept, self.appointment_type, *inline)
        for concept in (*alone, *self.concepts, *self.categories, *self.service_types, *self.reasons):
            yield from concept.codings if concept else ()


_DECODE = msgspec.json.Decoder(_Coded).decode


class SqlCodes:
    """The port ``Codes``."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def in_charts(self, after: Place | None, limit: int) -> Sequence[tuple[Place, Sequence[Coding]]]:
        """See the port."""
        order = (fact.c.source_id, fact.c.patient_ref, fact.c.ref)
        query = select(*order, fact.c.body).where(fact.c.patient_ref != "").order_by(*order).limit(limit)
        query = query.where(fact.c.practice_id == self._transaction.practice_id)
        if after is not None:
            query = query.where(tuple_(*order) > tuple_(*after))
        rows = self._transaction.rows(query)
        return [(Place(*row[:3]), tuple(_DECODE(row[3]).codings())) for row in rows]

    def keep(self, seen: Sequence[CodeSeen], now: datetime) -> None:
        """See the port."""
        self._transaction.run(delete(code_seen).where(code_seen.c.practice_id == self._transaction.practice_id))
        most = sorted(seen, key=lambda one: (-one.patients, one.system, one.code))[:_MOST]
        rows = [(one.system, one.code, one.display, one.patients, one.words, now) for one in most]
        self._transaction.put(code_seen, _COLUMNS, rows, staged=True)

    def find(self, words: Sequence[str], limit: int) -> Sequence[CodeSeen]:
        """See the port."""
        within = func.strpos if self._transaction.is_postgres else func.instr
        holds = (within(code_seen.c.words, word) > 0 for word in words)
        is_it = func.lower(code_seen.c.code) == " ".join(words)
        query = self._mine().where(*holds).order_by(case((is_it, 0), else_=1), code_seen.c.patients.desc())
        return [CodeSeen(*row) for row in self._transaction.rows(query.limit(limit))]

    def among(self, codes: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], CodeSeen]:
        """See the port."""
        listed = self._transaction.among(code_seen.c.code, sorted({code for _, code in codes}))
        rows = self._transaction.rows(self._mine().where(listed)) if codes else ()
        return {(row[0], row[1]): CodeSeen(*row) for row in rows if (row[0], row[1]) in codes}

    def counted_at(self) -> datetime | None:
        """See the port."""
        mine = code_seen.c.practice_id == self._transaction.practice_id
        found: datetime | None = self._transaction.column(select(func.max(code_seen.c.counted_at)).where(mine))[0]
        return found

    def _mine(self) -> Select[*tuple[Value, ...]]:
        shown = (code_seen.c.system, code_seen.c.code, code_seen.c.display, code_seen.c.patients)
        return select(*shown).where(code_seen.c.practice_id == self._transaction.practice_id)
