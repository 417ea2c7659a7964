"""The table of plans: which steps, in which forms and when, and in which order the patients get them."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from deploy.demo.generator.fhir import days, last_day_of_month
from deploy.demo.generator.inline import BOUNDS_TURNS, BOUNDS_WEEKS, event_days
from deploy.demo.generator.steps import (
    A1C,
    CHECK_IN_CALL,
    DIET,
    EDUCATION,
    EYES,
    FLU_SHOT,
    FOLLOW_UP,
    FOOT_EXAM,
    GLASSES,
    KIDNEY,
    LIPIDS,
    MEDICATION_CHECK,
    METER,
    METFORMIN,
    PHQ9,
    THERAPY,
    Form,
    Slot,
)

Layout = tuple[Slot, ...]


class Origin(StrEnum):
    """How a plan comes to be."""

    CAREPLAN = "CarePlan"
    CANONICAL = "CarePlan of the program, instantiatesCanonical"
    CATEGORY = "CarePlan of the program, category"
    ORDER = "order that the program claims, no CarePlan"
    ENROLMENT = "to be enrolled by the command, no CarePlan"


# What the tracker's program asks of these patients, in the generator's own words; a test compares the two.
CHRONIC_CARE: Layout = (
    Slot(THERAPY, Form.PROGRAM, 30, 20),
    Slot(A1C, Form.PROGRAM, 42, 14),
    Slot(THERAPY, Form.PROGRAM, 50, 19),
    Slot(EYES, Form.PROGRAM, 60, 25),
    Slot(THERAPY, Form.PROGRAM, 70, 19),
    Slot(MEDICATION_CHECK, Form.PROGRAM, 90, 15),
)

LAYOUTS: tuple[Layout, ...] = (
    (
        Slot(A1C, Form.INLINE_PERIOD, 42),
        Slot(EYES, Form.ORDER_PERIOD, 90),
        Slot(FOLLOW_UP, Form.INLINE_DATED_STRING, 180),
        Slot(FLU_SHOT, Form.INLINE_PARTIAL, 300),
    ),
    (
        Slot(A1C, Form.ORDER_PERIOD, 42),
        Slot(THERAPY, Form.INLINE_EVENTS, 60),
        Slot(MEDICATION_CHECK, Form.TASK, 90),
    ),
    (
        Slot(LIPIDS, Form.ORDER_DATE, 50),
        Slot(FOLLOW_UP, Form.APPOINTMENT, 91),
        Slot(METFORMIN, Form.MEDICATION),
        Slot(FOOT_EXAM, Form.INLINE_PERIOD, 200, 30),
    ),
    (
        Slot(A1C, Form.TASK, 42),
        Slot(MEDICATION_CHECK, Form.TASK_BASED_ON, 90),
        Slot(EDUCATION, Form.ORDER_PERIOD, 150, 40),
        Slot(DIET, Form.NUTRITION),
    ),
    (
        Slot(PHQ9, Form.ORDER_DATE, 30),
        Slot(CHECK_IN_CALL, Form.COMMUNICATION, 75),
        Slot(EYES, Form.TASK, 120, 30),
        Slot(FOLLOW_UP, Form.INLINE_START, 240),
    ),
    (
        Slot(METER, Form.DEVICE, 20),
        Slot(A1C, Form.GROUP, 45),
        Slot(MEDICATION_CHECK, Form.INLINE_PERIOD, 95),
        Slot(FOLLOW_UP, Form.APPOINTMENT, 180),
    ),
    (
        Slot(EYES, Form.ORDER_PERIOD, 60, 30),
        Slot(GLASSES, Form.VISION),
        Slot(FOOT_EXAM, Form.INLINE_PERIOD, 120),
        Slot(A1C, Form.ORDER_DATE, 180),
    ),
    (
        Slot(THERAPY, Form.INLINE_BOUNDS, 14),
        Slot(MEDICATION_CHECK, Form.ORDER_PERIOD, 90),
        Slot(LIPIDS, Form.INLINE_PARTIAL, 150),
        Slot(FOLLOW_UP, Form.INLINE_UNSCHEDULED),
    ),
    (
        Slot(A1C, Form.NAMED_TWICE, 42),
        Slot(EYES, Form.UNREAD),
        Slot(MEDICATION_CHECK, Form.INLINE_DATED_STRING, 91),
        Slot(FLU_SHOT, Form.INLINE_PERIOD, 250, 60),
    ),
    (
        Slot(KIDNEY, Form.ORDER_TIMING, 60),
        Slot(FOLLOW_UP, Form.INLINE_PERIOD, 90),
        Slot(EDUCATION, Form.INLINE_FREE_STRING),
        Slot(FOOT_EXAM, Form.TASK_BASED_ON, 200),
    ),
    (
        Slot(THERAPY, Form.INLINE_PERIOD, 30, 19),
        Slot(THERAPY, Form.INLINE_PERIOD, 50, 19),
        Slot(THERAPY, Form.INLINE_PERIOD, 70, 19),
        Slot(MEDICATION_CHECK, Form.ORDER_PERIOD, 90),
    ),
    (
        Slot(A1C, Form.INLINE_PERIOD, 42),
        Slot(LIPIDS, Form.TASK, 60),
        Slot(EDUCATION, Form.INLINE_PERIOD, 100, 30),
        Slot(FOLLOW_UP, Form.ORDER_PERIOD, 200),
        Slot(METFORMIN, Form.INLINE_FORBIDDEN),
    ),
    (
        Slot(MEDICATION_CHECK, Form.APPOINTMENT, 90),
        Slot(EYES, Form.TASK_BASED_ON, 130),
        Slot(PHQ9, Form.ORDER_PERIOD, 160),
        Slot(CHECK_IN_CALL, Form.COMMUNICATION, 280),
    ),
    (
        Slot(KIDNEY, Form.INLINE_DATED_STRING, 45),
        Slot(FLU_SHOT, Form.ORDER_DATE, 80),
        Slot(METER, Form.DEVICE, 110),
        Slot(FOLLOW_UP, Form.TASK, 190),
    ),
)


@dataclass(frozen=True)
class Place:
    """What the patient at a place of the cycle is given."""

    origin: Origin = Origin.CAREPLAN
    layout: Layout = ()
    odd_plan: bool = False  # a plan of another status, or without dates and codes
    odd_person: bool = False  # dead, inactive, merged

    @property
    def may_have_gap(self) -> bool:
        """An active plan of a living patient, with a clock that has run."""
        return not (self.odd_plan or self.odd_person or self.origin is Origin.ENROLMENT)


# Within twenty patients every origin has its turn. The patient before an odd person is an ordinary one, and so is the
# one before a plan with education, which may be taught to both.
CYCLE: tuple[Place, ...] = (
    Place(layout=LAYOUTS[0]),
    Place(layout=LAYOUTS[1]),
    Place(Origin.CANONICAL, CHRONIC_CARE),
    Place(layout=LAYOUTS[2]),
    Place(layout=LAYOUTS[3]),
    Place(Origin.ORDER, CHRONIC_CARE),
    Place(layout=LAYOUTS[4]),
    Place(odd_person=True, layout=LAYOUTS[0]),
    Place(layout=LAYOUTS[5]),
    Place(Origin.ENROLMENT),
    Place(layout=LAYOUTS[6]),
    Place(odd_plan=True),
    Place(layout=LAYOUTS[7]),
    Place(Origin.CATEGORY, CHRONIC_CARE),
    Place(layout=LAYOUTS[8]),
    Place(layout=LAYOUTS[9]),
    Place(layout=LAYOUTS[10]),
    Place(layout=LAYOUTS[11]),
    Place(odd_plan=True),
    Place(layout=LAYOUTS[12]),
    Place(layout=LAYOUTS[13]),
)

UNDATED = frozenset(
    {
        Form.INLINE_FREE_STRING,
        Form.INLINE_UNSCHEDULED,
        Form.INLINE_FORBIDDEN,
        Form.MEDICATION,
        Form.NUTRITION,
        Form.VISION,
        Form.UNREAD,
    }
)
DUE_ALONE = frozenset(
    {
        Form.INLINE_DATED_STRING,
        Form.ORDER_DATE,
        Form.ORDER_TIMING,
        Form.APPOINTMENT,
        Form.COMMUNICATION,
        Form.DEVICE,
        Form.GROUP,
    }
)
NEVER_A_GAP = UNDATED | {Form.INLINE_START, Form.INLINE_PARTIAL, Form.INLINE_BOUNDS}

Window = tuple[date, date | None]  # opens, due


def windows(slot: Slot, start: date) -> list[Window]:
    """The window of a step of a plan with that start, as a reader of the chart would find it; several for turns."""
    due = start + days(slot.offset)
    opens = max(start, due - days(slot.window))
    if slot.form in UNDATED:
        return [(start, None)]
    if slot.form in DUE_ALONE:
        return [(start, due)]
    if slot.form is Form.INLINE_START:
        return [(opens, None)]
    if slot.form is Form.INLINE_PARTIAL:
        return [(opens.replace(day=1), last_day_of_month(due))]
    if slot.form is Form.INLINE_EVENTS:
        dues = event_days(start, slot.offset)
        return list(zip([start, *(day + days(1) for day in dues[:-1])], dues, strict=True))
    if slot.form is Form.INLINE_BOUNDS:
        turns = [start + days(slot.offset + 7 * BOUNDS_WEEKS * turn) for turn in range(BOUNDS_TURNS)]
        return [(day, day + days(7 * BOUNDS_WEEKS - 1)) for day in turns]
    return [(opens, due)]
