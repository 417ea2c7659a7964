"""Goals: what is aimed at, what was measured, whether it moves, and what it belongs to."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from plugin.domain.assess import assess
from plugin.domain.calendar import Practice
from plugin.domain.goal import GoalLine, aim_of, goals
from plugin.domain.record import Coding, Concept, Event, Fact, Goal, GoalTarget, Link, Measure, Moment, Record
from plugin.domain.rules import Rules
from tests.builders import CHICAGO, HBA1C, WEIGHT, a_plan, an_activity

BELOW_7 = GoalTarget(measure=Concept((HBA1C,)), value=7.0, comparator="<", unit="%", due=Moment("2026-12-31"))
SYSTOLIC = Coding("http://loinc.org", "8480-6")


def a_goal(*targets: GoalTarget, **changes: object) -> Goal:
    """``Goal/g1``, of p1."""
    fields: dict[str, object] = {"ref": "Goal/g1", "subject": "Patient/p1", "status": "active", "targets": targets}
    return Goal(**{**fields, **changes})  # type: ignore[arg-type]  # fields by name, for the tests


def a_value(number: int, on: str, value: float | None, *, code: Coding = HBA1C, unit: str | None = "%") -> Event:
    """``Observation/o1``."""
    return Event(
        ref=f"Observation/o{number}",
        subject="Patient/p1",
        status="final",
        concepts=(Concept((code,)),),
        start=Moment(on),
        value=value,
        unit=unit,
    )


def line_of(*facts: Fact) -> GoalLine:
    """The one goal among these facts."""
    (line,) = goals(Record.of("Patient/p1", "ehr", facts), CHICAGO)
    return line


@pytest.mark.parametrize(
    ("target", "aim"),
    [
        (GoalTarget(value=7.0, comparator="<", unit="%"), "below 7 %"),
        (GoalTarget(value=6.5, comparator="<=", unit="%"), "at most 6.5 %"),
        (GoalTarget(value=30.0, comparator=">=", unit="min"), "at least 30 min"),
        (GoalTarget(value=0.0, comparator=">"), "above 0"),
        (GoalTarget(value=82.0, unit="kg"), "82 kg"),
        (GoalTarget(value=0.0), "0"),
        (GoalTarget(low=120.0, high=129.0, unit="mmHg"), "120 to 129 mmHg"),
        (GoalTarget(low=0.0, unit="mmHg"), "at least 0 mmHg"),
        (GoalTarget(high=80.0, unit="mmHg"), "at most 80 mmHg"),
        (GoalTarget(value=1234567.0), "1234567"),
        (GoalTarget(words="walks to the shop"), "walks to the shop"),
        (GoalTarget(), None),
    ],
)
def test_an_aim_can_be_read(target: GoalTarget, aim: str | None) -> None:
    """In words and figures, whatever form it has in the chart."""
    assert aim_of(target) == aim


@pytest.mark.parametrize(
    ("target", "values", "no_change"),
    [
        (BELOW_7, [8.0, 8.0, 8.0], True),
        (BELOW_7, [8.0, 8.4, 8.2], True),
        (BELOW_7, [8.0, 7.9, 8.0], False),
        (BELOW_7, [8.4, 8.2, 8.3], False),
        (BELOW_7, [9.9, 8.0, 8.1, 8.0], True),
        (BELOW_7, [8.0, 8.0], False),
        (BELOW_7, [7.0, 7.0, 7.0], True),
        (BELOW_7, [6.9, 6.9, 6.9], False),
        (replace(BELOW_7, comparator="<="), [7.0, 7.0, 7.0], False),
        (replace(BELOW_7, comparator=">="), [6.0, 5.0, 6.0], True),
        (replace(BELOW_7, comparator=">="), [6.0, 6.5, 6.0], False),
        (replace(BELOW_7, comparator=">"), [7.0, 7.0, 7.0], True),
        (replace(BELOW_7, comparator=None), [6.0, 8.0, 6.0], True),
        (replace(BELOW_7, comparator=None), [6.0, 7.5, 6.0], False),
        (replace(BELOW_7, value=None, low=6.0, high=7.0), [8.0, 5.0, 8.0], True),
        (replace(BELOW_7, value=None, low=6.0, high=7.0), [8.0, 7.5, 8.0], False),
        (replace(BELOW_7, value=None, high=7.0), [8.0, 8.0, 8.0], True),
        (replace(BELOW_7, value=None, high=7.0), [8.0, 8.0, 7.0], False),
        (replace(BELOW_7, unit="mmol/mol"), [8.0, 8.0, 8.0], False),
        (replace(BELOW_7, value=None, words="better"), [8.0, 8.0, 8.0], False),
    ],
)
def test_three_without_improvement_are_no_change(target: GoalTarget, values: list[float], no_change: bool) -> None:
    """Neither of the last two nearer to the target than the one before them, and not reached; two are not enough."""
    measured = [a_value(n, f"2026-0{n}-10", value) for n, value in enumerate(values, start=1)]

    line = line_of(a_goal(target), *measured)

    assert line.no_change is no_change
    assert [m.value for m in line.targets[0].last_three] == values[-3:]


def test_what_was_measured_before_the_goal_is_no_failure_of_it() -> None:
    """It is shown, and not counted."""
    measured = [a_value(n, f"2026-0{n}-10", 8.0) for n in (1, 2, 3, 4)]

    assert not line_of(a_goal(BELOW_7, start=Moment("2026-02-11")), *measured).no_change
    assert line_of(a_goal(BELOW_7, start=Moment("2026-02-10")), *measured).no_change
    assert line_of(a_goal(BELOW_7, start=Moment("2026-02")), *measured).no_change


def test_one_measurement_a_day_and_none_that_is_not_final() -> None:
    """The later of a day; no number, an error, another code or another patient is none."""
    others = [
        replace(a_value(3, "2026-01-12", 6.0), status="entered-in-error"),
        replace(a_value(4, "2026-01-13", 6.0), subject="Patient/p2"),
        a_value(5, "2026-01-14", None),
        a_value(6, "2026-01-15", 6.0, code=WEIGHT),
    ]

    line = line_of(a_goal(BELOW_7), a_value(1, "2026-01-10T20:00:00Z", 0.0), a_value(2, "2026-01-10", 9.0), *others)

    assert [(m.on, m.value, m.unit, m.ref) for m in line.targets[0].measurements] == [
        (date(2026, 1, 10), 0.0, "%", "Observation/o1")
    ]


def test_blood_pressure_is_two_targets_of_one_measurement() -> None:
    """Each has its own component."""
    upper = GoalTarget(measure=Concept((SYSTOLIC,), "Systolic"), value=130.0, comparator="<", unit="mmHg")
    lower = GoalTarget(
        measure=Concept((Coding("http://loinc.org", "8462-4"),)), value=80.0, comparator="<", unit="mmHg"
    )
    whole = Event(
        ref="Observation/o1",
        subject="Patient/p1",
        status="final",
        start=Moment("2026-01-10"),
        components=(Measure(*SYSTOLIC[:2], 142.0, "mm[Hg]"), Measure("http://loinc.org", "8462-4", 88.0, "mm[Hg]")),
    )

    line = line_of(a_goal(upper, lower), whole)

    assert [(t.measure, t.measurements[0].value) for t in line.targets] == [("Systolic", 142.0), (None, 88.0)]


def test_an_outcome_counts_by_name() -> None:
    """A goal without a measure can still say what was found."""
    told = a_goal(replace(BELOW_7, measure=None), outcomes=(Link("Observation/o1"), Link(display="told by telephone")))

    assert [m.value for m in line_of(told, a_value(1, "2026-01-10", 7.5)).targets[0].measurements] == [7.5]


def test_a_goal_says_what_the_chart_says() -> None:
    """Title, lifecycle, achievement, and the first of its due dates; no achievement is none."""
    achieved = Concept((Coding("http://terminology.hl7.org/CodeSystem/goal-achievement", "no-change", "No Change"),))
    told = a_goal(
        replace(BELOW_7, due=Moment("2026-12")),
        replace(BELOW_7, due=Moment("2027-01-01")),
        description=Concept(text="HbA1c below 7 %"),
        achievement=achieved,
    )

    line = line_of(told)

    assert (line.title, line.status) == ("HbA1c below 7 %", "active")
    assert (line.achievement, line.achievement_title) == ("no-change", "No Change")
    assert (line.due, line.due_precision) == (date(2026, 12, 31), "month")
    assert (line_of(a_goal()).achievement, line_of(a_goal()).targets, line_of(a_goal()).due) == (None, (), None)


@pytest.mark.parametrize("status", ["entered-in-error", "rejected", "cancelled"])
def test_what_nobody_works_towards_is_no_goal(status: str) -> None:
    """Nor is another patient's."""
    facts = [a_goal(BELOW_7, status=status), a_goal(BELOW_7, ref="Goal/g2", subject="Patient/p2")]

    assert goals(Record.of("Patient/p1", "ehr", facts), CHICAGO) == ()


def test_goals_are_ordered_by_what_is_due_first() -> None:
    """What has no date comes last."""
    known = [
        a_goal(ref="Goal/a"),
        a_goal(BELOW_7, ref="Goal/b"),
        a_goal(replace(BELOW_7, due=Moment("2026-05-01")), ref="Goal/c"),
    ]

    found = goals(Record.of("Patient/p1", "ehr", known), CHICAGO)

    assert [line.goal for line in found] == ["Goal/c", "Goal/b", "Goal/a"]


def test_a_goal_stands_beside_its_plan_and_milestone() -> None:
    """By CarePlan.goal and the code of what it measures; without a plan of its own, beside any milestone of that code."""
    plan = a_plan(1, activities=[an_activity(0, due="2026-06-15"), an_activity(1, code=WEIGHT, due="2026-06-15")])
    named, unnamed = replace(plan, goals=(Link("Goal/g1"),)), replace(plan, ref="CarePlan/other")
    record = Record.of("Patient/p1", "ehr", [named, unnamed, a_goal(BELOW_7)])
    milestones = assess(record, Rules(Practice(CHICAGO)), datetime(2026, 6, 1, 12, tzinfo=UTC)).milestones

    (line,) = goals(record, CHICAGO, milestones)
    (loose,) = goals(Record.of("Patient/p1", "ehr", [a_goal(BELOW_7)]), CHICAGO, milestones)

    assert line.plans == ("CarePlan/cp1",)
    assert line.milestones == tuple(
        m.key for m in milestones if m.plan == "CarePlan/cp1" and m.title.startswith("Hemo")
    )
    assert len(line.milestones) == 1
    assert (len(loose.milestones), loose.plans) == (2, ())
