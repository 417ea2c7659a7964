"""How a companion store is asked for patients. What a real HAPI answers: tests/live/fhir_adapters/test_companion.py."""

from urllib.parse import parse_qs

import responses

from fhir_adapters.http import FhirHttp
from fhir_adapters.sinks import CompanionPatients
from fhir_adapters.writeback import Names
from plugin.domain.record import Identifier
from plugin.domain.source import Source

BASE = "https://store.example/fhir"
STORE = Source(id=2, slug="store", base_url=BASE, use="store", search_filter={"_tag": "urn:clinic|east"})


def bundle(*ids: str, following: str | None = None) -> dict[str, object]:
    """A page of patients, and of what else a server says."""
    links = [] if following is None else [{"relation": "next", "url": following}]
    people = [{"resource": {"resourceType": "Patient", "id": id_}} for id_ in ids]
    said = {"resource": {"resourceType": "OperationOutcome", "id": "x"}}
    return {"resourceType": "Bundle", "type": "searchset", "link": links, "entry": [*people, said]}


def test_peoples_numbers_stand_in_no_address() -> None:
    """They are asked for by a form, under the store's own filter; page after page."""
    with responses.RequestsMock() as server:
        server.post(f"{BASE}/Patient/_search", json=bundle("s1", following=f"{BASE}?_getpages=7"))
        server.get(f"{BASE}?_getpages=7", json=bundle("s2", "s1"))
        patients = CompanionPatients(FhirHttp(BASE), store=STORE, names=Names())

        found = patients.patients_with([Identifier("urn:ssn", "123-45-6789"), Identifier("urn:mrn", "1000")])

        asked = [call.request for call in server.calls]
    assert [one.ref for one in found] == ["Patient/s1", "Patient/s2"]
    assert all("123-45" not in str(request.url) for request in asked)
    body = asked[0].body
    assert isinstance(body, bytes)
    assert parse_qs(body.decode()) == {
        "_tag": ["urn:clinic|east"],
        "identifier": ["urn:ssn|123-45-6789,urn:mrn|1000"],
    }


def test_nobody_is_asked_for_without_a_number() -> None:
    """And what would mean something else in a search is no number."""
    patients = CompanionPatients(FhirHttp(BASE), store=STORE, names=Names())

    assert patients.patients_with([Identifier("urn:mrn", "1,2"), Identifier("urn:a|b", "3")]) == []
