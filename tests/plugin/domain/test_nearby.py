"""A booking that names no step: where it is shown, and what it holds back (DESIGN §4.4, §4.5; SEMANTICS E5)."""

from typing import Any

import pytest

from tests.charts import (
    A1C,
    THERAPY,
    VISIT,
    Json,
    booking,
    coming,
    concept,
    inline,
    look,
    order,
    patient,
    plan,
    step,
    visit,
)

NOW = "2026-06-16"
AHEAD = "2026-06-20T14:00:00Z"
FREE = booking(AHEAD, on=None)


def nurse(due: str = "2026-06-15", opens: str = "2026-06-01", code: Json | None = None, **detail: Any) -> Json:
    """See the nurse: a visit."""
    return inline(code, due, opens, **({"kind": "Appointment", "description": "See the nurse"} | detail))


def shown(*chart: Json, at: str = NOW) -> list[str | None]:
    """What may be booked, step by step."""
    return [milestone.may_be_booked_for for milestone in look([patient(), *chart], at).kept()]


@pytest.mark.parametrize(
    ("activity", "expected"),
    [
        (nurse(), AHEAD),
        (inline(None, "2026-06-15", "2026-06-01", description="Pressure"), AHEAD),
        (inline(THERAPY, "2026-06-15", "2026-06-01"), AHEAD),
        # Somebody says that it is no visit, or its code does; or its window is not open on that day.
        (inline(THERAPY, "2026-06-15", "2026-06-01", kind="ServiceRequest"), None),
        (inline(A1C, "2026-06-15", "2026-06-01"), None),
        (nurse(due="2026-07-15", opens="2026-06-21"), None),
        (nurse(status="completed"), None),
    ],
)
def test_a_free_booking_is_shown_beside_what_it_may_be(activity: Json, expected: str | None) -> None:
    """A visit, or a step of which nobody says what it is."""
    assert shown(plan(activity), FREE) == [expected]


@pytest.mark.parametrize(
    "booked",
    [
        booking(AHEAD, "cancelled", on=None),
        booking("2026-06-14T14:00:00Z", on=None),
        booking(None, on=None),
        booking(AHEAD, on=None, participant=[coming("Patient/p2")]),
        booking(AHEAD, on=None, participant=[]),
    ],
)
def test_what_does_not_stand_or_is_not_this_patients_is_not_shown(booked: Json) -> None:
    """Cancelled, past, without a time, another's, nobody's."""
    assert shown(plan(nurse()), booked) == [None]


def test_a_booking_of_another_step_is_not_shown() -> None:
    """By a reference or a code, of this plan or of another."""
    ordered = order(), booking(AHEAD)
    coded = booking(AHEAD, on=None, serviceType=[VISIT])

    assert shown(plan(nurse(), step("ServiceRequest/sr1")), *ordered) == [None, None]
    assert shown(plan(nurse()), plan(step("ServiceRequest/sr1"), id_="cp2"), *ordered) == [None, None]
    assert shown(plan(nurse(), inline(VISIT, "2026-07-01", "2026-06-01")), coded) == [None, None]
    assert shown(plan(nurse()), plan(inline(VISIT, "2026-07-01", "2026-06-01"), id_="cp2"), coded) == [None, None]


def test_the_visit_in_which_the_plan_is_being_written_is_not_shown() -> None:
    """It stands until midnight, and is none of what was planned in it."""
    here = booking("2026-06-01T14:00:00Z", "arrived", on=None)
    written = plan(nurse(), start="2026-06-01", encounter={"reference": "Encounter/e1"})

    assert shown(written, here, visit("2026-06-01"), at="2026-06-01") == [None]


def test_the_first_of_several_is_shown_until_its_day_is_over() -> None:
    """And the answer says when it will be another."""
    later = booking("2026-06-25T14:00:00Z", on=None, id_="a2")
    chart = [patient(), plan(nurse()), later, FREE]
    found = look(chart, "2026-06-20T23:00:00-05:00")

    assert found.kept()[0].may_be_booked_for == AHEAD
    assert str(found.assessment.next_change_at) == "2026-06-21 05:00:00+00:00"
    assert look(chart, "2026-06-21").kept()[0].may_be_booked_for == "2026-06-25T14:00:00Z"


@pytest.mark.parametrize(
    ("start", "wanted"),
    [
        (AHEAD, []),
        ("2026-07-15T14:00:00Z", []),
        ("2026-07-16T14:00:00Z", ["message overdue"]),
        ("2027-06-15T14:00:00Z", ["message overdue"]),
    ],
)
def test_nobody_is_told_to_book_who_may_have_a_booking_soon(start: str, wanted: list[str]) -> None:
    """Only what lies ahead for as long as the ladder goes is a reason to wait; next year's visit is none."""
    generic = concept("ROUTINE", system="http://terminology.hl7.org/CodeSystem/v2-0276")
    booked = booking(start, on=None, appointmentType=generic)

    assert look([patient(), plan(nurse()), booked], NOW).names() == wanted


def test_the_staffs_rungs_go_on_and_the_step_is_not_scheduled() -> None:
    """The coordinator gets the gap on the eighth day, and sees the booking."""
    found = look([patient(), plan(nurse()), booking("2026-06-30T14:00:00Z", on=None)], "2026-06-23")

    assert (found.only["status"], found.only["booked_for"], found.only["gap"]) == ("ready", None, "open")
    assert found.names() == ["work overdue"]
    assert "a visit is booked for 2026-06-30T14:00:00Z, which may be this step" in found.only["why"]
