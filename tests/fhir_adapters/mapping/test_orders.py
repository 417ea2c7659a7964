"""Tests of fhir_adapters/mapping/orders.py: requests of every type."""

import pytest

from fhir_adapters.mapping.orders import DEEPEST_ACTION
from plugin.domain.record import Coding, Concept, Identifier, Link, Moment, Order, Schedule, Timing
from tests.fhir_adapters.mapping.shelf import mapped, raw

SNOMED = "http://snomed.info/sct"


def an_order(name: str, left_out: dict[str, int] | None = None, /, **changes: object) -> Order:
    order = mapped(raw(name, **changes), left_out)
    assert isinstance(order, Order)
    return order


def test_a_task_keeps_its_window_its_owner_and_its_links() -> None:
    """Everything by which a Task becomes a milestone, or speaks for one."""
    task = an_order("task")

    assert (task.subject, task.status, task.intent) == ("Patient/syn-1", "on-hold", "order")
    assert (task.restriction_start, task.restriction_end) == ("2026-05-01", "2026-06-15")
    assert (task.execution_start, task.execution_end) == ("2026-05-01T08:00:00Z", "2026-05-02T08:00:00Z")
    assert (task.authored_on, task.last_modified) == ("2026-04-01", "2026-05-03T08:00:00Z")
    assert task.concept == Concept((Coding(SNOMED, "390906007"),), "Visit")
    assert task.description == "Follow-up"
    assert task.focus == Link("ServiceRequest/sr1")
    assert task.based_on == (Link("CarePlan/cp1"),)
    assert task.part_of == (Link("Task/t0"),)
    assert task.owner == Link("PractitionerRole/pr1")
    assert task.outputs == (Link("Observation/o1"),)
    assert task.status_reason == Concept((), "waits")
    assert task.business_status == Concept((Coding("urn:syn:state", "tier-1"),))
    assert task.instantiates == ("https://practice.example/ActivityDefinition/a1",)


@pytest.mark.parametrize(
    ("meta", "identifier", "ours"),
    [
        ({"tag": [{"system": "https://milepost.example/tag", "code": "milepost"}]}, [], True),
        ({"tag": [{"system": "https://milepost.example/tag"}]}, [], True),
        ({}, [{"system": "https://milepost.example/milestone", "value": "k"}], True),
        ({"tag": [{"system": "https://milepost.example/tag2"}]}, [], False),
        ({"tag": [{"system": "https://milepost.example.org/tag"}]}, [], False),
        ({}, [{"system": "https://milepost.example.org/milestone", "value": "k"}], False),
        ({}, [{"system": "urn:syn", "value": "https://milepost.example/x"}], False),
        ({"tag": "milepost"}, None, False),
        (None, None, False),
    ],
)
def test_ours_is_what_carries_our_tag_or_identifier(meta: object, identifier: object, ours: bool) -> None:
    """O4: the id alone is not enough."""
    assert an_order("task", id="mp-abc", meta=meta, identifier=identifier).ours is ours


def test_a_service_request_keeps_code_category_and_timing() -> None:
    """Whether it is a laboratory order decides what a kept visit means (E6)."""
    order = an_order("service_request")

    assert order.do_not_perform
    assert order.categories == (Concept((Coding(SNOMED, "108252007", "Laboratory procedure"),)),)
    assert order.identifiers == (Identifier("urn:syn:order", "O-1"),)
    assert order.performers == (Link("Organization/lab", "Lab"),)
    assert order.authored_on == "2026-01-05T09:00:00-06:00"
    assert order.schedule == Schedule(
        timing=Timing(bounds_value=12.0, bounds_unit="mo", frequency=1, period=3.0, period_unit="mo")
    )


@pytest.mark.parametrize(
    ("occurrence", "schedule"),
    [
        ({"occurrenceDateTime": "2026-06"}, Schedule(at=Moment("2026-06"))),
        ({"occurrencePeriod": {"start": "2026-06-01"}}, Schedule(start=Moment("2026-06-01"))),
        ({"occurrencePeriod": {}}, Schedule()),
        ({"occurrenceDateTime": "soon"}, Schedule()),
        ({"occurrenceTiming": {"code": {"text": "BID"}}}, Schedule(timing=Timing())),
        ({"occurrenceTiming": {"repeat": {"boundsDuration": {"value": 2, "code": "wk"}}}}, None),
        (
            {"occurrenceTiming": {"repeat": {"period": -1, "periodUnit": "fortnight", "count": 0}}},
            Schedule(timing=Timing()),
        ),
    ],
)
def test_every_form_of_occurrence_is_read(occurrence: dict[str, object], schedule: Schedule | None) -> None:
    """Each keeps its form, since each is due in its own way; what makes no sense is dropped."""
    read = an_order("service_request", **{"occurrenceTiming": None, **occurrence}).schedule

    assert read == (schedule or Schedule(timing=Timing(bounds_value=2.0, bounds_unit="wk")))


@pytest.mark.parametrize(
    ("name", "title", "schedule", "authored_on", "performers"),
    [
        ("communication_request", None, Schedule(at=Moment("2026-06-15")), "2026-01-05", (Link("Practitioner/dr1"),)),
        ("medication_request", "metformin 500 mg", Schedule(), "2026-01-05", (Link("Organization/pharmacy"),)),
        ("nutrition_order", "Diabetic diet", Schedule(), "2026-01-05", ()),
        ("device_request", "Glucose meter", Schedule(end=Moment("2026-02-01")), "2026-01-05", ()),
        ("vision_prescription", None, Schedule(), "2026-01-05", (Link("Practitioner/dr1"),)),
    ],
)
def test_other_requests_are_read_by_their_own_elements(
    name: str, title: str | None, schedule: Schedule, authored_on: str, performers: tuple[Link, ...]
) -> None:
    """Patient, title, when, and who; a supply's validity is no due date."""
    order = an_order(name)

    assert order.subject == "Patient/syn-1"
    assert order.concept.title == title
    assert order.schedule == schedule
    assert order.authored_on == authored_on
    assert order.performers == performers


def test_a_communication_request_is_described_by_its_text() -> None:
    """It has no code in R4."""
    assert an_order("communication_request").description == "Call about the diet"


def test_a_product_is_named_by_code_or_by_display() -> None:
    """A medication that is only referred to keeps the words of the reference."""
    named = an_order("medication_request", medicationReference={"reference": "Medication/1", "display": "Metformin"})
    coded = an_order("medication_request", medicationReference=None, medicationCodeableConcept={"text": "Metformin"})

    assert named.concept == coded.concept == Concept((), "Metformin")
    assert an_order("medication_request", medicationReference={"reference": "#none"}).concept == Concept()


def test_actions_of_a_request_group_keep_their_order_and_depth() -> None:
    """O8: a place tells an action among its neighbours."""
    (parent,) = an_order("request_group").actions
    visit, ordered = parent.actions

    assert (parent.place, parent.id, parent.title) == ("action[0]", "x", "Before discharge")
    assert (visit.place, ordered.place) == ("action[0].action[0]", "action[0].action[1]")
    assert visit.schedule == Schedule(at=Moment("2026-06-15"))
    assert visit.performers == (Link("Practitioner/dr1"),)
    assert ordered.resource == Link("ServiceRequest/sr1")
    assert ordered.schedule == Schedule(start=Moment("2026-06-01"), end=Moment("2026-06-30"))


def test_actions_without_end_are_cut_off() -> None:
    """A chart cannot make us dig for ever; what was cut is counted."""
    nested: dict[str, object] = {"title": "innermost"}
    for _ in range(300):
        nested = {"title": "step", "action": [nested]}
    left_out: dict[str, int] = {}
    action = an_order("request_group", left_out, action=[nested]).actions[0]

    depth = 1
    while action.actions:
        action, depth = action.actions[0], depth + 1
    assert depth == DEEPEST_ACTION
    assert left_out == {"RequestGroup.action: nested too deeply": 1}
