"""One way in which a step can have gone, and the questions that decide which ways fit it."""

from collections.abc import Callable
from dataclasses import dataclass

from deploy.demo.generator.chart import Chart, Placed
from deploy.demo.generator.steps import INLINE, ORDERED, REPEATING, Form, Kind, Source, State, Step

Question = Callable[[Chart, Step], bool]
Writer = Callable[[Chart, Step, Placed], None]

DONE = frozenset({State.DONE})
OVERDUE = frozenset({State.OVERDUE})
OPEN = frozenset({State.OPEN})
AHEAD = frozenset({State.AHEAD})
UNDONE = OVERDUE | OPEN | AHEAD

MEASURED = frozenset({Kind.LAB, Kind.QUESTIONNAIRE})
VISITS = frozenset({Kind.VISIT, Kind.REFERRAL, Kind.THERAPY, Kind.EXAM, Kind.EDUCATION})
PERFORMED = frozenset({Kind.THERAPY, Kind.EXAM, Kind.EDUCATION})

# Their code is on no event, or the step is the appointment itself.
SEALED = frozenset(
    {
        Form.APPOINTMENT,
        Form.COMMUNICATION,
        Form.MEDICATION,
        Form.NUTRITION,
        Form.DEVICE,
        Form.VISION,
        Form.UNREAD,
        Form.INLINE_FORBIDDEN,
    }
)


def nothing(chart: Chart, step: Step, placed: Placed) -> None:
    """Leaves nothing in the chart."""


def any_step(chart: Chart, step: Step) -> bool:
    """Fits always."""
    return True


@dataclass(frozen=True)
class Way:
    """A way of being done, missed, booked or left alone."""

    name: str
    states: frozenset[State]
    suits: Question
    write: Writer = nothing
    source: Source = Source.ACTIVE
    weight: int = 1


def is_own_appointment(step: Step) -> bool:
    """The step is the appointment."""
    return step.form is Form.APPOINTMENT


def is_ordered(chart: Chart, step: Step) -> bool:
    """There is an order to which evidence can point."""
    return step.form in ORDERED


def is_measured(chart: Chart, step: Step) -> bool:
    """A result with its code completes it."""
    return step.item.kind in MEASURED and step.form not in SEALED


def is_lab(chart: Chart, step: Step) -> bool:
    """A laboratory order: a kept visit is not its result."""
    return step.item.kind is Kind.LAB and step.form not in SEALED


def is_visit(chart: Chart, step: Step) -> bool:
    """A kept visit completes it."""
    return step.item.kind in VISITS and step.form not in SEALED


def is_single_visit(chart: Chart, step: Step) -> bool:
    """A visit that does not repeat, and has no equal beside it."""
    return is_visit(chart, step) and step.item.kind is not Kind.THERAPY


def is_performed(chart: Chart, step: Step) -> bool:
    """A procedure with its code completes it."""
    return step.item.kind in PERFORMED and step.form not in SEALED


def is_bookable(chart: Chart, step: Step) -> bool:
    """It can be booked, and the booking missed."""
    return step.item.kind in VISITS | {Kind.LAB} and step.form not in SEALED


def has_begun(chart: Chart, step: Step) -> bool:
    """Its window opened before today."""
    return max(step.opens, chart.start) <= chart.run.yesterday


def is_inline(chart: Chart, step: Step) -> bool:
    """It stands once in the plan itself."""
    return step.form in INLINE - REPEATING


def both(*questions: Question) -> Question:
    """All of them."""

    def ask(chart: Chart, step: Step) -> bool:
        return all(question(chart, step) for question in questions)

    return ask
