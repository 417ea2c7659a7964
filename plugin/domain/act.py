"""What a person can do with a milestone: the acts, which of them a state offers, and what each becomes as a statement.

What each act needs, and the words for what is missing, stand in ``act_check.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from plugin.domain.assessment import Gap, Milestone, Status, Strength
from plugin.domain.permissions import Data, Role
from plugin.domain.record import Said, Statement

UNDO_WITHIN = timedelta(minutes=15)
"""So long an act can be taken back."""


class ActKind(StrEnum):
    """The acts, as they stand in addresses and forms."""

    DONE = "done"
    NOT_APPLICABLE = "not-applicable"
    HOLD = "hold"
    RELEASE = "release"
    REASSIGN = "reassign"
    CONTACT = "contact"
    CONFIRM = "confirm"
    REFUSE = "refuse"
    REVIEWED = "reviewed"
    NOTE = "note"


SAID: Mapping[ActKind, Said] = {
    ActKind.DONE: Said.COMPLETED,
    ActKind.NOT_APPLICABLE: Said.NOT_APPLICABLE,
    ActKind.HOLD: Said.HOLD,
    ActKind.RELEASE: Said.RELEASE,
    ActKind.REASSIGN: Said.REASSIGN,
    ActKind.CONTACT: Said.CONTACT,
    ActKind.CONFIRM: Said.CONFIRM,
    ActKind.REFUSE: Said.REFUSE,
    ActKind.REVIEWED: Said.REVIEWED,
    ActKind.NOTE: Said.NOTE,
}
"""What each act says."""

ABOUT: Mapping[ActKind, Data] = {
    **dict.fromkeys(ActKind, Data.PLAN),
    ActKind.CONTACT: Data.SCHEDULE,
    ActKind.REVIEWED: Data.RESULTS,
    ActKind.NOTE: Data.NOTES,
}
"""The class of data that each act is about: who may do it is in ``permissions.py``."""


class ContactOutcome(StrEnum):
    """What came of a contact (DESIGN §7)."""

    WILL_BOOK = "reached-will-book"
    BOOKED = "reached-booked"
    DECLINED = "reached-declined"
    BARRIER = "reached-barrier"
    """Something is in the way: ``BARRIERS`` says what."""
    LEFT_MESSAGE = "left-message"
    NO_ANSWER = "no-answer"
    WRONG_NUMBER = "wrong-number"
    MOVED = "moved"
    DECEASED = "deceased"
    OTHER = "other"

    @property
    def needs_words(self) -> bool:
        """A negative outcome does. That nobody answered, or a message was left, is said by the code alone."""
        return self not in _WITHOUT_WORDS


_WITHOUT_WORDS = frozenset(
    {ContactOutcome.WILL_BOOK, ContactOutcome.BOOKED, ContactOutcome.LEFT_MESSAGE, ContactOutcome.NO_ANSWER}
)

BARRIERS = ("cost", "transport", "childcare", "fear", "language", "other")

HOLD_REASONS = ("payer", "patient", "result", "away", "clinical", "other")
"""DESIGN §3, hold."""

NOT_APPLICABLE_REASONS = ("not-indicated", "done-elsewhere", "patient-declined", "duplicate", "other")

OWNER_ROLES = (
    Role.COORDINATOR,
    Role.PROVIDER,
    Role.MEDICAL_ASSISTANT,
    Role.COACH,
    Role.SCHEDULER,
    Role.PRACTICE_LEAD,
    Role.BILLING,
)
"""Roles that a step can be given to; the others look after Milepost, not after patients."""

REASONS: Mapping[ActKind, tuple[str, ...]] = {
    ActKind.HOLD: HOLD_REASONS,
    ActKind.NOT_APPLICABLE: NOT_APPLICABLE_REASONS,
}
"""The coded reasons of the acts that need one; ``other`` needs words as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What somebody wants to do with one milestone, as the form has it: texts that nobody has checked yet. ``evidence``
    and ``owner`` are references (an owner also ``role:<code>``); days are ISO dates. ``once`` is the form's own token:
    sent twice, it is one act. ``reason`` of a contact is the barrier that was met."""

    kind: ActKind
    milestone: str
    once: str
    reason: str = ""
    note: str = ""
    until: str = ""
    evidence: str = ""
    owner: str = ""
    outcome: str = ""
    next_on: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """An act whose every part holds."""

    kind: ActKind
    target: str | None = None
    target_version: str | None = None
    until: date | None = None
    reason: str | None = None
    note: str | None = None
    outcome: str | None = None
    next_on: date | None = None


def statement_of(checked: Checked, milestone: Milestone, *, id_: str, by: str, at: datetime) -> Statement:
    """The act as what was said."""
    return Statement(
        id=id_,
        said=SAID[checked.kind],
        by=by,
        at=at,
        milestone=milestone.key,
        plan=milestone.plan,
        target=checked.target,
        target_version=checked.target_version,
        until=checked.until,
        reason=checked.reason,
        note=checked.note,
        outcome=checked.outcome,
        next_on=checked.next_on,
    )


def undoing(target: Statement, *, id_: str, by: str, at: datetime) -> Statement:
    """The word that takes another one back."""
    where, plan = target.milestone, target.plan
    return Statement(id=id_, said=Said.UNDO, by=by, at=at, milestone=where, plan=plan, target=target.id)


# ------------------------------------------------------------------------------------------- which act, in which state
_ALWAYS = (ActKind.CONTACT, ActKind.NOTE)
_OPEN = (ActKind.DONE, ActKind.CONTACT, ActKind.HOLD, ActKind.REASSIGN, ActKind.NOT_APPLICABLE, ActKind.NOTE)
_LOOSE = (ActKind.CONFIRM, ActKind.REFUSE)

OFFERED: Mapping[Status, tuple[ActKind, ...]] = {
    Status.UPCOMING: _OPEN,
    Status.READY: _OPEN,
    Status.SCHEDULED: _OPEN,
    Status.IN_REVIEW: _OPEN,
    Status.ON_HOLD: _OPEN,
    Status.COMPLETED: _ALWAYS,
    Status.CANCELLED: _ALWAYS,
}
"""What each status offers; ``offered_for`` adds what a reason calls for."""

PRIMARY: Mapping[Status, ActKind | None] = {
    Status.UPCOMING: None,
    Status.READY: ActKind.DONE,
    Status.SCHEDULED: None,
    Status.IN_REVIEW: ActKind.DONE,
    Status.ON_HOLD: None,
    Status.COMPLETED: None,
    Status.CANCELLED: None,
}
"""The likely next act, where there is one."""

_OF_REASON: Mapping[str, ActKind] = {
    "loose-evidence": ActKind.CONFIRM,
    "awaiting-review": ActKind.REVIEWED,
    "checklist-open": ActKind.REVIEWED,
    "held": ActKind.RELEASE,
}
"""What the reason of a status calls for, before what the status does."""


def primary_for(milestone: Milestone) -> ActKind | None:
    """The one act that is drawn as such: what the reason calls for; with an open gap and no booking, to reach the patient;
    else the status's own."""
    called_for = _OF_REASON.get(milestone.reason or "")
    if called_for is not None:
        return called_for
    is_late = milestone.gap is Gap.OPEN and milestone.booked_for is None
    if is_late and milestone.status in (Status.READY, Status.UPCOMING):
        return ActKind.CONTACT
    return PRIMARY[milestone.status]


def offered_for(milestone: Milestone) -> tuple[ActKind, ...]:
    """Every act that makes sense now, the primary one first. What somebody said not to apply can still be done."""
    offered = list(OFFERED[milestone.status])
    if milestone.reason == "not-applicable":
        offered.insert(0, ActKind.DONE)
    if not milestone.status.is_final and loose_evidence(milestone):
        offered[:0] = _LOOSE
    primary = primary_for(milestone)
    rest = [kind for kind in offered if kind is not primary]
    return (*rest,) if primary is None else (primary, *rest)


def loose_evidence(milestone: Milestone) -> tuple[str, ...]:
    """The references that a person may confirm or refuse."""
    return tuple(e.resource for e in milestone.evidence if e.strength is Strength.LOOSE)


def can_still_be_undone(statement: Statement, now: datetime) -> bool:
    """Within its time, and one of the acts that a person does here."""
    return statement.said in SAID.values() and now - statement.at <= UNDO_WITHIN
