"""Tests of fhir_adapters/capability.py."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import responses

from fhir_adapters.capability import Capability, capability_of, from_json, probe
from fhir_adapters.http import FhirHttp
from fhir_adapters.servers import HAPI, R4
from plugin.domain.errors import CannotDo, NotFhir, NotR4, Unauthorized

BASE = "https://ehr.example/fhir"
HAPI_SAYS = Path(__file__).parents[1] / "fixtures" / "fhir" / "hapi" / "capability.json"


@pytest.fixture
def statement() -> dict[str, Any]:
    """What HAPI 8.8.0 says, recorded, with the types that Milepost reads or writes."""
    found: dict[str, Any] = orjson.loads(HAPI_SAYS.read_bytes())
    return found


@pytest.fixture
def metadata() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=True) as mock:
        yield mock


def test_hapi_can_do_all_that_is_needed(statement: dict[str, Any]) -> None:
    """Reading, writing back under ids of ours, transactions, history and Subscriptions."""
    capability = capability_of(statement, HAPI, BASE)

    assert (capability.kind, capability.fhir_version) == ("hapi", "4.0.1")
    assert (capability.software, capability.software_version) == ("HAPI FHIR Server", "8.8.0")
    assert capability.transaction
    assert capability.history
    assert capability.subscription
    assert capability.change_stamp
    assert capability.can("Task", "update")
    assert capability.searches("Task", "based-on")
    assert not capability.searches("Task", "due")
    assert capability.missing_for_write_back() == ()
    capability.require_write_back("main")


def test_it_is_stored_as_json_and_read_again(statement: dict[str, Any]) -> None:
    """What a source's row keeps is the same capability after a restart."""
    capability = capability_of(statement, HAPI, BASE)

    assert from_json(json.loads(json.dumps(capability.as_json()))).as_json() == capability.as_json()
    assert from_json(orjson.loads(orjson.dumps(capability.as_json()))) == capability


@pytest.mark.parametrize(
    "stored", [{}, {"types": [], "system": "x", "change_stamp": "yes", "new": 1}, {"types": {"Task": 7}}]
)
def test_a_stored_one_of_another_version_can_do_less_not_worse(stored: dict[str, object]) -> None:
    """What cannot be read is not offered; nothing fails."""
    capability = from_json(stored)

    assert not capability.transaction
    assert not capability.change_stamp
    assert not capability.can("Task", "update")


def test_a_server_without_task_can_be_read_and_says_so(statement: dict[str, Any]) -> None:
    """OpenEMR has no Task: the probe holds, write-back to it does not, with the reason."""
    resources = statement["rest"][0]["resource"]
    statement["rest"][0]["resource"] = [resource for resource in resources if resource["type"] != "Task"]

    capability = capability_of(statement, R4, BASE)

    assert capability.can("CarePlan", "search-type")
    with pytest.raises(CannotDo, match=r"Source main: milestone Tasks cannot be written there.*offer Task"):
        capability.require_write_back("main")


@pytest.mark.parametrize(
    ("without", "words"),
    [
        ("update", "Task update"),
        ("search-type", "Task search-type"),
        ("updateCreate", "under an id of ours"),
        ("transaction", "transaction"),
    ],
)
def test_what_write_back_misses_is_named(statement: dict[str, Any], without: str, words: str) -> None:
    """An administrator reads what to ask of the server's vendor."""
    rest = statement["rest"][0]
    task = next(resource for resource in rest["resource"] if resource["type"] == "Task")
    task["updateCreate"] = without != "updateCreate"
    for offered in (task, rest):
        offered["interaction"] = [entry for entry in offered["interaction"] if entry["code"] != without]

    with pytest.raises(CannotDo, match=words):
        capability_of(statement, R4, BASE).require_write_back("main")


@pytest.mark.parametrize(
    ("versioning", "expected"),
    [("versioned", True), ("versioned-update", True), ("no-version", False), (None, False)],
)
def test_the_stamp_of_an_unknown_server(statement: dict[str, Any], versioning: str | None, expected: bool) -> None:
    """Where versions are kept the stamp is of the change; otherwise we go by our own first sight."""
    for resource in statement["rest"][0]["resource"]:
        resource["versioning"] = versioning

    assert capability_of(statement, R4, BASE).change_stamp is expected
    assert capability_of(statement, HAPI, BASE).change_stamp is True


@pytest.mark.parametrize("version", ["4.0.1", "4.0.0"])
def test_r4_is_taken(statement: dict[str, Any], version: str) -> None:
    """4.0.1 and its predecessor are one and the same for us."""
    statement["fhirVersion"] = version

    assert capability_of(statement, R4, BASE).fhir_version == version


@pytest.mark.parametrize("version", ["3.0.2", "4.3.0", "5.0.0", "", None, 4])
def test_another_fhir_is_refused(statement: dict[str, Any], version: object) -> None:
    """STU3, R4B and R5 have other elements under the same names."""
    statement["fhirVersion"] = version

    with pytest.raises(NotR4, match="Milepost needs R4"):
        capability_of(statement, R4, BASE)


@pytest.mark.parametrize(
    "damage",
    [
        {"rest": None},
        {"rest": [{"mode": "client"}]},
        {"rest": {"mode": "server"}},
        {"rest": [{"mode": "server", "resource": ["Task"], "interaction": "all"}]},
        {"rest": [{"mode": "server", "resource": [{"type": "Task", "interaction": [{"code": 1}], "searchParam": 7}]}]},
        {"software": "HAPI"},
    ],
)
def test_a_statement_of_any_shape_is_read_as_far_as_it_goes(statement: dict[str, Any], damage: dict[str, Any]) -> None:
    """No optional element is trusted; what cannot be read is not offered."""
    damaged = {**copy.deepcopy(statement), **damage}

    assert isinstance(capability_of(damaged, R4, BASE), Capability)


def test_a_probe_asks_for_metadata(metadata: responses.RequestsMock, statement: dict[str, Any]) -> None:
    """One request, and the capability is known."""
    metadata.get(f"{BASE}/metadata", json=statement)

    assert probe(FhirHttp(BASE), HAPI) == capability_of(statement, HAPI, BASE)


def test_an_address_without_fhir_is_called_so(metadata: responses.RequestsMock) -> None:
    """A 404 on metadata means the path is wrong, and the message says that."""
    metadata.get(f"{BASE}/metadata", status=404, body="<html>")

    with pytest.raises(NotFhir, match=r"no FHIR server at https://ehr\.example/fhir.*check the path"):
        probe(FhirHttp(BASE))


def test_another_resource_is_no_capability(metadata: responses.RequestsMock) -> None:
    """Whatever answers there, it is no FHIR server."""
    metadata.get(f"{BASE}/metadata", json={"resourceType": "Patient"})

    with pytest.raises(NotFhir, match="no CapabilityStatement"):
        probe(FhirHttp(BASE))


def test_a_wrong_key_is_called_so(metadata: responses.RequestsMock) -> None:
    """The commonest mistake after the address."""
    metadata.get(f"{BASE}/metadata", status=401)

    with pytest.raises(Unauthorized, match="401, the token was not accepted"):
        probe(FhirHttp(BASE))
