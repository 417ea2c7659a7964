"""What of each type is read, and how: the ways that OpenEMR 8.2 really offers, and how often each is worth its cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

_M, _H = timedelta(minutes=1), timedelta(hours=1)


class Way(Enum):
    PAGED = "paged"
    """Patients, by `_lastUpdated`, which is real there, `_count` and `_offset`, which work there and nowhere else."""
    CHANGED = "changed"
    """By `_lastUpdated`, in one answer: for what this stamp does see."""
    ON_FILE = "on file"
    """In lists of all patients: how plans of people who are not tracked yet are found."""
    TRACKED = "tracked"
    """In lists of the tracked patients."""
    TODAY = "today"
    """Of everybody, yesterday and today: what the Flow Board says of them."""
    DAYS = "days"
    """Of everybody, by days."""
    MONTHS = "months"
    """Of everybody, by whole months."""
    WHOLE = "whole"
    """All there are."""


@dataclass(frozen=True, slots=True)
class Part:
    """`by_day` and `by_night` are the least time between two readings in working hours and outside them; None: not then.
    `share` is its part of what a day may cost. `size` is how many patients, resources or days are asked for at once in the
    beginning. `back`: only what happened in so many days before now is asked for (such an answer is complete about
    nothing); of changes: so far before the last time."""

    way: Way
    by_day: timedelta | None
    by_night: timedelta
    share: float
    size: int = 50
    back: int | None = None

    @property
    def name(self) -> str:
        return self.way.value if self.back is None else f"{self.way.value} of late"


_NIGHTLY = timedelta(hours=20)

PARTS: Mapping[str, tuple[Part, ...]] = {
    "Patient": (Part(Way.PAGED, 10 * _M, _H, 0.05, size=400),),
    # The table has no index: one patient costs as much as two hundred, so that only large lists make sense.
    "CarePlan": (Part(Way.ON_FILE, 15 * _M, 4 * _H, 0.2, size=200),),
    # `_lastUpdated` is the day of the order: it finds new ones, of everybody; what becomes of them the lists show.
    "ServiceRequest": (
        Part(Way.CHANGED, 15 * _M, 4 * _H, 0.03, back=3),
        Part(Way.TRACKED, 2 * _H, 12 * _H, 0.05),
    ),
    # `_lastUpdated` sees what is booked, moved and edited in the calendar, on whatever day, and nothing of the Flow Board;
    # today sees that, and is read most often by far: a missed visit is to be noticed within minutes; the days around it see what
    # was entered late; the months see what was deleted; the lists see all that lies further away.
    "Appointment": (
        Part(Way.CHANGED, 5 * _M, _H, 0.05),
        Part(Way.TODAY, 2 * _M, _H, 0.22, size=2),
        Part(Way.DAYS, 30 * _M, 2 * _H, 0.05, size=11),
        Part(Way.MONTHS, 2 * _H, 6 * _H, 0.05, size=31),
        Part(Way.TRACKED, None, _NIGHTLY, 0.03),
    ),
    "Encounter": (
        Part(Way.CHANGED, 10 * _M, _H, 0.03),
        Part(Way.TRACKED, None, _NIGHTLY, 0.03),
    ),
    "DiagnosticReport": (Part(Way.TRACKED, _H, 6 * _H, 0.03),),
    "Procedure": (Part(Way.TRACKED, 2 * _H, 12 * _H, 0.02),),
    "Immunization": (Part(Way.TRACKED, 4 * _H, 12 * _H, 0.02),),
    "QuestionnaireResponse": (Part(Way.TRACKED, 2 * _H, 12 * _H, 0.02),),
    "Goal": (Part(Way.TRACKED, 2 * _H, 12 * _H, 0.02, size=200),),
    "CareTeam": (Part(Way.TRACKED, 6 * _H, _NIGHTLY, 0.01),),
    "Practitioner": (Part(Way.WHOLE, 6 * _H, _NIGHTLY, 0.01),),
    # One visit's vital signs are 16 resources and 22 kB (recording 150).
    "Observation": (
        Part(Way.TRACKED, _H, 6 * _H, 0.04, size=20, back=30),
        Part(Way.TRACKED, None, 7 * 24 * _H, 0.03, size=5),
    ),
    "Condition": (Part(Way.TRACKED, 12 * _H, _NIGHTLY, 0.01),),
}

DAYS_BACK, DAYS_AHEAD = 3, 7
"""Around today: how far an outcome that was entered late is looked for, and what is about to come."""
MONTHS_AHEAD = 2
