"""What the lists of patients, gaps and work show: their order, what they can be narrowed by, and their lines."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple

from plugin.domain.assessment import Assessment, EffectKind, Gap, Milestone, Status
from plugin.domain.record import Patient
from plugin.domain.work import WorkItem

# ------------------------------------------------------------------------------------------------------------- the order
_MOST = 99
_MINUTES = 10**10
HIGHEST, OF_TIER = _MOST, (_MOST + 1) * _MINUTES
"""A rank's tier is ``HIGHEST - rank // OF_TIER``."""
_NO_DUE = _MINUTES - 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

LAST = (_MOST * 100 + _MOST) * _MINUTES + _NO_DUE
"""The rank of whoever nothing is known of yet."""


def rank(tier: int, risk: int, due: datetime | date | None) -> int:
    """Where a line stands, in one number: the highest tier first, then the highest risk, then what is due first (DESIGN
    §7). One number makes one index, in which a page is found by where the last one ended."""
    return ((_MOST - _within(tier)) * 100 + _MOST - _within(risk)) * _MINUTES + _minute(due)


def _within(value: int) -> int:
    return max(0, min(_MOST, value))


def _minute(due: datetime | date | None) -> int:
    if due is None:
        return _NO_DUE
    at = due if isinstance(due, datetime) else datetime.combine(due, time(), UTC)
    return max(0, min(_NO_DUE, (at - _EPOCH) // timedelta(minutes=1)))


def acting_gaps(milestones: Sequence[Milestone]) -> tuple[Milestone, ...]:
    """The open gaps that somebody has to decide about: of a step that repeats only the latest overdue turn, and none once
    a later one is completed (DESIGN §5)."""
    done: dict[str, int] = {}
    late: dict[str, int] = {}
    for step in (m for m in milestones if m.repeats):
        if step.status is Status.COMPLETED:
            done[step.source] = max(step.iteration, done.get(step.source, 0))
        elif step.gap is Gap.OPEN:
            late[step.source] = max(step.iteration, late.get(step.source, 0))

    def acts(step: Milestone) -> bool:
        return not step.repeats or step.iteration == late[step.source] > done.get(step.source, 0)

    return tuple(step for step in milestones if step.gap is Gap.OPEN and acts(step))


def on_day(step: Milestone, today: date) -> Milestone:
    """With the days past due of a day (G1)."""
    if step.due is None:
        return step
    return replace(step, days_past_due=(today - step.due).days if step.gap is Gap.OPEN else 0)


class Place(NamedTuple):
    """Where a patient stands among the others. ``due`` is when the earliest gap was due; without one, the next due day."""

    rank: int
    tier: int
    risk: int
    gaps: int
    due: date | None


def risk_of(assessment: Assessment) -> int:
    """The number of the programs' alert flags that hold for the patient (DESIGN §7)."""
    return sum(plan.risk for plan in assessment.plans)


def place_of(assessment: Assessment) -> Place:
    """Of all plans together."""
    gaps = [step for plan in assessment.plans for step in acting_gaps(plan.milestones)]
    waiting = gaps or [step for step in assessment.milestones if not step.status.is_final]
    due = min((step.due for step in waiting if step.due), default=None)
    tier, risk = max((step.tier for step in gaps), default=0), risk_of(assessment)
    return Place(rank(tier, risk, due), tier, risk, len(gaps), due)


# ------------------------------------------------------------------------------------------------------ what is asked for
class Listing(StrEnum):
    """The three lists."""

    WORK = "work"
    GAPS = "gaps"
    PATIENTS = "patients"


def short(key: str) -> str:
    """A name for a milestone where its key may not stand, the same each time; also the one in the ids of a page."""
    return hashlib.blake2b(key.encode(), digest_size=6).hexdigest()


class Whose(StrEnum):
    """Whose lines."""

    MINE = "mine"
    ROLES = "roles"
    """Those of one's own roles' queues which nobody else has."""
    ALL = "all"


class Show(StrEnum):
    """Which of them. Of work: ``todo`` is what waits for somebody today, and ``free`` the part of it that nobody has. Of
    gaps: ``todo`` is what is neither booked nor on hold."""

    TODO = "todo"
    FREE = "free"
    SNOOZED = "snoozed"
    BOOKED = "booked"
    ON_HOLD = "on-hold"
    REVIEW = "in-review"
    ALL = "all"


class OwnerName(NamedTuple):
    """How somebody is named who has work or steps. A reference counts in its source alone, since elsewhere it is another
    person; a name that we gave ourselves (without a source) counts everywhere."""

    who: str
    source_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a list is narrowed by. ``who`` and ``roles`` are of whoever asks, ``known_as`` what the charts call them beside
    that; ``owner`` is somebody, under all of their names."""

    who: str
    roles: tuple[str, ...]
    known_as: tuple[OwnerName, ...] = ()
    today: date
    words: tuple[str, ...] = ()
    """What was searched for."""
    among: tuple[int, ...] | None = None
    """The patients whom the search found; None: nobody searched."""
    is_too_much: bool = False
    """More were found than can be shown."""
    whose: Whose = Whose.ALL
    show: Show = Show.ALL
    tier: int | None = None
    role: str | None = None
    owner: tuple[OwnerName, ...] | None = None
    program: str | None = None
    stage: str | None = None

    @property
    def names(self) -> tuple[OwnerName, ...]:
        """All those of whoever asks."""
        return (OwnerName(self.who), *self.known_as)


NO_PROGRAM = "-"
"""As a filter: of plans without a program."""

PAGE = 50


class At(NamedTuple):
    """A place in a list, behind one line or before it: the rank and what tells lines of one rank apart."""

    rank: int
    id: int
    key: str = ""
    is_back: bool = False


# -------------------------------------------------------------------------------------------------------------- the lines
class Whom(NamedTuple):
    """A patient as a line names them. ``patient`` is the fact, where one is stored."""

    id: int
    source_id: int
    ref: str
    risk: int = 0
    patient: Patient | None = None


class Tried(NamedTuple):
    """One attempt: a contact (``outcome``), or an effect that was carried out or failed (``kind``)."""

    at: datetime
    kind: EffectKind | None
    what: str
    outcome: str | None = None
    has_failed: bool = False


class PlanName(NamedTuple):
    """A plan as a line names it."""

    title: str | None
    program: str | None
    stage: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkLine:
    """One work item. ``steps`` are those of its milestones that are stored."""

    item: WorkItem
    whom: Whom
    rank: int
    program: str | None = None
    stage: str | None = None
    steps: tuple[Milestone, ...] = ()
    tried: tuple[Tried, ...] = ()

    @property
    def days_late(self) -> int:
        """Of the step that is late longest; 0 where none is."""
        return max((step.days_past_due or 0 for step in self.steps), default=0)

    @property
    def booked_for(self) -> str | None:
        """The first booking that stands."""
        return min((step.booked_for for step in self.steps if step.booked_for), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class GapLine:
    """One open gap."""

    step: Milestone
    whom: Whom
    rank: int
    program: str | None = None
    stage: str | None = None
    tried: tuple[Tried, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientLine:
    """One tracked patient."""

    whom: Whom
    rank: int
    tier: int = 0
    gaps: int = 0
    due: date | None = None
    plans: tuple[PlanName, ...] = ()
    is_assessed: bool = True


def age_on(born: str | None, today: date) -> int | None:
    """Whole years; None without a whole date of birth, or with one that lies ahead."""
    try:
        day = date.fromisoformat((born or "").partition("T")[0])
    except ValueError:
        return None
    return None if day > today else today.year - day.year - ((today.month, today.day) < (day.month, day.day))
