"""What says that a milestone happened, and how strongly (DESIGN §4.4, SEMANTICS E)."""

from itertools import permutations
from typing import Any

import pytest

from plugin.domain.program import MilestoneDefinition, Offset, Program
from plugin.domain.record import Coding, Said
from tests.charts import (
    A1C,
    LOINC,
    P1,
    SNOMED,
    THERAPY,
    VISIT,
    VISIT_KIND,
    Json,
    Look,
    booking,
    concept,
    done,
    inline,
    look,
    order,
    patient,
    plan,
    result,
    said,
    step,
    task,
    visit,
)

NOW = "2026-06-16"
SR1 = {"reference": "ServiceRequest/sr1"}
ORDERED = [patient(), plan(step("ServiceRequest/sr1")), order(occurrenceDateTime="2026-06-15")]
LAB = [patient(), plan(step("ServiceRequest/sr1")), order(code=A1C, occurrenceDateTime="2026-06-15")]
INLINE_LAB = [patient(), plan(inline(A1C, "2026-06-15", "2026-06-01"))]
NURSE = [patient(), plan(inline(None, "2026-06-15", "2026-06-01", kind="Appointment", description="See the nurse"))]
SESSIONS = [
    inline(THERAPY, "2026-06-10", "2026-06-01"),
    inline(THERAPY, "2026-06-20", "2026-06-11"),
    inline(THERAPY, "2026-06-30", "2026-06-21"),
]


def found_in(found: Look) -> list[tuple[str, str]]:
    """The evidence of the one milestone."""
    return [(e["resource"], e["strength"]) for e in found.only["evidence"]]


def statuses(*more: Json, at: str = NOW, activities: list[Json] | None = None) -> list[str]:
    """Of the three sessions, by due date."""
    found = look([patient(), plan(*(activities or SESSIONS)), *more], at)
    return [m["status"] for m in sorted(found.milestones, key=lambda m: str(m["due"]))]


def test_one_piece_completes_the_one_whose_days_hold_it() -> None:
    """E4: the first, by due date, whose days from opening to due date hold it; in any order of the activities."""
    for activities in permutations(SESSIONS):
        assert statuses(done("2026-06-11"), activities=list(activities)) == ["ready", "completed", "upcoming"]
        assert statuses(done("2026-06-10"), activities=list(activities)) == ["completed", "ready", "upcoming"]


def test_what_is_late_completes_the_one_due_earliest() -> None:
    """E4: else, of those whose window holds it, the one due earliest; each piece one."""
    gaps = [inline(THERAPY, "2026-06-05", "2026-06-01"), inline(THERAPY, "2026-06-20", "2026-06-16")]

    assert statuses(done("2026-06-10"), activities=gaps) == ["completed", "ready"]
    both = statuses(done("2026-06-10", id_="a"), done("2026-06-11", id_="b"), activities=gaps)
    assert both == ["completed", "ready"]
    assert statuses(done("2026-06-16", id_="a"), done("2026-06-16", id_="b"), activities=gaps) == ["completed"] * 2


def test_the_first_of_equal_windows_then_the_next() -> None:
    """E4: in order of due date and number; three equal sessions need three visits."""
    equal = [inline(THERAPY, "2026-06-15", "2026-06-01")] * 3
    visits = [done("2026-06-10", id_=f"v{n}") for n in range(3)]

    for count in range(4):
        found = look([patient(), plan(*equal), *visits[:count]], NOW)
        assert [m["status"] for m in found.milestones].count("completed") == count


def test_what_finds_none_is_listed_with_the_first_completed_one() -> None:
    """E4 and E7: all usable evidence is listed; never with one that was cancelled."""
    more = [done("2026-06-05", id_="a"), done("2026-06-06", id_="b")]
    one = look([patient(), plan(SESSIONS[0]), *more], NOW)
    cancelled = look([patient(), plan(inline(THERAPY, "2026-06-10", "2026-06-01", status="cancelled")), *more], NOW)

    assert found_in(one) == [("Procedure/a", "coded"), ("Procedure/b", "coded")]
    assert (found_in(cancelled), cancelled.only["status"]) == ([], "cancelled")


def test_a_milestone_that_is_over_takes_no_coded_evidence() -> None:
    """E4: one that is not yet completed or cancelled, by its source or by a person's word."""
    ended = [inline(THERAPY, "2026-06-15", "2026-06-01", status=status) for status in ("completed", "cancelled")]
    open_one = inline(THERAPY, "2026-06-16", "2026-06-01")

    for first in ended:
        found = look([patient(), plan(first, open_one), done("2026-06-10")], NOW)
        assert found.due("2026-06-16")["status"] == "completed"
    chart = [patient(), plan(inline(THERAPY, "2026-06-15", "2026-06-01"), open_one)]
    word = said(Said.NOT_APPLICABLE, look(chart, NOW).due("2026-06-15")["key"])
    told = look([*chart, done("2026-06-10")], NOW, statements=[word])
    assert [m["status"] for m in told.milestones] == ["cancelled", "completed"]


def test_a_coded_booking_belongs_to_the_first_that_has_no_booking() -> None:
    """E4: two bookings are of two sessions; before the window opens is no link; a completed one takes none."""
    kind: Json = {"on": None, "serviceType": [THERAPY]}
    first, second = booking("2026-06-18T14:00:00Z", id_="a", **kind), booking("2026-06-19T14:00:00Z", id_="b", **kind)
    early = booking("2026-06-25T14:00:00Z", id_="c", **kind)
    equal = [inline(THERAPY, "2026-06-30", "2026-06-01")] * 2

    one = look([patient(), plan(*equal), first], NOW)
    two = look([patient(), plan(*equal), second, first], NOW)
    none = look([patient(), plan(inline(THERAPY, "2026-07-30", "2026-07-01")), early], NOW)
    late = look([patient(), plan(equal[0]), done("2026-06-10"), first], NOW)

    assert sorted(str(m["booked_for"]) for m in one.milestones) == ["2026-06-18T14:00:00Z", "None"]
    assert sorted(str(m["booked_for"]) for m in two.milestones) == ["2026-06-18T14:00:00Z", "2026-06-19T14:00:00Z"]
    assert none.only["booked_for"] is None
    assert (late.only["status"], late.only["booked_for"]) == ("completed", None)


def test_loose_evidence_exists_only_for_visits() -> None:
    """E5: kind Appointment, or a program's milestone of kind visit; for nothing else."""
    kept = booking("2026-06-10T14:00:00Z", "fulfilled", on=None)
    of_program = MilestoneDefinition(
        code="v", title="See us", kind="visit", opens=Offset(days=140), due=Offset(days=160)
    )
    program = Program(
        code="p", version="1", title="P", plan_codes=frozenset({("urn:p", "p")}), milestones=(of_program,)
    )
    claimed: Json = {"category": [concept("p", system="urn:p")]}

    assert found_in(look([*NURSE, kept], NOW)) == [("Appointment/a1", "loose")]
    assert found_in(look([*NURSE, visit("2026-06-10")], NOW)) == [("Encounter/e1", "loose")]
    assert found_in(look([patient(), plan(**claimed), kept], NOW, programs=[program])) == [("Appointment/a1", "loose")]
    assert found_in(look([patient(), plan(inline(VISIT, kind="ServiceRequest")), kept], NOW)) == []
    assert found_in(look([*ORDERED, visit("2026-06-10")], NOW)) == []


@pytest.mark.parametrize(
    ("on", "counts"), [("2026-05-31", False), ("2026-06-01", True), ("2026-06-15", True), ("2026-06-16", True)]
)
def test_loose_evidence_lies_in_the_window(on: str, counts: bool) -> None:
    """E5 with D4: the day before it opens, the day; it stays open after the due date."""
    found = look([*NURSE, visit(on)], "2026-06-20")

    assert bool(found_in(found)) == counts
    assert (found.only["status"], found.only["reason"]) == (
        ("in-review", "loose-evidence") if counts else ("ready", None)
    )


@pytest.mark.parametrize("code", ["ROUTINE", "FOLLOWUP", "CHECKUP", "WALKIN"])
def test_a_generic_appointment_type_alone_is_loose(code: str) -> None:
    """E5: also where the step carries the same type."""
    generic = concept(code, system=VISIT_KIND)
    kept = booking("2026-06-10T14:00:00Z", "fulfilled", on=None, appointmentType=generic)
    chart = [patient(), plan(inline(generic | {"text": "Visit"}, "2026-06-15", "2026-06-01", kind="Appointment"))]

    assert found_in(look([*chart, kept], NOW)) == [("Appointment/a1", "loose")]
    assert (
        look([*chart, booking("2026-06-20T14:00:00Z", on=None, appointmentType=generic)], NOW).only["status"] == "ready"
    )


@pytest.mark.parametrize(
    ("kept", "left"),
    [
        # Its encounter; also where the code would match.
        ([visit("2026-06-01")], []),
        ([visit("2026-06-01", type=[VISIT])], []),
        # And the appointment of that: as the encounter names it, else the one of that day that begins nearest to it.
        ([visit("2026-06-01", of="Appointment/a1"), booking("2026-06-01T12:00:00Z", "fulfilled", on=None)], []),
        ([visit("2026-06-01"), booking("2026-06-01T13:55:00Z", "fulfilled", on=None)], []),
        (
            [
                visit("2026-06-01"),
                booking("2026-06-01T14:15:00Z", "fulfilled", on=None),
                booking("2026-06-01T20:00:00Z", "fulfilled", on=None, id_="a2"),
            ],
            [("Appointment/a2", "loose")],
        ),
        # Unless it is linked exactly, and for nothing else.
        ([visit("2026-06-01"), visit("2026-06-02", id_="e2")], [("Encounter/e2", "loose")]),
        ([visit("2026-06-01", basedOn=[{"reference": "CarePlan/cp1"}])], [("Encounter/e1", "exact")]),
    ],
)
def test_the_visit_in_which_a_plan_was_written_is_no_evidence_of_its_steps(
    kept: list[Json], left: list[tuple[str, str]]
) -> None:
    """E5: windows open on the day of the writing; what is planned there has not happened by that."""
    nurse = inline(VISIT, "2026-06-15", "2026-06-01", kind="Appointment")
    written = plan(nurse, start="2026-06-01", encounter={"reference": "Encounter/e1"})

    assert found_in(look([patient(), written, *kept], NOW)) == left


def test_it_is_no_booking_of_its_steps_either_and_evidence_in_another_plan() -> None:
    """While the patient is still there, the follow-up is not booked by that; a plan of before waits for this very visit."""
    nurse = inline(VISIT, "2026-06-15", "2026-06-01", kind="Appointment")
    here = booking("2026-06-01T14:00:00Z", "arrived", on=None, serviceType=[VISIT])
    ours = plan(nurse, start="2026-06-01", encounter={"reference": "Encounter/e1"})
    before = plan(nurse, id_="cp0")

    assert look([patient(), ours, visit("2026-06-01"), here], "2026-06-01").only["booked_for"] is None
    assert look([patient(), before, visit("2026-06-01", id_="e1")], NOW).only["reason"] == "loose-evidence"


def test_what_is_linked_to_another_step_is_not_loose() -> None:
    """E5: of this plan or of another, by a reference or by its code; unlinked, it may be loose for several."""
    nurse = NURSE[1]["activity"][0]
    twice = [patient(), plan(nurse, inline(None, "2026-06-15", "2026-06-01", kind="Appointment", description="Talk"))]
    beside = [patient(), plan(nurse, step("ServiceRequest/sr1")), order()]
    other_plan = [patient(), plan(nurse), plan(step("ServiceRequest/sr1"), id_="cp2"), order()]
    by_code = [patient(), plan(nurse), plan(inline(VISIT, "2026-06-15", "2026-06-01"), id_="cp2")]

    assert [m["reason"] for m in look([*twice, visit("2026-06-10")], NOW).milestones] == ["loose-evidence"] * 2
    for chart in (beside, other_plan):
        linked = look([*chart, booking("2026-06-10T14:00:00Z", "fulfilled")], NOW)
        assert (linked.the("See the nurse")["status"], linked.the("Follow-up visit")["status"]) == (
            "ready",
            "completed",
        )
    coded = look([*by_code, visit("2026-06-10", type=[VISIT])], NOW)
    assert (coded.the("See the nurse")["status"], coded.the("Follow-up visit")["status"]) == ("ready", "completed")
    too_early = look([*by_code, visit("2026-06-10", type=[A1C])], NOW)
    assert too_early.the("See the nurse")["status"] == "in-review"


@pytest.mark.parametrize(
    "more",
    [
        {"code": A1C},
        {"code": VISIT, "category": [concept("108252007", system=SNOMED)]},
        {"code": VISIT, "category": [concept("363679005", system=SNOMED)]},
        {"code": VISIT, "category": [concept("laboratory", system="urn:x")]},
        {"code": VISIT, "category": [concept("imaging", system="urn:x")]},
        {"code": VISIT, "category": [concept("LAB", system="urn:x")]},
        {"code": VISIT, "category": [concept("RAD", system="urn:x")]},
    ],
)
@pytest.mark.parametrize(
    "kept",
    [
        [booking("2026-06-10T14:00:00Z", "fulfilled")],
        [booking("2026-06-10T14:00:00Z"), visit("2026-06-10", of="Appointment/a1")],
        [visit("2026-06-10", basedOn=[SR1])],
    ],
)
def test_the_kept_visit_of_a_laboratory_or_imaging_order_is_no_result(more: Json, kept: list[Json]) -> None:
    """E6: in review until the result is final; the visit is on record."""
    chart = [patient(), plan(step("ServiceRequest/sr1")), order(**more), *kept]

    waiting = look(chart, NOW).only
    resulted = look([*chart, result("2026-06-12", order_="ServiceRequest/sr1")], NOW).only

    assert (waiting["status"], waiting["reason"]) == ("in-review", "awaiting-result")
    assert [e["strength"] for e in waiting["evidence"]] == ["exact"]
    assert resulted["status"] == "completed"
    assert len(resulted["evidence"]) == 2


@pytest.mark.parametrize("category", ["3457005", "procedure"])
def test_a_referral_is_completed_by_its_visit_or_report(category: str) -> None:
    """E6: not by having been sent."""
    chart = [patient(), plan(step("ServiceRequest/sr1")), order(category=[concept(category, system=SNOMED)])]
    report = {
        "resourceType": "DiagnosticReport",
        "id": "r",
        "status": "final",
        "subject": P1,
        "basedOn": [SR1],
        "code": A1C,
    }

    assert look(chart, NOW).only["status"] == "ready"
    assert look([*chart, booking("2026-06-10T14:00:00Z", "fulfilled")], NOW).only["status"] == "completed"
    assert look([*chart, report], NOW).only["status"] == "completed"


def test_a_step_of_kind_appointment_is_a_visit_whatever_its_code() -> None:
    """E6: and so is a step that is an appointment."""
    coded = inline(A1C, "2026-06-15", "2026-06-01", kind="Appointment")
    kept = booking("2026-06-10T14:00:00Z", "fulfilled", on=None, serviceType=[A1C])

    assert look([patient(), plan(coded), kept], NOW).only["status"] == "completed"
    assert look([patient(), plan(step("Appointment/a1")), kept], NOW).only["status"] == "completed"


def test_evidence_is_listed_once_with_its_strongest_link() -> None:
    """E7: exact beats coded; loose only where there is nothing stronger; the weaker of two pieces stays on the list."""
    both = look([*LAB, result("2026-06-10", order_="ServiceRequest/sr1")], NOW)
    partial = look([*INLINE_LAB, result("2026", id_="year"), result("2026-06-10", id_="day")], "2026-12-31")
    mixed = look([*LAB, result("2026-06-10", id_="coded"), done(None, id_="exact", basedOn=[SR1])], NOW)

    assert found_in(both) == [("Observation/o1", "exact")]
    assert found_in(partial) == [("Observation/day", "coded")]
    assert found_in(mixed) == [("Procedure/exact", "exact"), ("Observation/coded", "coded")]


def test_a_completed_source_is_listed_and_an_inline_status_is_not() -> None:
    """E7: a source Task or order is exact evidence; an activity's own completed is status."""
    assert found_in(look([patient(), plan(step("Task/t1")), task(status="completed")], NOW)) == [("Task/t1", "exact")]
    by_order = [patient(), plan(step("ServiceRequest/sr1")), order(status="completed")]
    assert found_in(look(by_order, NOW)) == [("ServiceRequest/sr1", "exact")]
    by_itself = look([patient(), plan(inline(A1C, status="completed"))], NOW)
    assert (by_itself.only["status"], found_in(by_itself)) == ("completed", [])


@pytest.mark.parametrize(
    ("more", "at", "status", "gap"),
    [
        ({}, NOW, "completed", "none"),
        ({"executionPeriod": {"end": "2026-06-15"}}, NOW, "completed", "none"),
        ({"executionPeriod": {"end": "2026-06-16"}}, NOW, "completed", "closed"),
        ({"lastModified": "2026-06-16T10:00:00-05:00"}, NOW, "completed", "closed"),
        ({"executionPeriod": {"end": "2026-06-15"}, "lastModified": "2026-06-16"}, NOW, "completed", "none"),
        ({"executionPeriod": {"start": "2026-06-16"}}, NOW, "completed", "none"),
        ({"lastModified": "2026-06-16T13:00:00-05:00"}, NOW, "ready", "open"),
        ({"lastModified": "2026-06-16T13:00:00-05:00"}, "2026-06-16T13:00:00-05:00", "completed", "closed"),
        ({"executionPeriod": {"end": "2026-06-17"}}, NOW, "ready", "open"),
        ({"executionPeriod": {"end": "2026-06-10"}, "lastModified": "2026-06-17"}, NOW, "ready", "open"),
    ],
)
def test_the_date_of_completion_of_a_task(more: Json, at: str, status: str, gap: str) -> None:
    """E10: executionPeriod.end, else lastModified; without a date in time; after now: not yet."""
    chart = [patient(), plan(step("Task/t1")), task(due="2026-06-15", status="completed", **more)]

    found = look(chart, at).only

    assert (found["status"], found["gap"], found["tier"] > 0) == (status, gap, gap == "open")


def test_of_several_dates_the_earliest_counts() -> None:
    """E10: of a late result and a Task that was done in time; of a late word and evidence in time."""
    in_time = task(due="2026-06-15", status="completed", executionPeriod={"end": "2026-06-10"})
    late = done("2026-06-16", basedOn=[{"reference": "Task/t1"}])
    chart = [patient(), plan(step("Task/t1"))]

    assert look([*chart, in_time, late], NOW).only["gap"] == "none"
    assert look([*chart, task(due="2026-06-15"), late], NOW).only["gap"] == "closed"
    word = said(Said.COMPLETED, "bundle|CarePlan/cp1|Task/t1|1", at="2026-06-16")
    assert look([*chart, task(due="2026-06-15")], NOW, statements=[word]).only["gap"] == "closed"
    early = done("2026-06-12", basedOn=[{"reference": "Task/t1"}])
    assert look([*chart, task(due="2026-06-15"), early], NOW, statements=[word]).only["gap"] == "none"
    first = said(Said.COMPLETED, word.milestone, at="2026-06-15")
    assert look([*chart, task(due="2026-06-15"), late], NOW, statements=[first]).only["gap"] == "none"


@pytest.mark.parametrize(
    ("activity", "reason"),
    [
        (inline(VISIT) | {"outcomeReference": [{"reference": "Encounter/nowhere"}]}, "outcome-unread"),
        (inline(VISIT) | {"outcomeReference": [{"display": "Seen by Dr. Sampleton"}]}, "outcome-unread"),
        (step("ServiceRequest/sr1") | {"outcomeReference": [{"reference": "Encounter/nowhere"}]}, "outcome-unread"),
        (step("Task/t1"), None),
    ],
)
def test_an_outcome_that_cannot_be_read_is_looked_at_by_a_person(activity: Json, reason: str | None) -> None:
    """E11: only activity.outcomeReference is meant, not Task.output."""
    made = task(output=[{"type": {"text": "Note"}, "valueReference": {"reference": "Encounter/nowhere"}}])

    found = look([patient(), plan(activity), order(), made], NOW).only

    assert found["reason"] == reason


def test_an_outcome_that_is_read_but_not_final_is_nothing_yet() -> None:
    """E1 and E11."""
    activity = inline(VISIT) | {"outcomeReference": [{"reference": "Encounter/e1"}]}

    assert look([patient(), plan(activity), visit("2026-06-10", status="in-progress")], NOW).only["status"] == "ready"


def test_confirmed_loose_evidence_is_exact_and_refused_evidence_is_none() -> None:
    """E13: refused in that version; a new version asks again; undo withdraws the statement."""
    old = visit("2026-06-10", meta={"versionId": "1"})
    key = look([*NURSE, old], NOW).only["key"]
    confirm = said(Said.CONFIRM, key, target="Encounter/e1", target_version="1")
    refuse = said(Said.REFUSE, key, id_="no", target="Encounter/e1", target_version="1")
    undo = said(Said.UNDO, id_="u", target="no", at="2026-06-12")

    confirmed = look([*NURSE, old], NOW, statements=[confirm])
    refused = look([*NURSE, old], NOW, statements=[refuse])
    newer = look([*NURSE, visit("2026-06-10", meta={"versionId": "2"})], NOW, statements=[refuse])

    assert (confirmed.only["status"], found_in(confirmed)) == ("completed", [("Encounter/e1", "exact")])
    assert (refused.only["status"], found_in(refused)) == ("ready", [])
    assert newer.only["reason"] == "loose-evidence"
    assert look([*NURSE, old], NOW, statements=[refuse, undo]).only["reason"] == "loose-evidence"
    withdrawn = look([*NURSE, visit("2026-06-10", status="entered-in-error")], NOW, statements=[confirm])
    assert (withdrawn.only["status"], found_in(withdrawn)) == ("ready", [])


def test_refused_evidence_may_still_be_another_steps() -> None:
    """E13: no evidence for that step."""
    sessions = [inline(THERAPY, "2026-06-10", "2026-06-01"), inline(THERAPY, "2026-06-20", "2026-06-01")]
    chart = [patient(), plan(*sessions), done("2026-06-05")]
    refuse = said(Said.REFUSE, look(chart, NOW).due("2026-06-10")["key"], target="Procedure/pr1", target_version="")

    found = look(chart, NOW, statements=[refuse])

    assert [m["status"] for m in found.milestones] == ["ready", "completed"]


def test_evidence_before_the_plans_start_counts_only_where_the_program_says_so() -> None:
    """DESIGN §4.4: for that milestone, not for its neighbours."""
    before: Json = {"codes": (Coding(LOINC, "4548-4"),), "opens": Offset(), "due": Offset(days=200)}
    lab = MilestoneDefinition(code="lab", title="Baseline", before_plan_start=True, **before)
    strict = MilestoneDefinition(code="lab", title="Baseline", **before)
    claimed: Json = {"category": [concept("p", system="urn:p")]}
    early = result("2026-01-04", order_="ServiceRequest/sr1")
    chart = [patient(), plan(step("ServiceRequest/sr1"), **claimed), order(code=A1C), early]

    def status(definition: MilestoneDefinition) -> str:
        program = Program(
            code="p", version="1", title="P", plan_codes=frozenset({("urn:p", "p")}), milestones=(definition,)
        )
        return str(look(chart, NOW, programs=[program]).only["status"])

    assert (status(lab), status(strict)) == ("completed", "ready")


def test_late_evidence_completes_late() -> None:
    """DESIGN §4.4 and G2: the gap is closed, not undone."""
    found = look([*INLINE_LAB, result("2026-06-16")], NOW).only

    assert (found["status"], found["gap"], found["days_past_due"], found["tier"]) == ("completed", "closed", 0, 0)


@pytest.mark.parametrize(("on", "counts"), [("2026-05-31", False), ("2026-06-01", True), ("2026-06-16", True)])
def test_coded_evidence_lies_between_the_windows_opening_and_now(on: str, counts: bool) -> None:
    """DESIGN §4.4: the day before, the day, today."""
    assert bool(found_in(look([*INLINE_LAB, result(on)], NOW))) == counts


def test_evidence_of_one_plan_is_evidence_of_the_other_too() -> None:
    """E4: one milestone of a plan: each plan has its own."""
    chart = [patient(), plan(inline(A1C, "2026-06-15", "2026-06-01")), plan(inline(A1C), id_="cp2")]

    found = look([*chart, result("2026-06-10")], NOW)

    assert [m["status"] for m in found.milestones] == ["completed", "completed"]


def found_any(**more: Any) -> bool:
    """Whether an outcome order is evidence."""
    activity = inline(VISIT) | {"outcomeReference": [{"reference": "Task/t1"}]}
    return bool(found_in(look([patient(), plan(activity), task(**more)], NOW)))


def test_an_outcome_may_be_a_completed_task() -> None:
    """E1: Task and ServiceRequest completed; E10: a date after now is not yet."""
    assert found_any(status="completed")
    assert not found_any(status="in-progress")
    assert not found_any(status="completed", executionPeriod={"end": "2026-06-17"})
