"""Tests of plugin/domain/writes.py: what is to stand in the EHR for a milestone, a gap, a patient, a notice."""

import json
import re
from datetime import date
from typing import Any

import pytest

from plugin.domain.assessment import Gap, Owner, Status
from plugin.domain.writes import (
    FlagContent,
    GapContent,
    NoticeContent,
    TaskContent,
    derived_id,
    flag_content,
    gap_content,
    is_reference,
    precise,
    source_task_content,
    task_content,
    task_ref,
)
from tests.fhir_adapters.writeback.contents import (
    PATIENT,
    PLAN,
    a_completed_milestone,
    a_flag_content,
    a_gap_content,
    a_milestone,
    a_notice_content,
    a_plan,
    a_task_content,
)


# ---------------------------------------------------------------------------------------------------------------- Task
@pytest.mark.parametrize(
    ("status", "reason", "word"),
    [
        (Status.UPCOMING, None, "draft"),
        (Status.READY, None, "ready"),
        (Status.SCHEDULED, None, "accepted"),
        (Status.IN_REVIEW, "loose-evidence", "in-progress"),
        (Status.ON_HOLD, "held", "on-hold"),
        (Status.COMPLETED, None, "completed"),
        (Status.CANCELLED, "plan-ended", "cancelled"),
        (Status.CANCELLED, "not-applicable", "rejected"),
        (Status.CANCELLED, "entered-in-error", "entered-in-error"),
        (Status.CANCELLED, None, "cancelled"),
    ],
)
def test_each_status_has_its_word_in_fhir(status: Status, reason: str | None, word: str) -> None:
    """The table of DESIGN §4.3."""
    assert a_task_content(a_milestone(status=status, reason=reason)).task_status == word


def test_nothing_in_a_content_moves_with_the_clock() -> None:
    """A day more within a tier is no other content: nothing is written because a day has passed."""
    assert a_task_content(a_milestone(days_past_due=16)) == a_task_content(a_milestone(days_past_due=15))
    assert a_gap_content(a_milestone(days_past_due=16)) == a_gap_content(a_milestone(days_past_due=15))


@pytest.mark.parametrize("changes", [{"task": "Task/t1"}, {"to_write": False}])
def test_somebody_elses_task_and_a_distant_turn_get_no_task_of_ours(changes: dict[str, Any]) -> None:
    """A nurse would see each step twice, and sixty turns of it."""
    assert task_content(a_milestone(**changes), a_plan(), PATIENT) is None


def test_a_source_task_can_be_told_its_tier() -> None:
    """What goes to their Task is built only where there is one."""
    content = source_task_content(a_milestone(task="Task/t1"), a_plan(), PATIENT)

    assert content is not None
    assert (content.gap, content.tier) == ("open", 3)
    assert source_task_content(a_milestone(), a_plan(), PATIENT) is None


@pytest.mark.parametrize(
    ("owner", "expected"),
    [
        (Owner("Practitioner/dr1", None, "Task.owner"), ("Practitioner/dr1", None)),
        (Owner("CareTeam/ct1", None, "Task.owner"), ("CareTeam/ct1", None)),
        (Owner(None, "coordinator", "fallback"), (None, "coordinator")),
        (Owner("Location/l1", None, "ServiceRequest.performer"), (None, None)),
        (Owner("Practitioner/gone", None, "Task.owner"), (None, None)),
        (Owner("https://elsewhere.example/fhir/Practitioner/1", None, "Task.owner"), (None, None)),
    ],
)
def test_only_who_can_own_a_task_is_its_owner(owner: Owner, expected: tuple[str | None, str | None]) -> None:
    """R4 says who can; and a server refuses what it does not have."""
    content = task_content(a_milestone(owner=owner), a_plan(), PATIENT, unread={"Practitioner/gone"})

    assert content is not None
    assert (content.owner, content.role) == expected


@pytest.mark.parametrize(
    ("plan", "refs", "expected"),
    [
        (PLAN, ("ServiceRequest/sr1",), (PLAN, "ServiceRequest/sr1")),
        (PLAN, ("Appointment/a1", "ServiceRequest/sr1"), (PLAN, "Appointment/a1")),
        (PLAN, ("CarePlan/cp1#activity[0]",), (PLAN, None)),
        (PLAN, ("ServiceRequest/unread",), (PLAN, None)),
        ("ServiceRequest/sr1", ("ServiceRequest/sr1",), ("ServiceRequest/sr1", "ServiceRequest/sr1")),
        ("enrolment:chronic-care", (), (None, None)),
    ],
)
def test_a_task_points_to_its_plan_and_its_order(
    plan: str, refs: tuple[str, ...], expected: tuple[str | None, str | None]
) -> None:
    """The plan, or the order that began it, as basedOn; the readable order or appointment as focus."""
    content = task_content(a_milestone(refs=refs), a_plan(plan=plan), PATIENT, unread={"ServiceRequest/unread"})

    assert content is not None
    assert (content.based_on, content.focus) == expected


def test_a_task_that_is_wanted_no_more_points_to_neither() -> None:
    """The plan may be what was deleted. What was done stays as it was written."""
    content = a_task_content(a_milestone(refs=("ServiceRequest/sr1",)))
    done = a_task_content(a_completed_milestone())

    assert (content.withdrawn.based_on, content.withdrawn.focus) == (None, None)
    assert content.withdrawn.task_status == "cancelled"
    assert done.withdrawn == done


@pytest.mark.parametrize(
    ("precision", "text"), [("day", "2026-06-30"), ("month", "2026-06"), ("year", "2026"), (None, "2026-06-30")]
)
def test_a_due_date_goes_out_as_precise_as_it_came(precision: str | None, text: str) -> None:
    """A month is not its last day (D2)."""
    assert precise(date(2026, 6, 30), precision) == text
    assert a_task_content(a_milestone(due_precision=precision)).due == text


def test_a_window_that_ends_before_it_opens_has_no_opening() -> None:
    """FHIR forbids such a period (per-1); the due date is what counts."""
    content = a_task_content(a_milestone(opens=date(2026, 7, 1)))

    assert (content.opens, content.due) == (None, "2026-06-30")


@pytest.mark.parametrize(
    ("opens", "precision", "expected"),
    [
        (date(2026, 5, 31), "month", "2026-05-31"),
        (date(2026, 6, 1), "month", "2026-06"),
        (date(2026, 6, 30), "day", "2026-06-30"),
        (date(2026, 1, 5), "year", "2026"),
        (date(2025, 12, 31), "year", "2025-12-31"),
        (None, "month", None),
    ],
)
def test_a_window_opens_no_more_precisely_than_it_can_be_compared(
    opens: date | None, precision: str, expected: str | None
) -> None:
    """A server cannot say whether the first of June comes before June, and refuses the period."""
    assert a_task_content(a_milestone(opens=opens, due_precision=precision)).opens == expected


# ------------------------------------------------------------------------------------------------- gap, flag and notice
def test_a_gap_begins_on_the_first_day_past_due() -> None:
    """On the due date itself nothing is overdue."""
    gap = a_gap_content()

    assert (gap.state, gap.due, gap.identified, gap.tier) == ("open", "2026-06-30", "2026-07-01", 3)
    assert gap.task == task_ref(a_milestone().key)


def test_a_late_completion_closes_the_gap() -> None:
    """It says when."""
    gap = a_gap_content(a_completed_milestone())

    assert (gap.state, gap.closed_on, gap.tier) == ("closed", "2026-07-07", 0)


def test_without_a_gap_there_is_no_issue() -> None:
    """Whether one stood there before, the ledger knows: then it is withdrawn."""
    assert gap_content(a_milestone(gap=Gap.NONE), PATIENT) is None
    assert gap_content(a_milestone(due=None), PATIENT) is None
    assert a_gap_content().withdrawn.state == "withdrawn"


def test_the_gap_of_somebody_elses_task_is_about_that_task() -> None:
    """There is no second Task that it could be about."""
    assert a_gap_content(a_milestone(task="Task/t1")).task == "Task/t1"


def test_a_flag_stands_since_the_oldest_open_gap() -> None:
    """One flag, however many gaps; none open, inactive."""
    flag = flag_content("main", PATIENT, [a_milestone(), a_milestone(2, due=date(2026, 5, 31))])

    assert (flag.key, flag.active, flag.since) == ("main|Patient/p1", True, "2026-06-01")
    assert flag_content("main", PATIENT, []).active is False
    assert flag.withdrawn.active is False


@pytest.mark.parametrize(
    ("recipient", "expected"),
    [
        ("Practitioner/dr1", ("Practitioner/dr1", None)),
        ("Group/g1", ("Group/g1", None)),
        ("provider", (None, "provider")),
        (None, (None, None)),
    ],
)
def test_a_notice_goes_to_a_person_or_a_role(recipient: str | None, expected: tuple[str | None, str | None]) -> None:
    """Where nobody is known by name, the role is named."""
    notice = a_notice_content(recipient)

    assert (notice.recipient, notice.role) == expected
    assert notice.sent == "2026-07-15T08:00:00-05:00"


# ----------------------------------------------------------------------------------------------------- ledger and names
@pytest.mark.parametrize(
    "content",
    [a_task_content(), a_task_content(a_completed_milestone()), a_gap_content(), a_flag_content(), a_notice_content()],
    ids=lambda content: type(content).__name__,
)
def test_a_content_comes_back_from_the_ledger_as_it_went(
    content: TaskContent | GapContent | FlagContent | NoticeContent,
) -> None:
    """Through real JSON; a name of another version of Milepost is ignored."""
    stored = json.loads(json.dumps(content.as_json())) | {"a_field_of_tomorrow": 1}

    assert type(content).from_json(stored) == content


def test_an_id_is_what_it_stands_for() -> None:
    """The same key gives the same id on every machine, as the pinned one shows; FHIR's alphabet, under 64 characters."""
    made = derived_id("mp", "main|CarePlan/cp1|ServiceRequest/sr1|1")

    assert made == "mp-mo4tmpdbghpwmcg4445k6ltpmr"
    assert re.fullmatch(r"mp-[a-z2-7]{26}", made)
    assert derived_id("mp", "a", "b") != derived_id("mp", "ab")


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Task/t1", True),
        ("CarePlan/cp1#activity[0]", False),
        ("Task/t1/_history/2", False),
        ("urn:uuid:1", False),
        ("Task/" + "x" * 65, False),
        ("enrolment:x", False),
    ],
)
def test_what_a_reference_is(text: str, answer: bool) -> None:
    """Type and id, nothing else: only such can be written as a reference to the same server."""
    assert is_reference(text) is answer
