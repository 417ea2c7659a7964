"""A milestone as one line, and the plan by its phases."""

from collections.abc import Mapping
from datetime import date

import pytest

from plugin.domain.assessment import Evidence, Gap, Owner, PlanState, Status, Strength
from plugin.domain.calendar import Practice
from plugin.domain.panel.view import Look, Who
from plugin.domain.program import MilestoneDefinition, Phase, Program
from plugin.domain.record import (
    Appointment,
    Concept,
    Event,
    Moment,
    Participant,
)
from plugin.domain.rules import Rules
from tests.builders import CHICAGO
from tests.panel_file import TODAY, a_step, on_time, shown


@pytest.mark.parametrize(
    ("changes", "look"),
    [
        ({"status": Status.COMPLETED, "gap": Gap.CLOSED}, Look.DONE),
        ({"status": Status.CANCELLED, "gap": Gap.NONE}, Look.DROPPED),
        ({"status": Status.SCHEDULED, "booked_for": "2026-06-25"}, Look.BOOKED),
        ({"status": Status.IN_REVIEW}, Look.REVIEW),
        ({"status": Status.ON_HOLD}, Look.HOLD),
        ({"status": Status.READY}, Look.LATE),
        ({"status": Status.UPCOMING}, Look.LATE),
        ({"status": Status.READY, "gap": Gap.NONE}, Look.READY),
        ({"status": Status.UPCOMING, "gap": Gap.NONE}, Look.LATER),
    ],
)
def test_looks(changes: Mapping[str, object], look: Look) -> None:
    """Every status has a look; what is late looks late unless it is booked, held, or must be looked at first."""
    (plan,) = shown(a_step("k1", **changes)).plans

    assert plan.phases[0].lines[0].look is look


def test_phases() -> None:
    """In the program's order, what belongs to none last; turns far ahead are counted, not listed."""
    program = Program(
        code="p", version="3", title="Program", phases=(Phase("a", "First"), Phase("b", "Second")),
        milestones=(MilestoneDefinition(code="x", title="X", phase="a"),),
    )  # fmt: skip
    state = PlanState(plan="CarePlan/c1", patient="Patient/p1", status="active", stage="follow-ups", program="p")
    steps = (
        on_time("other"),
        on_time("two", phase="b"),
        on_time("one", phase="a", status=Status.COMPLETED),
        on_time("far", phase="b", to_write=False, repeats=True, iteration=3, due=date(2027, 1, 1)),
    )

    (plan,) = shown(*steps, plan=state, rules=Rules(Practice(CHICAGO), (program,))).plans

    assert [(p.title, [line.key for line in p.lines], p.done, p.of, p.further) for p in plan.phases] == [
        ("First", ["one"], 1, 1, 0),
        ("Second", ["two"], 0, 1, 1),
        (None, ["other"], 0, 1, 0),
    ]
    assert plan.phases[1].further_until == date(2027, 1, 1)


def test_a_title_that_is_only_a_reference() -> None:
    """An id is no name."""
    steps = (
        a_step(title="ServiceRequest/k1"),
        on_time(title="CarePlan/c1#activity[3]", source="CarePlan/c1#activity[3]"),
    )

    (plan,) = shown(*steps).plans

    assert [line.title for line in plan.phases[0].lines] == [None, None]


def test_evidence_and_booking() -> None:
    """Evidence with its value (0 is one), a booking with whom."""
    result = Event(
        ref="Observation/o1", subject="Patient/p1", status="final", concepts=(Concept((), "PHQ-9 total"),), value=0.0
    )
    visit = Appointment(
        ref="Appointment/a1",
        start=Moment("2026-06-25T10:30:00-05:00"),
        participants=(Participant("Patient/p1"), Participant("Practitioner/cho")),
    )
    done = on_time(status=Status.COMPLETED, evidence=(Evidence("Observation/o1", Strength.EXACT, TODAY),))
    booked = on_time("k3", status=Status.SCHEDULED, booked_for="2026-06-25T10:30:00-05:00")

    (plan,) = shown(done, booked, facts=(result, visit)).plans
    first, second = plan.phases[0].lines

    assert [(e.title, e.value) for e in first.evidence] == [("PHQ-9 total", "0")]
    assert second.booking is not None
    assert (second.booking.ref, second.booking.with_whom) == ("Appointment/a1", ("M. Test Cho",))


@pytest.mark.parametrize(
    ("status", "with_whom"), [("cancelled", ("M. Test Cho",)), ("entered-in-error", ("M. Test Cho",)), ("booked", ())]
)
def test_with_whom_is_said_only_where_it_is_certain(status: str, with_whom: tuple[str, ...]) -> None:
    """Another appointment at the same hour that stands no more does not lend its name; of two that stand none does."""
    at = Moment("2026-06-25T10:30:00-05:00")
    visits = [
        Appointment(
            ref=f"Appointment/{who}", start=at, status=state, participants=(Participant(f"Practitioner/{who}"),)
        )
        for who, state in (("osei", status), ("cho", "booked"))
    ]

    (plan,) = shown(on_time(status=Status.SCHEDULED, booked_for=str(at)), facts=visits).plans

    booking = plan.phases[0].lines[0].booking
    assert booking is not None
    assert booking.with_whom == with_whom


def test_who_is_never_an_id() -> None:
    """A name, else the role, else nobody by name."""
    owners = [
        (Owner("Practitioner/cho", None, "Task.owner"), Who("M. Test Cho")),
        (Owner("Practitioner/unknown", None, "Task.owner"), Who()),
        (Owner(None, "coordinator", "fallback"), Who(None, "coordinator")),
        (Owner("Patient/p1", None, "Task.owner"), Who(None, "patient")),
    ]
    for owner, expected in owners:
        (plan,) = shown(a_step(owner=owner)).plans
        assert plan.phases[0].lines[0].owner == expected
