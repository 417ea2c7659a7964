"""The writing half of a FHIR server that has Task: what stands there of ours, and how it comes to stand there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from fhir_adapters import lookup, taking_back
from fhir_adapters.feed import Feed
from fhir_adapters.http import FhirHttp
from fhir_adapters.mapping import MappingRules
from fhir_adapters.writeback import Names, device_draft, draft_for, in_order, send, with_provenance
from plugin.domain.ledger import LedgerRow
from plugin.domain.source import Draft, HowToTakeBack, Standing, TakenBack, Written


class FhirWriting:
    """The port ``TaskSink`` (plugin/usecases/ports.py). ``feed`` searches under the filter that finds what is ours, and
    ``names`` are the systems under which it is written."""

    def __init__(self, http: FhirHttp, feed: Feed, names: Names, rules: MappingRules) -> None:
        self._http = http
        self._feed = feed
        self._names = names
        self._rules = rules

    def draft(self, row: LedgerRow) -> Draft | None:
        return replace(draft_for(row, self._names, {}), by=row.by)

    def device(self) -> Draft:
        return device_draft(self._names)

    def accompanied(self, drafts: Sequence[Draft], at: datetime) -> Sequence[Draft]:
        return with_provenance(in_order(drafts), self._names, recorded=at)

    def write(self, drafts: Sequence[Draft]) -> Sequence[Written]:
        return send(self._http, drafts)

    def authors(self, ref: str, version: str) -> Sequence[str]:
        return lookup.authors(self._http, self._feed, self._rules, ref, version)

    def ours(self) -> Iterator[Sequence[Standing]]:
        return lookup.standing(self._feed, self._names)

    def standing(self, refs: Sequence[str]) -> Sequence[Standing]:
        return lookup.standing_of(self._feed, refs)

    def ours_by_type(self) -> Mapping[str, int]:
        return taking_back.counts(self._feed, self._names)

    def take_back(self, how: HowToTakeBack) -> Iterator[TakenBack]:
        return taking_back.take_back(self._http, self._feed, self._names, how)

    def close(self) -> None:
        self._http.close()
