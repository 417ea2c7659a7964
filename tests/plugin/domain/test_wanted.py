"""The effects that are wanted: the ladder, appointments, reviews, whole plans, and the writes (DESIGN §5, G5)."""

from datetime import date
from typing import Any

import pytest

from plugin.domain.assessment import Effect
from plugin.domain.calendar import Practice
from plugin.domain.record import Said
from tests.charts import (
    A1C,
    CHICAGO,
    THERAPY,
    VISIT,
    Json,
    Look,
    because,
    booking,
    done,
    inline,
    look,
    order,
    patient,
    plan,
    repeating,
    said,
    step,
    task,
    visit,
)

DUE = [patient(), plan(inline(A1C, "2026-06-15"))]  # a Monday
ORDERED = [patient(), plan(step("ServiceRequest/sr1")), order()]


def at(effect: Effect) -> str:
    """Its not-before, in the practice's zone."""
    assert effect.at is not None
    return effect.at.astimezone(CHICAGO).isoformat()


def the(found: Look, what: str, kind: str | None = None) -> Effect:
    """The one effect of a name."""
    (effect,) = found.effects(what, kind)
    return effect


# ------------------------------------------------------------------------------------------------------------ the ladder
@pytest.mark.parametrize(
    ("day", "name", "when", "role"),
    [
        ("2026-06-16", "message overdue", "2026-06-16T09:00:00-05:00", "patient"),
        ("2026-06-22", "message overdue", "2026-06-16T09:00:00-05:00", "patient"),
        ("2026-06-23", "work overdue", "2026-06-23T08:00:00-05:00", "coordinator"),
        ("2026-06-29", "work overdue", "2026-06-23T08:00:00-05:00", "coordinator"),
        ("2026-06-30", "notice overdue", "2026-06-30T08:00:00-05:00", "provider"),
        ("2026-07-16", "report clinical-review", "2026-07-16T08:00:00-05:00", None),
        ("2027-07-16", "report clinical-review", "2026-07-16T08:00:00-05:00", None),
    ],
)
def test_each_tier_wants_its_one_effect(day: str, name: str, when: str, role: str | None) -> None:
    """DESIGN §5: only the present tier acts, from the day on which it was entered; ``at`` does not move with the clock."""
    found = look(DUE, day)

    assert found.names() == [name]
    (effect,) = found.effects()
    assert (at(effect), effect.role, effect.milestone) == (when, role, found.only["key"])


@pytest.mark.parametrize(("at_", "count"), [("2026-06-15T23:59:59-05:00", 0), ("2026-06-16T00:00:00-05:00", 1)])
def test_on_the_due_date_nothing_is_wanted(at_: str, count: int) -> None:
    """DESIGN §5: on the due date itself, not overdue."""
    assert len(look(DUE, at_).effects()) == count


def test_a_moved_due_date_begins_a_new_episode() -> None:
    """DESIGN §5: a milestone and its due date; the same date again is the same episode."""
    first = the(look(DUE, "2026-06-23"), "overdue")
    moved = the(look([patient(), plan(inline(A1C, "2026-06-14"))], "2026-06-23"), "overdue")

    assert first.key != moved.key
    assert first.key == the(look(DUE, "2026-06-24"), "overdue").key


def test_the_tiers_that_were_passed_over_are_named() -> None:
    """DESIGN §5: when time was lost, recorded as skipped, with the reason."""
    passed = look(DUE, "2026-07-20").assessment.passed

    assert [(p.effect.tier, p.effect.what, p.why) for p in passed] == [
        (1, "overdue", "tier 4 was reached before it acted"),
        (2, "overdue", "tier 4 was reached before it acted"),
        (3, "overdue", "tier 4 was reached before it acted"),
    ]


def test_a_booking_in_the_future_stops_messages_and_new_tiers() -> None:
    """DESIGN §5: the gap stays open; when the booking falls away, the present tier acts."""
    late = [patient(), plan(step("ServiceRequest/sr1")), order(occurrenceDateTime="2026-06-15")]
    ahead = booking("2026-07-20T14:00:00Z")

    booked = look([*late, ahead], "2026-06-30")
    again = look([*late, ahead | {"status": "entered-in-error"}], "2026-06-30")

    assert (booked.only["gap"], booked.only["tier"], booked.only["booked_for"]) == ("open", 3, "2026-07-20T14:00:00Z")
    assert (booked.names(), booked.assessment.passed) == ([], ())
    assert again.names() == ["notice overdue"]


def test_a_hold_stops_actions_not_the_clock() -> None:
    """DESIGN §5: when it ends, the present tier acts."""
    hold = said(Said.HOLD, look(DUE, "2026-06-20").only["key"], until=date(2026, 6, 30))

    held, over = (look(DUE, day, statements=[hold]) for day in ("2026-06-29", "2026-06-30"))

    assert (held.only["tier"], held.names()) == (2, [])
    assert (over.only["tier"], over.names()) == (3, ["notice overdue"])


@pytest.mark.parametrize(
    ("person", "more"),
    [
        (patient(), {"status": "on-hold"}),
        (patient(), {"status": "revoked"}),
        (patient(), {"status": "completed"}),
        (patient(), {"status": "entered-in-error"}),
        (patient(), {"status": "draft"}),
        (patient(deceasedBoolean=True), {}),
        (patient(active=False), {}),
    ],
)
@pytest.mark.parametrize("day", ["2026-06-16", "2026-06-23", "2026-06-30", "2026-07-16"])
def test_nothing_is_wanted_of_a_plan_that_rests(person: Json, more: Json, day: str) -> None:
    """DESIGN §5: every message stops; a hold stops the staff's steps too."""
    missed = booking("2026-06-15T14:00:00Z", "noshow")
    chart = [person, plan(inline(A1C, "2026-06-15"), step("ServiceRequest/sr1"), **more), order(), missed]

    assert look(chart, day).names() == []


def test_while_a_milestone_is_in_review_no_message_goes_out_and_staff_tiers_go_on() -> None:
    """DESIGN §4.4: nobody is told "you are overdue" who may have come."""
    late = [patient(), plan(step("ServiceRequest/sr1")), order(occurrenceDateTime="2026-06-15")]
    past = booking("2026-06-10T14:00:00Z")

    assert look([*late, past], "2026-06-16").names() == ["work record-outcome"]
    assert look([*late, past], "2026-06-23").names() == ["work overdue", "work record-outcome"]


def test_the_messages_of_a_plan_of_unknown_status_wait() -> None:
    """DESIGN §4.3: tracked for the staff."""
    chart = [patient(), plan(inline(A1C, "2026-06-15"), status="unknown")]

    assert (look(chart, "2026-06-16").names(), look(chart, "2026-06-23").names()) == ([], ["work overdue"])
    assert look(chart, "2026-06-16").assessment.messages_wait


def test_of_a_repeating_milestone_only_the_latest_overdue_turn_acts() -> None:
    """DESIGN §5: once a later turn is completed, earlier ones stay on record as missed and act no more."""
    weekly = [patient(), plan(repeating(THERAPY, start="2026-06-01", end="2026-07-31", period=1, periodUnit="wk"))]

    late = look(weekly, "2026-06-30")
    caught_up = look([*weekly, done("2026-06-25")], "2026-06-30")

    assert late.turns("Physical therapy", "tier")[:4] == [(3,), (3,), (2,), (1,)]
    tiers = [e for e in late.effects() if e.what == "overdue"]
    assert [(e.milestone, e.tier) for e in tiers] == [(late.the("Physical therapy", 4)["key"], 1)]
    assert [m["gap"] for m in caught_up.milestones][:4] == ["open", "open", "open", "none"]
    assert [e for e in caught_up.effects() if e.what == "overdue"] == []


def test_the_notice_goes_to_the_owner_else_the_author_else_the_role() -> None:
    """DESIGN §5: the provider is notified in the EHR's inbox, of the Task and its due date."""

    def recipient(**of_plan: Any) -> tuple[Any, ...]:
        performer = of_plan.pop("performer", None)
        detail: Json = {"performer": [{"reference": performer}]} if performer else {}
        chart = [patient(), plan(inline(A1C, "2026-06-15", **detail), **of_plan)]
        content = the(look(chart, "2026-06-30"), "overdue").content or {}
        assert str(content["task"]).startswith("Task/mp-")
        return content.get("recipient"), content.get("role"), content["due"], content["tier"]

    author: Json = {"author": {"reference": "Practitioner/cho"}}
    assert recipient(performer="Practitioner/x", **author) == ("Practitioner/x", None, "2026-06-15", 3)
    assert recipient(**author) == ("Practitioner/cho", None, "2026-06-15", 3)
    assert recipient() == (None, "provider", "2026-06-15", 3)


# ----------------------------------------------------------------------------------------------- mornings and windows
def with_hours(**hours: Any) -> Practice:
    """A practice in Chicago."""
    return Practice(CHICAGO, **hours)


@pytest.mark.parametrize(
    ("due", "day", "when", "practice"),
    [
        ("2026-06-11", "2026-06-19", "2026-06-19T08:00:00-05:00", with_hours()),
        ("2026-06-12", "2026-06-20", "2026-06-22T08:00:00-05:00", with_hours()),
        ("2026-06-13", "2026-06-21", "2026-06-22T08:00:00-05:00", with_hours()),
        ("2026-06-11", "2026-06-19", "2026-06-22T08:00:00-05:00", with_hours(holidays=frozenset({date(2026, 6, 19)}))),
        ("2026-06-11", "2026-06-19", "2026-06-23T08:00:00-05:00", with_hours(working_days=frozenset({1}))),
        ("2026-03-01", "2026-03-09", "2026-03-09T08:00:00-05:00", with_hours()),
    ],
)
def test_staff_steps_fire_on_working_mornings(due: str, day: str, when: str, practice: Practice) -> None:
    """DESIGN §5: at 08:00 of a working day; a week-end, a holiday, other working days, the week of the clock change."""
    chart = [patient(), plan(inline(A1C, due))]

    found = look(chart, day, practice=practice)

    assert at(the(found, "overdue", "work")) == when


@pytest.mark.parametrize(
    ("due", "when", "practice"),
    [
        ("2026-06-12", "2026-06-13T09:00:00-05:00", with_hours()),
        ("2026-06-13", "2026-06-15T09:00:00-05:00", with_hours()),
        ("2026-07-03", "2026-07-06T09:00:00-05:00", with_hours(holidays=frozenset({date(2026, 7, 4)}))),
        ("2026-03-07", "2026-03-09T09:00:00-05:00", with_hours()),
        ("2026-03-06", "2026-03-07T09:00:00-06:00", with_hours()),
    ],
)
def test_messages_keep_to_the_send_window(due: str, when: str, practice: Practice) -> None:
    """DESIGN §6: Monday to Saturday from 09:00, never on a holiday; the wall clock counts across the clock change."""
    chart = [patient(), plan(inline(A1C, due))]
    entered = (date.fromisoformat(due).toordinal()) + 1

    found = look(chart, date.fromordinal(entered).isoformat(), practice=practice)

    assert at(the(found, "overdue", "message")) == when


# ---------------------------------------------------------------------------------------------------------- appointments
def test_a_missed_appointment_is_told_on_the_day_on_which_it_is_seen() -> None:
    """DESIGN §6: seen after the window, at its next opening, with other wording."""

    def message(seen: str, status: str = "noshow", day: str = "2026-06-12") -> tuple[str, Any]:
        gone = booking("2026-06-10T14:00:00Z", status, seen=seen)
        effect = the(look([*ORDERED, gone], day), "appointment-missed")
        return at(effect), dict(effect.content or {})["wording"]

    assert message("2026-06-10T16:00:00Z") == ("2026-06-10T11:00:00-05:00", "same-day")
    assert message("2026-06-11T00:30:00Z") == ("2026-06-11T09:00:00-05:00", "late")
    assert message("2026-06-10T12:00:00Z") == ("2026-06-10T09:00:00-05:00", "same-day")
    assert message("2026-06-09T16:00:00Z", "cancelled") == ("2026-06-10T09:00:00-05:00", "same-day")


def test_effects_of_an_appointment_are_keyed_by_its_id_and_its_start() -> None:
    """DESIGN §5: a moved start is another miss, a touched resource is not."""

    def key(start: str, **more: Any) -> str:
        return the(look([*ORDERED, booking(start, "noshow", **more)], "2026-06-12"), "appointment-missed").key

    first = key("2026-06-10T14:00:00Z")
    assert key("2026-06-10T14:00:00Z", seen="2026-06-11T12:00:00Z") == first
    assert key("2026-06-11T14:00:00Z") != first
    assert key("2026-06-10T14:00:00Z", id_="other") != first


def test_a_miss_that_was_rebooked_or_made_good_is_not_told() -> None:
    """DESIGN §1: a resolved milestone no longer wants its pending message."""
    missed = booking("2026-06-10T14:00:00Z", "noshow")

    for more in (
        booking("2026-06-20T14:00:00Z", id_="a2"),
        booking("2026-06-11T14:00:00Z", "fulfilled", id_="a2"),
    ):
        assert look([*ORDERED, missed, more], "2026-06-12").names() == []


@pytest.mark.parametrize(
    ("seen", "at_", "when"),
    [
        ("2026-06-08T15:00:00Z", "2026-06-08T10:00:00-05:00", "2026-06-08T12:00:00-05:00"),
        ("2026-06-08T11:00:00Z", "2026-06-08T07:00:00-05:00", "2026-06-08T09:00:00-05:00"),
        ("2026-06-08T21:59:00Z", "2026-06-08T17:00:00-05:00", "2026-06-08T18:59:00-05:00"),
        ("2026-06-08T22:00:00Z", "2026-06-08T17:00:00-05:00", None),
        ("2026-06-08T15:00:00Z", "2026-06-08T23:59:59-05:00", "2026-06-08T12:00:00-05:00"),
        ("2026-06-08T15:00:00Z", "2026-06-09T00:00:00-05:00", None),
        ("2026-06-07T15:00:00Z", "2026-06-07T15:00:00-05:00", None),
    ],
)
@pytest.mark.parametrize("by", ["patient", "practice"])
def test_rebook_goes_out_two_hours_after_a_cancellation_the_same_day(
    seen: str, at_: str, when: str | None, by: str
) -> None:
    """DESIGN §6: if nothing is booked by then; what cannot go out that day is not sent; by the practice: other wording."""
    reason: Json = {"cancelationReason": because("prov")} if by == "practice" else {}
    gone = booking("2026-06-20T14:00:00Z", "cancelled", seen=seen, **reason)

    found = look([*ORDERED, gone], at_).effects("rebook", "message")
    booked = look([*ORDERED, gone, booking("2026-06-25T14:00:00Z", id_="a2")], at_)

    assert [at(effect) for effect in found] == ([when] if when else [])
    assert [dict(effect.content or {})["by"] for effect in found] == ([by] if when else [])
    assert booked.names() == []


def test_a_cancellation_by_the_practice_goes_to_the_schedulers() -> None:
    """DESIGN §4.5: rebooking goes to the scheduling queue until something is booked."""
    gone = booking("2026-06-10T14:00:00Z", "cancelled", cancelationReason=because("prov"), seen="2026-06-09T15:00:00Z")

    work = the(look([*ORDERED, gone], "2026-06-30"), "rebook", "work")

    assert (at(work), work.role) == ("2026-06-10T08:00:00-05:00", "scheduler")
    assert look([*ORDERED, gone, booking("2026-07-10T14:00:00Z", id_="a2")], "2026-06-30").names() == []


def test_a_booking_that_passed_without_an_outcome_goes_to_the_front_desk() -> None:
    """DESIGN §4.5: record the outcome, from the next working morning."""
    work = the(look([*ORDERED, booking("2026-06-12T14:00:00Z")], "2026-06-20"), "record-outcome")

    assert (at(work), work.role, work.kind.value) == ("2026-06-15T08:00:00-05:00", "scheduler", "work")


def test_a_contradicted_outcome_is_asked_about() -> None:
    """A6: a person must look."""
    chart = [*ORDERED, booking("2026-06-10T14:00:00Z", "noshow"), visit("2026-06-10", of="Appointment/a1")]

    assert look(chart, "2026-06-11").names() == ["work record-outcome"]


@pytest.mark.parametrize("code", ["pat-dec", "pat-mv", "pat-mt"])
def test_who_may_have_died_or_moved_is_not_written_to(code: str) -> None:
    """A5: the plan's messages wait, and a person is asked what is true; until another appointment says so (A4)."""
    late = [
        patient(),
        plan(step("ServiceRequest/sr1"), inline(A1C, "2026-06-15")),
        order(),
        booking("2026-06-10T14:00:00Z", "cancelled", cancelationReason=because(code)),
    ]

    assert look(late, "2026-06-16").names() == ["work record-outcome"]
    assert look(late, "2026-06-23").names() == ["work overdue", "work record-outcome"]
    kept = booking("2026-06-14T14:00:00Z", "fulfilled", id_="a2")
    assert look([*late, kept], "2026-06-16").names() == ["message overdue"]


# --------------------------------------------------------------------------------------------------------------- reviews
def test_loose_evidence_is_to_be_confirmed() -> None:
    """DESIGN §4.4: a work item, once for that evidence; a newer version of it asks again."""
    nurse = [patient(), plan(inline(None, "2026-06-30", "2026-06-01", kind="Appointment", description="Nurse"))]

    def work(version: str) -> Effect:
        return the(look([*nurse, visit("2026-06-10", meta={"versionId": version})], "2026-06-16"), "confirm-evidence")

    assert (at(work("1")), work("1").role) == ("2026-06-10T08:00:00-05:00", "coordinator")
    assert work("1").key != work("2").key
    assert dict(work("1").content or {})["evidence"] == ["Encounter/e1"]


@pytest.mark.parametrize(
    "chart",
    [
        [patient(), plan(inline(VISIT) | {"outcomeReference": [{"reference": "Encounter/nowhere"}]})],
        [patient(), plan(step("Task/t1")), task(status="failed")],
    ],
)
def test_what_only_a_person_can_settle_is_asked(chart: list[Json]) -> None:
    """E11, and a Task that failed."""
    assert look(chart, "2026-06-16").names() == ["work confirm-evidence"]


# ----------------------------------------------------------------------------------------------------------- whole plans
def test_two_missed_in_a_row_go_to_the_provider_once_for_that_pair() -> None:
    """DESIGN §4.5: another pair is another review."""
    missed = [booking(f"2026-06-{day}T14:00:00Z", "noshow", id_=f"v{day}") for day in (10, 12, 14)]

    def review(*visits: Json) -> Effect:
        return the(look([*ORDERED, *visits], "2026-06-16"), "two-missed-in-a-row")

    first = review(*missed[:2])
    assert (first.role, first.milestone, first.plan) == ("provider", None, "CarePlan/cp1")
    assert first.key == review(*reversed(missed[:2])).key
    assert first.key != review(*missed).key


def test_two_late_neighbours_go_to_the_provider() -> None:
    """DESIGN §4.5: from the working morning on which the second is at tier 2."""
    chart = [patient(), plan(inline(A1C, "2026-06-01"), inline(VISIT, "2026-06-12"))]

    assert look(chart, "2026-06-19").effects("two-missed-in-a-row") == []
    assert at(the(look(chart, "2026-06-20"), "two-missed-in-a-row")) == "2026-06-22T08:00:00-05:00"


@pytest.mark.parametrize(
    ("person", "more", "count"),
    [
        (patient(), {"status": "revoked", "meta": {"lastUpdated": "2026-06-20T15:00:00Z"}}, 1),
        (patient(), {"status": "completed", "meta": {"lastUpdated": "2026-06-20T15:00:00Z"}}, 1),
        (patient(), {"status": "revoked", "meta": {"lastUpdated": "2026-06-15T15:00:00Z"}}, 0),
        (patient(), {"status": "revoked", "meta": {"lastUpdated": "2026-06-16T05:00:00Z"}}, 1),
        (patient(active=False, meta={"lastUpdated": "2026-06-20T15:00:00Z"}), {}, 1),
        (patient(deceasedBoolean=True, meta={"lastUpdated": "2026-06-20T15:00:00Z"}), {}, 0),
        (patient(), {"status": "draft", "meta": {"lastUpdated": "2026-06-20T15:00:00Z"}}, 0),
    ],
)
def test_a_plan_that_ends_with_open_gaps_is_listed_for_the_coordinator(person: Json, more: Json, count: int) -> None:
    """S7: past due on the day on which the end was seen; what comes due later is no gap."""
    chart = [person, plan(inline(A1C, "2026-06-15"), inline(VISIT, "2026-06-25"), **more)]

    for day in ("2026-06-20T10:00:00-05:00", "2026-07-30"):
        found = look(chart, day).effects("ended-with-open-gaps")
        assert len(found) == count
        for effect in found:
            assert (effect.role, effect.milestone) == ("coordinator", None)
            assert dict(effect.content or {})["steps"] == ["HbA1c"]


def test_an_ended_plan_that_is_touched_again_is_one_work_item() -> None:
    """S7: one work item, whatever version of the plan is read."""

    def key(version: str) -> str:
        meta = {"lastUpdated": "2026-06-20T15:00:00Z", "versionId": version}
        chart = [patient(), plan(inline(A1C, "2026-06-15"), status="revoked", meta=meta)]
        return the(look(chart, "2026-06-21"), "ended-with-open-gaps").key

    assert key("2") == key("3")


# ---------------------------------------------------------------------------------------------------------------- writes
def writes(found: Look) -> list[str]:
    """What is to stand in the EHR."""
    return sorted(e.what for e in found.effects(kind="write"))


@pytest.mark.parametrize(
    ("day", "expected"),
    [("2026-06-15", ["task"]), ("2026-06-16", ["detected-issue", "flag", "task"])],
)
def test_what_is_to_stand_in_the_ehr(day: str, expected: list[str]) -> None:
    """DESIGN §10: our Task of each milestone, the DetectedIssue of each gap, one Flag; ``at`` once."""
    found = look(DUE, day)

    assert writes(found) == expected
    assert {effect.at for effect in found.effects(kind="write")} == {None}


def test_nothing_is_written_because_a_day_has_passed_within_a_tier() -> None:
    """DESIGN §10: the same content until the tier changes."""
    first, later, next_tier = (
        look(DUE, day).effects(kind="write") for day in ("2026-06-16", "2026-06-22", "2026-06-23")
    )

    assert first == later
    assert first != next_tier


def test_the_gap_of_a_late_completion_is_closed_with_its_day() -> None:
    """DESIGN §10: closed-gap; the flag is not wanted any more."""
    late = [patient(), plan(inline(THERAPY, "2026-06-15")), done("2026-06-18")]

    found = look(late, "2026-06-20")

    assert writes(found) == ["detected-issue", "task"]
    content = dict(the(found, "detected-issue", "write").content or {})
    assert (content["state"], content["closed_on"], content["due"]) == ("closed", "2026-06-18", "2026-06-15")


def test_a_milestone_whose_source_is_a_task_gets_no_second_task() -> None:
    """DESIGN §10: its gap is about that Task."""
    found = look([patient(), plan(step("Task/t1")), task(due="2026-06-15")], "2026-06-16")

    assert writes(found) == ["detected-issue", "flag"]
    assert dict(the(found, "detected-issue", "write").content or {})["task"] == "Task/t1"


def test_of_a_repeating_milestone_the_opened_turns_and_the_next_are_written() -> None:
    """DESIGN §10: no others; none are added once the plan has ended."""
    weekly = repeating(THERAPY, start="2026-06-01", end="2026-07-31", period=1, periodUnit="wk")

    def written(day: str, person: Json | None = None, **of_plan: Any) -> list[int]:
        found = look([person or patient(), plan(weekly, **of_plan)], day)
        return [m.iteration for m in found.kept() if m.to_write]

    assert written("2026-06-07") == [1, 2]
    assert written("2026-06-08") == [1, 2, 3]
    ended: Json = {"status": "revoked", "meta": {"lastUpdated": "2026-06-08T15:00:00Z"}}
    assert written("2026-06-09", **ended) == written("2026-07-30", **ended) == [1, 2, 3]
    gone = patient(active=False, meta={"lastUpdated": "2026-06-08T15:00:00Z"})
    assert written("2026-06-09", gone) == written("2026-07-30", gone) == [1, 2, 3]
    assert written("2026-07-30", status="draft") == [1]


def test_an_ended_plan_changes_no_more() -> None:
    """DESIGN §1: idle cost is nothing; of a revoked, repeating plan only news changes the answer."""
    weekly = repeating(THERAPY, start="2026-06-01", end="2026-12-31", period=1, periodUnit="wk")
    ended: Json = {"status": "revoked", "meta": {"lastUpdated": "2026-06-08T15:00:00Z"}}

    assert look([patient(), plan(weekly, **ended)], "2026-06-09").document["next_change_at"] is None
