"""Tests of fhir_adapters/mapping/plans.py: CarePlan and Goal."""

import pytest

from plugin.domain.record import (
    CarePlan,
    Coding,
    Concept,
    Detail,
    Goal,
    GoalTarget,
    Identifier,
    Link,
    Moment,
    Order,
    Schedule,
    Timing,
)
from tests.fhir_adapters.mapping.shelf import mapped, raw

LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"
ACHIEVEMENT = "http://terminology.hl7.org/CodeSystem/goal-achievement"


def a_plan(**changes: object) -> CarePlan:
    plan = mapped(raw("care_plan", **changes))
    assert isinstance(plan, CarePlan)
    return plan


def test_a_plan_keeps_what_milestones_are_made_of() -> None:
    """Its own elements, with dates in the precision of the chart."""
    plan = a_plan()

    assert (plan.ref, plan.version, plan.subject) == ("CarePlan/cp1", "3", "Patient/syn-1")
    assert (plan.status, plan.intent, plan.title) == ("active", "plan", "Chronic care")
    assert (plan.start, plan.end, plan.created) == ("2026-01-05", "2026-12", "2026-01-04")
    assert plan.categories == (Concept((Coding(SNOMED, "734163000", "Care plan"),)),)
    assert plan.identifiers == (Identifier("urn:syn:plan", "PLAN-1"),)
    assert plan.instantiates == ("https://practice.example/PlanDefinition/chronic|1", "urn:syn:protocol")
    assert plan.author == Link("Practitioner/dr1", "Dr. Synthetic")
    assert plan.care_teams == (Link("CareTeam/ct1"),)


def test_inline_activities_keep_every_form_of_schedule() -> None:
    """A period, a string, and a timing with events and bounds."""
    visit, forbidden, therapy = (activity.detail for activity in a_plan().activities[2:])

    assert visit == Detail(
        kind="Appointment",
        concept=Concept((Coding(SNOMED, "390906007", "Follow-up encounter"),), "Follow-up visit"),
        status="not-started",
        schedule=Schedule(start=Moment("2026-06-01"), end=Moment("2026-06-15")),
        performers=(Link("Practitioner/dr1"),),
        description="After six months",
    )
    assert forbidden is not None
    assert forbidden.do_not_perform
    assert forbidden.schedule == Schedule(text="2026-07-01 or soon after")
    assert therapy is not None
    assert therapy.schedule.timing == Timing(
        events=(Moment("2026-03-01"), Moment("2026-04-01")),
        bounds_start=Moment("2026-03-01"),
        count=4,
        count_max=6,
        frequency=2,
        period=1.0,
        period_unit="wk",
    )


def test_references_become_type_and_id_of_the_source() -> None:
    """The source's own base and a version are left off; a display is kept."""
    referred = a_plan().activities[1]

    assert referred.link == Link("Task/t9", "Foot exam")
    assert referred.outcomes == (Link("Observation/o1"),)


def test_contained_requests_are_named_after_their_plan() -> None:
    """`#sr` inside the plan and the request that it means have one name; `#` is the plan itself."""
    plan = a_plan()
    order, task = plan.contained

    assert plan.activities[0].link == Link("ServiceRequest/cp1#sr")
    assert plan.activities[0].id == "a0"
    assert plan.goals == (Link("Goal/cp1#g"), Link("Goal/g2"))
    assert isinstance(order, Order)
    assert (order.ref, order.version, order.seen) == ("ServiceRequest/cp1#sr", plan.version, plan.seen)
    assert order.based_on == (Link("CarePlan/cp1"),)
    assert order.schedule == Schedule(start=Moment("2026-06-01"), end=Moment("2026-06-15"))
    assert task.ref == "Task/cp1#t"


def test_a_contained_request_without_a_patient_is_about_the_plans() -> None:
    """What is inside a plan cannot be about somebody else by saying nothing."""
    assert [order.subject for order in a_plan().contained] == ["Patient/syn-1", "Patient/syn-1"]


def test_malformed_activities_do_not_move_the_places_of_others() -> None:
    """An activity's place is its place in the chart."""
    plan = a_plan(activity=[None, "x", {"detail": {"description": "Call"}}])

    assert [activity.place for activity in plan.activities] == [2]


def test_a_goal_names_the_measures_of_its_targets() -> None:
    """They are codes whose results the feed must keep."""
    goal = mapped(raw("goal"))

    assert isinstance(goal, Goal)
    assert (goal.status, goal.start, goal.status_on) == ("active", "2026-01-05", "2026-03-01")
    assert goal.achievement == Concept((Coding(ACHIEVEMENT, "no-change"),))
    assert goal.description == Concept((), "HbA1c below 7 %")
    assert goal.targets == (
        GoalTarget(Concept((Coding(LOINC, "4548-4"),)), value=7.0, comparator="<", unit="%", due=Moment("2026-12-31")),
        GoalTarget(Concept((Coding(LOINC, "8480-6"),)), low=0.0, high=130.0, unit="mmHg"),
    )
    assert goal.addresses == (Link("Condition/c1"),)
    assert goal.outcomes == (Link("Observation/o1"),)


@pytest.mark.parametrize(
    ("detail", "target"),
    [
        ({"detailQuantity": {"value": 0, "code": "kg"}}, GoalTarget(value=0.0, unit="kg")),
        ({"detailQuantity": {"value": 7, "comparator": "~"}}, GoalTarget(value=7.0)),
        ({"detailInteger": 0}, GoalTarget(value=0.0)),
        ({"detailRange": {"high": {"value": 80}}}, GoalTarget(high=80.0)),
        ({"detailBoolean": False}, GoalTarget(words="no")),
        ({"detailString": "walks to the shop"}, GoalTarget(words="walks to the shop")),
        ({"detailCodeableConcept": {"text": "Non-smoker"}}, GoalTarget(words="Non-smoker")),
        ({"detailRatio": {}, "dueDuration": {"value": 6}}, GoalTarget()),
        ({"detailRange": "x", "detailQuantity": 7, "measure": []}, GoalTarget()),
    ],
)
def test_every_form_of_target_is_read(detail: dict[str, object], target: GoalTarget) -> None:
    """A number, a range with one end or two, or words; of anything else that there is a target."""
    goal = mapped(raw("goal", target=[detail]))

    assert isinstance(goal, Goal)
    assert goal.targets == (target,)
