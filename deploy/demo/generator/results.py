"""Ways of being done by evidence, and ways in which evidence is none."""

from deploy.demo.generator import evidence
from deploy.demo.generator.chart import Chart, Placed
from deploy.demo.generator.fhir import TERMINOLOGY, coding, concept, days, reference
from deploy.demo.generator.steps import REPEATING, Form, Kind, Step
from deploy.demo.generator.steps import TASKS as TASK_FORMS
from deploy.demo.generator.ways import (
    DONE,
    OVERDUE,
    Way,
    both,
    has_begun,
    is_inline,
    is_lab,
    is_measured,
    is_ordered,
    is_performed,
    is_single_visit,
)

FIXED_WINDOW = frozenset({Form.INLINE_PERIOD, Form.ORDER_PERIOD, Form.TASK, Form.TASK_BASED_ON})
ABSENT = concept(coding(f"{TERMINOLOGY}/data-absent-reason", "not-performed", "Not Performed"))


def is_shot(chart: Chart, step: Step) -> bool:
    """A vaccination completes it."""
    return step.item.kind is Kind.SHOT


def is_questionnaire(chart: Chart, step: Step) -> bool:
    """A questionnaire completes it."""
    return step.item.kind is Kind.QUESTIONNAIRE


def is_referral(chart: Chart, step: Step) -> bool:
    """A report of the specialist completes it."""
    return step.item.kind is Kind.REFERRAL


def has_task(chart: Chart, step: Step) -> bool:
    """There is a Task that can name its output."""
    return step.form in TASK_FORMS


def window_opens_late(chart: Chart, step: Step) -> bool:
    """There are days of the plan before the window, for evidence that is too early."""
    return step.form in FIXED_WINDOW and chart.start + days(5) < step.opens <= chart.run.today


def result(chart: Chart, step: Step, placed: Placed) -> None:
    """A final result with the same code."""
    evidence.observation(chart, step.item, chart.done_day(step))


def amended_result(chart: Chart, step: Step, placed: Placed) -> None:
    """A result that was amended is as good."""
    evidence.observation(chart, step.item, chart.done_day(step), status="amended")


def ordered_result(chart: Chart, step: Step, placed: Placed) -> None:
    """A result that points to the order."""
    extra = {"basedOn": [reference(placed.order or "")]}
    evidence.observation(chart, step.item, chart.done_day(step), extra=extra)


def reported_result(chart: Chart, step: Step, placed: Placed) -> None:
    """A report with its result, without an order."""
    day = chart.done_day(step)
    made = evidence.observation(chart, step.item, day)
    evidence.report(chart, step.item, day, extra={"result": [reference(made)]})


def ordered_report(chart: Chart, step: Step, placed: Placed) -> None:
    """A final report that points to the order."""
    extra = {"basedOn": [reference(placed.order or "")], "conclusion": "Nothing remarkable."}
    evidence.report(chart, step.item, chart.done_day(step), extra=extra)


def performed(chart: Chart, step: Step, placed: Placed) -> None:
    """A completed procedure with the same code."""
    evidence.procedure(chart, step.item, chart.done_day(step))


def ordered_procedure(chart: Chart, step: Step, placed: Placed) -> None:
    """A completed procedure that points to the order."""
    extra = {"basedOn": [reference(placed.order or "")]}
    evidence.procedure(chart, step.item, chart.done_day(step), extra)


def vaccinated(chart: Chart, step: Step, placed: Placed) -> None:
    """The vaccination, under its CVX code."""
    evidence.immunization(chart, step.item, chart.done_day(step))


def answered(chart: Chart, step: Step, placed: Placed) -> None:
    """The questionnaire that answers the order."""
    evidence.questionnaire(chart, chart.done_day(step), placed.order or "")


def outcome(chart: Chart, step: Step, placed: Placed) -> None:
    """The activity names its outcome."""
    day = chart.done_day(step)
    if step.item.kind in (Kind.LAB, Kind.QUESTIONNAIRE):
        made = evidence.observation(chart, step.item, day)
    else:
        made = evidence.encounter(chart, day, step.item)
    if placed.activity is not None:
        placed.activity["outcomeReference"] = [reference(made)]
    chart.count("evidence", "activity.outcomeReference")


def task_output(chart: Chart, step: Step, placed: Placed) -> None:
    """The Task names its output."""
    made = evidence.observation(chart, step.item, chart.done_day(step))
    if placed.body is not None:
        placed.body["output"] = [{"type": concept(text="Result"), "valueReference": reference(made)}]
    chart.count("evidence", "Task.output")


def preliminary(chart: Chart, step: Step, placed: Placed) -> None:
    """A result that is not final."""
    evidence.observation(chart, step.item, chart.missed_day(step), status="preliminary")


def absent(chart: Chart, step: Step, placed: Placed) -> None:
    """A final result without a value."""
    evidence.observation(chart, step.item, chart.missed_day(step), extra={"dataAbsentReason": ABSENT})


def mistaken(chart: Chart, step: Step, placed: Placed) -> None:
    """A result entered in error."""
    evidence.observation(chart, step.item, chart.missed_day(step), status="entered-in-error")


def registered(chart: Chart, step: Step, placed: Placed) -> None:
    """A report that has been promised."""
    evidence.report(chart, step.item, chart.missed_day(step), status="registered")


def too_early(chart: Chart, step: Step, placed: Placed) -> None:
    """A baseline before the window is not the result that the plan waits for."""
    evidence.observation(chart, step.item, chart.day_between(chart.start + days(1), step.opens - days(2)))


def is_one_result(chart: Chart, step: Step) -> bool:
    """Measured, and not in turns."""
    return is_measured(chart, step) and step.form not in REPEATING


RESULT_WAYS = (
    Way("done: result, same code", DONE, is_measured, result, weight=3),
    Way("done: amended result", DONE, is_measured, amended_result),
    Way("done: result of the order", DONE, both(is_measured, is_ordered), ordered_result, weight=2),
    Way("done: report and result", DONE, both(is_one_result, is_lab), reported_result),
    Way("done: report of the order", DONE, both(is_lab, is_ordered), ordered_report),
    Way("done: specialist's report", DONE, both(is_referral, is_ordered), ordered_report),
    Way("done: procedure, same code", DONE, is_performed, performed, weight=2),
    Way("done: procedure of the order", DONE, both(is_performed, is_ordered), ordered_procedure),
    Way("done: vaccination", DONE, is_shot, vaccinated, weight=4),
    Way("done: questionnaire", DONE, both(is_questionnaire, is_ordered), answered),
    Way("done: outcome of the activity", DONE, both(is_inline, is_one_result), outcome),
    Way("done: outcome of the activity, a visit", DONE, both(is_inline, is_single_visit), outcome),
    Way("done: output of the Task", DONE, both(has_task, is_measured), task_output),
)
WEAK_WAYS = (
    Way("result only preliminary", OVERDUE, both(is_measured, has_begun), preliminary),
    Way("result without a value", OVERDUE, both(is_measured, has_begun), absent),
    Way("result entered in error", OVERDUE, both(is_measured, has_begun), mistaken),
    Way("report only registered", OVERDUE, both(is_lab, has_begun), registered),
    Way("result before the window", OVERDUE, both(is_measured, window_opens_late), too_early),
)
