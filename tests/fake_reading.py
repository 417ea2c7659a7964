"""The fake repositories of what reading a source needs: whom its server has, and what reading it takes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from plugin.domain.moment import days
from plugin.domain.record import Appointment, Fact
from plugin.domain.source import ReadingCost, Source
from tests.fake_tables import Part, Tables


class FakeOnFile(Part):
    """The port ``OnFile``."""

    def add(self, source: Source, refs: Collection[str]) -> None:
        self._tables.on_file.update({(source.id, ref): None for ref in refs})

    def remove(self, source: Source, refs: Collection[str]) -> None:
        for ref in refs:
            self._tables.on_file.pop((source.id, ref), None)

    def patients(self, source: Source) -> Sequence[str]:
        return sorted(ref for id_, ref in self._tables.on_file if id_ == source.id)

    def tracked(self, source: Source) -> Sequence[str]:
        known = [each for each in self._tables.patients.values() if each.source_id == source.id]
        return sorted(each.ref for each in known if each.tracked or each.survivor)


class FakeReadingCosts(Part):
    """The port ``ReadingCosts``."""

    def add(self, source: Source, cost: ReadingCost) -> None:
        before = self._tables.costs.get((source.id, cost.day), ReadingCost(cost.day, 0, 0, 0.0))
        self._tables.costs[source.id, cost.day] = ReadingCost(
            cost.day,
            before.requests + cost.requests,
            before.bytes_ + cost.bytes_,
            before.seconds + cost.seconds,
        )

    def since(self, source: Source, first: date) -> Sequence[ReadingCost]:
        days_ = sorted(day for id_, day in self._tables.costs if id_ == source.id and day >= first)
        return [self._tables.costs[source.id, day] for day in days_]


def facts_within(
    tables: Tables,
    source: Source,
    type_: str,
    *,
    patients: Collection[str] | None,
    since: datetime | None,
    until: datetime | None,
) -> Mapping[str, str]:
    """As the port ``Facts`` has it."""
    return {
        ref: fact.version
        for (id_, ref, patient), fact in tables.facts.items()
        if id_ == source.id
        and fact.type == type_
        and (patients is None or patient in patients)
        and _begins_within(fact, since, until)
    }


def _begins_within(fact: Fact, since: datetime | None, until: datetime | None) -> bool:
    if since is None and until is None:
        return True
    start = days(fact.start, ZoneInfo("UTC")) if isinstance(fact, Appointment) and fact.start else None
    begins = start.instant if start else None
    return begins is not None and (since is None or begins >= since) and (until is None or begins < until)
