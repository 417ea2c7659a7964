"""Tests of fhir_adapters/resources.py."""

import importlib

import pytest

from fhir_adapters.resources import RESOURCES, Polled, ResourceType, polled, values_at


def elements_of(name: str) -> dict[str, bool]:
    """R4's own elements of a type, and whether each is a list, as fhirclient's models have them."""
    model = getattr(importlib.import_module(f"fhirclient.models.{name.lower()}"), name)
    return {entry[1]: entry[3] for entry in model().elementProperties()}


@pytest.mark.parametrize("row", RESOURCES.values(), ids=lambda row: row.name)
def test_every_element_of_the_table_is_one_of_r4(row: ResourceType) -> None:
    """The first step of each path exists in R4, and has a star exactly when it is a list."""
    elements = elements_of(row.name)
    for path in (*row.patient_paths, *row.date_paths, *row.request_searches.values(), *row.elements):
        first = path.split(".")[0]
        assert first.removesuffix("*") in elements, path
        if path not in row.elements:
            assert elements[first.removesuffix("*")] == first.endswith("*"), path


def test_the_table_has_every_type_that_is_read() -> None:
    """The list of what Milepost reads, type by type, is exactly the table."""
    every = "Patient CarePlan Task ServiceRequest Appointment Encounter DiagnosticReport Procedure Immunization"
    every += " QuestionnaireResponse Goal CareTeam Flag Consent Practitioner PractitionerRole"
    by_code = "Observation Condition DocumentReference"
    on_demand = "CommunicationRequest MedicationRequest NutritionOrder DeviceRequest VisionPrescription RequestGroup"

    assert [row.name for row in polled(Polled.EVERY)] == every.split()
    assert [row.name for row in polled(Polled.BY_CODE)] == by_code.split()
    assert [row.name for row in polled(Polled.ON_DEMAND)] == [*on_demand.split(), "Provenance"]


def test_what_is_polled_by_code_has_a_code_to_poll_by() -> None:
    """Otherwise all of them would be read."""
    assert all(row.code_search for row in polled(Polled.BY_CODE))


def test_a_note_is_read_without_its_content() -> None:
    """Minimum necessary: neither the text of a note nor the address of it is asked for."""
    assert RESOURCES["DocumentReference"].elements
    assert "content" not in RESOURCES["DocumentReference"].elements


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("start", ("2026-07-01T09:00:00Z",)),
        ("participant*.actor", ({"reference": "Patient/p1"}, {"reference": "Practitioner/d1"})),
        ("participant*.actor.reference", ("Patient/p1", "Practitioner/d1")),
        ("participant.actor", ()),
        ("start*", ()),
        ("start.reference", ()),
        ("nothing*.of.this", ()),
        ("empty", ()),
    ],
)
def test_a_path_finds_what_stands_there(path: str, found: tuple[object, ...]) -> None:
    """Lists are gone through at a star; what is missing, null or of another shape gives nothing, and no error."""
    resource: dict[str, object] = {
        "start": "2026-07-01T09:00:00Z",
        "empty": None,
        "participant": [
            {"actor": {"reference": "Patient/p1"}},
            {"status": "accepted"},
            "text",
            {"actor": {"reference": "Practitioner/d1"}},
        ],
    }

    assert values_at(resource, path) == found
