"""A companion FHIR store for a source that has no Task: Tasks and gaps stand there, beside the practice's other
records.

The patient of everything that is written is the store's own, who is linked to the source's
(plugin/domain/companion.py): without a link nothing is written. What only the source has (plan, order, owner,
encounter) is referred to by identifier and display: a store refuses a literal reference that it cannot resolve (HAPI
8.8.0: HAPI-1094). The identifier's system is the source's FHIR base and the type, its value the id there.

Ids, and the identifiers of our own, are those that HAPI gets from its own practice. Beside our tag everything carries
one that names the source: two sources may share a store, and neither takes the other's for its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from fhir_adapters import lookup
from fhir_adapters.ehr import rules_of
from fhir_adapters.feed import Feed
from fhir_adapters.http import FhirHttp
from fhir_adapters.servers import server_of
from fhir_adapters.writeback import DEVICE, Names, digest_of, owned_of
from fhir_adapters.writing import FhirWriting
from plugin.domain.errors import CannotDo
from plugin.domain.ledger import LedgerRow
from plugin.domain.record import Fact, Link, Order
from plugin.domain.source import Cursor, Draft, Page, Source
from plugin.domain.writes import is_reference

_TASK = "Task"
_OURS = re.compile(r"(Task|DetectedIssue|Flag|Communication)/m[pgfc]-[a-z2-7]{26}", re.ASCII)
"""What `derived_id` names (plugin/domain/writes.py): it stands in the store, as our Device does."""
_CALLED = {
    "CarePlan": "Care plan",
    "ServiceRequest": "Order",
    "Practitioner": "Member of staff",
    "CareTeam": "Care team",
}


class LinkedPatients(Protocol):
    """What is known of who is who, and of what the source's resources are called."""

    def in_store(self, patient: str) -> str | None:
        """The patient of the store who is linked to this one of the source now."""

    def in_source(self, refs: Sequence[str]) -> Mapping[str, str]:
        """Store's reference -> source's, of those that are linked."""

    def name_of(self, ref: str) -> str | None:
        """What somebody of the source is called, where that is known."""


class CompanionStore(FhirWriting):
    """The port ``TaskSink`` over a store, for one source; and what people change in the store's Tasks of ours. `names` are
    those of the installation, with the store's own tags. `overlap` as in `FhirEhr`."""

    def __init__(
        self,
        http: FhirHttp,
        *,
        store: Source,
        source: Source,
        names: Names,
        patients: LinkedPatients,
        overlap: timedelta | None = None,
    ) -> None:
        names = names_for(names, source)
        rules = rules_of(http.base_url, names, aliases=store.link_aliases)
        kind = server_of(store.kind)
        server = kind if overlap is None else replace(kind, overlap=overlap)
        super().__init__(http, Feed(http, server, rules, filter_for(names, source)), names, rules)
        self._theirs = Feed(http, server, rules, store.search_filter)
        self._base = source.base_url.rstrip("/")
        self._patients = patients

    def draft(self, row: LedgerRow) -> Draft | None:
        """See the port. CannotDo while its patient is not linked: a person links them, and then it is tried again."""
        made = super().draft(row)
        if made is None:
            return None
        patient = str((row.content or {}).get("patient", ""))
        there = self._patients.in_store(patient)
        if there is None:
            raise CannotDo(f"{row.what}: its patient is not linked to the companion store; somebody has to link them.")
        return self._as_known_there(made, {patient: there})

    def accompanied(self, drafts: Sequence[Draft], at: datetime) -> Sequence[Draft]:
        """See the port. Who acted is somebody of the source, too."""
        return [
            self._as_known_there(draft, {}) if draft.ref.startswith("Provenance/") else draft
            for draft in super().accompanied(drafts, at)
        ]

    def authors(self, ref: str, version: str) -> Sequence[str]:
        """See the port. Their word of it does not carry our tags. Somebody of the store is named by a whole address: the
        source may know another by the same id."""
        found = lookup.authors(self._http, self._theirs, self._rules, ref, version)
        return [self._elsewhere(author) for author in found]

    def edits(self, cursor: Cursor) -> Iterator[Page]:
        """Our Tasks that changed there since, by whomever, about the source's patients."""
        for page in self._feed.pages(_TASK, cursor):
            yield self._at_home(page)

    def read(self, refs: Sequence[str]) -> Iterator[Page]:
        """Our Tasks by reference, in the same way; other types are not in the answer."""
        for page in lookup.by_reference(self._feed, [ref for ref in refs if ref.startswith(f"{_TASK}/")]):
            yield self._at_home(page)

    def _as_known_there(self, draft: Draft, patients: Mapping[str, str]) -> Draft:
        """What we own is told from the body that goes out: its owner is no literal reference there."""
        body = {name: self._turned(part, patients) for name, part in draft.body.items()}
        owned = owned_of(body) if draft.owned else ""
        return replace(draft, body=body, digest=digest_of(body), owned=owned)

    def _turned(self, part: object, patients: Mapping[str, str]) -> object:
        if isinstance(part, list):
            return [self._turned(item, patients) for item in part]
        if not isinstance(part, dict):
            return part
        ref = part.get("reference")
        if not isinstance(ref, str):
            return {name: self._turned(value, patients) for name, value in part.items()}
        return {**part, **self._reference(ref, patients)} if ref in patients or _is_ours(ref) else self._logical(ref)

    def _reference(self, ref: str, patients: Mapping[str, str]) -> dict[str, object]:
        return {"reference": patients.get(ref, ref)}

    def _logical(self, ref: str) -> dict[str, object]:
        """https://hl7.org/fhir/R4/references.html#logical"""
        type_, _, id_ = ref.partition("/")
        display = self._patients.name_of(ref) or f"{_CALLED.get(type_, type_)} in the EHR"
        return {"type": type_, "identifier": {"system": f"{self._base}/{type_}", "value": id_}, "display": display}

    def _at_home(self, page: Page) -> Page:
        """Of the source's patients; what is about nobody whom we know is left out, and so is what is not ours."""
        ours = [fact for fact in page.facts if isinstance(fact, Order) and fact.ours]
        known = self._patients.in_source(sorted({fact.subject for fact in ours if fact.subject}))
        facts: tuple[Fact, ...] = tuple(
            replace(fact, subject=known[fact.subject], owner=self._owner(fact.owner))
            for fact in ours
            if fact.subject is not None and fact.subject in known
        )
        return replace(page, facts=facts)

    def _owner(self, owner: Link | None) -> Link | None:
        return owner if owner is None or owner.ref is None else replace(owner, ref=self._elsewhere(owner.ref))

    def _elsewhere(self, ref: str) -> str:
        return f"{self._http.base_url}/{ref}" if is_reference(ref) else ref


def names_for(names: Names, source: Source) -> Names:
    """With the tag that says of which source something is."""
    return replace(names, tags=(_tag(names, source), *names.tags))


def filter_for(names: Names, source: Source) -> Mapping[str, str]:
    """What finds all of ours for this source."""
    system, code = _tag(names, source)
    return {"_tag": f"{system}|{code}"}


def _tag(names: Names, source: Source) -> tuple[str, str]:
    return names.system("source"), source.slug


def _is_ours(ref: str) -> bool:
    return ref == DEVICE or _OURS.fullmatch(ref) is not None
