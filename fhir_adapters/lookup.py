"""Reading what is known by name: resources by reference, one patient's record, who changed a version, what is ours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from fhir_adapters.feed import Feed
from fhir_adapters.http import FhirHttp, Resource
from fhir_adapters.mapping import Mapped, MappingRules, map_resource, version_of
from fhir_adapters.resources import RESOURCES
from fhir_adapters.writeback import Names, digest_of, owned_of
from plugin.domain.edit import author_of_edit
from plugin.domain.errors import Refused
from plugin.domain.record import Coding, Fact, Order, Provenance
from plugin.domain.source import Page, Standing
from plugin.domain.writes import is_reference

MOST_IDS = 100
"""In one search: some 4,000 characters of address, which every server takes."""
MOST_CODES = 40
ORDERS = ("ServiceRequest", "Task")
"""Of the feed's types those that may begin a plan; both are searched by `code`."""
WRITTEN = ("Device", "Task", "DetectedIssue", "Flag", "Communication")
"""What Milepost writes and may write again. A Provenance is written once, and never compared with what stands."""


def by_reference(feed: Feed, refs: Sequence[str]) -> Iterator[Page]:
    """Batches of one type. What is gone, forbidden, of another type than we read, or not a reference at all, is simply
    not in the answer."""
    by_type: dict[str, dict[str, None]] = {}
    for ref in refs:
        type_, _, id_ = ref.partition("/")
        if is_reference(ref) and type_ in RESOURCES:
            by_type.setdefault(type_, {})[id_] = None
    for type_, ids in by_type.items():
        known = list(ids)
        for start in range(0, len(known), MOST_IDS):
            yield from _batch(feed, type_, known[start : start + MOST_IDS])


def _batch(feed: Feed, type_: str, ids: Sequence[str]) -> Iterator[Page]:
    params: dict[str, str | list[str]] = {"_id": ",".join(ids)}
    if RESOURCES[type_].elements:
        params["_elements"] = ",".join(("id", "meta", *RESOURCES[type_].elements))
    missing = len(ids)
    for resources in feed.search(type_, params):
        yield feed.mapped(type_, resources)
        missing -= len(resources)
        if missing <= 0:
            return


def ordered(feed: Feed, types: Sequence[str], codes: Sequence[Coding]) -> Iterator[Page]:
    """Requests with one of these codes. What would mean something else in a search is not asked for."""
    known = [f"{system}|{code}" for system, code, _ in codes if system and not set(system + code) & set(",|$\\")]
    for type_ in (name for name in ORDERS if name in types):
        for start in range(0, len(known), MOST_CODES):
            for resources in feed.search(type_, {"code": ",".join(known[start : start + MOST_CODES])}):
                if resources:
                    yield feed.mapped(type_, resources)


def of_patient(feed: Feed, types: Sequence[str], patient: str, since: date | None) -> Iterator[Page]:
    """One patient's resources of these types; what happened before `since` is left where the type has a date to ask by.
    Nothing for a patient of another server."""
    if not is_reference(patient):
        return
    for type_ in types:
        row = RESOURCES[type_]
        if row.patient_search is None:
            continue
        found = patient.partition("/")[2] if row.patient_search == "_id" else patient
        params: dict[str, str | list[str]] = {row.patient_search: found}
        if since is not None and row.since_search is not None:
            params[row.since_search] = f"ge{since.isoformat()}"
        for resources in feed.search(type_, params):
            if resources:
                yield feed.mapped(type_, resources)


def authors(http: FhirHttp, feed: Feed, rules: MappingRules, ref: str, version: str) -> tuple[str, ...]:
    """Whom Provenance names for one version of a Task: one that names the version, else one recorded near its time."""
    try:
        stated = [resource for page in feed.search("Provenance", {"target": ref}) for resource in page]
        changed = _fact(http.get(f"{ref}/_history/{version}"), rules)
    except Refused:
        return ()
    exact = [item for item in stated if _names_version(item, f"{ref}/_history/{version}")]
    found = [fact for item in exact or stated if isinstance(fact := _fact(item, rules), Provenance) and not fact.ours]
    if exact:
        return tuple(dict.fromkeys(agent for fact in found for agent in fact.agents))
    author = author_of_edit(changed, found) if isinstance(changed, Order) else None
    return () if author is None else (author,)


def _names_version(provenance: Resource, target: str) -> bool:
    targets = provenance.get("target")
    stated = (item.get("reference") for item in targets if isinstance(item, dict)) if isinstance(targets, list) else ()
    return any(isinstance(ref, str) and (ref == target or ref.endswith(f"/{target}")) for ref in stated)


def _fact(resource: Resource, rules: MappingRules) -> Fact | None:
    mapped = map_resource(resource, rules, {})
    return mapped.fact if isinstance(mapped, Mapped) else None


def standing(feed: Feed, names: Names) -> Iterator[Sequence[Standing]]:
    """Everything on the server that carries our tag."""
    for type_ in WRITTEN:
        for resources in feed.search(type_, {"_tag": f"{names.system('tag')}|milepost"}):
            yield [_standing(resource) for resource in resources]


def standing_of(feed: Feed, refs: Sequence[str]) -> list[Standing]:
    """Resources of ours by reference, as they stand now; what is gone is not in the answer."""
    by_type: dict[str, list[str]] = {}
    for ref in refs:
        type_, _, id_ = ref.partition("/")
        by_type.setdefault(type_, []).append(id_)
    found: list[Standing] = []
    for type_, ids in by_type.items():
        for start in range(0, len(ids), MOST_IDS):
            for resources in feed.search(type_, {"_id": ",".join(ids[start : start + MOST_IDS])}):
                found += [_standing(resource) for resource in resources]
    return found


def _standing(resource: Resource) -> Standing:
    owned = owned_of(resource) if resource["resourceType"] == "Task" else ""
    ref = f"{resource['resourceType']}/{resource.get('id')}"
    return Standing(ref, version_of(resource), digest_of(resource), owned)
