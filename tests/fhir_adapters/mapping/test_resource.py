"""Tests of fhir_adapters/mapping: one resource, whatever is wrong with it."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_adapters.mapping import MAPPERS, Mapped, MappingRules, map_resource, patients_of
from plugin.domain.record import FACT_TYPES, Concept, Link, Order, Patient
from plugin.domain.source import SetAside
from tests.fhir_adapters.mapping.shelf import NAMES, RULES, mapped, raw

JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12) | st.just("\0"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["reference", "coding", "x"]), inner),
    max_leaves=6,
)


def test_every_type_that_the_domain_knows_can_be_mapped() -> None:
    """To the record that stands for it; the fixtures show each of them."""
    facts = [mapped(raw(name)) for name in NAMES]

    assert set(MAPPERS) == set(FACT_TYPES) == {fact.type for fact in facts}
    assert all(type(fact) is FACT_TYPES[fact.type] for fact in facts)


@pytest.mark.parametrize("name", NAMES)
def test_a_good_resource_loses_nothing_on_the_way(name: str) -> None:
    """Unknown elements are not even counted."""
    left_out: dict[str, int] = {}

    mapped(raw(name, unheardOf={"deep": [1]}), left_out)

    assert left_out == {}


@pytest.mark.parametrize(
    ("resource", "reason"),
    [
        (None, "not a resource: no JSON object"),
        ([], "not a resource: no JSON object"),
        ("Patient/1", "not a resource: no JSON object"),
        ({}, "not a resource of a type that is read"),
        ({"resourceType": ["Patient"], "id": "1"}, "not a resource of a type that is read"),
        ({"resourceType": "Organization", "id": "1"}, "not a resource of a type that is read"),
        ({"resourceType": "Patient"}, "a Patient without an id that can be used"),
        ({"resourceType": "Patient", "id": 7}, "a Patient without an id that can be used"),
        ({"resourceType": "Patient", "id": ""}, "a Patient without an id that can be used"),
        ({"resourceType": "Patient", "id": "a/../b"}, "a Patient without an id that can be used"),
        ({"resourceType": "Patient", "id": "a,b"}, "a Patient without an id that can be used"),
        ({"resourceType": "Patient", "id": "x" * 129}, "a Patient without an id that can be used"),
    ],
)
def test_what_cannot_be_a_fact_is_set_aside_with_its_reason(resource: object, reason: str) -> None:
    """Nothing is raised, and the reason holds none of the content."""
    found = map_resource(resource, RULES, {})

    assert isinstance(found, SetAside)
    assert found.reason == reason


def test_a_fault_of_our_own_sets_one_record_aside() -> None:
    """A mapping that fails is one record's trouble, not the page's, and its words are not repeated."""

    def breaks(_raw: object) -> None:
        raise ValueError("Testa Synthetic")

    found = map_resource(raw("patient"), MappingRules(seen=breaks), {})

    assert found == SetAside("Patient/syn-1", "", "the mapping failed: ValueError")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"status": 5}, "Task.status: not a text"),
        ({"status": " "}, "Task.status: not a text"),
        ({"code": "x"}, "Task.code: not an object"),
        ({"code": {"coding": "x", "text": "Visit"}}, "Task.code: not a list"),
        ({"code": {"coding": [None], "text": "Visit"}}, "Task.code: not an object"),
        ({"code": {"coding": [{"code": 5}], "text": "Visit"}}, "Task.code: not a code"),
        ({"code": {"coding": [{"system": 5, "code": "x"}], "text": "Visit"}}, "Task.code: not a code"),
        ({"basedOn": {"reference": "CarePlan/1"}}, "Task.basedOn: not a list"),
        ({"basedOn": [None]}, "Task.basedOn: not an object"),
        ({"basedOn": [{"reference": 5}]}, "Task.basedOn: not a reference"),
        ({"basedOn": [{"reference": "x" * 2000}]}, "Task.basedOn: not a reference"),
        ({"for": {"reference": "Group/1"}}, "Task.for: not a patient"),
        ({"owner": {"display": 5}}, "Task.owner: not a text"),
        ({"identifier": "x"}, "Task.identifier: not a list"),
        ({"identifier": [{"value": 5}]}, "Task.identifier.value: not a text"),
        ({"authoredOn": "2026-13-45"}, "Task.authoredOn: no date"),
        ({"authoredOn": 2026}, "Task.authoredOn: no date"),
        ({"restriction": {"period": "x"}}, "Task.restriction.period: not an object"),
        ({"restriction": {"period": {"end": "soon"}}}, "Task.restriction.period.end: no date"),
        ({"output": [5]}, "Task.output: not an object"),
        ({"contained": [{"id": "x"}]}, "Task.contained: without a type or an id"),
    ],
)
def test_a_malformed_part_is_dropped_and_counted(changes: dict[str, object], reason: str) -> None:
    """Only that part: the rest of the resource is read."""
    left_out: dict[str, int] = {}
    task = mapped(raw("task", **changes), left_out)

    assert left_out == {reason: 1}
    assert isinstance(task, Order)
    assert task.description == "Follow-up"


@pytest.mark.parametrize(
    ("subject", "patient"),
    [
        ({"reference": "Patient/p1"}, "Patient/p1"),
        ({"reference": "https://ehr.example/fhir/Patient/p1/_history/3"}, "Patient/p1"),
        ({"reference": "https://other.example/Patient/p1"}, "https://other.example/Patient/p1"),
        ({"reference": "urn:uuid:0b7f"}, "urn:uuid:0b7f"),
        ({"reference": "Patient?identifier=x|1"}, "Patient?identifier=x|1"),
        ({"reference": "Group/g1"}, None),
        ({"reference": "https://other.example/Group/p1"}, None),
        ({"reference": "#inside"}, None),
        ({"identifier": {"value": "1"}}, None),
        ({}, None),
        (None, None),
    ],
)
def test_only_a_patient_is_a_subject(subject: object, patient: str | None) -> None:
    """A Group or a Device has no chart; a patient of another server is named as given."""
    found = map_resource(raw("observation", subject=subject), RULES, {})

    assert isinstance(found, Mapped)
    assert found.patients == (() if patient is None else (patient,))


def test_a_reference_by_identifier_or_display_is_kept() -> None:
    """It may be all that a chart gives, and is matched by identifier or shown by its words."""
    task = mapped(raw("task", focus={"identifier": {"system": "urn:s", "value": "1"}, "display": "Order 1"}))

    assert isinstance(task, Order)
    assert task.focus is not None
    assert (task.focus.ref, task.focus.display) == (None, "Order 1")
    assert task.focus.identifier == ("urn:s", "1")


def test_a_code_without_a_system_keeps_its_words() -> None:
    """E3: it matches nothing, yet it is what people read."""
    task = mapped(raw("task", code={"coding": [{"code": "x", "display": "Visit"}, {"display": "Only words"}]}))

    assert isinstance(task, Order)
    assert task.concept == Concept((("", "x", "Visit"), ("", "", "Only words")))  # type: ignore[arg-type] # tuples equal


def test_zero_characters_do_not_reach_the_database() -> None:
    """PostgreSQL takes none, and one record's zero would fail a page of a thousand."""
    patient = mapped(raw("patient", name=[{"text": "Testa\0 Synthetic", "family": "\0"}]))
    task = mapped(
        raw(
            "task",
            code={"coding": [{"system": "a\0", "code": "b\0", "display": "c\0"}]},
            focus={"reference": "Task/\0x"},
        )
    )

    assert isinstance(patient, Patient)
    assert patient.name == "Testa Synthetic"
    assert "\\x00" not in repr(task)
    assert isinstance(task, Order)
    assert task.focus == Link("Task/x")


def test_practitioners_belong_to_no_patient() -> None:
    """A patient belongs to herself."""
    assert patients_of(mapped(raw("practitioner"))) == ()
    assert patients_of(mapped(raw("provenance"))) == ()
    assert patients_of(mapped(raw("patient"))) == ("Patient/syn-1",)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value, the outermost left out."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, item in inner for place in [(*path, key), *places(item, (*path, key))]]


def with_junk(resource: dict[str, Any], place: tuple[Any, ...], junk: object) -> dict[str, Any]:
    changed = copy.deepcopy(resource)
    holder: Any = changed
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = junk
    return changed


@given(st.data())
def test_no_junk_anywhere_breaks_the_mapping(data: st.DataObject) -> None:
    """Whatever stands wherever: a fact, or a reason that is not a fault of ours."""
    resource = raw(data.draw(st.sampled_from(NAMES)))
    for _ in range(data.draw(st.integers(1, 4))):
        resource = with_junk(resource, data.draw(st.sampled_from(places(resource))), data.draw(JUNK))

    found = map_resource(resource, RULES, {})

    assert isinstance(found, Mapped) or "failed" not in found.reason
    if isinstance(found, Mapped):
        assert "\\x00" not in repr(found.fact)
