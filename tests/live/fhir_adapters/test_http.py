"""fhir_adapters/http.py and capability.py against a real HAPI: what the fakes say is what the server does."""

import uuid
from collections.abc import Iterator

import pytest

from deploy.hapi.server import HapiServer
from fhir_adapters.capability import Capability, probe
from fhir_adapters.http import FhirHttp
from fhir_adapters.resources import RESOURCES, ResourceType
from fhir_adapters.servers import HAPI
from plugin.domain.errors import Gone, NotFhir, NotFound, OutsideSource, Refused, VersionConflict
from plugin.outbound import Retries, Terms
from tests.servers import FhirTag

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def http(hapi: HapiServer) -> Iterator[FhirHttp]:
    client = FhirHttp(hapi.base_url, terms=Terms(retries=Retries(attempts=1)))
    yield client
    client.close()


@pytest.fixture(scope="module")
def capability(http: FhirHttp) -> Capability:
    return probe(http, HAPI)


@pytest.fixture
def task(fhir_tag: FhirTag) -> dict[str, object]:
    """A Task that nobody else has."""
    return {
        "resourceType": "Task",
        "id": f"t-{uuid.uuid4().hex}",
        "meta": {"tag": [fhir_tag.coding]},
        "status": "ready",
        "intent": "order",
    }


def transaction_of(*resources: dict[str, object]) -> dict[str, object]:
    entries = [
        {
            "resource": resource,
            "request": {"method": "PUT", "url": f"{resource['resourceType']}/{resource['id']}"},
        }
        for resource in resources
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def test_hapi_offers_what_write_back_needs(capability: Capability) -> None:
    """The probe of a real server finds nothing missing."""
    assert (capability.software, capability.fhir_version) == ("HAPI FHIR Server", "4.0.1")
    assert capability.missing_for_write_back() == ()
    assert (capability.history, capability.subscription, capability.change_stamp) == (True, True, True)


@pytest.mark.parametrize("row", RESOURCES.values(), ids=lambda row: row.name)
def test_every_search_of_the_table_is_known_to_hapi(capability: Capability, row: ResourceType) -> None:
    """A misspelt parameter would be a 400 in the middle of a sweep."""
    named = [row.patient_search, row.since_search, row.code_search, *row.request_searches]

    assert [name for name in named if name and not capability.searches(row.name, name)] == []


def test_versions_guard_a_write(http: FhirHttp, task: dict[str, object]) -> None:
    """Threat 20: created, changed under its version, and refused under a version that stands no more."""
    path = f"Task/{task['id']}"
    assert http.put(path, task).version == "1"
    assert http.put(path, {**task, "status": "completed"}, if_match="1").version == "2"

    with pytest.raises(VersionConflict, match="HAPI-0989") as refused:
        http.put(path, {**task, "status": "cancelled"}, if_match="1")

    assert refused.value.status_code == 409
    assert http.get(path)["status"] == "completed"


def test_the_same_body_twice_is_one_version(http: FhirHttp, task: dict[str, object]) -> None:
    """What makes a PUT repeatable after a lost answer."""
    versions = [http.put(f"Task/{task['id']}", task).version for _ in range(2)]

    assert versions == ["1", "1"]


def test_a_transaction_is_answered_entry_by_entry(http: FhirHttp, task: dict[str, object]) -> None:
    """Every entry has its status and version, in order; sent twice it changes nothing."""
    bundle = transaction_of(task, {**task, "id": f"{task['id']}-b"})

    replies = [http.transaction(bundle, repeatable=True) for _ in range(2)]

    assert [[entry["response"]["etag"] for entry in reply.resource["entry"]] for reply in replies] == [["1", "1"]] * 2


def test_a_deleted_one_is_gone_and_an_unknown_one_is_not_found(http: FhirHttp, task: dict[str, object]) -> None:
    """Deleted and never there are two answers: 410 and 404."""
    path = f"Task/{task['id']}"
    http.put(path, task)
    http.delete(path)

    with pytest.raises(Gone):
        http.get(path)
    with pytest.raises(NotFound) as refused:
        http.get(f"{path}-never")
    assert type(refused.value) is NotFound


def test_hapis_own_words_are_in_the_refusal(http: FhirHttp, task: dict[str, object]) -> None:
    """An administrator reads what the server did not like."""
    with pytest.raises(Refused, match="HAPI-1094: Resource Patient/nobody not found"):
        http.put(f"Task/{task['id']}", {**task, "for": {"reference": "Patient/nobody"}})


def test_hapis_next_links_are_followed_to_the_end(http: FhirHttp, task: dict[str, object], fhir_tag: FhirTag) -> None:
    """Seven Tasks in pages of three: three pages, every Task once."""
    http.transaction(transaction_of(*({**task, "id": f"{task['id']}-{number}"} for number in range(7))))
    tag = f"{fhir_tag.system}|{fhir_tag.code}"

    pages = list(http.pages("Task", {"_tag": tag, "_count": "3"}, {"Cache-Control": "no-cache"}))

    ids = [entry["resource"]["id"] for page in pages for entry in page["entry"]]
    assert [len(page["entry"]) for page in pages] == [3, 3, 1]
    assert len(set(ids)) == 7


def test_hapi_under_another_name_needs_an_alias(hapi: HapiServer, task: dict[str, object], fhir_tag: FhirTag) -> None:
    """Threat 16: links that name another host are refused, and followed at the base once the administrator says so."""
    other_name = hapi.base_url.replace("127.0.0.1", "localhost")
    plain, aliased = FhirHttp(hapi.base_url), FhirHttp(hapi.base_url, link_aliases=[other_name])
    plain.transaction(transaction_of(*({**task, "id": f"{task['id']}-{number}"} for number in range(2))))
    search = {"_tag": f"{fhir_tag.system}|{fhir_tag.code}", "_count": "1"}
    bundle = aliased.search("Task", search, {"Cache-Control": "no-cache"})
    for link in bundle["link"]:
        link["url"] = link["url"].replace(hapi.base_url, other_name)

    with pytest.raises(OutsideSource):
        plain.next_link(bundle)
    address = aliased.next_link(bundle)

    assert address is not None
    assert len(aliased.search(address)["entry"]) == 1


def test_a_note_arrives_without_its_content(http: FhirHttp, fhir_tag: FhirTag) -> None:
    """Minimum necessary: `_elements` keeps a note's text on the server."""
    note = {
        "resourceType": "DocumentReference",
        "id": f"d-{uuid.uuid4().hex}",
        "meta": {"tag": [fhir_tag.coding]},
        "status": "current",
        "content": [{"attachment": {"contentType": "text/plain", "data": "Y2FuYXJ5"}}],
    }
    http.put(f"DocumentReference/{note['id']}", note)
    elements = ",".join(RESOURCES["DocumentReference"].elements)

    bundle = http.search(
        "DocumentReference",
        {"_tag": f"{fhir_tag.system}|{fhir_tag.code}", "_elements": elements},
        HAPI.search_headers,
    )

    assert [entry["resource"]["status"] for entry in bundle["entry"]] == ["current"]
    assert "content" not in bundle["entry"][0]["resource"]


def test_an_address_beside_the_base_is_no_fhir_server(hapi: HapiServer) -> None:
    """The port is right and the path is not: said in one line."""
    with pytest.raises(NotFhir, match="check the path"):
        probe(FhirHttp(hapi.base_url.removesuffix("/fhir") + "/other"))
