"""Where milestones come from: activities, references, Tasks, RequestGroups (DESIGN §4.1, O4-O8, O10)."""

from typing import Any

import pytest

from plugin.domain.calendar import Practice
from plugin.domain.chart import chart_of
from plugin.domain.rules import Rules
from tests.charts import (
    A1C,
    CHICAGO,
    LIPIDS,
    P1,
    THERAPY,
    VISIT,
    booking,
    concept,
    inline,
    look,
    order,
    patient,
    plan,
    record_of,
    step,
    task,
)

NOW = "2026-06-16"
OURS = {"tag": [{"system": "https://milepost.example/tag", "code": "milepost"}]}


def group(*actions: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A RequestGroup with actions."""
    body = {"resourceType": "RequestGroup", "id": "rg1", "status": "active", "intent": "order", "subject": P1}
    return body | {"action": list(actions), **more}


# ------------------------------------------------------------------------------------------------- what is a milestone
@pytest.mark.parametrize(
    "type_",
    [
        "ServiceRequest",
        "CommunicationRequest",
        "MedicationRequest",
        "NutritionOrder",
        "DeviceRequest",
        "VisionPrescription",
    ],
)
def test_every_kind_of_request_that_a_plan_refers_to_is_a_milestone(type_: str) -> None:
    """DESIGN §4.1, 2: whatever it says of itself; without a date it is ready and never overdue."""
    request = order("x1", None, type_) | {"patient": P1}

    found = look([patient(), plan(step(f"{type_}/x1")), request], NOW)

    assert found.only["source"] == f"{type_}/x1"
    assert (found.only["status"], found.only["due"], found.only["gap"]) == ("ready", None, "none")
    assert found.plan["flags"] == []


def test_a_task_that_is_based_on_the_plan_is_a_milestone() -> None:
    """DESIGN §4.1, 3."""
    found = look([patient(), plan(), task(due="2026-06-15", basedOn=[{"reference": "CarePlan/cp1"}])], NOW)

    assert (found.only["title"], found.only["source"], found.only["tier"]) == ("Medication check", "Task/t1", 1)


@pytest.mark.parametrize(
    ("mark", "is_ours"),
    [
        ({"meta": OURS}, True),
        ({"meta": {"tag": [{"system": "https://milepost.example/tag", "code": "another"}]}}, True),
        ({"identifier": [{"system": "https://milepost.example/milestone", "value": "k"}]}, True),
        ({"id": "mp-abcdefghijklmnopqrstuvwxyz"}, False),
        ({"meta": {"tag": [{"system": "https://elsewhere.example/tag", "code": "milepost"}]}}, False),
        ({"identifier": [{"system": "https://elsewhere.example/milestone", "value": "k"}]}, False),
    ],
)
def test_ours_is_known_by_tag_or_identifier_system(mark: dict[str, Any], is_ours: bool) -> None:
    """O4: the id alone is not enough. Ours is no milestone, by reference or by basedOn."""
    made = task(basedOn=[{"reference": "CarePlan/cp1"}]) | mark

    found = look([patient(), plan(step(f"Task/{made['id']}")), made], NOW)

    assert len(found.milestones) == (0 if is_ours else 1)
    assert found.plan["flags"] == []


@pytest.mark.parametrize("type_", ["ServiceRequest", "MedicationRequest"])
def test_an_order_that_must_not_be_performed_is_left_out(type_: str) -> None:
    """O5: it makes no milestone, and is counted as left out."""
    chart = [patient(), plan(step(f"{type_}/sr1"), inline(A1C)), order(type_=type_, doNotPerform=True)]

    found = look(chart, NOW)

    assert found.titles == ["HbA1c"]
    assert found.assessment.plans[0].left_out == (f"{type_}/sr1: must not be performed (doNotPerform)",)


def test_an_activity_that_must_not_be_performed_is_left_out_with_what_it_refers_to() -> None:
    """O5: doNotPerform of the activity, also where the activity names an order beside its detail."""
    forbidden = inline(VISIT, doNotPerform=True) | step("ServiceRequest/sr1")

    found = look([patient(), plan(forbidden, inline(A1C, doNotPerform=False)), order()], NOW)

    assert found.titles == ["HbA1c"]
    assert len(found.assessment.plans[0].left_out) == 1


@pytest.mark.parametrize("intent", ["proposal", "option"])
@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("active", "upcoming"),
        ("draft", "upcoming"),
        ("on-hold", "upcoming"),
        ("revoked", "cancelled"),
        ("completed", "cancelled"),
    ],
)
def test_a_proposed_plan_is_like_one_in_draft(intent: str, status: str, expected: str) -> None:
    """O6: and an ended proposal is ended."""
    found = look([patient(), plan(inline(A1C, due="2026-06-01"), intent=intent, status=status)], NOW)

    assert (found.only["status"], found.only["tier"], found.only["gap"]) == (expected, 0, "none")
    assert found.plan["stage"] == ("creation" if expected == "upcoming" else "review")


@pytest.mark.parametrize(
    "made",
    [
        order("x1", VISIT, status="draft", occurrenceDateTime="2026-06-15"),
        order("x1", VISIT, intent="proposal", occurrenceDateTime="2026-06-15"),
        task("x1", due="2026-06-15", status="draft"),
        task("x1", due="2026-06-15", status="requested"),
        task("x1", due="2026-06-15", status="accepted"),
    ],
)
def test_a_draft_order_is_tracked_by_its_window(made: dict[str, Any]) -> None:
    """O6: a referral that is never sent is the gap that we look for."""
    found = look([patient(), plan(step(f"{made['resourceType']}/x1")), made], NOW)

    assert (found.only["status"], found.only["tier"], found.only["gap"]) == ("ready", 1, "open")


# ---------------------------------------------------------------------------------------------- what is behind a Task
def test_what_is_behind_a_task_gives_code_due_date_and_links() -> None:
    """O7: a Task without a date of its own is due when its order is, is the laboratory order's step, and is completed by
    what points to the order."""
    chart = [
        patient(),
        plan(step("Task/t1")),
        task(focus={"reference": "ServiceRequest/sr1"}),
        order(code=A1C, occurrenceDateTime="2026-06-15"),
    ]

    found = look(chart, NOW)

    assert (found.only["due"], found.only["due_from"]) == ("2026-06-15", "ServiceRequest.occurrenceDateTime")
    booked = look([*chart, booking("2026-06-10T14:00:00Z", "fulfilled")], NOW)
    assert (booked.only["status"], booked.only["reason"]) == ("in-review", "awaiting-result")


@pytest.mark.parametrize("status", ["completed", "revoked", "on-hold", "entered-in-error"])
def test_the_status_and_performer_behind_a_task_are_not_read(status: str) -> None:
    """O7: unless they are themselves steps."""
    behind = order(status=status, performer=[{"reference": "Practitioner/pt"}])
    made = task(due="2026-06-15", basedOn=[{"reference": "ServiceRequest/sr1"}])

    found = look([patient(), plan(step("Task/t1")), made, behind], NOW)

    assert found.only["status"] == "ready"
    assert found.only["owner"] == {"role": "coordinator", "from": "fallback"}
    assert found.only["evidence"] == []


# ------------------------------------------------------------------------------------------------------ RequestGroups
def test_each_named_action_of_a_group_is_a_step() -> None:
    """O8: with a code or a title; one with neither, and nothing to read, is none."""
    actions: list[dict[str, Any]] = [
        {"code": [A1C], "timingDateTime": "2026-06-15"},
        {"title": "Eat less salt"},
        {"description": "No title and no code"},
    ]

    found = look([patient(), plan(step("RequestGroup/rg1")), group(*actions)], NOW)

    assert found.titles == ["HbA1c", "Eat less salt"]
    lab = found.the("HbA1c")
    assert (lab["source"], lab["due"]) == ("RequestGroup/rg1#action[0]", "2026-06-15")
    assert (lab["due_from"], lab["tier"]) == ("RequestGroup.action.timingDateTime", 1)


def test_an_action_with_only_a_readable_resource_is_a_step_and_so_is_a_titled_parent() -> None:
    """O8: children are steps beside their parent; what cannot be read and has no name is none, but the plan is flagged."""
    parent = {
        "title": "Physiotherapy",
        "action": [
            {"resource": {"reference": "ServiceRequest/sr1"}},
            {"resource": {"reference": "ServiceRequest/nowhere"}},
        ],
    }

    found = look([patient(), plan(step("RequestGroup/rg1")), group(parent), order(code=THERAPY)], NOW)

    assert found.titles == ["Physiotherapy", "Physical therapy"]
    assert found.the("Physical therapy")["source"] == "ServiceRequest/sr1"
    assert found.plan["flags"] == ["reference-unread"]


@pytest.mark.parametrize(
    ("made", "due", "due_from"),
    [
        (order("x1", THERAPY, occurrenceDateTime="2026-07-01"), "2026-06-15", "RequestGroup.action.timingDateTime"),
        (task("x1", due="2026-07-01"), "2026-07-01", "Task.restriction.period.end"),
    ],
)
def test_the_timing_of_an_action_beats_its_resource_but_not_a_restriction(
    made: dict[str, Any], due: str, due_from: str
) -> None:
    """O8, and D9: the path with the choice type written out."""
    action = {"resource": {"reference": f"{made['resourceType']}/x1"}, "timingDateTime": "2026-06-15"}

    found = look([patient(), plan(step("RequestGroup/rg1")), group(action), made], NOW)

    assert (found.only["due"], found.only["due_from"]) == (due, due_from)


def test_an_action_without_a_timing_is_due_when_its_resource_is() -> None:
    """O8 with §4.2."""
    action = {"title": "Blood", "resource": {"reference": "ServiceRequest/sr1"}}

    found = look(
        [patient(), plan(step("RequestGroup/rg1")), group(action), order(occurrenceDateTime="2026-06-15")], NOW
    )

    assert (found.only["title"], found.only["due"]) == ("Blood", "2026-06-15")


@pytest.mark.parametrize(
    ("of_group", "of_resource", "expected"),
    [
        ("active", None, "ready"),
        ("on-hold", None, "on-hold"),
        ("revoked", None, "cancelled"),
        ("completed", None, "completed"),
        ("revoked", "active", "ready"),
        ("active", "completed", "completed"),
        ("active", "on-hold", "on-hold"),
    ],
)
def test_an_action_has_the_status_of_its_resource_else_of_the_group(
    of_group: str, of_resource: str | None, expected: str
) -> None:
    """O8."""
    action: dict[str, Any] = {"title": "Therapy", "timingDateTime": "2026-06-15"}
    chart = [patient(), plan(step("RequestGroup/rg1"))]
    if of_resource:
        action["resource"] = {"reference": "ServiceRequest/sr1"}
        chart.append(order(status=of_resource))

    found = look([*chart, group(action, status=of_group)], NOW)

    assert found.only["status"] == expected


def test_an_appointment_that_an_action_names_is_the_step() -> None:
    """O8 with A8: entered in error, the step is; the group's own status says nothing of it."""
    action = {"title": "Visit", "resource": {"reference": "Appointment/a1"}}
    chart = [patient(), plan(step("RequestGroup/rg1")), group(action, status="completed")]

    booked = look([*chart, booking("2026-06-20T14:00:00Z", on=None)], NOW)
    gone = look([*chart, booking("2026-06-20T14:00:00Z", "entered-in-error", on=None)], NOW)

    assert (booked.only["status"], booked.only["due"]) == ("scheduled", "2026-06-20")
    assert (gone.only["status"], gone.only["reason"]) == ("cancelled", "entered-in-error")


def test_a_resource_that_an_action_and_an_activity_name_is_one_step() -> None:
    """O1 and O8: a resource named twice is one step, and the action's timing holds for it."""
    action = {"resource": {"reference": "ServiceRequest/sr1"}, "timingDateTime": "2026-06-15"}
    activities = [step("ServiceRequest/sr1"), step("RequestGroup/rg1"), step("RequestGroup/rg1")]

    found = look([patient(), plan(*activities), group(action), order()], NOW)

    assert (found.only["title"], found.only["due"]) == ("Follow-up visit", "2026-06-15")


def test_a_group_without_actions_is_itself_the_step() -> None:
    """DESIGN §4.1, 2: nothing that a plan refers to is lost."""
    found = look([patient(), plan(step("RequestGroup/rg1")), group(code=VISIT)], NOW)

    assert (found.only["title"], found.only["source"]) == ("Follow-up visit", "RequestGroup/rg1")


def test_an_action_that_must_not_be_performed_is_left_out() -> None:
    """O5 within O8; what stands below it is not forbidden."""
    action = {
        "resource": {"reference": "ServiceRequest/sr1"},
        "action": [{"title": "Drink water"}],
    }

    found = look([patient(), plan(step("RequestGroup/rg1")), group(action), order(doNotPerform=True)], NOW)

    assert found.titles == ["Drink water"]


# ------------------------------------------------------------------------------------------------------ unread, titles
@pytest.mark.parametrize(
    ("reference", "title"),
    [
        ({"reference": "ServiceRequest/nowhere", "display": "Eye clinic"}, "Eye clinic"),
        ({"reference": "ServiceRequest/nowhere"}, "ServiceRequest/nowhere"),
        ({"display": "Eye clinic"}, "Eye clinic"),
        ({"identifier": {"system": "urn:x", "value": "9"}}, "urn:x|9"),
        ({"reference": "#nowhere", "display": "Eye clinic"}, "Eye clinic"),
    ],
)
def test_a_reference_that_cannot_be_read_is_a_milestone(reference: dict[str, Any], title: str) -> None:
    """O10: ready, without a date, titled by its display, else by the reference; the plan is flagged."""
    found = look([patient(), plan({"reference": reference})], NOW)

    assert found.only["title"] == title
    assert (found.only["status"], found.only["due"], found.only["days_past_due"]) == ("ready", None, None)
    assert found.plan["flags"] == ["reference-unread"]


def test_a_reference_to_another_patients_record_is_unread() -> None:
    """O10: nothing of the other patient's order is said here."""
    others = order(code=A1C, subject={"reference": "Patient/p2"}, occurrenceDateTime="2026-06-15")

    found = look([patient(), patient("p2"), plan(step("ServiceRequest/sr1")), others], NOW)

    assert (found.only["title"], found.only["due"]) == ("ServiceRequest/sr1", None)
    assert found.plan["flags"] == ["reference-unread"]


def test_an_unread_reference_beside_a_detail_is_one_milestone_with_it() -> None:
    """O1 and O10: both name the same resource: the detail has title and date, the reference the key."""
    both = inline(A1C, due="2026-06-15") | {"reference": {"reference": "ServiceRequest/nowhere"}}

    found = look([patient(), plan(both)], NOW)

    assert (found.only["title"], found.only["due"]) == ("HbA1c", "2026-06-15")
    assert found.only["source"] == "ServiceRequest/nowhere"
    assert found.plan["flags"] == ["reference-unread"]


@pytest.mark.parametrize(
    ("detail", "title"),
    [
        ({"code": concept("1", "Words")}, "Words"),
        ({"code": {"coding": [{"system": "urn:x", "code": "1", "display": "Shown"}], "text": "Words"}}, "Words"),
        ({"code": {"coding": [{"system": "urn:x", "code": "1", "display": "Shown"}]}, "description": "D"}, "Shown"),
        ({"code": {"coding": [{"system": "urn:x", "code": "1"}, {"display": "Second"}]}}, "Second"),
        ({"code": concept("1"), "description": "Described"}, "Described"),
        ({"description": "Described"}, "Described"),
        ({"code": concept("1")}, "CarePlan/cp1#activity[1]"),
        ({}, "CarePlan/cp1#activity[1]"),
    ],
)
def test_the_title_of_an_activity(detail: dict[str, Any], title: str) -> None:
    """The text of the code, else its display, else the description, else (O10) its place."""
    found = look([patient(), plan(inline(LIPIDS), inline(**detail))], NOW)

    assert found.titles[1] == title


@pytest.mark.parametrize(
    ("made", "title"),
    [
        (order(code=A1C), "HbA1c"),
        (order(code=None), "As the plan calls it"),
        (order(code=concept("1")), "As the plan calls it"),
        (task("sr1", "Described"), "Described"),
        (task("sr1", None), "As the plan calls it"),
    ],
)
def test_the_title_of_a_reference(made: dict[str, Any], title: str) -> None:
    """O10: a readable reference without a code takes its display."""
    named = {"reference": f"{made['resourceType']}/sr1", "display": "As the plan calls it"}

    found = look([patient(), plan({"reference": named}), made], NOW)

    assert found.only["title"] == title


def test_a_readable_reference_without_any_words_is_titled_by_itself() -> None:
    """The reference comes last."""
    found = look([patient(), plan(step("ServiceRequest/sr1")), order(code=None)], NOW)

    assert (found.only["title"], found.plan["flags"]) == ("ServiceRequest/sr1", [])


def test_a_request_inside_the_plan_is_read() -> None:
    """A contained resource is a reference that can be read."""
    inside = order("a", A1C, occurrenceDateTime="2026-06-15")

    found = look([patient(), plan(step("#a"), contained=[inside])], NOW)

    assert (found.only["title"], found.only["due"], found.only["tier"]) == ("HbA1c", "2026-06-15", 1)
    assert found.plan["flags"] == []


# ---------------------------------------------------------------------------------------- references within a Bundle
@pytest.mark.parametrize(
    "reference",
    [
        "urn:uuid:11111111-2222-3333-4444-555555555555",
        "ServiceRequest/sr1",
        "ServiceRequest/sr1/_history/7",
        "https://ehr.example/fhir/ServiceRequest/sr1",
        "https://elsewhere.example/r4/ServiceRequest/sr1/_history/2",
    ],
)
def test_references_are_resolved_as_fhir_says(reference: str) -> None:
    """O11: by fullUrl, else by type and id; a version is ignored, and so is a base."""
    entry = {
        "fullUrl": "urn:uuid:11111111-2222-3333-4444-555555555555",
        "resource": order(occurrenceDateTime="2026-06-15"),
    }

    found = look([patient(), plan(step(reference)), entry], NOW)

    assert (found.only["title"], found.only["source"]) == ("Follow-up visit", "ServiceRequest/sr1")
    assert found.plan["flags"] == []


def test_of_two_versions_in_a_bundle_the_newest_counts_and_what_is_deleted_is_not_there() -> None:
    """O11."""
    old = order(occurrenceDateTime="2026-06-01", meta={"lastUpdated": "2026-01-01T00:00:00Z"})
    new = order(occurrenceDateTime="2026-06-15", meta={"lastUpdated": "2026-02-01T00:00:00Z"})
    deleted = {"request": {"method": "DELETE", "url": "ServiceRequest/sr2"}, "resource": order("sr2", A1C)}

    found = look([patient(), plan(step("ServiceRequest/sr1"), step("ServiceRequest/sr2")), new, old, deleted], NOW)

    assert [(m["title"], m["due"]) for m in found.milestones] == [
        ("Follow-up visit", "2026-06-15"),
        ("ServiceRequest/sr2", None),
    ]


@pytest.mark.parametrize("who", ["Patient/p9", "urn:uuid:99999999-2222-3333-4444-555555555555"])
def test_a_plan_whose_patient_is_not_in_the_bundle_is_tracked(who: str) -> None:
    """O12: under the reference that it gives."""
    found = look([plan(inline(A1C, due="2026-06-15"), subject={"reference": who})], NOW, who=who)

    assert (found.plan["patient"], found.only["tier"]) == (who, 1)


def test_what_is_left_out_is_worked_out_without_the_clock() -> None:
    """The chart of a patient is made once, and looked at as often as a moment ahead asks for it."""
    record = record_of([patient(), plan(inline(A1C)), order("x", THERAPY)])

    chart = chart_of(record, Rules(Practice(CHICAGO)))

    assert [step_.title for step_ in chart.plans[0].steps] == ["HbA1c"]
