"""Flags and stages of a plan (SEMANTICS G3, G4)."""

from typing import Any

import pytest

from plugin.domain.program import IntakeItem, Program
from plugin.domain.record import Coding
from tests.charts import (
    A1C,
    LIPIDS,
    LOINC,
    THERAPY,
    VISIT,
    Json,
    booking,
    concept,
    inline,
    look,
    order,
    patient,
    plan,
    repeating,
    result,
    step,
)

NOW = "2026-06-30"
TWO = ["two-missed-in-a-row"]
BY_CHO: Json = {"author": {"reference": "Practitioner/cho"}}


def flags(*activities: Json, at: str = NOW, **of_plan: Any) -> list[str]:
    """The flags of a plan."""
    return list(look([patient(), plan(*activities, **of_plan)], at).plan["flags"])


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("2026-06-22", "2026-06-22", TWO),
        ("2026-06-22", "2026-06-23", []),
        ("2026-06-23", "2026-06-22", []),
        ("2026-05-01", "2026-06-22", TWO),
    ],
)
def test_two_neighbours_at_tier_two_raise_the_flag(first: str, second: str, expected: list[str]) -> None:
    """DESIGN §4.5 and G3: both open and at tier 2 or more: eight days past due, not seven."""
    assert flags(inline(A1C, first), inline(VISIT, second)) == expected
    assert flags(inline(VISIT, second), inline(A1C, first)) == expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [("completed", []), ("cancelled", []), ("not-started", TWO), ("on-hold", TWO)],
)
def test_one_that_has_ended_parts_them(status: str, expected: list[str]) -> None:
    """G3: among all dated milestones; one without a date parts nobody."""
    between = inline(LIPIDS, "2026-06-05", status=status)

    assert flags(inline(A1C, "2026-06-01"), between, inline(VISIT, "2026-06-10")) == expected
    assert flags(inline(A1C, "2026-06-01"), inline(LIPIDS, status=status), inline(VISIT, "2026-06-10")) == TWO


def test_one_that_is_not_so_late_parts_them_too() -> None:
    """G3: neighbours by due date: the second and the fourth are none."""
    chart = [inline(A1C, "2026-06-01"), inline(VISIT, "2026-07-10"), inline(LIPIDS, "2026-07-20")]

    assert flags(*chart) == []


def test_turns_are_neighbours_too() -> None:
    """G3: turns included."""
    assert flags(repeating(THERAPY, start="2026-06-01", end="2026-06-28", period=1, periodUnit="wk")) == TWO


@pytest.mark.parametrize(
    ("person", "more", "expected"),
    [
        (patient(), {"status": "revoked"}, []),
        (patient(), {"status": "draft"}, []),
        (patient(), {"status": "on-hold"}, TWO),
        (patient(deceasedBoolean=True), {}, []),
        (patient(active=False), {}, []),
        (patient(), {"status": "unknown"}, ["plan-status-unknown", *TWO]),
    ],
)
def test_a_plan_that_has_ended_has_no_two_in_a_row(person: Json, more: Json, expected: list[str]) -> None:
    """G3: nor one whose patient has died; flags are sorted."""
    chart = [person, plan(inline(A1C, "2026-06-01"), inline(VISIT, "2026-06-10"), **more)]

    assert look(chart, NOW).plan["flags"] == expected


def test_missed_appointments_of_the_dead_raise_nothing() -> None:
    """G3."""
    missed = [booking(f"2026-06-1{day}T14:00:00Z", "noshow", id_=f"a{day}") for day in (0, 2)]
    chart = [plan(step("ServiceRequest/sr1")), order(), *missed]

    assert look([patient(), *chart], NOW).plan["flags"] == TWO
    assert look([patient(deceasedDateTime="2026-06-30"), *chart], NOW).plan["flags"] == []


def test_all_flags_are_sorted() -> None:
    """G3."""
    found = flags(step("Task/x"), inline(A1C, "2026-06-01"), inline(VISIT, "2026-06-10"), status="unknown")

    assert found == ["plan-status-unknown", "reference-unread", "two-missed-in-a-row"]


# ------------------------------------------------------------------------------------------------------------------ G4
@pytest.mark.parametrize(
    ("activities", "more", "stage"),
    [
        ([inline(A1C)], {"status": "draft"}, "creation"),
        ([inline(A1C)], {"intent": "proposal"}, "creation"),
        ([inline(A1C)], {}, "assignment"),
        ([inline(A1C)], BY_CHO, "follow-ups"),
        ([inline(A1C), inline(VISIT, status="completed")], BY_CHO, "follow-ups"),
        ([inline(A1C, status="completed")], {}, "closure"),
        ([inline(A1C, status="cancelled")], BY_CHO, "closure"),
        ([], {}, "closure"),
        ([inline(A1C)], {"status": "on-hold"}, "assignment"),
        ([inline(A1C)], {"status": "revoked"}, "review"),
        ([inline(A1C, status="completed")], {"status": "completed"}, "review"),
        ([inline(A1C)], {"status": "revoked", "intent": "proposal"}, "review"),
    ],
)
def test_the_stage_of_a_plan(activities: list[Json], more: Json, stage: str) -> None:
    """G4: the first that holds, review before all."""
    assert look([patient(), plan(*activities, **more)], NOW).plan["stage"] == stage


def test_one_open_step_with_only_the_fallback_owner_is_enough() -> None:
    """G4: assignment."""
    owned = inline(A1C, performer=[{"reference": "Practitioner/x"}])

    assert look([patient(), plan(owned)], NOW).plan["stage"] == "follow-ups"
    assert look([patient(), plan(owned, inline(VISIT))], NOW).plan["stage"] == "assignment"
    assert look([patient(), plan(owned, inline(VISIT, status="completed"))], NOW).plan["stage"] == "follow-ups"


def test_what_a_program_asks_for_at_the_start_is_missing() -> None:
    """G4: intake, before assignment; not before creation."""
    program = Program(
        code="p",
        version="1",
        title="P",
        plan_codes=frozenset({("urn:p", "p")}),
        intake=(IntakeItem("Baseline", (Coding(LOINC, "4548-4"),)),),
    )
    claimed: Json = {"category": [concept("p", system="urn:p")]}

    def stage(*more: Json, **of_plan: Any) -> str:
        chart = [patient(), plan(inline(VISIT), **claimed, **of_plan), *more]
        return str(look(chart, NOW, programs=[program]).plan["stage"])

    assert stage() == "intake"
    assert stage(result("2026-01-01")) == "assignment"
    assert stage(status="draft") == "creation"
