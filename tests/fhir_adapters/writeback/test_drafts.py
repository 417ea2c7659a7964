"""Tests of fhir_adapters/writeback/drafts.py: what goes out, in which order, and how it is known again."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from fhir_adapters.mapping import Mapped, MappingRules, map_resource
from fhir_adapters.writeback import device_draft, digest_of, draft_for, drafts_for, owned_of, with_provenance
from fhir_adapters.writeback.names import Names
from plugin.domain.assessment import Milestone, Owner, Status
from plugin.domain.edit import owned_digest
from plugin.domain.errors import CannotDo, PermanentFailure
from plugin.domain.record import Order
from plugin.domain.writes import gap_ref, task_ref
from tests.fhir_adapters.writeback.contents import (
    NOON,
    Row,
    a_completed_milestone,
    a_flag_content,
    a_gap_content,
    a_milestone,
    a_notice_content,
    a_plan,
    a_task_content,
)

NAMES = Names()
TASK = Row("task", a_task_content().as_json())
GAP = Row("detected-issue", a_gap_content().as_json())
FLAG = Row("flag", a_flag_content().as_json())
NOTICE = Row("overdue", a_notice_content().as_json())


def test_each_kind_of_row_becomes_its_resource() -> None:
    """What is referred to comes first, whatever the order of the rows."""
    drafts = drafts_for([NOTICE, FLAG, GAP, TASK], NAMES, {})

    assert [draft.ref.partition("/")[0] for draft in drafts] == ["Task", "DetectedIssue", "Flag", "Communication"]
    assert all(draft.ref == f"{draft.body['resourceType']}/{draft.body['id']}" for draft in drafts)


def test_patients_stay_together() -> None:
    """A transaction that is cut anywhere leaves few patients half written."""
    other = a_plan(patient="Patient/p2", plan="CarePlan/cp2")
    rows = [
        Row("detected-issue", a_gap_content(a_milestone(2, key="k2"), "Patient/p2").as_json()),
        TASK,
        Row("task", a_task_content(a_milestone(2, key="k2"), other).as_json()),
        GAP,
    ]

    drafts = drafts_for(rows, NAMES, {})

    assert [draft.ref for draft in drafts] == [
        task_ref("k2"),
        gap_ref("k2"),
        task_ref(a_milestone().key),
        gap_ref(a_milestone().key),
    ]


def test_the_version_that_must_stand_goes_along() -> None:
    """Where we know one."""
    task, gap = drafts_for([TASK, GAP], NAMES, {task_ref(a_milestone().key): "3"})

    assert (task.if_match, gap.if_match) == ("3", None)


def test_of_two_that_want_the_same_resource_the_later_counts() -> None:
    """A transaction with both would be refused."""
    later = Row("flag", a_flag_content().withdrawn.as_json())

    (draft,) = drafts_for([FLAG, later], NAMES, {})

    assert draft.body["status"] == "inactive"


@pytest.mark.parametrize(
    ("row", "failure"),
    [
        (Row("rebook", {}), CannotDo),
        (Row("task", None), CannotDo),
        (Row("task", {"key": "k"}), PermanentFailure),
        (Row("task", {**a_task_content().as_json(), "status": "lost"}), PermanentFailure),
        (Row("task", {**a_task_content().as_json(), "due": "some day"}), PermanentFailure),
    ],
)
def test_a_row_that_cannot_be_built_fails_alone(row: Row, failure: type[Exception]) -> None:
    """For good, and without a word of its content."""
    with pytest.raises(failure) as raised:
        draft_for(row, NAMES, {})

    assert "HbA1c" not in str(raised.value)


# ------------------------------------------------------------------------------------------------------------- digests
def test_a_digest_is_of_the_content_and_not_of_the_servers_words() -> None:
    """What stands on the server is known again, whatever it wrote into meta and in whichever order it gives it back."""
    (draft,) = drafts_for([TASK], NAMES, {})
    standing = dict(reversed(list(draft.body.items()))) | {
        "meta": {"versionId": "7", "lastUpdated": "2026-07-15T12:00:00Z"}
    }

    assert digest_of(standing) == draft.digest
    assert digest_of({**standing, "status": "completed"}) != draft.digest


@pytest.mark.parametrize(
    "milestone",
    [
        a_milestone(),
        a_completed_milestone(),
        a_milestone(due_precision="month", owner=Owner(None, "coordinator", "fallback")),
        a_milestone(opens=None, due=None),
        a_milestone(status=Status.CANCELLED, reason="not-applicable"),
        a_milestone(booked_for="2026-07-20T09:00:00-05:00"),
    ],
)
def test_our_own_task_read_back_is_known_as_ours(milestone: Milestone) -> None:
    """By the real mapping, with what a server adds: otherwise our own write would become a person's word."""
    (draft,) = drafts_for([Row("task", a_task_content(milestone).as_json())], NAMES, {})
    read = {**draft.body, "meta": {**draft.body["meta"], "versionId": "2", "source": "#x"}}  # type: ignore[dict-item]  # JSON

    mapped = map_resource(read, MappingRules(resolve=lambda ref: ref), {})

    assert isinstance(mapped, Mapped)
    assert isinstance(mapped.fact, Order)
    assert mapped.fact.ours
    assert owned_digest(mapped.fact) == draft.owned


def test_a_nurses_status_is_no_body_of_ours() -> None:
    """The other half of the same promise."""
    (draft,) = drafts_for([TASK], NAMES, {})

    assert owned_of({**draft.body, "status": "completed"}) != draft.owned
    assert owned_of({**draft.body, "note": [{"text": "called"}]}) == draft.owned


def test_only_a_task_has_fields_of_its_own() -> None:
    """Nobody edits our DetectedIssue to say something."""
    with pytest.raises(TypeError):
        owned_of({"resourceType": "Flag", "id": "mf-1"})


# ---------------------------------------------------------------------------------------------- device and provenance
def test_each_patient_gets_one_provenance() -> None:
    """After what it names, in whichever order that was given; its id does not depend on the moment of writing."""
    task, gap, flag = drafts_for([TASK, GAP, Row("flag", a_flag_content("Patient/p2").as_json())], NAMES)

    told = with_provenance([gap, task, flag, device_draft(NAMES)], NAMES, recorded=NOON)
    later = with_provenance([task, gap, flag, device_draft(NAMES)], NAMES, recorded=NOON + timedelta(minutes=1))

    kinds = [draft.ref.partition("/")[0] for draft in told]
    assert kinds == ["Device", "Task", "DetectedIssue", "Provenance", "Flag", "Provenance"]
    assert told[3].body["target"] == [{"reference": task.ref}, {"reference": gap.ref}]
    assert [draft.ref for draft in later] == [draft.ref for draft in told]


def test_each_person_has_a_provenance_of_exactly_their_writes() -> None:
    """What two people's acts and time bring about in one transaction is told apart."""
    task, gap, flag = drafts_for([TASK, GAP, Row("flag", a_flag_content("Patient/p1").as_json())], NAMES)
    nurse, doctor = replace(task, by="Practitioner/nurse"), replace(gap, by="Practitioner/doctor")

    told = with_provenance([nurse, doctor, flag], NAMES, recorded=NOON)

    bodies: list[Any] = [draft.body for draft in told[3:]]  # Any: FHIR's own JSON
    authors = {b["target"][0]["reference"]: [agent["who"]["reference"] for agent in b["agent"]] for b in bodies}
    milepost = "Device/milepost"
    assert authors == {
        task.ref: ["Practitioner/nurse", milepost],
        gap.ref: ["Practitioner/doctor", milepost],
        flag.ref: [milepost],
    }
    assert len({draft.ref for draft in told}) == 6


def test_milepost_itself_is_a_draft_too() -> None:
    """Sent once, before anything refers to it."""
    assert device_draft(NAMES).ref == "Device/milepost"
