"""What ``assess`` answers: milestones with their status, gaps, wanted effects, and when the answer will change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum, StrEnum
from typing import NamedTuple


class Status(StrEnum):
    """The seven statuses of a milestone (DESIGN §4.3)."""

    UPCOMING = "upcoming"
    READY = "ready"
    SCHEDULED = "scheduled"
    IN_REVIEW = "in-review"
    ON_HOLD = "on-hold"
    COMPLETED = "completed"
    CANCELLED = "cancelled"

    def __init__(self, word: str) -> None:
        self.is_final = word in ("completed", "cancelled")
        """Nothing is open any more."""


class Strength(IntEnum):
    """How strongly evidence speaks (DESIGN §4.4)."""

    LOOSE = 1
    CODED = 2
    EXACT = 3

    @property
    def word(self) -> str:
        """As ``evaluate`` prints it."""
        return self.name.lower()


class Gap(StrEnum):
    """G2."""

    NONE = "none"
    OPEN = "open"
    CLOSED = "closed"


class Owner(NamedTuple):
    """One owner: a reference or a role, and how it was found (S6)."""

    reference: str | None
    role: str | None
    found: str


class Evidence(NamedTuple):
    """A resource that says that the milestone happened; ``on`` is the local day it happened, if known."""

    resource: str
    strength: Strength
    on: date | None = None
    version: str = ""


class Missed(NamedTuple):
    """An appointment that was missed: ``noshow`` or ``cancelled``; ``start`` as the chart has it."""

    resource: str
    kind: str
    start: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone:
    """One step of a plan as assessed. ``iteration`` counts from 1. Dates are local dates of the practice."""

    key: str
    plan: str
    title: str
    source: str
    iteration: int
    status: Status
    reason: str | None
    owner: Owner
    opens: date | None
    due: date | None
    due_from: str | None
    due_precision: str | None
    days_past_due: int | None
    tier: int
    gap: Gap
    booked_for: str | None = None
    may_be_booked_for: str | None = None
    """When a visit is booked that names no step, and may be this one (``nearby.py``)."""
    evidence: tuple[Evidence, ...] = ()
    missed: tuple[Missed, ...] = ()
    why: tuple[str, ...] = ()
    completed_on: date | None = None
    codes: tuple[str, ...] = ()
    """``system|code`` of the step."""
    phase: str | None = None
    """The code of the program's phase, where it is in one; ``phase_title`` and ``phase_place`` (from 1) go with it."""
    phase_title: str | None = None
    phase_place: int | None = None
    program_code: str | None = None
    """The program's code of this milestone, where a program names it."""
    refs: tuple[str, ...] = ()
    """The resources that the step is made of (``ServiceRequest/sr1``, ``Task/t1``), the first being its source."""
    task: str | None = None
    """The source Task's reference, where the step is a Task of somebody else (no second Task is written)."""
    hold_until: date | None = None
    repeats: bool = False
    to_write: bool = True
    """False for turns that lie further ahead than the next one (DESIGN §10)."""


class Alert(NamedTuple):
    """A flag of the program that holds; ``since`` is the local day from which on it has, None: as long as is known."""

    code: str
    title: str
    since: date | None = None


ENDED = ("revoked", "completed", "entered-in-error")
"""Statuses of a plan that has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanState:
    """One plan as assessed. ``plan`` is its id: ``CarePlan/id``, an order's reference, or ``enrolment:<program>``."""

    plan: str
    patient: str
    status: str
    stage: str
    flags: tuple[str, ...] = ()
    title: str | None = None
    program: str | None = None
    program_version: str | None = None
    author: str | None = None
    milestones: tuple[Milestone, ...] = ()
    left_out: tuple[str, ...] = ()
    """What was left out of the plan and why (O5), in words."""
    alerts: tuple[Alert, ...] = ()
    """The flags of its program that hold; none of a plan that is a draft or has ended."""

    @property
    def risk(self) -> int:
        """DESIGN §7: the number of flags that hold. A patient's is the sum over the plans."""
        return len(self.alerts)


class EffectKind(StrEnum):
    """G5."""

    MESSAGE = "message"
    WORK = "work"
    NOTICE = "notice"
    REPORT = "report"
    WRITE = "write"


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """Something wanted, to be done once.

    ``key`` is deterministic and unique per practice. ``at`` is its *not before* (aware, in the practice's zone), None
    for at once. ``role`` or ``owner`` is whom it is for. ``content`` is what it carries, as JSON-able values; for a
    ``write`` it is the desired state, and the effect is level-triggered: it is to be carried out whenever content
    differs from what was carried out last.
    """

    key: str
    kind: EffectKind
    what: str
    patient: str
    plan: str | None = None
    milestone: str | None = None
    at: datetime | None = None
    role: str | None = None
    owner: str | None = None
    tier: int | None = None
    content: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """An effect of a tier that was passed over while time was lost: recorded as skipped, never done (DESIGN §5)."""

    effect: Effect
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """The answer for one patient at one moment. ``next_change_at`` (UTC) is None when only news can change it."""

    patient: str
    plans: tuple[PlanState, ...] = ()
    wanted: tuple[Effect, ...] = ()
    passed: tuple[Passed, ...] = ()
    next_change_at: datetime | None = None
    messages_wait: bool = False
    """Patient messages wait for this patient (in-review, unknown plan status, contradicted outcome …)."""

    @property
    def milestones(self) -> tuple[Milestone, ...]:
        """Of all plans."""
        return tuple(m for plan in self.plans for m in plan.milestones)
