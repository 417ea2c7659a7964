"""A companion store's patients, as linking asks for them; and what stands there about one of them in error."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fhir_adapters import lookup
from fhir_adapters.ehr import rules_of
from fhir_adapters.feed import Feed
from fhir_adapters.http import FhirHttp, Resource
from fhir_adapters.mapping import version_of
from fhir_adapters.servers import server_of
from fhir_adapters.sinks.companion import filter_for
from fhir_adapters.writeback import Names, digest_of, owned_of, send
from plugin.domain.errors import TemporaryFailure
from plugin.domain.record import Fact, Identifier, Patient
from plugin.domain.source import Draft, Page, Source, Standing, Written

_MOST_IDENTIFIERS = 40
_MEANS_MORE = frozenset(",|$\\")
"""What would mean something else in a search; such an identifier is not asked for."""
_ABOUT = {"Task": "patient", "DetectedIssue": "patient", "Flag": "patient", "Communication": "subject"}
_IN_ERROR = "entered-in-error"


class CompanionPatients:
    """The port ``Companion`` (plugin/usecases/sink_ports.py) over a store."""

    def __init__(self, http: FhirHttp, *, store: Source, names: Names) -> None:
        self._http = http
        self._names = names
        self._server = server_of(store.kind)
        self._rules = rules_of(http.base_url, names, aliases=store.link_aliases)
        self._filter = store.search_filter
        self._feed = Feed(http, self._server, self._rules, store.search_filter)

    def patients_with(self, identifiers: Sequence[Identifier]) -> Sequence[Patient]:
        wanted = [f"{system}|{value}" for system, value in identifiers if not set(system + value) & _MEANS_MORE]
        found: dict[str, Patient] = {}
        for start in range(0, len(wanted), _MOST_IDENTIFIERS):
            asked = {**self._filter, "identifier": ",".join(wanted[start : start + _MOST_IDENTIFIERS])}
            for bundle in self._http.pages_by_form("Patient", asked):
                page = self._feed.mapped("Patient", _found_in(bundle))
                found.update((one.ref, one) for one in _patients(page.facts))
        return list(found.values())

    def patients(self, refs: Sequence[str]) -> Sequence[Patient]:
        pages: Iterator[Page] = lookup.by_reference(self._feed, [ref for ref in refs if ref.startswith("Patient/")])
        return [one for page in pages for one in _patients(page.facts)]

    def disown(self, patient: str, source: Source) -> Sequence[Standing]:
        """See the port. A Flag that is entered in error shows no banner; a Task counts for nobody."""
        feed = Feed(self._http, self._server, self._rules, filter_for(self._names, source))
        standing: list[Standing] = []
        for type_, about in _ABOUT.items():
            for page in feed.search(type_, {about: patient}):
                standing += self._ended(page)
        return standing

    def _ended(self, resources: Sequence[Resource]) -> list[Standing]:
        drafts = [_draft(one) for one in resources]
        done = {answer.ref: answer for answer in send(self._http, [draft for draft in drafts if draft.if_match])}
        if failed := [answer for answer in done.values() if answer.error is not None]:
            raise TemporaryFailure(f"{len(failed)} resources could not be taken off a patient who was linked in error.")
        stood = {draft.ref: version_of(one) for draft, one in zip(drafts, resources, strict=True)}
        return [_standing(draft, done.get(draft.ref), stood[draft.ref]) for draft in drafts]


def _found_in(bundle: Resource) -> list[Resource]:
    """Patients alone: a search may bring an OperationOutcome along."""
    entries = bundle.get("entry", [])
    found = (entry.get("resource") for entry in entries if isinstance(entry, dict))
    return [one for one in found if isinstance(one, dict) and one.get("resourceType") == "Patient"]


def _patients(facts: Sequence[Fact]) -> list[Patient]:
    return [fact for fact in facts if isinstance(fact, Patient)]


def _draft(resource: Resource) -> Draft:
    """In error, over the version that stands there; without a version where it says so already."""
    body = {**resource, "status": _IN_ERROR}
    owned = owned_of(body) if body["resourceType"] == "Task" else ""
    version = None if resource.get("status") == _IN_ERROR else version_of(resource)
    ref = f"{body['resourceType']}/{body.get('id')}"
    return Draft(ref=ref, body=body, digest=digest_of(body), owned=owned, if_match=version)


def _standing(draft: Draft, answer: Written | None, stood: str) -> Standing:
    return Standing(draft.ref, stood if answer is None else answer.version or "", draft.digest, draft.owned)
