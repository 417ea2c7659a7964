"""The port ``Codes`` in memory."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime

from plugin.domain.known_code import CodeSeen, Place
from plugin.domain.record import Coding, Concept, Fact
from tests.fake_tables import Part


class FakeCodes(Part):
    """Over the facts that are stored."""

    def in_charts(self, after: Place | None, limit: int) -> Sequence[tuple[Place, Sequence[Coding]]]:
        places = {Place(source, patient, ref): fact for (source, ref, patient), fact in self._tables.facts.items()}
        later = sorted(place for place in places if place.patient and (after is None or place > after))
        return [(place, tuple(_codings(places[place]))) for place in later[:limit]]

    def keep(self, seen: Sequence[CodeSeen], now: datetime) -> None:
        self._tables.codes_seen = {(one.system, one.code): one for one in seen}
        self._tables.codes_counted["at"] = now

    def find(self, words: Sequence[str], limit: int) -> Sequence[CodeSeen]:
        found = [one for one in self._tables.codes_seen.values() if all(word in one.words for word in words)]
        return sorted(found, key=lambda one: ([one.code.lower()] != list(words), -one.patients))[:limit]

    def among(self, codes: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], CodeSeen]:
        return {key: one for key, one in self._tables.codes_seen.items() if key in codes}

    def counted_at(self) -> datetime | None:
        return self._tables.codes_counted.get("at") if self._tables.codes_seen else None


def _codings(fact: Fact) -> Iterator[Coding]:
    """Of every concept that a fact says of itself, whatever the field is called."""
    for field in fields(fact):
        if field.name not in ("contained", "status_reason", "business_status", "values", "cancelation_reason"):
            yield from _inside(getattr(fact, field.name))


def _inside(value: object) -> Iterator[Coding]:
    if isinstance(value, Concept):
        yield from value.codings
    elif isinstance(value, tuple):
        for item in value:
            yield from _inside(item)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _inside(getattr(value, field.name))
