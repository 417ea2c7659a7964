"""One step is one milestone: merging, titles, statuses of several sources, and keys (O1-O3, O9, DESIGN §4.1)."""

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from plugin.domain.assessment import Milestone
from plugin.domain.program import MilestoneDefinition, Offset, Program
from plugin.domain.record import Coding, KnownStep, Said
from tests.charts import (
    A1C,
    LOINC,
    TASK_CODES,
    THERAPY,
    VISIT,
    booking,
    concept,
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
)

NOW = "2026-06-16"
Json = dict[str, Any]


def a_program(*milestones: MilestoneDefinition) -> Program:
    """One that claims plans by category."""
    return Program(code="p", version="1", title="P", plan_codes=frozenset({("urn:p", "p")}), milestones=milestones)


LAB = MilestoneDefinition(
    code="lab", title="Lab at six weeks", codes=(Coding(LOINC, "4548-4"),), opens=Offset(days=120), due=Offset(days=160)
)
CLAIMED: Json = {"category": [concept("p", system="urn:p")]}


def known(milestones: list[Milestone], **changes: Any) -> list[KnownStep]:
    """The milestones as they are stored."""
    kept = ("key", "plan", "iteration", "title", "source", "codes", "opens", "due")
    return [KnownStep(status=m.status.value, **{name: getattr(m, name) for name in kept} | changes) for m in milestones]


# -------------------------------------------------------------------------------------------------------------- O1, O2
def test_a_resource_named_twice_is_one_step() -> None:
    """O1: by two activities, and by an activity and by basedOn."""
    made = task(due="2026-06-15", basedOn=[{"reference": "CarePlan/cp1"}])

    found = look([patient(), plan(step("Task/t1"), step("Task/t1")), made], NOW)

    assert len(found.milestones) == 1


@pytest.mark.parametrize("link", [{"focus": {"reference": "ServiceRequest/sr1"}}, {"basedOn": "both"}])
def test_a_task_is_one_with_the_order_that_it_names(link: Json) -> None:
    """O1: focus or basedOn. O2: the title is that of the first origin, the key and source those of the reference, and the
    Task's restriction is the due date."""
    plan_and_order = [{"reference": "CarePlan/cp1"}, {"reference": "ServiceRequest/sr1"}]
    more: Json = {"basedOn": plan_and_order if "basedOn" in link else plan_and_order[:1]} | (
        link if "focus" in link else {}
    )
    chart = [patient(), plan(step("ServiceRequest/sr1")), order(code=A1C), task(due="2026-06-15", **more)]

    found = look(chart, NOW)

    assert (found.only["title"], found.only["source"]) == ("HbA1c", "ServiceRequest/sr1")
    assert found.only["due_from"] == "Task.restriction.period.end"


def test_a_shared_business_identifier_makes_one_step() -> None:
    """O1: the same system and value; the same value in another system is nothing."""
    number = {"system": "urn:orders", "value": "77"}
    made = task(basedOn=[{"reference": "CarePlan/cp1"}], identifier=[number])

    one = look([patient(), plan(step("ServiceRequest/sr1")), order(identifier=[number]), made], NOW)
    two = look(
        [patient(), plan(step("ServiceRequest/sr1")), order(identifier=[number | {"system": "urn:x"}]), made], NOW
    )

    assert one.titles == ["Follow-up visit"]
    assert two.titles == ["Medication check", "Follow-up visit"] or two.titles == [
        "Follow-up visit",
        "Medication check",
    ]


@pytest.mark.parametrize(
    ("opens", "due", "count"),
    [
        ("2026-06-01", "2026-06-15", 1),
        ("2026-06-15", "2026-06-30", 1),
        ("2026-06-16", "2026-06-30", 2),
        (None, None, 1),
        ("2026-05-01", "2026-05-31", 2),
        ("2026-05-01", "2026-06-01", 1),
    ],
)
def test_a_shared_coding_makes_one_step_where_the_windows_overlap(
    opens: str | None, due: str | None, count: int
) -> None:
    """O1: or where one of them has none. O2: title of the inline activity, source of the reference."""
    activity = inline(A1C | {"text": "A1c"}, due="2026-06-15", opens="2026-06-01")
    period: Json = {"occurrencePeriod": {"start": opens, "end": due}} if due else {}

    found = look([patient(), plan(activity, step("ServiceRequest/sr1")), order(code=A1C, **period)], NOW)

    assert len(found.milestones) == count
    if count == 1:
        assert (found.only["title"], found.only["source"]) == ("A1c", "ServiceRequest/sr1")


@pytest.mark.parametrize(
    "code", [concept("fulfill", system=TASK_CODES), concept("4548-4", system=""), {"text": "HbA1c"}]
)
def test_task_codes_codes_without_a_system_and_words_merge_nothing(code: Json) -> None:
    """O1 and E3: a coding of HL7's task-code system never counts; equal text is nothing."""
    made = task(basedOn=[{"reference": "CarePlan/cp1"}], code=code)

    found = look([patient(), plan(inline(code), inline(A1C)), made], NOW)

    assert len(found.milestones) == 3


def test_two_steps_of_one_origin_are_never_merged() -> None:
    """O1: two references with the same code and window are two steps, whatever they name."""
    same: Json = {"code": A1C, "occurrenceDateTime": "2026-06-15"}
    chart = [patient(), plan(step("ServiceRequest/sr1"), step("ServiceRequest/sr2"))]

    found = look(
        [*chart, order("sr1", **same), order("sr2", basedOn=[{"reference": "ServiceRequest/sr1"}], **same)], NOW
    )

    assert [m["source"] for m in found.milestones] == ["ServiceRequest/sr1", "ServiceRequest/sr2"]


def test_the_strongest_criterion_decides_then_the_earliest_due_date() -> None:
    """O1: of two sessions that share its code, an order joins the one due first; of two orders that do, the Task joins
    the one that it names."""
    sessions = [inline(THERAPY, due="2026-06-30"), inline(THERAPY, due="2026-06-10")]
    found = look([patient(), plan(*sessions, step("ServiceRequest/sr1")), order(code=THERAPY)], NOW)
    assert found.due("2026-06-10")["source"] == "ServiceRequest/sr1"
    assert found.due("2026-06-30")["source"] == "CarePlan/cp1#activity[0]"

    orders = [order("sr1", THERAPY, occurrenceDateTime="2026-06-10"), order("sr2", THERAPY)]
    made = task(
        code=THERAPY,
        basedOn=[{"reference": "CarePlan/cp1"}],
        focus={"reference": "ServiceRequest/sr2"},
        due="2026-06-20",
    )
    found = look([patient(), plan(step("ServiceRequest/sr1"), step("ServiceRequest/sr2")), *orders, made], NOW)
    assert found.due("2026-06-20")["source"] == "ServiceRequest/sr2"
    assert len(found.milestones) == 2


def test_several_steps_find_their_partners_by_date() -> None:
    """O1: two sessions and two orders of one code, all of whose windows overlap: the earliest with the earliest."""
    sessions = [inline(THERAPY, due="2026-06-10"), inline(THERAPY, due="2026-06-20")]
    orders = [
        order("late", THERAPY, occurrenceDateTime="2026-06-20"),
        order("early", THERAPY, occurrenceDateTime="2026-06-10"),
    ]

    for placed in permutations([*sessions, step("ServiceRequest/late"), step("ServiceRequest/early")]):
        found = look([patient(), plan(*placed), *orders], NOW)

        assert found.due("2026-06-10")["source"] == "ServiceRequest/early"
        assert found.due("2026-06-20")["source"] == "ServiceRequest/late"


def test_a_program_takes_over_what_it_merges_with() -> None:
    """O2: key and source from the program, the title of the first origin, the due date of the source before the
    program's rule."""
    found = look([patient(), plan(inline(A1C, due="2026-06-10"), **CLAIMED)], NOW, programs=[a_program(LAB)])

    assert (found.only["title"], found.only["source"]) == ("HbA1c", "program/p#lab")
    assert found.only["due_from"] == "activity.detail.scheduledPeriod.end"


def test_a_step_without_words_takes_the_title_of_the_next_origin() -> None:
    """O2: of the first origin that has one."""
    found = look([patient(), plan(inline(concept("4548-4", system=LOINC)), **CLAIMED)], NOW, programs=[a_program(LAB)])

    assert found.only["title"] == "Lab at six weeks"


# ------------------------------------------------------------------------------------------------------------------ O3
@pytest.mark.parametrize(
    ("of_order", "of_task", "expected"),
    [
        ("completed", "cancelled", "completed"),
        ("active", "completed", "completed"),
        ("completed", "failed", "completed"),
        ("on-hold", "failed", "in-review"),
        ("revoked", "failed", "in-review"),
        ("active", "on-hold", "on-hold"),
        ("revoked", "on-hold", "on-hold"),
        ("revoked", "requested", "ready"),
        ("active", "cancelled", "ready"),
        ("revoked", "rejected", "cancelled"),
        ("entered-in-error", "entered-in-error", "cancelled"),
    ],
)
def test_of_several_statuses(of_order: str, of_task: str, expected: str) -> None:
    """O3: completed, then failed, then on-hold; cancelled only when all are."""
    links: Json = {"basedOn": [{"reference": "CarePlan/cp1"}], "focus": {"reference": "ServiceRequest/sr1"}}

    found = look(
        [patient(), plan(step("ServiceRequest/sr1")), order(status=of_order), task(status=of_task, **links)], NOW
    )

    assert found.only["status"] == expected
    both_in_error = of_order == of_task == "entered-in-error"
    reasons = {"cancelled": "entered-in-error" if both_in_error else "cancelled-by-source", "on-hold": "held-by-source"}
    assert found.only["reason"] == reasons.get(expected, "source-failed" if expected == "in-review" else None)


# ------------------------------------------------------------------------------------------------------------ O9, keys
def keys(*activities: Json, **more: Any) -> list[str]:
    """The keys of a plan's milestones."""
    return [m.key for m in look([patient(), plan(*activities, **more)], NOW).kept()]


def test_numbers_of_equal_steps_are_part_of_the_key() -> None:
    """O9: not of the iteration; by due date, then by order (DESIGN §4.1)."""
    late, early, none = inline(THERAPY, due="2026-06-30"), inline(THERAPY, due="2026-06-10"), inline(THERAPY)

    found = look([patient(), plan(late, none, early)], NOW)
    in_other_order = look([patient(), plan(none, early, late)], NOW)

    assert {m["iteration"] for m in found.milestones} == {1}
    assert len({m["key"] for m in found.milestones}) == 3
    assert {m["due"]: m["key"] for m in found.milestones} == {m["due"]: m["key"] for m in in_other_order.milestones}


def test_a_turn_is_part_of_the_key() -> None:
    """DESIGN §4.1: plus the iteration."""
    found = keys(repeating(A1C, start="2026-01-01", end="2026-03-31", period=1, periodUnit="mo"))

    assert [key.rpartition("|")[2] for key in found] == ["1", "2", "3"]
    assert len({key.rpartition("|")[0] for key in found}) == 1


@pytest.mark.parametrize(
    "changed",
    [
        inline(A1C, due="2026-07-31"),
        inline(A1C, due="2026-06-15", opens="2026-05-01"),
        inline(A1C, due="2026-06-15", status="in-progress"),
        inline(A1C | {"text": "Another name"}, due="2026-06-15"),
        inline(A1C, due="2026-06-15", performer=[{"reference": "Practitioner/x"}]),
        inline(A1C, scheduledString="2026-09-01"),
        inline(A1C, scheduledTiming={"event": ["2026-09-01"]}),
    ],
)
def test_an_edit_that_does_not_identify_the_step_keeps_its_key(changed: Json) -> None:
    """The key does not change when activities are re-ordered, a date is moved, or other fields are edited."""
    before = keys(inline(A1C, due="2026-06-15"), inline(VISIT, due="2026-06-20"))

    after = keys(inline(VISIT, due="2026-06-20"), changed)

    assert sorted(after) == sorted(before)


def test_another_code_or_description_is_another_step() -> None:
    """DESIGN §4.1: a fingerprint of code and description. Words count where there is no code, a display too."""
    shown = {"coding": [{"display": "Blood"}]}, {"coding": [{"display": "Urine"}]}
    activities = [
        inline(A1C),
        inline(A1C, description="After lunch"),
        inline(VISIT),
        inline({"text": "Walk"}),
        inline({"text": "Swim"}),
        *(inline(code) for code in shown),
        inline(description="Swim"),
    ]

    found = keys(*activities)

    assert not [key for key in found if "~" in key]
    assert len(set(found)) == len(activities)


def test_the_id_of_an_activity_is_its_key_where_the_server_keeps_it() -> None:
    """DESIGN §4.1: then nothing else identifies it."""
    before = keys(inline(A1C) | {"id": "act-1"}, inline(VISIT))

    after = keys(inline(VISIT), inline(THERAPY, description="New words") | {"id": "act-1"})

    assert before[0] == after[1]
    assert before[0].endswith("|act-1|1")


@pytest.mark.parametrize("url", [None, "https://one.example/fhir"])
def test_the_key_names_source_plan_and_reference(url: str | None) -> None:
    """DESIGN §4.1: the slug, never the URL."""
    found = keys(step(f"{url}/ServiceRequest/x" if url else "ServiceRequest/x"))

    assert found == [f"bundle|CarePlan/cp1|{url + '/' if url else ''}ServiceRequest/x|1"]


# ------------------------------------------------------------------------------------------- keys that were given before
def test_a_step_that_goes_and_one_of_the_same_code_that_comes_are_the_same() -> None:
    """DESIGN §4.1: the key is carried over, and with it what was said of the step."""
    before = look([patient(), plan(step("ServiceRequest/sr1")), order(code=A1C)], NOW).kept()
    hold = said(Said.HOLD, before[0].key)

    after = look(
        [patient(), plan(step("ServiceRequest/sr2")), order("sr2", A1C, occurrenceDateTime="2026-06-30")],
        NOW,
        known=known(before),
        statements=[hold],
    )

    assert (after.only["key"], after.only["status"]) == (before[0].key, "on-hold")
    assert after.only["source"] == "ServiceRequest/sr2"


def test_two_that_come_are_nobodys_heirs() -> None:
    """DESIGN §4.1: exactly one new step of the same code. The one that went is cancelled, its history kept."""
    before = look([patient(), plan(step("ServiceRequest/sr1")), order(code=A1C)], NOW).kept()
    new = [order("sr2", A1C), order("sr3", A1C)]

    after = look(
        [patient(), plan(step("ServiceRequest/sr2"), step("ServiceRequest/sr3")), *new], NOW, known=known(before)
    )

    gone = next(m for m in after.milestones if m["key"] == before[0].key)
    assert (gone["status"], gone["reason"], gone["gap"]) == ("cancelled", "removed-from-plan", "none")
    assert len(after.milestones) == 3


@pytest.mark.parametrize("status", ["completed", "cancelled"])
def test_a_step_that_had_ended_leaves_its_key_to_nobody(status: str) -> None:
    """What was said of a step that is over is not true of a new one; a completed one stays completed (S2)."""
    before = look([patient(), plan(step("ServiceRequest/sr1")), order(code=A1C)], NOW).kept()
    stored = [replace(one, status=status) for one in known(before)]

    after = look([patient(), plan(step("ServiceRequest/sr2")), order("sr2", A1C)], NOW, known=stored)

    new, old = after.milestones
    assert new["key"] != before[0].key
    assert (old["key"], old["status"]) == (before[0].key, status)


def test_another_code_is_no_heir() -> None:
    """DESIGN §4.1: a new step of the same code."""
    before = look([patient(), plan(step("ServiceRequest/sr1")), order(code=A1C)], NOW).kept()

    after = look([patient(), plan(step("ServiceRequest/sr2")), order("sr2", VISIT)], NOW, known=known(before))

    assert {m["key"]: m["status"] for m in after.milestones}[before[0].key] == "cancelled"


def test_equal_steps_keep_their_numbers_when_one_is_taken_away_or_moved() -> None:
    """DESIGN §4.1: moving a due date is the commonest edit there is, and must not lose holds, attempts or statements."""
    sessions = [inline(THERAPY, due=day) for day in ("2026-06-20", "2026-06-25", "2026-06-30")]
    before = look([patient(), plan(*sessions)], NOW).kept()
    by_due = {str(m.due): m.key for m in before}

    without_first = look([patient(), plan(*sessions[1:])], NOW, known=known(before))
    moved = look([patient(), plan(inline(THERAPY, due="2026-07-15"), *sessions[1:])], NOW, known=known(before))
    one_more = look([patient(), plan(inline(THERAPY, due="2026-06-01"), *sessions)], NOW, known=known(before))

    stayed = {m["due"]: m["key"] for m in without_first.milestones}
    assert stayed == by_due
    assert without_first.due("2026-06-20")["reason"] == "removed-from-plan"
    assert moved.due("2026-07-15")["key"] == by_due["2026-06-20"]
    assert {m["due"]: m["key"] for m in moved.milestones} == {
        "2026-07-15": by_due["2026-06-20"],
        "2026-06-25": by_due["2026-06-25"],
        "2026-06-30": by_due["2026-06-30"],
    }
    assert {m["due"]: m["key"] for m in one_more.milestones}.items() >= by_due.items()


def test_a_program_that_comes_to_claim_a_plan_takes_over_the_keys() -> None:
    """DESIGN §4.1: a key once given is kept."""
    before = look([patient(), plan(inline(A1C, due="2026-06-10"))], NOW).kept()

    after = look(
        [patient(), plan(inline(A1C, due="2026-06-10"), **CLAIMED)], NOW, programs=[a_program(LAB)], known=known(before)
    )

    assert after.only["key"] == before[0].key
    assert after.only["source"] == "program/p#lab"


def test_a_step_that_is_gone_wants_nothing_but_to_be_cancelled_in_the_ehr() -> None:
    """DESIGN §4.1: its pending effects are withdrawn; the Task says so."""
    before = look([patient(), plan(inline(VISIT, due="2026-06-10"), inline(A1C))], NOW).kept()

    after = look([patient(), plan(inline(A1C))], NOW, known=known(before))

    gone = next(m for m in before if m.title == "Follow-up visit")
    wanted = [e for e in after.assessment.wanted if e.milestone == gone.key]
    assert [(e.what, dict(e.content or {})["status"]) for e in wanted] == [("task", "cancelled")]


def test_a_missed_appointment_stays_with_a_step_whose_order_was_replaced() -> None:
    """The links are those of the new order; the key is the old one's."""
    before = look([patient(), plan(step("ServiceRequest/sr1")), order()], NOW).kept()
    missed = booking("2026-06-10T14:00:00Z", "noshow", on="ServiceRequest/sr2")

    after = look([patient(), plan(step("ServiceRequest/sr2")), order("sr2"), missed], NOW, known=known(before))

    assert after.only["missed"] == [{"resource": "Appointment/a1", "kind": "noshow"}]


def test_an_order_and_its_evidence_are_found_after_merging() -> None:
    """E2 for a merged step: what points to any of its resources is its evidence."""
    chart = [
        patient(),
        plan(inline(THERAPY, due="2026-06-15"), step("ServiceRequest/sr1")),
        order(code=THERAPY),
        done("2026-06-10", code=VISIT, basedOn=[{"reference": "ServiceRequest/sr1"}]),
    ]

    found = look(chart, NOW)

    assert (found.only["status"], found.only["evidence"]) == (
        "completed",
        [{"resource": "Procedure/pr1", "strength": "exact"}],
    )


def test_two_who_are_enrolled_in_one_program_share_no_key() -> None:
    """Their plans have the same id, yet each has milestones, effects and Tasks of their own."""
    program = a_program(LAB)
    enrolled = [said(Said.ENROL, at="2026-06-01", target="p")]

    one = look([patient("p1")], NOW, programs=[program], statements=enrolled)
    other = look([patient("p2")], NOW, programs=[program], statements=enrolled, who="Patient/p2")

    assert (one.plan["plan"], other.plan["plan"]) == ("enrolment:p", "enrolment:p")
    assert one.only["key"] != other.only["key"]
    keys = [{effect.key for effect in found.assessment.wanted} for found in (one, other)]
    assert keys[0]
    assert keys[0].isdisjoint(keys[1])


def test_of_equal_steps_without_a_date_one_may_be_the_programs() -> None:
    """DESIGN §4.1: a key once given is kept, also beside one that a program has taken over."""
    chart = [patient(), plan(inline(A1C), inline(A1C), **CLAIMED)]
    first = look(chart, NOW, programs=[a_program(LAB)])

    again = look(chart, NOW, programs=[a_program(LAB)], known=known(first.kept()))

    assert again.assessment == first.assessment
