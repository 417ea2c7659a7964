"""Tests of fhir_adapters/mapping/events.py: what happened, and when."""

import pytest

from fhir_adapters.mapping.measures import ORDINAL_VALUES
from plugin.domain.record import Coding, Concept, Event, Identifier, Link, Measure
from tests.fhir_adapters.mapping.shelf import mapped, raw

LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"
ORDERED = (Link("ServiceRequest/sr1"),)


def an_event(name: str, **changes: object) -> Event:
    event = mapped(raw(name, **changes))
    assert isinstance(event, Event)
    return event


def test_a_result_keeps_its_code_its_date_and_its_value() -> None:
    """By these it is evidence, and a condition can look at it."""
    result = an_event("observation")

    assert (result.subject, result.status) == ("Patient/syn-1", "final")
    assert result.concepts == (Concept((Coding(LOINC, "4548-4", "HbA1c"),)),)
    assert (result.start, result.end, result.issued) == ("2026-06-10", None, "2026-06-11T09:00:00.000Z")
    assert (result.value, result.unit, result.valueless) == (6.8, "%", False)
    assert result.based_on == ORDERED
    assert result.part_of == (Link("Procedure/p1"),)
    assert result.members == (Link("Observation/o2"),)
    assert result.encounter == Link("Encounter/e1")
    assert result.performers == (Link("Organization/lab"),)
    assert result.identifiers == (Identifier("urn:syn:result", "R-1"),)


@pytest.mark.parametrize(
    ("effective", "start", "end"),
    [
        ({"effectiveInstant": "2026-06-10T09:00:00Z"}, "2026-06-10T09:00:00Z", None),
        ({"effectivePeriod": {"start": "2026-06-10", "end": "2026-06-11"}}, "2026-06-10", "2026-06-11"),
        ({"effectivePeriod": {"end": "2026-06-11"}}, None, "2026-06-11"),
        ({"effectiveTiming": {"event": ["2026-06-10"]}}, None, None),
        ({"effectiveDateTime": "2026"}, "2026", None),
        ({"effectiveDateTime": "2026-13-45"}, None, None),
        ({}, None, None),
    ],
)
def test_every_form_of_date_places_a_result(effective: dict[str, object], start: str | None, end: str | None) -> None:
    """A Timing places nothing; a broken date is no date."""
    result = an_event("observation", **{"effectiveDateTime": None, **effective})

    assert (result.start, result.end) == (start, end)


@pytest.mark.parametrize(
    ("elements", "valueless"),
    [
        ({}, True),
        ({"valueQuantity": {"value": 1}}, False),
        ({"valueString": "seen"}, False),
        ({"component": [{"code": {}, "valueInteger": 1}]}, False),
        ({"component": [{"code": {}, "dataAbsentReason": {"text": "unknown"}}]}, True),
        ({"component": ["x", {"valueString": None}]}, True),
        ({"dataAbsentReason": None}, False),
    ],
)
def test_a_result_that_says_only_why_it_is_absent_is_valueless(elements: dict[str, object], valueless: bool) -> None:
    """E1: with a value in itself or in a component it is not."""
    absent: dict[str, object] = {"valueQuantity": None, "dataAbsentReason": {"text": "unknown"}}

    assert an_event("observation", **{**absent, **elements}).valueless is valueless


def test_a_score_is_a_whole_number_without_a_unit() -> None:
    """Questionnaire scores come as integers."""
    score = an_event("observation", valueQuantity=None, valueInteger=12)

    assert (score.value, score.unit) == (12.0, None)


def test_a_score_of_nothing_is_a_score() -> None:
    """0 is the best that a patient can have."""
    assert an_event("observation", valueQuantity=None, valueInteger=0).value == 0.0
    assert an_event("observation", valueQuantity={"value": 0}).value == 0.0


def test_the_numbers_within_a_result_are_kept() -> None:
    """Under each of their codes; what is no number, or has no code to be known by, is left."""
    systolic = {"coding": [{"system": LOINC, "code": "8480-6"}, {"system": "urn:own", "code": "sys"}]}
    parts = [
        {"code": systolic, "valueQuantity": {"value": 132, "unit": "mmHg"}},
        {"code": {"coding": [{"system": LOINC, "code": "44260-8"}]}, "valueInteger": 0},
        {"code": {"coding": [{"code": "8462-4"}]}, "valueInteger": 80},
        {"code": systolic, "valueString": "high"},
        {"code": systolic, "dataAbsentReason": {"text": "unknown"}},
    ]

    assert an_event("observation", component=parts).components == (
        Measure(LOINC, "8480-6", 132.0, "mmHg"),
        Measure("urn:own", "sys", 132.0, "mmHg"),
        Measure(LOINC, "44260-8", 0.0),
    )


NOT_AT_ALL = {"valueCoding": {"system": LOINC, "code": "LA6568-5"}}
WEIGHED = {"extension": [{"url": ORDINAL_VALUES[0], "valueDecimal": 2}], "code": "a2"}


@pytest.mark.parametrize(
    ("item", "value"),
    [
        ({"linkId": "/44261-6", "answer": [{"valueInteger": 0}]}, 0.0),
        ({"linkId": "44261-6", "answer": [{"valueDecimal": 12.0}]}, 12.0),
        ({"linkId": "/44249-1/44261-6", "answer": [{"valueQuantity": {"value": 3}}]}, 3.0),
        ({"linkId": "/44260-8", "answer": [NOT_AT_ALL]}, 0.0),
        ({"linkId": "/44260-8", "answer": [{"valueCoding": WEIGHED}]}, 2.0),
        ({"linkId": "/44260-8", "answer": [{"valueCoding": {"code": "LA6568-5"}}]}, None),
        ({"linkId": "/44260-8", "answer": [{"valueString": "no"}]}, None),
        ({"linkId": "/44260-8", "answer": [NOT_AT_ALL, NOT_AT_ALL]}, None),
        ({"linkId": "/44260-8", "answer": []}, None),
        ({"linkId": "/44261-6", "answer": [NOT_AT_ALL]}, None),
        ({"linkId": "q9", "answer": [{"valueInteger": 1}]}, None),
        ({"linkId": 7, "answer": "x"}, None),
    ],
)
def test_of_a_questionnaire_the_numbers_of_known_instruments_are_read(
    item: dict[str, object], value: float | None
) -> None:
    """By the question's code, however deep it stands; nothing else that a patient wrote is looked at."""
    group = {"linkId": "group", "item": [item]}

    found = [m.value for m in an_event("questionnaire_response", item=[group]).components]

    assert found == ([] if value is None else [value])


def test_questions_that_nest_without_end_are_left() -> None:
    """No form is so deep; nothing fails."""
    item: dict[str, object] = {"linkId": "/44261-6", "answer": [{"valueInteger": 5}]}
    for _ in range(40):
        item = {"linkId": "group", "item": [item]}

    assert an_event("questionnaire_response", item=[item]).components == ()


def test_a_report_points_to_its_results() -> None:
    """A final report of an order completes it, and its results are found through it."""
    report = an_event("diagnostic_report")

    assert report.members == (Link("Observation/o1"),)
    assert report.based_on == ORDERED
    assert (report.start, report.end, report.issued) == ("2026-06-10", "2026-06-11", "2026-06-11T09:00:00Z")
    assert report.categories[0].codings[0].code == "LAB"


def test_the_extension_for_events_counts_as_based_on() -> None:
    """E2: R4 gives Immunization and Procedure no better element for it."""
    assert an_event("procedure").based_on == (Link("CarePlan/cp1"), Link("Task/t1"))
    assert an_event("immunization").based_on == ORDERED


def test_a_procedure_keeps_its_period() -> None:
    """Its start places it, its end dates the completion (E9)."""
    done = an_event("procedure")

    assert (done.start, done.end) == ("2026-06-10T09:00:00Z", "2026-06-10T10:00:00Z")
    assert done.categories == (Concept((Coding(SNOMED, "103693007"),)),)
    assert done.performers == (Link("Practitioner/dr1"),)
    assert an_event("procedure", performedPeriod=None, performedString="last week").start is None


def test_an_immunization_is_dated_by_its_occurrence_only() -> None:
    """When it was written down says nothing."""
    given = an_event("immunization")

    assert (given.start, given.issued) == ("2026-10", None)
    assert given.concepts == (Concept((Coding("http://hl7.org/fhir/sid/cvx", "140"),)),)


def test_an_answered_questionnaire_has_no_code_but_its_address() -> None:
    """A program names evidence by it."""
    answered = an_event("questionnaire_response")

    assert answered.concepts == ()
    assert answered.questionnaire == "https://practice.example/Questionnaire/phq9|2"
    assert answered.start == "2026-06-10T09:00:00Z"
    assert answered.identifiers == (Identifier("urn:syn:q", "Q-1"),)
    assert answered.performers == (Link("Patient/syn-1"),)


def test_a_visit_is_coded_by_type_and_service() -> None:
    """Its class is only a category."""
    visit = an_event("encounter")

    assert visit.concepts == (Concept((Coding(SNOMED, "390906007"),)), Concept((Coding(SNOMED, "394814009"),)))
    assert [category.codings[0].code for category in visit.categories] == ["AMB"]
    assert visit.appointments == (Link("Appointment/a1"),)
    assert visit.based_on == ORDERED
    assert (visit.start, visit.end) == ("2026-06-10T14:00:00Z", "2026-06-10T14:20:00Z")
