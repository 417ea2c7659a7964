"""Ways that a step can have gone by its appointments: kept, missed, booked, waiting for a word."""

from datetime import date

from deploy.demo.generator.appointments import BY_PATIENT, BY_PRACTICE, NO_MISS, Booking, book, visit_of
from deploy.demo.generator.chart import Chart, Placed
from deploy.demo.generator.evidence import encounter
from deploy.demo.generator.fhir import reference
from deploy.demo.generator.steps import INLINE, Form, Kind, Step
from deploy.demo.generator.ways import (
    AHEAD,
    DONE,
    OPEN,
    OVERDUE,
    UNDONE,
    Way,
    Writer,
    both,
    has_begun,
    is_bookable,
    is_lab,
    is_ordered,
    is_own_appointment,
    is_single_visit,
    is_visit,
)

Reasons = tuple[tuple[str, str], ...]
PATIENT_REASONS: Reasons = tuple(BY_PATIENT.items())
PRACTICE_REASONS: Reasons = tuple(BY_PRACTICE.items())
NO_MISS_REASONS: Reasons = tuple(NO_MISS.items())


def is_group_visit(chart: Chart, step: Step) -> bool:
    """Taught in groups, and there is a second patient."""
    return step.item.kind is Kind.EDUCATION and is_visit(chart, step) and chart.partner is not None


def takes_any_visit(chart: Chart, step: Step) -> bool:
    """A visit of the plan itself, or of a program, for which any kept visit is a hint."""
    return step.item.kind is Kind.VISIT and step.form in INLINE | {Form.PROGRAM}


def own_past(chart: Chart, step: Step) -> bool:
    """The step is an appointment whose day has passed."""
    return is_own_appointment(step) and step.due is not None and step.due < chart.run.today


def own_today(chart: Chart, step: Step) -> bool:
    """The step is an appointment of today."""
    return is_own_appointment(step) and step.due == chart.run.today


def own_ahead(chart: Chart, step: Step) -> bool:
    """The step is an appointment to come."""
    return is_own_appointment(step) and step.due is not None and step.due > chart.run.today


def past(status: str, reasons: Reasons = ()) -> Writer:
    """One appointment on a day that is gone."""

    def write(chart: Chart, step: Step, placed: Placed) -> None:
        book(chart, step, placed, Booking(status, chart.missed_day(step), reasons))

    return write


def ahead(status: str) -> Writer:
    """One appointment to come."""

    def write(chart: Chart, step: Step, placed: Placed) -> None:
        book(chart, step, placed, Booking(status, chart.coming_day(step)))

    return write


def today(status: str) -> Writer:
    """One appointment of today."""

    def write(chart: Chart, step: Step, placed: Placed) -> None:
        book(chart, step, placed, Booking(status, chart.run.today))

    return write


def own(status: str, reasons: Reasons = ()) -> Writer:
    """The appointment that the step is, on its day."""

    def write(chart: Chart, step: Step, placed: Placed) -> None:
        book(chart, step, placed, Booking(status, step.due, reasons))

    return write


def kept(chart: Chart, step: Step, placed: Placed) -> None:
    """Kept, with the encounter that belongs to it."""
    day = chart.done_day(step)
    visit_of(chart, book(chart, step, placed, Booking("fulfilled", day)), day)


def kept_without_visit(chart: Chart, step: Step, placed: Placed) -> None:
    """Kept, as the appointment book says; nobody wrote an encounter."""
    book(chart, step, placed, Booking("fulfilled", chart.done_day(step)))


def kept_by_visit(chart: Chart, step: Step, placed: Placed) -> None:
    """Still booked, but the encounter is finished."""
    day = chart.done_day(step)
    visit_of(chart, book(chart, step, placed, Booking("booked", day)), day)


def own_kept_by_visit(chart: Chart, step: Step, placed: Placed) -> None:
    """The step's own appointment, kept as its encounter says."""
    day: date = step.due or chart.run.yesterday
    visit_of(chart, book(chart, step, placed, Booking("arrived", day)), day)


def visited(chart: Chart, step: Step, placed: Placed) -> None:
    """A finished encounter of that type, without an appointment."""
    encounter(chart, chart.done_day(step), step.item)


def visited_for_order(chart: Chart, step: Step, placed: Placed) -> None:
    """A finished encounter that points to the order."""
    encounter(chart, chart.done_day(step), extra={"basedOn": [reference(placed.order or "")]})


def kept_in_group(chart: Chart, step: Step, placed: Placed) -> None:
    """A group visit: only this patient's encounter says that it was kept."""
    day = chart.done_day(step)
    visit_of(chart, book(chart, step, placed, Booking("fulfilled", day, group=True)), day)


def group_without_word(chart: Chart, step: Step, placed: Placed) -> None:
    """A group visit that says nothing of this patient."""
    book(chart, step, placed, Booking("fulfilled", chart.missed_day(step), group=True))


def missed_twice(chart: Chart, step: Step, placed: Placed) -> None:
    """Two no-shows in a row."""
    first = max(step.opens, chart.start)
    middle = first + (chart.run.yesterday - first) // 2
    book(chart, step, placed, Booking("noshow", chart.day_between(first, middle)))
    book(chart, step, placed, Booking("noshow", chart.day_between(middle, chart.run.yesterday)))


def cancelled_then_missed(chart: Chart, step: Step, placed: Placed) -> None:
    """Cancelled by the patient with a reason, booked again, and missed."""
    first = max(step.opens, chart.start)
    middle = first + (chart.run.yesterday - first) // 2
    book(chart, step, placed, Booking("cancelled", chart.day_between(first, middle), PATIENT_REASONS))
    book(chart, step, placed, Booking("noshow", chart.day_between(middle, chart.run.yesterday)))


def rebooked(chart: Chart, step: Step, placed: Placed) -> None:
    """Cancelled by the patient, and booked again."""
    book(chart, step, placed, Booking("cancelled", chart.missed_day(step), PATIENT_REASONS))
    book(chart, step, placed, Booking("booked", chart.coming_day(step)))


def missed_and_rebooked(chart: Chart, step: Step, placed: Placed) -> None:
    """A no-show with a new booking stays a no-show."""
    book(chart, step, placed, Booking("noshow", chart.missed_day(step)))
    book(chart, step, placed, Booking("booked", chart.coming_day(step)))


def contradicted(chart: Chart, step: Step, placed: Placed) -> None:
    """A no-show about which an encounter was written."""
    day = chart.missed_day(step)
    visit_of(chart, book(chart, step, placed, Booking("noshow", day)), day)


def untimed(chart: Chart, step: Step, placed: Placed) -> None:
    """Proposed, without a time: no booking."""
    book(chart, step, placed, Booking("proposed", None))


def some_visit(chart: Chart, step: Step, placed: Placed) -> None:
    """A kept visit of a generic type that points to nothing."""
    book(chart, step, placed, Booking("fulfilled", chart.missed_day(step), plain=True))


missable = both(is_bookable, has_begun)

KEPT_WAYS = (
    Way("done: kept visit", DONE, is_visit, kept, weight=2),
    Way("done: kept visit, no encounter", DONE, is_visit, kept_without_visit),
    Way("done: encounter of a booking", DONE, is_visit, kept_by_visit),
    Way("done: encounter, same code", DONE, is_visit, visited),
    Way("done: encounter of the order", DONE, both(is_visit, is_ordered), visited_for_order),
    Way("done: group visit", DONE, is_group_visit, kept_in_group),
)
MISSED_WAYS = (
    Way("no-show", OVERDUE | OPEN, missable, past("noshow"), weight=3),
    Way("no-show twice", OVERDUE, missable, missed_twice),
    Way("no-show, rebooked", OVERDUE | OPEN, missable, missed_and_rebooked),
    Way("no-show with an encounter", OVERDUE, missable, contradicted),
    Way("cancelled by the patient", OVERDUE | OPEN, missable, past("cancelled", PATIENT_REASONS), weight=2),
    Way("cancelled by the practice", OVERDUE | OPEN, missable, past("cancelled", PRACTICE_REASONS), weight=2),
    Way("cancelled, no reason given", OVERDUE, missable, past("cancelled")),
    Way("cancelled, moved or dead", OVERDUE, missable, past("cancelled", NO_MISS_REASONS)),
    Way("cancelled and rebooked", OVERDUE | OPEN, missable, rebooked),
    Way("appointment entered in error", OVERDUE, missable, past("entered-in-error")),
    Way("visit kept, result awaited", OVERDUE | OPEN, both(is_lab, has_begun), past("fulfilled")),
    Way("some other visit", OVERDUE | OPEN, both(takes_any_visit, has_begun), some_visit),
    Way("group visit without a word", OVERDUE, both(is_group_visit, has_begun), group_without_word),
)
OF_THE_SHOWCASE = Way("cancelled by the patient, then no-show", OVERDUE, missable, cancelled_then_missed)
BOOKED_WAYS = (
    Way("booked, outcome not recorded", OVERDUE | OPEN, missable, past("booked"), weight=2),
    Way("arrived, and left so", OVERDUE, both(missable, is_single_visit), past("arrived")),
    Way("booked ahead", UNDONE, is_bookable, ahead("booked"), weight=3),
    Way("pending", UNDONE, is_bookable, ahead("pending")),
    Way("proposed", UNDONE, is_bookable, ahead("proposed")),
    Way("waitlist", UNDONE, is_bookable, ahead("waitlist")),
    Way("proposed without a time", UNDONE, is_bookable, untimed),
    Way("booked today", OPEN, missable, today("booked")),
    Way("arrived today", OPEN, missable, today("arrived")),
    Way("checked in today", OPEN, missable, today("checked-in")),
)
OWN_APPOINTMENT_WAYS = (
    Way("done: its appointment was kept", DONE, own_past, own("fulfilled"), weight=2),
    Way("done: encounter of its appointment", DONE, own_past, own_kept_by_visit),
    Way("its appointment: no-show", OVERDUE, own_past, own("noshow"), weight=2),
    Way("its appointment: cancelled by the patient", OVERDUE, own_past, own("cancelled", PATIENT_REASONS)),
    Way("its appointment: cancelled by the practice", OVERDUE, own_past, own("cancelled", PRACTICE_REASONS)),
    Way("its appointment: outcome not recorded", OVERDUE, own_past, own("booked")),
    Way("its appointment: booked", OPEN | AHEAD, own_ahead, own("booked"), weight=3),
    Way("its appointment: pending", OPEN | AHEAD, own_ahead, own("pending")),
    Way("its appointment: waitlist", OPEN | AHEAD, own_ahead, own("waitlist")),
    Way("its appointment: arrived today", OPEN, own_today, own("arrived")),
)
