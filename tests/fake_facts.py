"""The fake repository of facts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime

from plugin.domain.record import Fact
from plugin.domain.source import Source
from plugin.domain.tracking import Stored
from plugin.usecases.keeping import NOBODY
from tests.fake_history import forget, see
from tests.fake_reading import facts_within
from tests.fake_tables import Part


class FakeFacts(Part):
    """The port ``Facts``."""

    def store(self, source: Source, facts: Sequence[tuple[Fact, Sequence[str]]], seen_at: datetime) -> Stored:
        changed: set[str] = set()
        new = 0
        for fact, whose in facts:
            rows = {p: f for (id_, ref, p), f in self._tables.facts.items() if id_ == source.id and ref == fact.ref}
            written = [p for p in whose if p not in rows or rows[p].version != fact.version]
            removed = [p for p, row in rows.items() if p not in whose and row.version != fact.version]
            for patient in written:
                see(self._tables, (source.id, fact.ref, patient), fact, seen_at)
            for patient in removed:
                forget(self._tables, (source.id, fact.ref, patient), seen_at)
            new += bool(written or removed)
            changed.update(written, removed)
        return Stored(frozenset(changed - {NOBODY}), new=new, unchanged=len(facts) - new)

    def delete(self, source: Source, refs: Sequence[str], seen_at: datetime) -> frozenset[str]:
        gone = [key for key in self._tables.facts if key[0] == source.id and key[1] in refs]
        for key in gone:
            forget(self._tables, key, seen_at)
        return frozenset(patient for _, _, patient in gone) - {NOBODY}

    def references(self, source: Source, type_: str) -> Iterator[Sequence[str]]:
        yield sorted({ref for id_, ref, _ in self._tables.facts if id_ == source.id and ref.startswith(f"{type_}/")})

    def known(self, source: Source, refs: Sequence[str]) -> Mapping[str, str]:
        return {ref: f.version for (id_, ref, _), f in self._tables.facts.items() if id_ == source.id and ref in refs}

    def get(self, source: Source, refs: Sequence[str]) -> Sequence[Fact]:
        return list(
            {ref: f for (id_, ref, _), f in self._tables.facts.items() if id_ == source.id and ref in refs}.values()
        )

    def within(
        self,
        source: Source,
        type_: str,
        *,
        patients: Collection[str] | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Mapping[str, str]:
        return facts_within(self._tables, source, type_, patients=patients, since=since, until=until)
