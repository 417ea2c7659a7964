"""Whom a fact belongs to, which codes it names, and what it makes worth reading."""

import pytest

from plugin.domain.calendar import Practice
from plugin.domain.record import (
    Action,
    CarePlan,
    CareTeam,
    Coding,
    Concept,
    Event,
    Fact,
    Goal,
    GoalTarget,
    Link,
    Measure,
    Order,
    Other,
    Patient,
)
from plugin.domain.rules import Rules
from plugin.usecases.keeping import (
    codes_named_by,
    codes_of,
    is_ours,
    makes_a_plan,
    patients_of,
    pointers,
    points,
    read_by_reference,
)
from tests.builders import CHICAGO, HBA1C, LOINC, SELF_CARE, a_booking, a_goal, a_plan, a_program, a_step, an_order

RULES = Rules(Practice(CHICAGO), (a_program(),))


@pytest.mark.parametrize(
    ("fact", "patients"),
    [
        (Patient(ref="Patient/p1"), ("Patient/p1",)),
        (a_booking(1, patients=[1, 2, 1]), ("Patient/p1", "Patient/p2")),
        (a_plan(1), ("Patient/p1",)),
        (CarePlan(ref="CarePlan/c", subject="Group/g"), ()),
        (CarePlan(ref="CarePlan/c"), ()),
        (CareTeam(ref="CareTeam/t", subject="Patient/p1"), ("Patient/p1",)),
        (CareTeam(ref="CareTeam/t"), ("",)),
        (CareTeam(ref="CareTeam/t", subject="Group/g"), ()),
        (Other(ref="Practitioner/d"), ("",)),
        (Goal(ref="Goal/g"), ()),
        (Fact(ref="Binary/b"), ()),
    ],
)
def test_whose_a_fact_is(fact: Fact, patients: tuple[str, ...]) -> None:
    """By its subject or participants; a practitioner or a team for many is nobody's; a group is no patient."""
    assert patients_of(fact) == patients


def test_codes_without_a_system_name_nothing() -> None:
    """E3: a coding without a system matches nothing, so it keeps nothing either."""
    order = Order(ref="Task/t", concept=Concept((Coding("", "x"), HBA1C)))

    assert codes_named_by(order) == {Coding(HBA1C.system, HBA1C.code)}


def test_steps_goals_and_actions_name_codes() -> None:
    """Whatever evidence could be asked for by."""
    inner = Action(place="0.0", concepts=(Concept((SELF_CARE,)),))
    group = Order(ref="RequestGroup/g", actions=(Action(place="0", actions=(inner,)),))

    named = [{coding.code for coding in codes_named_by(fact)} for fact in (a_plan(1), a_goal(1), group)]

    assert named == [{HBA1C.code}, {"29463-7"}, {SELF_CARE.code}]


def test_a_goal_for_the_upper_pressure_is_served_by_the_whole_measurement() -> None:
    """Blood pressure is stored as one result with two components: by its own code it is asked for, by either it is kept."""
    goal = Goal(ref="Goal/g", targets=(GoalTarget(measure=Concept((Coding(LOINC, "8480-6"),))),))
    measured = Event(
        ref="Observation/o",
        concepts=(Concept((Coding(LOINC, "85354-9"),)),),
        components=(Measure(LOINC, "8480-6", 132.0), Measure(LOINC, "8462-4", 0.0)),
    )

    assert {coding.code for coding in codes_named_by(goal)} == {"8480-6", "85354-9"}
    assert [code for _, code in codes_of(measured)] == ["85354-9", "8480-6", "8462-4"]


def test_what_a_goal_names_as_its_outcome_is_read() -> None:
    """No feed brings a result that nothing names by its code."""
    goal = Goal(ref="Goal/g", outcomes=(Link("Observation/o"), Link("Observation/o", "seen"), Link("urn:uuid:1")))

    assert read_by_reference(goal) == {"Observation/o"}


def test_an_encounter_is_no_pointer() -> None:
    """Or every vital sign would be kept."""
    measured = Event(ref="Observation/o", encounter=Link("Encounter/e"))
    resulted = Event(ref="Observation/o", based_on=(Link("ServiceRequest/s"),))

    assert [points(measured), points(resulted)] == [False, True]
    assert pointers(resulted) == {"ServiceRequest/s"}


def test_what_a_plan_makes_worth_reading() -> None:
    """Requests that no feed brings and outcomes kept by code; what the feed brings anyway is left to it."""
    steps = [
        "MedicationRequest/m",
        "ServiceRequest/s",
        "https://elsewhere.test/MedicationRequest/x",
        "MedicationRequest",
    ]
    plan = a_plan(1, activities=[a_step(ref, place) for place, ref in enumerate(steps)])

    assert read_by_reference(plan) == {"MedicationRequest/m"}


def test_a_panel_without_a_value_makes_its_members_worth_reading() -> None:
    """E1: the value may be in a member."""
    panel = Event(ref="Observation/panel", valueless=True, members=(Link("Observation/item"),))

    assert read_by_reference(panel) == {"Observation/item"}


@pytest.mark.parametrize(
    ("fact", "starts"),
    [
        (a_plan(1), True),
        (a_plan(1, status="entered-in-error"), False),
        (an_order(1, code=SELF_CARE), True),
        (an_order(1, code=HBA1C), False),
        (an_order(1, code=SELF_CARE, status="entered-in-error"), False),
        (Order(ref="Task/t", ours=True, concept=Concept((SELF_CARE,))), False),
        (Order(ref="ServiceRequest/s", do_not_perform=True, concept=Concept((SELF_CARE,))), False),
    ],
)
def test_what_starts_a_plan(fact: Fact, starts: bool) -> None:
    """A CarePlan, or an order that a program claims."""
    assert makes_a_plan(fact, RULES) is starts


def test_what_we_wrote_is_no_fact() -> None:
    """Tasks and Flags with our tag."""
    assert is_ours(Order(ref="Task/t", ours=True))
    assert is_ours(Other(ref="Flag/f", ours=True))
    assert not is_ours(an_order(1))
