"""What people do in a clinic, whatever the software beside them is: the script's words. Times are the clinic's wall
clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time

FOLLOW_UP = "SNOMED-CT:390906007"
HBA1C = "LOINC:4548-4"
THERAPY = "SNOMED-CT:91251008"
DIETICIAN = "SNOMED-CT:11816003"

LEE, NORA = "lee", "nora"
"""The doctor, and the nurse, who has no NPI."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line of a care plan. ``id`` is what a clean EHR remembers the line by; OpenEMR has nothing of the kind. ``name`` is
    the code's, ``text`` what somebody typed."""

    id: str
    text: str
    begins: date
    due: date | None = None
    code: str = ""
    name: str = ""
    by: str = LEE


@dataclass(frozen=True)
class Register:
    """A new chart."""

    who: str
    born: date


@dataclass(frozen=True)
class WritePlan:
    """A visit in which a care plan is written."""

    who: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class SavePlan:
    """The plan is saved with these lines, in this order. ``goals`` are texts; ``status`` is the plan's."""

    who: str
    rows: tuple[Row, ...]
    status: str = "active"
    goals: tuple[str, ...] = ()


@dataclass(frozen=True)
class DoFirst:
    """The first line is done, and so it is marked in the form: in OpenEMR that ends the plan, with all its lines."""

    who: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class DeletePlan:
    """The whole form is deleted."""

    who: str


@dataclass(frozen=True)
class LoadCode:
    """An administrator loads a code into one more code table of OpenEMR: lines that have it without a prefix come twice."""

    code: str


@dataclass(frozen=True)
class Book:
    """A follow-up visit. ``weekly`` is a series of so many."""

    visit: str
    who: str
    day: date
    start: time
    minutes: int = 30
    weekly: int = 1


@dataclass(frozen=True)
class Mark:
    """On the flow board: ``arrived``, ``gone`` (checked out), ``missed``."""

    visit: str
    as_: str


@dataclass(frozen=True)
class MarkTheOldWay:
    """Moved to the calendar's category for no-shows, as before there was a flow board."""

    visit: str


@dataclass(frozen=True)
class Cancel:
    """By the patient."""

    visit: str


@dataclass(frozen=True)
class Move:
    """To another day or hour."""

    visit: str
    day: date
    start: time


@dataclass(frozen=True)
class Remove:
    """Deleted from the calendar, as if it had never been."""

    visit: str


@dataclass(frozen=True)
class See:
    """The doctor opens an encounter: for a visit that was booked (``of``), or for nobody's. ``over``: it is finished."""

    who: str
    note: str
    of: str | None = None
    over: bool = True


@dataclass(frozen=True)
class Finish:
    """The encounter is closed, where an EHR has such a thing."""

    note: str


@dataclass(frozen=True)
class Result:
    """The laboratory answers; ``at`` is when the blood was looked at."""

    who: str
    code: str
    value: str
    at: datetime | None = None


@dataclass(frozen=True)
class Renumber:
    """The patient gets another number (pid) in OpenEMR."""

    who: str


@dataclass(frozen=True)
class Rename:
    """A corrected family name."""

    who: str
    family: str


@dataclass(frozen=True)
class Die:
    """It is entered that the patient has died."""

    who: str


@dataclass(frozen=True)
class Assign:
    """A nurse's Task, based on the plan: OpenEMR has none."""

    who: str
    title: str
    due: date


Act = (
    Register
    | WritePlan
    | SavePlan
    | DoFirst
    | DeletePlan
    | LoadCode
    | Book
    | Mark
    | MarkTheOldWay
    | Cancel
    | Move
    | Remove
    | See
    | Finish
    | Result
    | Renumber
    | Rename
    | Die
    | Assign
)
