"""Which appointment and which evidence belong to which steps, by the references between them (E2, E8, A3)."""

import pytest

from tests.charts import (
    A1C,
    P1,
    THERAPY,
    VISIT,
    Json,
    Look,
    booking,
    done,
    inline,
    look,
    order,
    patient,
    plan,
    repeating,
    result,
    step,
    task,
    visit,
)

NOW = "2026-06-16"
SR1 = {"reference": "ServiceRequest/sr1"}
ORDERED = [patient(), plan(step("ServiceRequest/sr1")), order(occurrenceDateTime="2026-06-15")]
LAB = [patient(), plan(step("ServiceRequest/sr1")), order(code=A1C, occurrenceDateTime="2026-06-15")]
INLINE_LAB = [patient(), plan(inline(A1C, "2026-06-15", "2026-06-01"))]
SESSIONS = [
    inline(THERAPY, "2026-06-10", "2026-06-01"),
    inline(THERAPY, "2026-06-20", "2026-06-11"),
    inline(THERAPY, "2026-06-30", "2026-06-21"),
]


def found_in(found: Look) -> list[tuple[str, str]]:
    """The evidence of the one milestone."""
    return [(e["resource"], e["strength"]) for e in found.only["evidence"]]


EXTENSION = "http://hl7.org/fhir/StructureDefinition/event-basedOn"
POINTERS: list[tuple[list[Json], list[tuple[str, str]]]] = [
    ([done(None, A1C, basedOn=[SR1])], [("Procedure/pr1", "exact")]),
    ([result(None, VISIT, basedOn=[SR1])], [("Observation/o1", "exact")]),
    ([visit("2026-06-10", basedOn=[SR1])], [("Encounter/e1", "exact")]),
    (
        [
            {
                "resourceType": "Immunization",
                "id": "i",
                "status": "completed",
                "patient": P1,
                "occurrenceDateTime": "2026-06-10",
                "extension": [{"url": EXTENSION, "valueReference": SR1}],
            }
        ],
        [("Immunization/i", "exact")],
    ),
    (
        [booking("2026-06-10T14:00:00Z", "fulfilled")],
        [("Appointment/a1", "exact")],
    ),
    (
        [booking("2026-06-10T14:00:00Z"), visit("2026-06-10", of="Appointment/a1")],
        [("Encounter/e1", "exact")],
    ),
]


@pytest.mark.parametrize(("more", "expected"), POINTERS)
def test_pointers_make_evidence_exact(more: list[Json], expected: list[tuple[str, str]]) -> None:
    """E2: basedOn, partOf, Encounter.appointment, the event-basedOn extension; E8: it needs no code and no date."""
    found = look([*ORDERED, *more], NOW)

    assert found_in(found) == expected
    assert found.only["status"] == "completed"


def test_what_is_part_of_a_task_or_points_to_a_plan_with_one_step_is_exact() -> None:
    """E2: partOf a source Task; Task.output; outcomeReference; the plan's only step."""
    of_task = [patient(), plan(step("Task/t1")), task()]
    by_output = [
        patient(),
        plan(step("Task/t1")),
        task(output=[{"type": {"text": "Result"}, "valueReference": {"reference": "Observation/o1"}}]),
    ]
    by_outcome = [patient(), plan(inline(VISIT) | {"outcomeReference": [{"reference": "Encounter/e1"}]})]
    to_plan = [patient(), plan(inline(VISIT))]

    assert found_in(look([*of_task, done(None, partOf=[{"reference": "Task/t1"}])], NOW)) == [
        ("Procedure/pr1", "exact")
    ]
    assert found_in(look([*by_output, result("2026-06-10")], NOW)) == [("Observation/o1", "exact")]
    assert found_in(look([*by_outcome, visit("2026-06-10")], NOW)) == [("Encounter/e1", "exact")]
    pointing = done("2026-06-10", basedOn=[{"reference": "CarePlan/cp1"}])
    assert found_in(look([*to_plan, pointing], NOW)) == [("Procedure/pr1", "exact")]


def test_a_pointer_to_the_plan_is_exact_for_the_step_that_it_matches_by_code() -> None:
    """E2: and of several equal steps for the one that E4 says: three sessions need three visits."""
    to_plan: Json = {"basedOn": [{"reference": "CarePlan/cp1"}]}
    two_kinds = [patient(), plan(inline(VISIT), inline(THERAPY))]
    sessions = [patient(), plan(*SESSIONS)]

    by_code = look([*two_kinds, done("2026-06-10", **to_plan)], NOW)
    of_none = look([*two_kinds, done("2026-06-10", A1C, **to_plan)], NOW)
    second = look([*sessions, done("2026-06-15", **to_plan)], NOW)
    undated = look([*sessions, done(None, **to_plan)], NOW)

    assert by_code.the("Physical therapy")["evidence"] == [{"resource": "Procedure/pr1", "strength": "exact"}]
    assert by_code.the("Follow-up visit")["status"] == "ready"
    assert [m["evidence"] for m in of_none.milestones] == [[], []]
    assert [m["status"] for m in second.milestones] == ["ready", "completed", "upcoming"]
    assert second.milestones[1]["evidence"] == [{"resource": "Procedure/pr1", "strength": "exact"}]
    assert [m["status"] for m in undated.milestones] == ["completed", "ready", "upcoming"]


def test_coded_evidence_needs_a_patient_and_a_date_and_exact_evidence_neither() -> None:
    """E8."""
    nobodys = {name: value for name, value in result("2026-06-10").items() if name != "subject"}
    undated = result(None)

    assert found_in(look([*INLINE_LAB, nobodys], NOW)) == []
    assert found_in(look([*INLINE_LAB, undated], NOW)) == []
    assert found_in(look([*LAB, nobodys | {"basedOn": [SR1]}], NOW)) == [("Observation/o1", "exact")]
    assert found_in(look([*LAB, undated | {"basedOn": [SR1]}], NOW)) == [("Observation/o1", "exact")]


def test_an_appointment_without_a_patient_is_linked_by_reference_only() -> None:
    """E8 for appointments: same patient with a matching code."""
    nobodys: Json = {"participant": [{"actor": {"reference": "Practitioner/x"}, "status": "accepted"}]}
    coded: Json = {"on": None, "serviceType": [VISIT]} | nobodys

    assert look([*ORDERED, booking("2026-06-20T14:00:00Z", **nobodys)], NOW).only["status"] == "scheduled"
    assert look([*ORDERED, booking("2026-06-10T14:00:00Z", "fulfilled", **nobodys)], NOW).only["status"] == "completed"
    assert look([*ORDERED, booking("2026-06-20T14:00:00Z", **coded)], NOW).only["status"] == "ready"
    assert look([*ORDERED, booking("2026-06-10T14:00:00Z", "fulfilled", **coded)], NOW).only["status"] == "ready"


@pytest.mark.parametrize(
    "made",
    [
        result("2026-06-10", basedOn=[SR1], subject={"reference": "Patient/p2"}),
        visit("2026-06-10", basedOn=[SR1], subject={"reference": "Patient/p2"}),
        booking("2026-06-10T14:00:00Z", "fulfilled", participant=[{"actor": {"reference": "Patient/p2"}}]),
        result("2026-01-04", basedOn=[SR1]),
        result("2026-06-17", basedOn=[SR1]),
    ],
)
def test_exact_evidence_that_contradicts_is_none(made: Json) -> None:
    """E8 and DESIGN §4.4: another patient's, before the plan's start, or in the future."""
    found = look([*ORDERED, patient("p2"), made], NOW)

    assert (found.only["status"], found_in(found)) == ("ready", [])


Found = tuple[str, str | None, list[str]]
START = "2026-06-10T14:00:00Z"


def of(*more: Json, at: str = "2026-06-11", chart: list[Json] | None = None) -> Found:
    """Status, reason, and the misses of the one milestone."""
    only = look([*(ORDERED if chart is None else chart), *more], at).only
    return only["status"], only["reason"], [m["kind"] for m in only["missed"]]


READY: Found = ("ready", None, [])
MISSED: Found = ("ready", None, ["noshow"])
BOOKED: Found = ("scheduled", None, [])
KEPT: Found = ("completed", None, [])
LINKS: list[tuple[str, list[Json], Json]] = [
    ("basedOn", [step("ServiceRequest/sr1")], {}),
    ("the step itself", [step("Appointment/a1")], {"on": None}),
    (
        "supportingInformation Task",
        [step("Task/t1")],
        {"on": None, "supportingInformation": [{"reference": "Task/t1"}]},
    ),
    (
        "supportingInformation CarePlan",
        [inline(VISIT)],
        {"on": None, "supportingInformation": [{"reference": "CarePlan/cp1"}]},
    ),
    ("identifier", [step("ServiceRequest/sr1")], {"on": None, "identifier": [{"system": "urn:o", "value": "7"}]}),
    (
        "back-port extension",
        [step("ServiceRequest/sr1")],
        {
            "on": None,
            "extension": [
                {
                    "url": "http://hl7.org/fhir/5.0/StructureDefinition/extension-Appointment.basedOn",
                    "valueReference": {"reference": "ServiceRequest/sr1"},
                }
            ],
        },
    ),
    ("service type", [inline(VISIT)], {"on": None, "serviceType": [VISIT]}),
    ("reason", [inline(VISIT)], {"on": None, "reasonCode": [VISIT]}),
    ("type", [inline(VISIT)], {"on": None, "appointmentType": VISIT}),
]


@pytest.mark.parametrize(("activities", "more"), [link[1:] for link in LINKS], ids=[link[0] for link in LINKS])
def test_every_link_of_an_appointment_is_believed(activities: list[Json], more: Json) -> None:
    """DESIGN §4.4: also for a miss."""
    chart = [patient(), plan(*activities), order(identifier=[{"system": "urn:o", "value": "7"}]), task()]

    assert of(booking("2026-06-20T14:00:00Z", **more), chart=chart) == BOOKED
    assert of(booking(START, "noshow", **more), chart=chart) == MISSED
    assert of(booking(START, "fulfilled", **more), chart=chart) == KEPT


def test_an_encounter_links_its_appointment() -> None:
    """DESIGN §4.4: Encounter.basedOn, by Encounter.appointment; of any status but one entered in error."""
    ahead = booking("2026-06-20T14:00:00Z", on=None)
    planned = visit("2026-06-20", of="Appointment/a1", status="planned", basedOn=[{"reference": "ServiceRequest/sr1"}])

    assert of(ahead, planned) == BOOKED
    assert of(ahead, planned | {"status": "entered-in-error"}) == READY


def test_the_most_believed_link_decides() -> None:
    """A3: it belongs to the steps of that link only, but always to the step that it is."""
    activities = [step("ServiceRequest/sr1"), step("Task/t1"), inline(THERAPY), step("Appointment/a2")]
    both: Json = {"supportingInformation": [{"reference": "Task/t1"}], "serviceType": [THERAPY]}
    ahead = "2026-06-20T14:00:00Z"

    def booked(*more: Json) -> list[str]:
        found = look([patient(), plan(*activities), order(), task(), *more], "2026-06-11")
        return [m["title"] for m in found.milestones if m["status"] == "scheduled"]

    assert booked(booking(ahead, **both)) == ["Follow-up visit"]
    assert booked(booking(ahead, on=None, **both)) == ["Medication check"]
    assert booked(booking(ahead, on=None, serviceType=[THERAPY])) == ["Physical therapy"]
    own = booking(ahead, id_="a2", description="Own", **both)
    assert sorted(booked(own)) == ["Follow-up visit", "Physical therapy"]


def test_the_most_believed_link_decides_among_plans_too() -> None:
    """A3: an appointment for an order of one plan is nobody else's, by plan or by code."""
    other = plan(inline(VISIT), id_="cp2")
    ahead = booking("2026-06-20T14:00:00Z", serviceType=[VISIT], supportingInformation=[{"reference": "CarePlan/cp2"}])

    found = look([*ORDERED, other, ahead], "2026-06-11")

    assert [m["status"] for m in found.milestones] == ["scheduled", "ready"]
    kept = look([*ORDERED, other, booking(START, "fulfilled", serviceType=[VISIT])], "2026-06-11")
    assert [m["status"] for m in kept.milestones] == ["completed", "ready"]


def test_a_booking_for_the_plan_is_of_one_of_several_equal_steps() -> None:
    """E2 and E4: three sessions need three visits."""
    sessions = [inline(THERAPY, f"2026-06-{day}", "2026-06-01") for day in (20, 25, 30)]
    to_plan: Json = {"on": None, "serviceType": [THERAPY], "supportingInformation": [{"reference": "CarePlan/cp1"}]}

    ahead = look([patient(), plan(*sessions), booking("2026-06-18T14:00:00Z", **to_plan)], "2026-06-11")
    kept = look([patient(), plan(*sessions), booking(START, "fulfilled", **to_plan)], "2026-06-11")

    assert [m["status"] for m in ahead.milestones] == ["scheduled", "ready", "ready"]
    assert [m["status"] for m in kept.milestones] == ["completed", "ready", "ready"]
    assert kept.milestones[0]["evidence"] == [{"resource": "Appointment/a1", "strength": "exact"}]


def test_a_booking_of_a_turn_belongs_to_that_turn() -> None:
    """A3 and D4: the turn whose window holds its start."""
    timing = {"repeat": {"boundsPeriod": {"start": "2026-06-01", "end": "2026-08-31"}, "period": 1, "periodUnit": "mo"}}
    ordered = [patient(), plan(step("ServiceRequest/sr1")), order(code=A1C, occurrenceTiming=timing)]
    coded = [patient(), plan(repeating(THERAPY, start="2026-06-01", end="2026-08-31", period=1, periodUnit="mo"))]
    ahead = "2026-07-10T14:00:00Z"

    for chart, made in (
        (ordered, booking(ahead)),
        (coded, booking(ahead, on=None, serviceType=[THERAPY])),
    ):
        found = look([*chart, made], "2026-06-11")
        assert [m["status"] for m in found.milestones] == ["ready", "scheduled", "upcoming"]
