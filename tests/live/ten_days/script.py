"""Ten days of a clinic in New York, across the end of summer time: who does what, and when, written once for every EHR.

Each patient stands for one situation, named where the patient's plan is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time
from typing import NamedTuple

from tests.live.ten_days.acts import (
    DIETICIAN,
    FOLLOW_UP,
    HBA1C,
    LEE,
    NORA,
    Act,
    Assign,
    Book,
    Cancel,
    DeletePlan,
    Die,
    DoFirst,
    Finish,
    LoadCode,
    Mark,
    MarkTheOldWay,
    Move,
    Register,
    Remove,
    Rename,
    Renumber,
    Result,
    Row,
    SavePlan,
    See,
    WritePlan,
)

BEFORE = datetime.combine(date(2026, 10, 5), time(9))
"""Long before Milepost comes, the plans are written."""
BEGINS = BEFORE.date()
"""The windows open in the visit in which the plan is written, as OpenEMR's form has it; that visit is none of the steps."""
FIRST, LAST = date(2026, 10, 28), date(2026, 11, 6)
OFFLINE = date(2026, 11, 5)
THERAPY = "91251008"
"""Without a prefix, as people type it; OpenEMR takes it for SNOMED CT's."""
VISIT, BLOOD, DIET, HOME = "Follow-up encounter", "Hemoglobin A1c", "Dietician visit", "Home exercises looked at"
"""Titles of steps."""
HELD_UNTIL = date(2026, 11, 20)


class At(NamedTuple):
    """An act, by the clock on the clinic's wall."""

    time: time
    act: Act


class Day(NamedTuple):
    """One day."""

    date: date
    acts: Sequence[At]


def visit(due: date = date(2026, 11, 30)) -> Row:
    return Row(id="a1", text="See the doctor again", begins=BEGINS, due=due, code=FOLLOW_UP, name=VISIT)


def blood(due: date = date(2026, 11, 30), by: str = LEE) -> Row:
    return Row(id="a2", text="Blood test before the visit", begins=BEGINS, due=due, code=HBA1C, name=BLOOD, by=by)


DIET_ROW = Row(id="a3", text="Diet talk", begins=BEGINS, due=date(2026, 11, 9), code=DIETICIAN, name=DIET, by=NORA)
HOME_ROW = Row(id="a4", text=HOME, begins=BEGINS, due=date(2026, 11, 16), by=NORA)
USUAL = (visit(), blood())


def _therapy(number: int, due: date) -> Row:
    name = "Physical therapy"
    return Row(id=f"pt{number}", text="Physical therapy", begins=BEGINS, due=due, code=THERAPY, name=name, by=NORA)


THERAPIES = tuple(_therapy(n, due) for n, due in enumerate((date(2026, 10, 30), date(2026, 11, 2), date(2026, 11, 25))))
GUS = (visit(), blood(), DIET_ROW, HOME_ROW)
GUS_CORRECTED = (replace(DIET_ROW, text="Diet talk, with the daughter"), HOME_ROW, blood(), visit())
GUS_MOVED = (replace(GUS_CORRECTED[0], due=date(2026, 11, 12)), *GUS_CORRECTED[1:])
GUS_LONGER = (
    Row(id="a5", text="New shoes", begins=date(2026, 11, 4), due=date(2026, 12, 1)),
    *GUS_MOVED[2:],
    replace(HOME_ROW, text="Home exercises looked at again"),
    GUS_MOVED[0],
)
BEA = (visit(), blood(), HOME_ROW)

PLANS: dict[str, tuple[Row, ...]] = {
    "Ada": USUAL,  # misses twice in a row
    "Bea": BEA,  # a step without a code is worded so differently that nobody can tell whether it is the same
    "Ben": USUAL,  # comes, and is checked out
    "Cora": USUAL,  # cancels and books another day at once
    "Dan": USUAL,  # cancels, and books late
    "Eve": USUAL,  # is moved across the end of summer time
    "Finn": USUAL,  # a booking is deleted
    "Gus": GUS,  # the plan is edited every few days, all lines anew; a step is put aside in Milepost
    "Hana": USUAL,  # the whole plan is deleted
    "Ivo": USUAL,  # the plan is completed as a whole
    "Jun": USUAL,  # blood is taken in the hour that comes twice
    "Kim": (visit(), *THERAPIES),  # three equal lines, whose code stands in two code tables; a goal
    "Leo": (visit(), blood(date(2026, 10, 27), by=NORA)),  # a gap grows; the patient's number changes
    "Mia": USUAL,  # a visit past midnight, into the day with 25 hours
    "Noa": (visit(date(2027, 7, 31)), blood()),  # a visit in July, booked in November
    "Ola": USUAL,  # misses on the day on which nothing can be read
    "Quin": USUAL,  # comes, and nobody says so on the flow board
    "Rae": USUAL,  # a weekly series, of which the first is missed
    "Sol": USUAL,  # the plan is revoked
    "Tess": USUAL,  # a nurse's Task
    "Uma": USUAL,  # a no-show in the way of old
    "Vic": (visit(), HOME_ROW),  # a walk-in, whose encounter is left open overnight
    "Wim": USUAL,  # the first line is marked as done
    "Yara": USUAL,  # the plan is put on hold for a weekend; a corrected name
    "Zoe": USUAL,  # dies
}
LATER = "Xena"
"""Registered while nothing can be read."""

BOOKED: Sequence[Book] = (
    Book("Ada 1", "Ada", date(2026, 10, 28), time(10)),
    Book("Ben 1", "Ben", date(2026, 10, 29), time(9)),
    Book("Cora 1", "Cora", date(2026, 10, 29), time(14)),
    Book("Dan 1", "Dan", date(2026, 10, 30), time(9, 30)),
    Book("Eve 1", "Eve", date(2026, 10, 30), time(11)),
    Book("Finn 1", "Finn", date(2026, 11, 20), time(10)),
    Book("Mia 1", "Mia", date(2026, 10, 31), time(23, 30), minutes=60),
    Book("Ola 1", "Ola", date(2026, 11, 5), time(10)),
    Book("Quin 1", "Quin", date(2026, 11, 2), time(10)),
    Book("Rae 1", "Rae", date(2026, 11, 3), time(15), weekly=3),
    Book("Uma 1", "Uma", date(2026, 10, 29), time(10)),
    Book("Zoe 1", "Zoe", date(2026, 11, 9), time(10)),
)


def prologue() -> Sequence[Act]:
    """What stands before the first day."""
    people = [Register(who, date(1950 + place, 1 + place % 12, 7)) for place, who in enumerate((*PLANS,))]
    return [*people, *(WritePlan(who, rows) for who, rows in PLANS.items()), *BOOKED]


DAYS: Sequence[Day] = (
    Day(
        date(2026, 10, 28),
        (
            At(time(10, 20), Mark("Ada 1", "missed")),
            At(time(15), Book("Ada 2", "Ada", date(2026, 11, 3), time(10))),
        ),
    ),
    Day(
        date(2026, 10, 29),
        (
            At(time(9, 5), Mark("Ben 1", "arrived")),
            At(time(9, 50), Mark("Ben 1", "gone")),
            At(time(10, 15), MarkTheOldWay("Uma 1")),
            At(time(11), Cancel("Cora 1")),
            At(time(11, 5), Book("Cora 2", "Cora", date(2026, 11, 4), time(9))),
            At(time(15), SavePlan("Gus", (DIET_ROW, HOME_ROW, blood(), visit()))),
        ),
    ),
    Day(
        date(2026, 10, 30),
        (
            At(time(9), Cancel("Dan 1")),
            At(time(10), Move("Eve 1", date(2026, 11, 2), time(9))),
            At(time(10, 30), LoadCode(THERAPY)),
            At(time(10, 31), LoadCode(THERAPY)),
            At(time(11), SavePlan("Gus", GUS_CORRECTED)),
            At(time(11, 30), Result("Ivo", HBA1C, "6.1")),
            At(time(15), SavePlan("Kim", (visit(), *THERAPIES), goals=("Walk a mile",))),
            At(time(16), SavePlan("Yara", USUAL, status="on-hold")),
        ),
    ),
    Day(date(2026, 10, 31), (At(time(10), SavePlan("Gus", GUS_MOVED)),)),
    Day(
        date(2026, 11, 1),
        (
            At(time(10), Result("Jun", HBA1C, "5.9", at=datetime.combine(date(2026, 11, 1), time(1, 30)))),
            At(time(11), Book("Noa 1", "Noa", date(2027, 7, 15), time(9))),
        ),
    ),
    Day(
        date(2026, 11, 2),
        (
            At(time(8, 55), Mark("Eve 1", "arrived")),
            At(time(9, 40), Mark("Eve 1", "gone")),
            At(time(9, 45), Mark("Mia 1", "gone")),
            At(time(10), See("Quin", "Quin visit", of="Quin 1")),
            At(time(11), SavePlan("Ivo", USUAL, status="completed")),
            At(time(13), DoFirst("Wim", USUAL)),
            At(time(14), SavePlan("Yara", USUAL)),
            At(time(15), See("Vic", "Vic visit", over=False)),
            At(time(16), SavePlan("Kim", (THERAPIES[2], visit(), THERAPIES[0]), goals=("Walk a mile",))),
        ),
    ),
    Day(
        date(2026, 11, 3),
        (
            At(time(9), Finish("Vic visit")),
            At(time(10, 15), Mark("Ada 2", "missed")),
            At(time(12, 35), Remove("Finn 1")),
            At(time(14), SavePlan("Sol", USUAL, status="revoked")),
            At(time(15, 30), Mark("Rae 1", "missed")),
        ),
    ),
    Day(
        date(2026, 11, 4),
        (
            At(time(9, 50), Mark("Cora 2", "gone")),
            At(time(10), Renumber("Leo")),
            At(time(10, 30), DeletePlan("Hana")),
            At(time(11), SavePlan("Gus", GUS_LONGER)),
            At(time(14), Die("Zoe")),
            At(time(15), Assign("Tess", "Call the pharmacy", date(2026, 11, 10))),
            At(time(16), Rename("Yara", "Sampleton-Yarrow")),
        ),
    ),
    Day(
        OFFLINE,
        (
            At(time(10, 20), Mark("Ola 1", "missed")),
            At(time(11), Register(LATER, date(1980, 2, 29))),
            At(time(11, 5), WritePlan(LATER, tuple(replace(row, begins=date(2026, 11, 6)) for row in USUAL))),
            At(time(11, 30), Book("Xena 1", LATER, date(2026, 11, 12), time(9))),
            At(time(15), Result("Leo", HBA1C, "7.2")),
            At(time(16), SavePlan("Gus", tuple(reversed(GUS_LONGER)))),
        ),
    ),
    Day(
        LAST,
        (
            At(time(10), Book("Dan 2", "Dan", date(2026, 11, 13), time(9, 30))),
            At(time(11), SavePlan("Bea", (visit(), blood(), replace(HOME_ROW, text="Knee strength, by the app")))),
        ),
    ),
)
