"""Tests of fhir_adapters/writeback/milestone_task.py: a milestone as a Task, and what is told to somebody else's."""

from datetime import date
from typing import Any

import pytest

from fhir_adapters.writeback.milestone_task import REASONS, annotate_source_task, milestone_task
from fhir_adapters.writeback.names import Names
from plugin.domain.assessment import Gap, Owner, Status
from plugin.domain.writes import TaskContent, source_task_content
from tests.fhir_adapters.writeback.contents import PATIENT, a_completed_milestone, a_milestone, a_plan, a_task_content

NAMES = Names()
STATE = "https://milepost.example/cs/milestone-state"


def body_of(content: TaskContent | None = None) -> dict[str, Any]:
    """The Task's body."""
    return milestone_task(content or a_task_content(), NAMES)


def test_a_milestone_as_a_task() -> None:
    """The whole of it, element by element; no moment of writing is in it."""
    assert body_of(a_task_content(a_milestone(program_code="hba1c-6-weeks"))) == {
        "resourceType": "Task",
        "id": "mp-mo4tmpdbghpwmcg4445k6ltpmr",
        "meta": {"tag": [{"system": "https://milepost.example/tag", "code": "milepost"}]},
        "identifier": [
            {
                "use": "official",
                "system": "https://milepost.example/milestone",
                "value": "main|CarePlan/cp1|ServiceRequest/sr1|1",
            }
        ],
        "basedOn": [{"reference": "CarePlan/cp1"}],
        "groupIdentifier": {"system": "https://milepost.example/plan", "value": "Patient/p1|CarePlan/cp1"},
        "status": "ready",
        "businessStatus": {"coding": [{"system": STATE, "code": "overdue-tier-3"}], "text": "Overdue, tier 3"},
        "intent": "order",
        "code": {
            "coding": [
                {"system": "http://hl7.org/fhir/CodeSystem/task-code", "code": "fulfill"},
                {"system": "https://milepost.example/cs/milestone", "code": "hba1c-6-weeks"},
                {"system": "http://loinc.org", "code": "4548-4"},
            ],
            "text": "HbA1c",
        },
        "description": "HbA1c",
        "focus": {"reference": "ServiceRequest/sr1"},
        "for": {"reference": "Patient/p1"},
        "owner": {"reference": "Practitioner/dr1"},
        "restriction": {"period": {"start": "2026-06-01", "end": "2026-06-30"}},
    }


def test_the_bare_minimum_is_a_task_too() -> None:
    """A step of an enrolment: no date, no code, no order, a role."""
    bare = a_milestone(
        opens=None, due=None, gap=Gap.NONE, tier=0, codes=(), refs=(), owner=Owner(None, "care-coordinator", "fallback")
    )

    body = body_of(a_task_content(bare, a_plan(plan="enrolment:chronic-care")))

    assert {"restriction", "basedOn", "focus", "owner", "statusReason", "executionPeriod"}.isdisjoint(body)
    assert body["performerType"] == [
        {
            "coding": [{"system": "https://milepost.example/cs/role", "code": "care-coordinator"}],
            "text": "Care coordinator",
        }
    ]


def test_a_completed_step_says_when() -> None:
    """The actual day, and that it was late."""
    body = body_of(a_task_content(a_completed_milestone()))

    assert body["status"] == "completed"
    assert body["executionPeriod"] == {"end": "2026-07-07"}
    assert body["businessStatus"]["coding"][0]["code"] == "completed-late"


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"gap": Gap.NONE, "tier": 0}, "not-overdue", "Not overdue"),
        ({"tier": 1}, "overdue-tier-1", "Overdue, tier 1"),
        ({"tier": 4}, "overdue-tier-4", "Overdue, tier 4"),
        (
            {"tier": 2, "booked_for": "2026-07-20T09:00:00-05:00"},
            "overdue-tier-2",
            "Overdue, tier 2, booked for 2026-07-20T09:00:00-05:00",
        ),
    ],
)
def test_gap_tier_and_booking_are_the_business_status(changes: dict[str, Any], code: str, words: str) -> None:
    """FHIR has no status for overdue."""
    body = body_of(a_task_content(a_milestone(**changes)))

    assert body["businessStatus"] == {"coding": [{"system": STATE, "code": code}], "text": words}


@pytest.mark.parametrize("reason", sorted(REASONS))
def test_every_reason_has_words(reason: str) -> None:
    """The list is that of SEMANTICS S5."""
    body = body_of(a_task_content(a_milestone(status=Status.IN_REVIEW, reason=reason)))

    assert body["statusReason"] == {
        "coding": [{"system": "https://milepost.example/cs/status-reason", "code": reason}],
        "text": REASONS[reason],
    }


def test_codes_without_a_system_and_codes_given_twice_are_left_out() -> None:
    """They match nothing (E3), and say nothing."""
    codes = ("|local", "http://loinc.org|4548-4", "http://loinc.org|4548-4", "plain")

    body = body_of(a_task_content(a_milestone(codes=codes)))

    assert [coding["code"] for coding in body["code"]["coding"]] == ["fulfill", "4548-4"]


def test_a_month_stays_a_month() -> None:
    """The due date is no more precise than it is known."""
    body = body_of(a_task_content(a_milestone(due=date(2026, 6, 30), due_precision="month")))

    assert body["restriction"]["period"]["end"] == "2026-06"


def test_the_same_milestone_gives_the_same_body() -> None:
    """Byte for byte, or every sweep would make new versions."""
    assert body_of() == body_of()


# ------------------------------------------------------------------------------------------------ somebody else's Task
THEIRS = {"resourceType": "Task", "id": "t1", "status": "requested", "note": [{"text": "call first"}]}


def annotated(raw: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Their Task with our words in it."""
    content = source_task_content(a_milestone(task="Task/t1", **changes), a_plan(), PATIENT)
    assert content is not None
    return annotate_source_task(raw, content, NAMES)


def test_a_source_task_is_told_gap_and_reason_and_nothing_else() -> None:
    """Its status is its owner's; the resource that was read is not touched."""
    before = dict(THEIRS)

    told = annotated(THEIRS, status=Status.IN_REVIEW, reason="awaiting-result")

    assert told["businessStatus"]["coding"][0]["code"] == "overdue-tier-3"
    assert told["statusReason"]["text"] == "Waiting for the result"
    assert {name: told[name] for name in THEIRS} == THEIRS == before


def test_telling_it_twice_changes_nothing() -> None:
    """The second time there is nothing to write."""
    assert annotated(annotated(THEIRS)) == annotated(THEIRS)


def test_their_codes_and_words_stay() -> None:
    """Ours are added, moved on with the tier, and taken away without a trace."""
    theirs = {"coding": [{"system": "https://ehr.example", "code": "called"}], "text": "called twice"}

    told = annotated({**THEIRS, "businessStatus": theirs, "statusReason": theirs}, reason="held")
    later = annotated(told, tier=4)

    assert told["businessStatus"]["text"] == "called twice"
    assert [coding["code"] for coding in later["businessStatus"]["coding"]] == ["called", "overdue-tier-4"]
    assert later["statusReason"] == theirs


def test_our_own_words_move_on_with_ours() -> None:
    """Where nobody else has said anything, text and code go together; without a reason the element goes."""
    told = annotated(THEIRS, reason="held")
    later = annotated(told, tier=4)

    assert later["businessStatus"]["text"] == "Overdue, tier 4"
    assert "statusReason" not in later


@pytest.mark.parametrize("broken", ["words", {"coding": "x"}, {"coding": [7]}])
def test_a_malformed_status_does_no_harm(broken: object) -> None:
    """What a server sends is never trusted."""
    assert annotated({**THEIRS, "businessStatus": broken})["businessStatus"]["coding"][-1]["code"] == "overdue-tier-3"
