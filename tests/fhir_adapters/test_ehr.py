"""Tests of fhir_adapters/ehr.py: one source as the use cases see it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from fhir_adapters.capability import Capability, TypeCapability
from fhir_adapters.ehr import FhirEhr, resolver
from fhir_adapters.http import FhirHttp
from fhir_adapters.resources import RESOURCES
from fhir_adapters.writeback import Names
from plugin.domain.record import Order
from plugin.domain.source import Cursor, Source
from plugin.usecases.ports import Ehr
from tests.fhir_adapters.search_server import BASE, NOON, SearchServer, serving

SOURCE = Source(id=1, slug="main", base_url=BASE, kind="hapi", link_aliases=("https://proxy.example/r4",))


@pytest.fixture
def server() -> SearchServer:
    return SearchServer()


@pytest.fixture
def http(server: SearchServer) -> Iterator[FhirHttp]:
    with serving(server) as made:
        yield made


def knowing(*types: str, change_stamp: bool = True, **capabilities: TypeCapability) -> Source:
    """A source that was probed."""
    found = Capability(
        kind="hapi",
        fhir_version="4.0.1",
        software="",
        software_version="",
        system=(),
        types={**dict.fromkeys(types, TypeCapability()), **capabilities},
        change_stamp=change_stamp,
    )
    return replace(SOURCE, capability=found.as_json())


def first_task(ehr: FhirEhr) -> Order:
    (page,) = ehr.pages("Task", Cursor())
    (task,) = page.facts
    assert isinstance(task, Order)
    return task


def test_it_is_what_the_use_cases_ask_for(http: FhirHttp) -> None:
    """The port, method by method."""
    ehr: Ehr = FhirEhr(http, SOURCE)

    assert ehr.types


def test_what_makes_a_plan_is_read_before_what_is_evidence_for_one(http: FhirHttp) -> None:
    """A first sweep keeps facts of patients with a plan only, so the plans must come first."""
    types = list(FhirEhr(http, SOURCE).types)

    assert types[:2] == ["Patient", "CarePlan"]
    assert types.index("Goal") < types.index("Observation")
    assert set(types) <= set(RESOURCES)
    assert not {"MedicationRequest", "RequestGroup", "Provenance", "DocumentReference"} & set(types)


def test_types_that_the_server_does_not_have_are_not_asked_for(http: FhirHttp) -> None:
    """As far as its own account of itself says so."""
    ehr = FhirEhr(http, knowing("Patient", "CarePlan", "Task"))

    assert ehr.types == ("Patient", "CarePlan", "Task")
    assert "Appointment" in ehr.not_offered
    assert FhirEhr(http, SOURCE).not_offered == ()


def test_a_fact_came_to_be_when_the_server_says_where_that_can_be_believed(
    server: SearchServer, http: FhirHttp
) -> None:
    """Elsewhere it is for the storage to say when we first saw it (DESIGN §1)."""
    server.put("Task/t1")

    assert first_task(FhirEhr(http, SOURCE)).seen == NOON
    assert first_task(FhirEhr(http, knowing("Task"))).seen == datetime(2026, 6, 15, 12, tzinfo=UTC)
    assert first_task(FhirEhr(http, knowing("Task", change_stamp=False))).seen is None


def test_ours_is_what_carries_the_practices_own_names(server: SearchServer, http: FhirHttp) -> None:
    """One setting decides what we write and what we know again."""
    names = Names("https://north.example/milepost")
    server.put("Task/t1", meta=names.meta)

    assert first_task(FhirEhr(http, SOURCE, names)).ours
    assert not first_task(FhirEhr(http, SOURCE)).ours


@pytest.mark.parametrize(
    ("reference", "resolved"),
    [
        ("Task/t1", "Task/t1"),
        ("Task/t1/_history/3", "Task/t1"),
        (f"{BASE}/Task/t1", "Task/t1"),
        (f"{BASE}/Task/t1/_history/3", "Task/t1"),
        ("https://proxy.example/r4/Task/t1", "Task/t1"),
        ("https://ehr.example/fhir2/Task/t1", "https://ehr.example/fhir2/Task/t1"),
        ("https://other.example/fhir/Task/t1/_history/3", "https://other.example/fhir/Task/t1"),
        ("urn:uuid:0b7f", "urn:uuid:0b7f"),
        ("Patient?identifier=x|y", "Patient?identifier=x|y"),
    ],
)
def test_references_of_the_source_lose_its_base_and_their_version(reference: str, resolved: str) -> None:
    """Under whichever of its names it speaks of itself."""
    assert resolver(BASE, SOURCE.link_aliases)(reference) == resolved


def test_a_server_without_subscriptions_is_not_asked_for_one(server: SearchServer, http: FhirHttp) -> None:
    """The poll does without."""
    assert FhirEhr(http, knowing("Task")).subscribe("https://milepost.example/hooks/x", "secret") is None
    assert server.asked == []


def test_the_record_of_a_patient_is_read_in_all_types_of_the_feed(server: SearchServer, http: FhirHttp) -> None:
    """A read-back leaves nothing for the cursor, which has passed already."""
    server.put("Patient/p1")
    server.put("Goal/g1", subject={"reference": "Patient/p1"})

    found = [fact.ref for page in FhirEhr(http, SOURCE).read_patient("Patient/p1", None) for fact in page.facts]

    assert found == ["Patient/p1", "Goal/g1"]
