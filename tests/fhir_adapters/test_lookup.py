"""Tests of fhir_adapters/lookup.py: what is read by name."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from fhir_adapters.feed import Feed
from fhir_adapters.http import FhirHttp
from fhir_adapters.lookup import authors, by_reference, of_patient, ordered, standing
from fhir_adapters.mapping import MappingRules
from fhir_adapters.servers import server_of
from fhir_adapters.writeback import Names
from plugin.domain.record import Coding
from plugin.domain.source import Page
from tests.fhir_adapters.search_server import SearchServer, serving

PATIENT = {"reference": "Patient/p1"}
RULES = MappingRules()
NAMES = Names()


@pytest.fixture
def server() -> SearchServer:
    return SearchServer()


@pytest.fixture
def http(server: SearchServer) -> Iterator[FhirHttp]:
    with serving(server) as made:
        yield made


@pytest.fixture
def feed(http: FhirHttp) -> Feed:
    return Feed(http, server_of("hapi"), RULES)


def refs(pages: Iterable[Page]) -> list[str]:
    return sorted(fact.ref for page in pages for fact in page.facts)


def about(patient: str) -> dict[str, Any]:
    """`for` is a word of Python, too."""
    return {"for": {"reference": patient}}


def test_references_are_read_in_batches_of_one_type(server: SearchServer, feed: Feed) -> None:
    """A hundred ids in one search, each once."""
    wanted = [f"Task/t{number}" for number in range(150)]
    for ref in wanted:
        server.put(ref)
    server.put("ServiceRequest/sr1")

    pages = list(by_reference(feed, [*wanted, "ServiceRequest/sr1", "Task/t1"]))

    assert refs(pages) == sorted([*wanted, "ServiceRequest/sr1"])
    assert [len(dict(query)["_id"].split(",")) for _, query in server.asked] == [100, 50, 1]
    assert all(page.cursor is None for page in pages)


def test_what_is_gone_or_forbidden_or_no_reference_is_not_in_the_answer(server: SearchServer, feed: Feed) -> None:
    """Whether it was deleted, or is of another server, or of a type that we do not read or see."""
    server.put("Task/t1")
    server.refuses = {"Consent": 403, "VisionPrescription": 404}
    asked = [
        "Task/t1",
        "Task/gone",
        "Consent/k1",
        "VisionPrescription/v1",
        "Organization/o1",
        "Task/a,b",
        "Task/a?x=y",
        "CarePlan/cp1#sr",
        "urn:uuid:0b7f",
        "https://other.example/Task/t1",
        "Task",
        "",
    ]

    assert refs(by_reference(feed, asked)) == ["Task/t1"]


def test_of_a_note_only_what_is_needed_is_asked_for(server: SearchServer, feed: Feed) -> None:
    """Its content never reaches us."""
    server.put("DocumentReference/n1", content=[{"attachment": {"data": "c2VjcmV0"}}], status="current")

    (page,) = by_reference(feed, ["DocumentReference/n1"])

    assert len(page.facts) == 1
    assert "content" not in dict(server.asked[0][1])["_elements"].split(",")


def test_orders_are_found_by_their_codes_before_their_patients_are_known(server: SearchServer, feed: Feed) -> None:
    """Requests and Tasks of all patients; a code without a system, or one that a search would read otherwise, is not
    asked for."""
    codes = [Coding("http://loinc.org", "4548-4"), Coding("", "local"), Coding("urn:x", "a,b")]
    code = {"coding": [{"system": "http://loinc.org", "code": "4548-4"}]}
    server.put("ServiceRequest/sr1", status="active", intent="order", subject=PATIENT, code=code)
    server.put("ServiceRequest/sr2", status="active", intent="order", subject=PATIENT)

    pages = list(ordered(feed, ["Patient", "ServiceRequest"], codes))

    assert [fact.ref for page in pages for fact in page.facts] == ["ServiceRequest/sr1"]
    assert [(type_, dict(query)["code"]) for type_, query in server.asked] == [
        ("ServiceRequest", "http://loinc.org|4548-4")
    ]


def test_a_read_back_brings_one_patients_record_from_a_day_on(server: SearchServer, feed: Feed) -> None:
    """By each type's own parameters: results since then, orders and plans whenever they were."""
    server.put("Patient/p1")
    server.put("CarePlan/cp1", subject=PATIENT)
    server.put("Task/t1", **about("Patient/p1"))
    server.put("Task/other", **about("Patient/p2"))
    server.put("Observation/old", subject=PATIENT, effectiveDateTime="2025-12-31")
    server.put("Observation/new", subject=PATIENT, effectiveDateTime="2026-01-05")
    types = ("Patient", "CarePlan", "Task", "Practitioner", "Observation")

    pages = list(of_patient(feed, types, "Patient/p1", date(2026, 1, 5)))

    assert refs(pages) == ["CarePlan/cp1", "Observation/new", "Patient/p1", "Task/t1"]
    assert {type_ for type_, _ in server.asked} == {"Patient", "CarePlan", "Task", "Observation"}
    assert ("_id", "p1") in server.asked[0][1]
    assert refs(of_patient(feed, types, "Patient/p1", None)) == sorted([*refs(pages), "Observation/old"])


def test_a_patient_of_another_server_has_no_record_here(server: SearchServer, feed: Feed) -> None:
    """Nothing is asked for under such a name."""
    assert list(of_patient(feed, ("Task",), "https://other.example/Patient/p1", None)) == []
    assert server.asked == []


def a_provenance(server: SearchServer, id_: str, target: str, *who: str, **elements: Any) -> None:
    agents = [{"who": {"reference": ref}} for ref in who]
    recorded = server.now.isoformat()
    server.put(f"Provenance/{id_}", target=[{"reference": target}], agent=agents, recorded=recorded, **elements)


def test_the_author_of_a_version_is_whom_a_provenance_of_it_names(
    server: SearchServer, http: FhirHttp, feed: Feed
) -> None:
    """Not of the version before, and never Milepost itself."""
    server.put("Task/t1")
    a_provenance(server, "v1", "Task/t1/_history/1", "Practitioner/first")
    server.put("Task/t1", status="completed")
    a_provenance(server, "v2", "Task/t1/_history/2", "Practitioner/nurse", "Practitioner/nurse", "Organization/ward")
    a_provenance(server, "v3", "Task/t1/_history/2", "Device/milepost", meta=NAMES.meta)

    assert authors(http, feed, RULES, ref="Task/t1", version="2") == ("Practitioner/nurse", "Organization/ward")


def test_a_provenance_without_a_version_counts_when_it_was_recorded_then(
    server: SearchServer, http: FhirHttp, feed: Feed
) -> None:
    """One of another day speaks of another version."""
    a_provenance(server, "v0", "Task/t1", "Practitioner/before")
    server.passes(days=1)
    server.put("Task/t1")
    a_provenance(server, "v1", "Task/t1", "Practitioner/nurse")

    assert authors(http, feed, RULES, ref="Task/t1", version="1") == ("Practitioner/nurse",)


def test_usually_nobody_is_named(server: SearchServer, http: FhirHttp, feed: Feed) -> None:
    """Nor where the version, or Provenance itself, cannot be read."""
    server.put("Task/t1")
    assert authors(http, feed, RULES, ref="Task/t1", version="1") == ()
    assert authors(http, feed, RULES, ref="Task/t1", version="9") == ()

    server.refuses = {"Provenance": 403}
    assert authors(http, feed, RULES, ref="Task/t1", version="1") == ()


def test_everything_that_carries_our_tag_is_found_again(server: SearchServer, feed: Feed) -> None:
    """A lost database adopts it: with versions, and with digests that do not depend on the server's own stamps."""
    server.put("Task/mp-1", status="ready", meta=NAMES.meta)
    server.put("Flag/mp-2", status="active", meta=NAMES.meta)
    server.put("Task/theirs", status="ready")

    found = [item for page in standing(feed, NAMES) for item in page]
    server.passes(hours=1)
    server.put("Task/mp-1", status="ready", meta=NAMES.meta)
    again = [item for page in standing(feed, NAMES) for item in page]

    assert [(item.ref, item.version) for item in found] == [("Task/mp-1", "1"), ("Flag/mp-2", "1")]
    assert [(item.ref, item.version) for item in again] == [("Task/mp-1", "2"), ("Flag/mp-2", "1")]
    assert [(item.digest, item.owned) for item in found] == [(item.digest, item.owned) for item in again]
    assert found[0].owned
    assert not found[1].owned


def test_a_window_of_time_is_no_reason_to_miss_a_page(server: SearchServer, feed: Feed) -> None:
    """A patient with more than a page of results gets all of them."""
    for number in range(1100):
        server.put(f"Observation/o{number:04}", subject=PATIENT, effectiveDateTime="2026-06-01")
        server.now += timedelta(milliseconds=3)

    assert len(refs(of_patient(feed, ("Observation",), "Patient/p1", None))) == 1100
