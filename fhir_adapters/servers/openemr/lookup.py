"""Reading of an OpenEMR what is known by name: resources by reference, one patient's record, orders by code, what there
is of a type."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from fhir_adapters.mapping import version_of
from fhir_adapters.resources import RESOURCES
from fhir_adapters.servers.openemr.answers import Resource
from fhir_adapters.servers.openemr.feed import Feed, why_not
from fhir_adapters.servers.openemr.mapping import as_r4, is_of_nobody
from fhir_adapters.servers.openemr.parts import PARTS, Way
from fhir_adapters.servers.openemr.passes import BY_TIME, check_patients
from fhir_adapters.servers.openemr.requests import ALLOWED, from_day, listed, uuids_of
from fhir_adapters.servers.openemr.rhythm import Pace
from plugin.domain.errors import CannotDo, NotFhir, NotGranted, TooLarge
from plugin.domain.record import Coding
from plugin.domain.source import Extent, Page

MOST_IDS = 100
MOST_CODES = 40
_STAFF = "Practitioner"

References = Sequence[tuple[str, str]]


def by_reference(feed: Feed, refs: Sequence[str]) -> Iterator[Page]:
    """Patients in lists, everything else one by one: of other types a list of ids was not seen to work. What is gone is
    not in the answer; what we may not see raises, for it is not gone."""
    by_type: dict[str, dict[str, None]] = {}
    for ref in refs:
        type_, _, id_ = ref.partition("/")
        if type_ in PARTS:
            by_type.setdefault(type_, {})[id_] = None
    for type_, ids in by_type.items():
        if type_ == "Patient":
            yield from _patients(feed, uuids_of(f"Patient/{id_}" for id_ in ids))
            continue
        found = [raw for id_ in ids if (raw := _one(feed, type_, id_)) is not None]
        if found:
            yield feed.mapped(type_, found)


def _patients(feed: Feed, ids: Sequence[str]) -> Iterator[Page]:
    for start in range(0, len(ids), MOST_IDS):
        batch = ids[start : start + MOST_IDS]
        found = feed.passes.ask("Patient", _id=listed(batch)).resources
        _check_left_out(feed, sorted(set(batch) - {str(raw.get("id")) for raw in found}))
        yield feed.mapped("Patient", found)


def _check_left_out(feed: Feed, ids: Sequence[str]) -> None:
    """An empty Bundle may as well say that OpenEMR has not understood; only 404 says that somebody is gone. One who is
    there all the same, and what the lists say of the others is worth nothing either."""
    for id_ in ids:
        if feed.passes.http.read("Patient", id_) is not None:
            raise NotFhir("Patient: an answer leaves out patients who are there.")


def _one(feed: Feed, type_: str, id_: str) -> Resource | None:
    found = feed.passes.http.read(type_, id_)
    # OpenEMR 8.2 (recordings 414, 415): staff without an NPI is found as Person alone.
    return feed.passes.http.read("Person", id_) if found is None and type_ == _STAFF else found


def ordered(feed: Feed, codes: Sequence[Coding]) -> Iterator[Page]:
    """Orders with one of these codes, of all patients. What would mean something else in a search is not asked for."""
    known = [
        f"{system}|{code}" for system, code, _ in codes if system and code and not set(system + code) & set(",|$\\ ")
    ]
    for start in range(0, len(known), MOST_CODES):
        yield from _with_codes(feed, known[start : start + MOST_CODES])


def _with_codes(feed: Feed, codes: Sequence[str]) -> Iterator[Page]:
    try:
        found = feed.passes.ask("ServiceRequest", code=listed(codes))
    except TooLarge:
        if len(codes) == 1:
            raise
        yield from _with_codes(feed, codes[: len(codes) // 2])
        yield from _with_codes(feed, codes[len(codes) // 2 :])
        return
    except (NotGranted, CannotDo) as refusal:
        why_not("ServiceRequest", refusal)
        return  # the type's own feed tells it
    if found.resources:
        yield feed.mapped("ServiceRequest", found.resources)


def of_patient(feed: Feed, types: Sequence[str], patient: str, since: date | None) -> Iterator[Page]:
    """Everything of one patient. What is asked for from a day on is complete about nothing: the day that OpenEMR compares
    is not always the one that it shows."""
    ids = uuids_of([patient])
    for type_ in types if ids else ():
        params = _params_of(type_, ids[0], since)
        if params is None:
            continue
        try:
            found = feed.passes.ask(type_, **params)
        except (NotGranted, CannotDo) as refusal:
            why_not(type_, refusal)
            continue
        whole = list(params) == ["patient"]
        if whole:
            check_patients(type_, found, ids)
        if whole or found.resources:
            extent = Extent(frozenset({patient})) if whole else None
            yield replace(feed.mapped(type_, found.resources), extent=extent)


def _params_of(type_: str, id_: str, since: date | None) -> dict[str, str] | None:
    allowed = ALLOWED.get(type_, {})
    if type_ == "Patient":
        return {"_id": id_}
    if "patient" not in allowed:
        return None
    by = RESOURCES[type_].since_search
    return (
        {"patient": id_} if since is None or by is None or by not in allowed else {"patient": id_, by: from_day(since)}
    )


def references(feed: Feed, type_: str) -> Iterator[References]:
    """(``Type/id``, version) of what is there now: a whole reading. Of types that are read by patient, of the tracked
    ones; of plans, of all on file."""
    wanted = [part for part in PARTS.get(type_, ()) if part.way not in (Way.CHANGED, *BY_TIME)]
    for part in wanted:
        if part.back is None:
            for step in feed.passes.over(type_, part, Pace()):
                yield [_reference(feed, type_, raw) for raw in step.resources if not is_of_nobody(raw)]


def _reference(feed: Feed, type_: str, raw: Resource) -> tuple[str, str]:
    return f"{type_}/{raw.get('id')}", version_of(as_r4(raw, feed.clinic))


def count(feed: Feed, type_: str) -> int:
    """Patients are counted page by page. Of everything else OpenEMR 8.2 tells no number (`total` is that of what it sent):
    CannotDo, after it was seen that the type can be read at all."""
    if type_ == "Patient":
        return _patients_there(feed)
    for patient in feed.passes.ask("Patient", _count="1").resources:
        feed.passes.ask(type_, **(_params_of(type_, str(patient.get("id")), None) or {}))
        raise CannotDo(f"{type_}: OpenEMR lets us read it, and does not count.")
    raise CannotDo(f"{type_}: not tried, since OpenEMR names no patient by whom it could be asked for.")


def _patients_there(feed: Feed) -> int:
    there = sum(len(refs) for refs in references(feed, "Patient"))
    if not there and feed.passes.memory.patients():
        raise NotFhir("Patient: OpenEMR answers as if it had none, and it had some.")
    return there
