"""What a plan aims at, and what was measured on the way: HbA1c, blood pressure, weight; some that do not move."""

from collections.abc import Iterator, Sequence
from datetime import date

from deploy.demo.generator.chart import Chart
from deploy.demo.generator.evidence import VITALS_CATEGORY, observation, quantity
from deploy.demo.generator.fhir import LOINC, TERMINOLOGY, Json, at, coding, concept, days, on, reference
from deploy.demo.generator.showcase import SHOWCASE, more, takes
from deploy.demo.generator.steps import A1C

SYSTOLIC = concept(coding(LOINC, "8480-6", "Systolic blood pressure"))
DIASTOLIC = concept(coding(LOINC, "8462-4", "Diastolic blood pressure"))
BLOOD_PRESSURE = concept(
    coding(LOINC, "85354-9", "Blood pressure panel with all children optional"), text="Blood pressure"
)
WEIGHT = concept(coding(LOINC, "29463-7", "Body weight"), text="Weight")

A1C_BEFORE = ((9.1, 8.6), (8.4, 8.5), (7.9, 8.3))
PRESSURES = (
    ("improving", ((148, 92), (139, 86), (131, 82))),
    ("no change", ((142, 88), (144, 88), (143, 90))),
    ("reached", ((136, 84), (128, 78), (124, 76))),
)
WEIGHTS = (
    ("no change", (91.0, 91.2, 91.4)),
    ("improving", (96.5, 94.8, 92.9)),
)
MEASURED_EVERY = 28
BEFORE_THE_PLAN = 300  # a goal is older than the plan, where results from before it are part of its course


def add_goals(chart: Chart, condition: str) -> list[str]:
    """The goals of a plan, the HbA1c first; every plan has that one."""
    goals = [add_a1c_goal(chart, condition)]
    if takes(chart, 3, 0):
        goals.append(add_pressure_goal(chart))
    if takes(chart, 5, 2):
        goals.append(add_weight_goal(chart))
    return goals


def add_a1c_goal(chart: Chart, condition: str) -> str:
    """An HbA1c below 7 % by the end of the year; one in four has results from before the plan, too early for any step."""
    history = A1C_BEFORE[chart.number % len(A1C_BEFORE)] if takes(chart, 4, 0) else ()
    first = min(chart.start, chart.run.today)
    for number, value in enumerate(history):
        day = first - days(200 - 100 * number)
        observation(chart, A1C, day, extra={"valueQuantity": quantity(value, "%")})
    target = {
        "measure": concept(coding(LOINC, A1C.code, A1C.display)),
        "detailQuantity": {**quantity(7.0, "%"), "comparator": "<"},
        "dueDate": on(chart.start + days(365)),
    }
    start = first - days(BEFORE_THE_PLAN) if history else chart.start
    extra = {**achievement(achieved=False), "addresses": [reference(condition)]}
    return add_goal(chart, "HbA1c below 7 %", [target], start, extra)


def add_pressure_goal(chart: Chart) -> str:
    """Below 130 over 80: two targets, measured together."""
    name, course = PRESSURES[chart.number // 3 % len(PRESSURES)]
    measured = list(zip(days_of(chart), course, strict=False))
    for day, (upper, lower) in measured:
        parts = [(SYSTOLIC, upper), (DIASTOLIC, lower)]
        component = [{"code": code, "valueQuantity": quantity(value, "mmHg", "mm[Hg]")} for code, value in parts]
        vital_sign(chart, day, BLOOD_PRESSURE, {"component": component})
    count(chart, "blood pressure", name, measured)
    targets = [
        {"measure": code, "detailQuantity": {**quantity(limit, "mmHg", "mm[Hg]"), "comparator": "<"}}
        for code, limit in ((SYSTOLIC, 130), (DIASTOLIC, 80))
    ]
    extra = achievement(achieved=name == "reached")
    return add_goal(chart, "Blood pressure below 130/80", targets, started(chart), extra)


def add_weight_goal(chart: Chart) -> str:
    """At most so much by half a year after the plan began; the chart says nothing of how far it has come."""
    name, course = WEIGHTS[0 if chart.number == SHOWCASE else chart.number // 5 % len(WEIGHTS)]
    measured = list(zip(days_of(chart), course, strict=False))
    for day, value in measured:
        vital_sign(chart, day, WEIGHT, {"valueQuantity": quantity(value, "kg")})
    count(chart, "weight", name, measured)
    target = {
        "measure": WEIGHT,
        "detailRange": {"high": quantity(88, "kg")},
        "dueDate": on(chart.start + days(182)),
    }
    return add_goal(chart, "Weight at most 88 kg", [target], started(chart), {})


def started(chart: Chart) -> date:
    """The day of the first measurement: it was taken when the goal was set."""
    return next(iter(days_of(chart)), chart.start)


def days_of(chart: Chart) -> Iterator[date]:
    """Measured two weeks before the plan, then every four weeks; nothing in the future."""
    day = min(chart.start, chart.run.today) - days(14 + more(chart, "measured").randrange(5))
    while day <= chart.run.yesterday:
        yield day
        day += days(MEASURED_EVERY)


def count(chart: Chart, what: str, course: str, measured: Sequence[object]) -> None:
    """A course is one only with its third measurement."""
    chart.count("goal", f"{what}, {course}" if len(measured) == 3 else f"{what}, few measurements")


def achievement(*, achieved: bool) -> Json:
    """What the chart says of it: by its own judgement, which is not always what the numbers say."""
    code, display = ("achieved", "Achieved") if achieved else ("in-progress", "In Progress")
    return {"achievementStatus": concept(coding(f"{TERMINOLOGY}/goal-achievement", code, display))}


def add_goal(chart: Chart, title: str, targets: list[Json], start: date, extra: Json) -> str:
    """One active goal."""
    body: Json = {
        "lifecycleStatus": "active",
        "description": concept(text=title),
        "subject": reference(chart.patient),
        "startDate": on(start),
        "target": targets,
    }
    return chart.add("Goal", {**body, **extra})


def vital_sign(chart: Chart, day: date, code: Json, value: Json) -> str:
    """A final measurement."""
    body: Json = {
        "status": "final",
        "category": [VITALS_CATEGORY],
        "code": code,
        "subject": reference(chart.patient),
        "effectiveDateTime": at(day, 9, 10),
        "performer": [reference(chart.provider)],
    }
    chart.count("evidence", "Observation final")
    return chart.add("Observation", {**body, **value})
