"""Work items: what a person or a role is to do, who may take one, and what may be done with it in which state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from plugin.domain.act import BARRIERS, UNDO_WITHIN, ContactOutcome
from plugin.domain.permissions import Action, Data, can

WorkState = Literal["open", "claimed", "snoozed", "done", "withdrawn"]

OPEN: tuple[WorkState, ...] = ("open", "claimed", "snoozed")
"""States in which there is still something to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkItem:
    """A thing for a person or a role to do (DESIGN §7). ``milestones`` are the steps it lists, with their titles; of one
    that was withdrawn, those that it listed last."""

    key: str
    kind: str
    patient_id: int
    role: str
    owner: str | None
    due_at: datetime
    priority: int
    """The highest tier that one of its steps is at."""
    milestones: tuple[tuple[str, str], ...] = ()
    note: str | None = None
    state: WorkState = "open"
    opened_at: datetime | None = None
    changed_at: datetime | None = None
    """When it was opened, and came to its state; storage says so."""
    id: int = 0
    revision: int = 0
    """Counts what people and assessments changed of it: who acts says which one they saw."""
    until: date | None = None
    """Put aside until that local day: by a snooze, or because the next try is then."""
    reason: str | None = None
    """Why it was put aside; of a contact that met a barrier, which."""
    outcome: str | None = None
    by: str | None = None
    """Who brought it to its state."""


class WorkAct(StrEnum):
    """What can be done with a work item, as it stands in addresses and forms."""

    CLAIM = "claim"
    RELEASE = "release"
    FINISH = "done"
    SNOOZE = "snooze"
    WAKE = "wake"
    REASSIGN = "reassign"
    UNDO = "undo"


class WorkOutcome(StrEnum):
    """What came of work that was no contact; a contact's outcomes are ``ContactOutcome``."""

    SEEN_TO = "seen-to"
    NOT_NEEDED = "not-needed"


class WhyNot(StrEnum):
    """Why something cannot be done with an item now."""

    WITHDRAWN = "withdrawn"
    """Its cause is gone."""
    DONE = "done"
    TAKEN = "taken"
    """Somebody else has it."""
    CHANGED = "changed"
    """It is another by now than what was on the screen."""
    NOT_THEIRS = "not-theirs"
    """No role of this person may."""
    NOT_NOW = "not-now"
    """It makes no sense in this state, or it is too late for it."""


ABOUT: Mapping[str, Data] = {
    "overdue": Data.PLAN,
    "outreach-unsuccessful": Data.PLAN,
    "backlog": Data.PLAN,
    "confirm-evidence": Data.PLAN,
    "two-missed-in-a-row": Data.PLAN,
    "ended-with-open-gaps": Data.PLAN,
    "alert": Data.PLAN,
    "record-outcome": Data.SCHEDULE,
    "rebook": Data.SCHEDULE,
    "review-result": Data.RESULTS,
}
"""The class of data that each kind of work is about; a kind that is not here is about the plan."""

BY_CONTACT = frozenset({"overdue", "outreach-unsuccessful", "backlog", "rebook"})
"""Kinds that are mostly done by reaching the patient."""

_FROM: Mapping[WorkAct, tuple[WorkState, ...]] = {
    WorkAct.CLAIM: ("open", "snoozed"),
    WorkAct.RELEASE: ("claimed", "snoozed"),
    WorkAct.FINISH: OPEN,
    WorkAct.SNOOZE: OPEN,
    WorkAct.WAKE: ("snoozed",),
    WorkAct.REASSIGN: OPEN,
    WorkAct.UNDO: ("done", "snoozed"),
}
"""The states in which each act makes sense."""


def needs_words(outcome: str) -> bool:
    """A negative outcome does (DESIGN §7)."""
    if outcome in set(WorkOutcome):
        return outcome == WorkOutcome.NOT_NEEDED
    return ContactOutcome(outcome).needs_words


def is_contact(outcome: str) -> bool:
    """Somebody tried to reach the patient."""
    return outcome in set(ContactOutcome)


def is_known_outcome(outcome: str, reason: str = "") -> bool:
    """One of the coded ones; a barrier with what it is."""
    if outcome == ContactOutcome.BARRIER:
        return reason in BARRIERS
    return is_contact(outcome) or outcome in set(WorkOutcome)


def may_take(roles: Iterable[str], kind: str) -> bool:
    """Whether one of these roles does this kind of work: the front desk what is about appointments, and so on."""
    held = tuple(roles)
    return can(held, Action.ACT, Data.WORK) and can(held, Action.ACT, ABOUT.get(kind, Data.PLAN))


def may_overrule(roles: Iterable[str]) -> bool:
    """Whether one of these roles may take an item from whoever has it: to release it, or give it to somebody else."""
    return can(roles, Action.UNDO, Data.WORK)


def why_not(item: WorkItem, act: WorkAct, who: str, roles: Iterable[str], now: datetime) -> WhyNot | None:
    """Why this person cannot do this with the item as it stands; None when they can."""
    held = tuple(roles)
    if not may_take(held, item.kind):
        return WhyNot.NOT_THEIRS
    if item.state == "withdrawn":
        return WhyNot.WITHDRAWN
    if item.state == "done" and act is not WorkAct.UNDO:
        return WhyNot.DONE
    if item.owner not in (None, who) and item.state in ("claimed", "snoozed"):
        is_overruled = act in (WorkAct.RELEASE, WorkAct.REASSIGN) and may_overrule(held)
        if not is_overruled:
            return WhyNot.TAKEN
    if item.state not in _FROM[act] or (act is WorkAct.UNDO and not _is_undone_by(item, who, now)):
        return WhyNot.NOT_NOW
    return None


def offered(item: WorkItem, who: str, roles: Iterable[str], now: datetime) -> tuple[WorkAct, ...]:
    """What this person can do with the item now."""
    held = tuple(roles)
    return tuple(act for act in WorkAct if why_not(item, act, who, held, now) is None)


def _is_undone_by(item: WorkItem, who: str, now: datetime) -> bool:
    """One's own "done" (also the one that comes back on a day), for a while."""
    if item.by != who or item.outcome is None or item.changed_at is None:
        return False
    return now - item.changed_at <= UNDO_WITHIN


# ------------------------------------------------------------------------------------------------- what each act makes
def claimed(item: WorkItem, who: str) -> WorkItem:
    """It is theirs. What was put aside is taken up again."""
    return replace(item, state="claimed", owner=who, by=who, until=None, reason=None)


def released(item: WorkItem, who: str) -> WorkItem:
    """It is everybody's of its role again."""
    return replace(item, state="open", owner=None, by=who, until=None, reason=None)


def finished(
    item: WorkItem, who: str, *, outcome: str, reason: str | None, note: str | None, next_on: date | None
) -> WorkItem:
    """It is done; or, with a next day, this try is, and the item comes back on that day to whoever made it."""
    told = replace(item, by=who, owner=who, outcome=outcome, reason=reason, note=note, until=next_on)
    return replace(told, state="snoozed" if next_on else "done")


def snoozed(item: WorkItem, who: str, *, until: date, reason: str, note: str | None) -> WorkItem:
    """Put aside until a day; the clock of the gap goes on. Whoever has it keeps it."""
    return replace(item, state="snoozed", by=who, until=until, reason=reason, note=note, outcome=None)


def woken(item: WorkItem, who: str) -> WorkItem:
    """Taken up again before its day."""
    return replace(item, state="claimed" if item.owner else "open", by=who, until=None, reason=None)


def reassigned(item: WorkItem, who: str, to: str) -> WorkItem:
    """``role:<code>`` puts it into that role's queue; everybody else has it from now on."""
    given = replace(item, by=who, until=None, reason=None)
    if to.startswith("role:"):
        return replace(given, state="open", owner=None, role=to.removeprefix("role:"))
    return replace(given, state="claimed", owner=to)


def reopened(item: WorkItem, who: str) -> WorkItem:
    """What was done is taken back: it is theirs, as before."""
    return replace(item, state="claimed", owner=who, by=who, until=None, reason=None, outcome=None, note=None)
