"""Milestones and contents for the tests of the write-back: one usual of each, changed by keywords."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from plugin.domain.assessment import Gap, Milestone, Owner, PlanState, Status
from plugin.domain.source import Draft
from plugin.domain.writes import (
    FlagContent,
    GapContent,
    NoticeContent,
    TaskContent,
    flag_content,
    gap_content,
    notice_content,
    task_content,
)

PATIENT = "Patient/p1"
PLAN = "CarePlan/cp1"
NOON = datetime(2026, 7, 15, 12, tzinfo=UTC)
MORNING = datetime(2026, 7, 15, 8, tzinfo=timezone(timedelta(hours=-5)))


@dataclass(frozen=True)
class Row:
    """What the write-back needs of a row of the ledger."""

    what: str
    content: dict[str, object] | None


def a_milestone(number: int = 1, **changes: Any) -> Milestone:
    """The HbA1c ordered as sr1, due on 30 June, two weeks past due."""
    usual: dict[str, Any] = {
        "key": f"main|{PLAN}|ServiceRequest/sr1|{number}",
        "plan": PLAN,
        "title": "HbA1c",
        "source": "ServiceRequest/sr1",
        "iteration": number,
        "status": Status.READY,
        "reason": None,
        "owner": Owner("Practitioner/dr1", None, "ServiceRequest.performer"),
        "opens": date(2026, 6, 1),
        "due": date(2026, 6, 30),
        "due_from": "ServiceRequest.occurrencePeriod.end",
        "due_precision": "day",
        "days_past_due": 15,
        "tier": 3,
        "gap": Gap.OPEN,
        "codes": ("http://loinc.org|4548-4",),
        "refs": ("ServiceRequest/sr1",),
    }
    return Milestone(**(usual | changes))


def a_completed_milestone(number: int = 1, **changes: Any) -> Milestone:
    """The same, completed a week late."""
    done = {"status": Status.COMPLETED, "gap": Gap.CLOSED, "tier": 0, "completed_on": date(2026, 7, 7)}
    return a_milestone(number, **(done | changes))


def a_plan(**changes: Any) -> PlanState:
    """One patient's active plan."""
    usual: dict[str, Any] = {"plan": PLAN, "patient": PATIENT, "status": "active", "stage": "follow-ups"}
    return PlanState(**(usual | changes))


def a_task_content(milestone: Milestone | None = None, plan: PlanState | None = None) -> TaskContent:
    """The content of a milestone's Task."""
    plan = plan or a_plan()
    content = task_content(milestone or a_milestone(), plan, plan.patient)
    assert content is not None
    return content


def a_gap_content(milestone: Milestone | None = None, patient: str = PATIENT) -> GapContent:
    """The content of a milestone's DetectedIssue."""
    content = gap_content(milestone or a_milestone(), patient)
    assert content is not None
    return content


def a_flag_content(patient: str = PATIENT) -> FlagContent:
    """The content of a patient's Flag."""
    return flag_content("main", patient, [a_milestone()])


def a_notice_content(recipient: str | None = "Practitioner/dr1", patient: str = PATIENT) -> NoticeContent:
    """The content of a notice to the provider."""
    return notice_content("notice|1", a_milestone(), patient, recipient=recipient, sent=MORNING)


def a_draft(number: int = 1, *, ref: str | None = None, if_match: str | None = None, status: str = "ready") -> Draft:
    """A draft for tests that look at the sending only."""
    ref = ref or f"Task/mp-{number}"
    body = {"resourceType": ref.partition("/")[0], "id": ref.partition("/")[2], "status": status}
    return Draft(ref=ref, body=body, digest=f"{ref} {status}", if_match=if_match)
