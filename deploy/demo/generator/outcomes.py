"""What became of a step: every way of being done, missed, booked or left alone, handed out in turn."""

from deploy.demo.generator.bookings import BOOKED_WAYS, KEPT_WAYS, MISSED_WAYS, OF_THE_SHOWCASE, OWN_APPOINTMENT_WAYS
from deploy.demo.generator.chart import Chart
from deploy.demo.generator.results import RESULT_WAYS, WEAK_WAYS
from deploy.demo.generator.showcase import SHOWCASE
from deploy.demo.generator.steps import INLINE, REPEATING, TASKS, Form, Source, State, Step
from deploy.demo.generator.ways import DONE, OVERDUE, UNDONE, Way, any_step, is_own_appointment

SILENT = frozenset({Form.APPOINTMENT, Form.UNREAD, Form.PROGRAM})
EARLY_SHARE = 0.3


def has_source_status(chart: Chart, step: Step) -> bool:
    """The step's own activity, order or Task can say that it is held or cancelled."""
    return step.form not in SILENT | REPEATING | {Form.VISION}


def can_be_completed(chart: Chart, step: Step) -> bool:
    """The step's own activity, order or Task can say that it is done."""
    return has_source_status(chart, step)


def can_be_draft(chart: Chart, step: Step) -> bool:
    """An order or Task that was never sent."""
    return has_source_status(chart, step) and step.form not in INLINE | {Form.GROUP}


def is_task(chart: Chart, step: Step) -> bool:
    """Only a Task can fail."""
    return step.form in TASKS


def has_no_appointment_of_its_own(chart: Chart, step: Step) -> bool:
    """Where the step is an appointment there must be one."""
    return not is_own_appointment(step)


SOURCE_WAYS = (
    Way("nothing yet", UNDONE, has_no_appointment_of_its_own, weight=6),
    Way("done: its source says so", DONE, can_be_completed, source=Source.COMPLETED, weight=2),
    Way("held by its source", UNDONE - {State.AHEAD}, has_source_status, source=Source.HELD),
    Way("failed", OVERDUE, is_task, source=Source.FAILED),
    Way("order not sent", OVERDUE, can_be_draft, source=Source.DRAFT),
    Way("cancelled by its source", UNDONE - OVERDUE, has_source_status, source=Source.CANCELLED),
)
WAYS = (
    *SOURCE_WAYS,
    *RESULT_WAYS,
    *WEAK_WAYS,
    *KEPT_WAYS,
    *MISSED_WAYS,
    *BOOKED_WAYS,
    *OWN_APPOINTMENT_WAYS,
)
UNTOUCHED = Way("nothing yet", UNDONE, any_step)


def fitting(chart: Chart, step: Step, state: State) -> list[Way]:
    """The ways that a step in this state can have taken."""
    turn_by_turn = step.form in REPEATING
    return [
        way
        for way in WAYS
        if state in way.states and way.suits(chart, step) and not (turn_by_turn and way.source is not Source.ACTIVE)
    ]


def choose(chart: Chart, step: Step) -> Way:
    """The way of this step; some of those whose window is open are done early."""
    state = step.state
    begun = max(step.opens, chart.start) <= chart.run.yesterday
    if state is State.OPEN and begun and chart.rng.random() < EARLY_SHARE and fitting(chart, step, State.DONE):
        state = State.DONE
    ways = fitting(chart, step, state)
    if chart.number == SHOWCASE and state is State.OVERDUE:
        ways = [OF_THE_SHOWCASE]
    chosen = chart.run.rotation.pick(f"way {state}", ways) if ways else UNTOUCHED
    chart.count("outcome", chosen.name if state is State.DONE else f"{state}: {chosen.name}")
    return chosen
