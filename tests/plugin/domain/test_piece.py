"""What may be evidence: what final means, codes, places in time, records of one event (SEMANTICS E1, E3, E4, E9)."""

import pytest

from tests.charts import (
    A1C,
    LIPIDS,
    LOINC,
    P1,
    SNOMED,
    THERAPY,
    VISIT,
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
    step,
    task,
    visit,
)

NOW = "2026-06-16"
SR1 = {"reference": "ServiceRequest/sr1"}
ORDERED = [patient(), plan(step("ServiceRequest/sr1")), order(occurrenceDateTime="2026-06-15")]
LAB = [patient(), plan(step("ServiceRequest/sr1")), order(code=A1C, occurrenceDateTime="2026-06-15")]
INLINE_LAB = [patient(), plan(inline(A1C, "2026-06-15", "2026-06-01"))]


def found_in(found: Look) -> list[tuple[str, str]]:
    """The evidence of the one milestone."""
    return [(e["resource"], e["strength"]) for e in found.only["evidence"]]


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
