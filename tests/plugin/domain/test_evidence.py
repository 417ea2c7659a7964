"""What says that a milestone happened, and how strongly (DESIGN §4.4, SEMANTICS E)."""

from itertools import permutations
from typing import Any

import pytest

from plugin.domain.program import MilestoneDefinition, Offset, Program
from plugin.domain.record import Coding, Said
from tests.charts import (
    A1C,
    LIPIDS,
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
    repeating,
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


# ------------------------------------------------------------------------------------------------------------------ E1
FINAL: list[tuple[Json, list[str], list[str]]] = [
    (
        result("2026-06-10", basedOn=[SR1]),
        ["final", "amended", "corrected", "appended"],
        ["registered", "preliminary", "cancelled", "entered-in-error", "unknown", "partial"],
    ),
    (
        {"resourceType": "DiagnosticReport", "id": "x", "subject": P1, "basedOn": [SR1], "code": A1C},
        ["final", "amended", "corrected", "appended"],
        ["registered", "partial", "preliminary", "cancelled", "entered-in-error", "unknown"],
    ),
    (
        done("2026-06-10", basedOn=[SR1]),
        ["completed"],
        ["preparation", "in-progress", "not-done", "on-hold", "stopped", "entered-in-error", "unknown"],
    ),
    (
        visit("2026-06-10", basedOn=[SR1]),
        ["finished"],
        ["planned", "arrived", "triaged", "in-progress", "onleave", "cancelled", "entered-in-error", "unknown"],
    ),
    (
        {"resourceType": "QuestionnaireResponse", "id": "x", "subject": P1, "basedOn": [SR1]},
        ["completed", "amended"],
        ["in-progress", "entered-in-error", "stopped"],
    ),
]


@pytest.mark.parametrize(
    ("made", "status", "is_final"),
    [(made, status, True) for made, final, _ in FINAL for status in final]
    + [(made, status, False) for made, _, others in FINAL for status in others],
    ids=str,
)
def test_what_final_means(made: Json, status: str, is_final: bool) -> None:
    """E1: partial is not final; anything else is no evidence."""
    found = look([*ORDERED, made | {"status": status}], NOW)

    assert (found.only["status"] == "completed", bool(found_in(found))) == (is_final, is_final)


@pytest.mark.parametrize(
    ("status", "is_final"), [("completed", True), ("not-done", False), ("entered-in-error", False)]
)
def test_an_immunization_completes_by_its_code(status: str, is_final: bool) -> None:
    """E1 and E3; it has no basedOn in R4 but the extension."""
    flu = {"coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": "158"}], "text": "Influenza"}
    shot = {"resourceType": "Immunization", "id": "i", "status": status, "vaccineCode": flu, "patient": P1}

    found = look([patient(), plan(inline(flu)), shot | {"occurrenceDateTime": "2026-06-10"}], NOW)

    assert found_in(found) == ([("Immunization/i", "coded")] if is_final else [])


ABSENT: Json = {"dataAbsentReason": concept("unknown"), "valueQuantity": None}


@pytest.mark.parametrize(
    ("more", "members", "counts"),
    [
        (ABSENT, [], False),
        (ABSENT | {"component": [{"code": LIPIDS, "valueQuantity": {"value": 1}}]}, [], True),
        (ABSENT | {"component": [{"code": LIPIDS, "dataAbsentReason": concept("unknown")}]}, [], False),
        (ABSENT | {"hasMember": [{"reference": "Observation/m"}]}, [result("2026-06-10", LIPIDS, id_="m")], True),
        (
            ABSENT | {"hasMember": [{"reference": "Observation/m"}]},
            [result("2026-06-10", LIPIDS, id_="m", **ABSENT)],
            False,
        ),
        (ABSENT | {"hasMember": [{"reference": "Observation/o1"}, {"reference": "Observation/nowhere"}]}, [], False),
        ({"valueQuantity": None}, [], True),
        ({"dataAbsentReason": concept("unknown")}, [], True),
    ],
)
def test_an_observation_without_a_value_is_no_evidence(more: Json, members: list[Json], counts: bool) -> None:
    """E1: with dataAbsentReason and no value in itself, its components or its members."""
    panel = {name: value for name, value in (result("2026-06-10", basedOn=[SR1]) | more).items() if value is not None}
    members = [{name: value for name, value in member.items() if value is not None} for member in members]

    found = look([*LAB, panel, *members], NOW)

    assert bool(found_in(found)) == counts


# ------------------------------------------------------------------------------------------------------------------ E2
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


# ------------------------------------------------------------------------------------------------------------------ E3
@pytest.mark.parametrize(
    ("code", "matches"),
    [
        (A1C, True),
        (concept("4548-4", "Other words", LOINC), True),
        (concept("4548-4", system=SNOMED), False),
        (concept("4548-4", system=""), False),
        (concept("4548-5", system=LOINC), False),
        ({"text": "HbA1c"}, False),
        ({"coding": [{"system": SNOMED, "code": "1"}, {"system": LOINC, "code": "4548-4"}]}, True),
    ],
)
def test_codes_match_by_equal_system_and_equal_code(code: Json, matches: bool) -> None:
    """E3: a coding without a system matches nothing; text matches nothing."""
    found = look([*INLINE_LAB, result("2026-06-10", code)], NOW)

    assert found_in(found) == ([("Observation/o1", "coded")] if matches else [])


def test_two_codings_without_a_system_do_not_match() -> None:
    """E3: nor does equal text on both sides."""
    for code in (concept("A1C", system=""), {"text": "HbA1c"}):
        assert found_in(look([patient(), plan(inline(code)), result("2026-06-10", code)], NOW)) == []


@pytest.mark.parametrize(
    "made",
    [
        done("2026-06-10", VISIT),
        visit("2026-06-10", type=[VISIT]),
        visit("2026-06-10", serviceType=VISIT),
        booking("2026-06-10T14:00:00Z", "fulfilled", on=None, serviceType=[VISIT]),
        booking("2026-06-10T14:00:00Z", "fulfilled", on=None, reasonCode=[VISIT]),
        booking("2026-06-10T14:00:00Z", "fulfilled", on=None, appointmentType=VISIT),
        {
            "resourceType": "DiagnosticReport",
            "id": "x",
            "status": "final",
            "subject": P1,
            "code": VISIT,
            "effectiveDateTime": "2026-06-10",
        },
    ],
)
def test_coded_evidence_is_an_event(made: Json) -> None:
    """E3."""
    found = look([patient(), plan(inline(VISIT, "2026-06-15", "2026-06-01")), made], NOW)

    assert [strength for _, strength in found_in(found)] == ["coded"]
    assert found.only["status"] == "completed"


@pytest.mark.parametrize(
    "made",
    [
        task(status="completed", code=VISIT, executionPeriod={"end": "2026-06-10"}),
        order("x", VISIT, status="completed", occurrenceDateTime="2026-06-10"),
    ],
)
def test_a_task_or_an_order_is_never_coded_evidence(made: Json) -> None:
    """E3."""
    assert found_in(look([patient(), plan(inline(VISIT)), made], NOW)) == []


# ------------------------------------------------------------------------------------------------------------------ E4
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


def test_one_event_with_several_records_is_one_piece() -> None:
    """E4: a visit has an appointment, an encounter and what was done in it; it is one visit. On another day of a long
    stay, or of a course of treatment, it is another."""
    one_day = [
        booking("2026-06-05T14:00:00Z", "fulfilled", on=None, serviceType=[THERAPY]),
        visit("2026-06-05", of="Appointment/a1", type=[THERAPY]),
        done("2026-06-05", encounter={"reference": "Encounter/e1"}),
    ]
    equal = [inline(THERAPY, "2026-06-15", "2026-06-01")] * 3
    stay = visit("2026-06-02", id_="stay") | {"period": {"start": "2026-06-02", "end": "2026-06-12"}}
    in_stay = [
        done(f"2026-06-0{day}", id_=f"d{day}", encounter={"reference": "Encounter/stay"}, partOf=[{"reference": "x"}])
        for day in (4, 6, 8)
    ]

    found = look([patient(), plan(*equal), *one_day], NOW)
    long = look([patient(), plan(*equal), stay, *in_stay], NOW)

    assert sorted(m["status"] for m in found.milestones) == ["completed", "ready", "ready"]
    done_one = next(m for m in found.milestones if m["status"] == "completed")
    assert {e["resource"] for e in done_one["evidence"]} == {"Appointment/a1", "Encounter/e1", "Procedure/pr1"}
    assert [m["status"] for m in long.milestones] == ["completed"] * 3


def test_what_was_found_in_one_visit_completes_each_its_own() -> None:
    """E4: one piece completes one milestone; a report or a visit with results of several kinds holds several."""
    activities = [inline(A1C, "2026-06-15", "2026-06-01"), inline(LIPIDS, "2026-06-15", "2026-06-01")]
    within: Json = {"encounter": {"reference": "Encounter/e1"}}
    results = [result("2026-06-10", id_="a", **within), result("2026-06-10", LIPIDS, id_="b", **within)]
    report = {
        "resourceType": "DiagnosticReport",
        "id": "r",
        "status": "final",
        "subject": P1,
        "code": concept("11502-2", "Laboratory report", LOINC),
        "effectiveDateTime": "2026-06-10",
        "result": [{"reference": "Observation/a"}, {"reference": "Observation/b"}],
    }

    found = look([patient(), plan(*activities), visit("2026-06-10"), report, *results], NOW)

    assert [m["status"] for m in found.milestones] == ["completed", "completed"]
    assert [m["evidence"][0]["resource"] for m in found.milestones] == ["Observation/a", "Observation/b"]


def test_a_report_and_its_results_are_one_piece() -> None:
    """E4: of the same code: one of two equal labs."""
    report = {
        "resourceType": "DiagnosticReport",
        "id": "r",
        "status": "final",
        "subject": P1,
        "code": A1C,
        "effectiveDateTime": "2026-06-10",
        "result": [{"reference": "Observation/o1"}],
    }
    equal = [inline(A1C, "2026-06-15", "2026-06-01")] * 2

    found = look([patient(), plan(*equal), report, result("2026-06-10")], NOW)

    assert sorted(m["status"] for m in found.milestones) == ["completed", "ready"]


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


# ------------------------------------------------------------------------------------------------------------------ E5
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


# ------------------------------------------------------------------------------------------------------------------ E6
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


# ------------------------------------------------------------------------------------------------------------------ E7
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


# ------------------------------------------------------------------------------------------------------------------ E8
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


# ------------------------------------------------------------------------------------------------------------------ E9
@pytest.mark.parametrize(
    ("period", "at", "status", "gap"),
    [
        ({"start": "2026-06-01", "end": "2026-06-15"}, NOW, "completed", "none"),
        ({"start": "2026-06-15", "end": "2026-06-16"}, NOW, "completed", "closed"),
        ({"start": "2026-05-31", "end": "2026-06-10"}, NOW, "ready", "open"),
        ({"start": "2026-06-10", "end": "2026-06-20"}, NOW, "ready", "open"),
        ({"start": "2026-06-10", "end": "2026-06-20"}, "2026-06-20", "completed", "closed"),
        ({"start": "2026-06-10"}, NOW, "completed", "none"),
        ({"end": "2026-06-10"}, NOW, "completed", "none"),
    ],
)
def test_of_a_period_the_start_places_it_and_the_end_dates_it(period: Json, at: str, status: str, gap: str) -> None:
    """E9: a date after now: not yet."""
    session = done(None, performedPeriod=period)

    found = look([patient(), plan(inline(THERAPY, "2026-06-15", "2026-06-01")), session], at).only

    assert (found["status"], found["gap"]) == (status, gap)


def test_issued_counts_only_when_nothing_else_is_there() -> None:
    """E9: issued inside the window does not save a sample taken before it."""
    early = result("2026-05-20", issued="2026-06-10T10:00:00Z")

    assert found_in(look([*INLINE_LAB, early], NOW)) == []
    assert found_in(look([*INLINE_LAB, result(None, issued="2026-06-10T10:00:00Z")], NOW)) == [
        ("Observation/o1", "coded")
    ]


@pytest.mark.parametrize(
    ("on", "at", "strength"),
    [
        ("2026-06", "2026-06-30", "coded"),
        ("2026-05", "2026-06-30", None),
        ("2026", "2026-12-31", "loose"),
        ("2026-07", "2026-06-30", None),
        ("2026-07", "2026-07-01", "coded"),
    ],
)
def test_a_partial_date_is_in_the_window_if_all_of_its_days_are(on: str, at: str, strength: str | None) -> None:
    """E9: if only some are, it is loose; after now while its first day is."""
    found = look([*INLINE_LAB, result(on)], at)

    assert found_in(found) == ([("Observation/o1", strength)] if strength else [])


def test_a_partial_date_that_only_touches_a_turn_is_loose_for_it() -> None:
    """E9: the days of a month that belong to two turns are in neither."""
    activity = repeating(A1C, start="2026-05-15", end="2026-07-14", period=1, periodUnit="mo")

    found = look([patient(), plan(activity), result("2026-06")], "2026-07-01")

    assert found.turns("HbA1c", "reason") == [("loose-evidence",), ("loose-evidence",)]


# ----------------------------------------------------------------------------------------------------------------- E10
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


# ----------------------------------------------------------------------------------------------------------- E11, E13
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


# ------------------------------------------------------------------------------------------------------ §4.4, the rest
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
