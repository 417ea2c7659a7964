"""What the panel shows of one patient, as values: no HTML, no words where a template has them. Days are local days of
the practice, moments are aware and in its zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from plugin.domain.act import ActKind
from plugin.domain.assessment import EffectKind, Status, Strength
from plugin.domain.goal import GoalLine
from plugin.domain.permissions import Data
from plugin.domain.record import Said
from plugin.domain.score import ScoreSeries


class Look(StrEnum):
    """What a milestone's icon, word and colour say: its status as a person sees it at one glance."""

    DONE = "done"
    BOOKED = "booked"
    READY = "ready"
    LATER = "later"
    REVIEW = "review"
    HOLD = "hold"
    DROPPED = "dropped"
    LATE = "late"


class Who(NamedTuple):
    """A person by name, or a role where no name is known; neither: somebody whom the chart does not name."""

    name: str | None = None
    role: str | None = None


class Day(NamedTuple):
    """A day with the chart's own precision: ``day``, ``month`` or ``year``. ``at`` where a time of day is known."""

    on: date
    precision: str = "day"
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """Who the patient is: drawn on every page about one. ``age`` is in years, of an infant in months; at death for who
    has died. ``name`` is None where no fact about the patient is stored."""

    ref: str
    name: str | None = None
    born: Day | None = None
    age_years: int | None = None
    age_months: int | None = None
    mrn: str | None = None
    language: str | None = None
    needs_interpreter: bool | None = None
    has_died: bool = False
    died: Day | None = None
    is_inactive: bool = False
    is_merged: bool = False
    """The chart that was opened has been replaced by this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How old what we know is. ``is_being_read``: all of this patient is being read just now; ``not_assessed``: the last assessment failed, what is shown is an older one.
    ``is_past``: what was known at an earlier moment; how old that was then is not kept."""

    read_at: datetime | None = None
    is_stale: bool = False
    is_being_read: bool = False
    not_assessed: bool = False
    assessed_at: datetime | None = None
    is_past: bool = False


class Coming(NamedTuple):
    """The next thing of a plan that has a day and is not late: it is booked for then, or due by then. ``whose``: with whom
    it is booked, else the owner."""

    key: str
    title: str | None
    day: Day
    is_booked: bool
    whose: Who
    turn: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The first line. ``of`` leaves out what was cancelled, and turns that lie further ahead than the next one."""

    done: int = 0
    of: int = 0
    late: int = 0
    latest_days: int = 0
    to_review: int = 0
    dropped: int = 0
    """Cancelled: these will not be done."""
    coming: Coming | None = None


class Segment(NamedTuple):
    """A piece of the bar: so many neighbours of one look."""

    look: Look
    size: int


class BarPhase(NamedTuple):
    """One phase in the bar."""

    title: str | None
    done: int
    of: int
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """An appointment that stands."""

    ref: str | None
    day: Day
    with_whom: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A piece of evidence: a fact of the chart. ``value`` and ``title`` are None where the reader may not see results."""

    ref: str
    version: str
    strength: Strength
    on: date | None = None
    title: str | None = None
    value: str | None = None


class Word(NamedTuple):
    """What a person said that stands: who, when, and the words if there were any."""

    said: Said
    by: Who
    on: date
    note: str | None = None
    reason: str | None = None


class Miss(NamedTuple):
    """An appointment that was missed: ``noshow`` or ``cancelled``."""

    ref: str
    kind: str
    day: Day | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One milestone. ``version`` names what was seen, for who acts on it; ``title`` is None where the chart gives none.
    ``turn`` counts the turns of what repeats."""

    key: str
    version: str
    title: str | None
    look: Look
    status: Status
    owner: Who
    owner_found: str
    source: str
    turn: int | None = None
    reason: str | None = None
    opens: date | None = None
    due: Day | None = None
    days_late: int = 0
    tier: int = 0
    booking: Booking | None = None
    may_be_booking: Booking | None = None
    """A visit that names no step, and may be this one."""
    done_on: date | None = None
    evidence: tuple[Found, ...] = ()
    word: Word | None = None
    missed: tuple[Miss, ...] = ()
    hold_until: date | None = None
    goals: tuple[GoalLine, ...] = ()
    acts: tuple[ActKind, ...] = ()
    """What the reader may do with it now, the likely act first where there is one (``primary``)."""
    primary: ActKind | None = None

    @property
    def is_open(self) -> bool:
        """It can still be done."""
        return not self.status.is_final


class RungState(StrEnum):
    """What became of one rung of the ladder."""

    DONE = "done"
    WAITING = "waiting"
    """Planned, for ``on``; it goes out or is given out then."""
    FAILED = "failed"
    PASSED = "passed"
    """Its days came and it did not act: a booking stood, messages waited, or time was lost."""
    AHEAD = "ahead"


class Rung(NamedTuple):
    """One rung: what it does for whom, and when it did or will."""

    number: int
    kind: EffectKind
    role: str | None
    state: RungState
    on: date
    is_now: bool


class Attempt(NamedTuple):
    """Something that was tried: a step of the ladder, or a contact that a person logged."""

    at: datetime
    kind: EffectKind | None
    what: str
    by: Who | None = None
    has_failed: bool = False
    outcome: str | None = None
    reason: str | None = None
    note: str | None = None


class NextKind(StrEnum):
    """What happens next with a gap."""

    BOOKING = "booking"
    REVIEW = "review"
    RUNG = "rung"
    TOP = "top"
    """The last rung was reached: it stays there until somebody acts."""


class Next(NamedTuple):
    """What happens next, and when. ``contact_on``: the day that somebody named for the next contact."""

    kind: NextKind
    on: date | None = None
    role: str | None = None
    rung: Rung | None = None
    contact_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attention:
    """Something that needs a person: a gap, or a step in review. ``earlier_turns`` of the same step were missed too."""

    line: Line
    next: Next
    rungs: tuple[Rung, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    earlier_turns: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseView:
    """A part of a plan. ``further`` turns lie further ahead than the next one and are only counted, the last due on
    ``further_until``."""

    title: str | None
    lines: tuple[Line, ...]
    done: int
    of: int
    further: int = 0
    further_until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanView:
    """One plan by its phases; ``goals`` are those that stand beside no milestone of it."""

    plan: str
    title: str | None
    status: str
    stage: str
    program: str | None = None
    program_version: str | None = None
    flags: tuple[str, ...] = ()
    phases: tuple[PhaseView, ...] = ()
    left_out: int = 0

    @property
    def has_ended(self) -> bool:
        """Nothing in it is open any more."""
        return self.stage == "review"


class TodoKind(StrEnum):
    """What a patient has to do for a milestone."""

    COME = "come"
    BOOK = "book"
    TEST = "test"
    DO = "do"


class Todo(NamedTuple):
    """Something that the patient still has to do: come to a booking, book, have a test, or do something at home."""

    kind: TodoKind
    key: str
    title: str | None
    day: Day | None = None
    days_late: int = 0
    with_whom: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedVisit:
    """A visit that was missed, the contacts that followed, and whether it was booked again."""

    key: str
    title: str | None
    ref: str
    kind: str
    day: Day | None
    contacts: tuple[Attempt, ...] = ()
    again: Booking | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Referral:
    """An open referral: to whom, since when, and how far it has come."""

    ref: str
    title: str | None
    to: str | None = None
    since: Day | None = None
    status: str | None = None
    line: Line | None = None


class TeamMember(NamedTuple):
    """Somebody who cares for the patient, with the role in the chart's words (``title``) or as a code."""

    name: str | None
    title: str | None = None
    role: str | None = None


class EventKind(StrEnum):
    """What a line of the recent activity is about."""

    MOVED = "moved"
    SAID = "said"
    EFFECT = "effect"
    WORK = "work"


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One line of the recent activity. ``what`` is the new status, what was said, the effect, or the kind of the work."""

    at: datetime
    kind: EventKind
    what: str
    title: str | None = None
    size: int = 1
    """So many milestones at once."""
    by: Who | None = None
    state: str | None = None
    outcome: str | None = None
    reason: str | None = None
    until: date | None = None
    to: Who | None = None
    note: str | None = None
    statement: str | None = None
    is_undone: bool = False
    can_be_undone: bool = False
    """By the reader, now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Everything that the page says. ``hidden`` are the classes of data that the reader may not see and that are
    therefore not in here. ``version`` differs when the page would; ``failed_writes`` could not be written to the EHR."""

    strip: Strip
    freshness: Freshness
    now: datetime
    version: str
    is_tracked: bool = True
    summary: Summary = Summary()
    bar: tuple[BarPhase, ...] = ()
    attention: tuple[Attention, ...] = ()
    plans: tuple[PlanView, ...] = ()
    todos: tuple[Todo, ...] = ()
    goals: tuple[GoalLine, ...] = ()
    missed: tuple[MissedVisit, ...] = ()
    scores: tuple[ScoreSeries, ...] = ()
    crises: tuple[ScoreSeries, ...] = ()
    """Those whose newest answer about death or self-harm is above 0 and not old: it stands above everything else."""
    referrals: tuple[Referral, ...] = ()
    team: tuple[TeamMember, ...] = ()
    lately: tuple[Happening, ...] = ()
    hidden: tuple[Data, ...] = ()
    is_backlog: bool = False
    failed_writes: int = 0
    chart: str = ""
    """Where the chart's resources lie: the source's base URL."""

    @property
    def today(self) -> date:
        """The practice's local day."""
        return self.now.date()


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Why a milestone is as it is: the facts, the program, and what the rules said of it."""

    line: Line
    plan_title: str | None
    plan: str
    program: str | None
    program_version: str | None
    due_from: str | None
    sources: tuple[str, ...]
    ladder: str | None
    rungs: tuple[Rung, ...]
    reasons: tuple[str, ...]
    said: tuple[Happening, ...] = ()
    chart: str = ""
    hidden: tuple[Data, ...] = ()
