"""What a person meant who changed one of our Tasks in the EHR: a version of it becomes statements (DESIGN §10).

A version is an edit only if it differs, in the fields that we own, from every body that we stored before sending it:
a crash between the server's commit and ours must not make our own write a person's word.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from plugin.domain.record import Concept, Moment, Order, Provenance, Said, Statement
from plugin.domain.writes import TaskContent, derived_id, is_reference

SOMEONE = "someone in the EHR"
"""The author when no Provenance says who it was. Never the Task's owner."""

_NEAR = timedelta(minutes=10)
_DONE = "completed"
_DROPPED = frozenset({"cancelled", "rejected", "entered-in-error"})
_HELD = "on-hold"
_OPEN = frozenset({"draft", "requested", "received", "accepted", "ready", "in-progress"})


def owned_digest(order: Order) -> str:
    """Of the fields that we own, as they come back from the server. Codes count, texts and displays do not: servers
    and their users may reword those without meaning anything by it."""
    owned = {
        "status": order.status,
        "businessStatus": _codes(order.business_status),
        "statusReason": _codes(order.status_reason),
        "owner": None if order.owner is None else order.owner.ref,
        "start": order.restriction_start,
        "end": order.restriction_end,
    }
    return hashlib.sha256(json.dumps(owned, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    """What we know of our own writing of a Task: the owned digests of every body that was ever stored for sending, the
    content carried out last, and the statement in force that made the milestone what it is, if one did."""

    digests: frozenset[str]
    content: TaskContent
    standing: Statement | None = None


def statements_of_edit(order: Order, ours: Ours, *, author: str | None, at: datetime) -> tuple[Statement, ...]:
    """What a version of our Task says that is not ours; nothing when it is our own body.

    ``author`` is a reference from a Provenance of that version, ``at`` when the version was seen. The same version
    gives the same statements, with the same ids, however often it is read. What cannot be taken over (a due date, a
    failed attempt, a completion undone that evidence proves) is kept as a note.
    """
    if not ours.digests or owned_digest(order) in ours.digests:
        return ()  # without any body stored (a lost database) nobody can tell whose word it is
    edit = _Edit(order, ours, author or SOMEONE, at)
    said = (*edit.of_status(), *edit.of_owner())
    return said or tuple(edit.of_the_rest())


class _Edit:
    def __init__(self, order: Order, ours: Ours, author: str, at: datetime) -> None:
        self._order = order
        self._content = ours.content
        self._standing = ours.standing
        self._author = author
        self._at = at

    def of_status(self) -> Iterator[Statement]:
        before, now = self._content.task_status, self._order.status or ""
        if now == before:
            return
        if now == _DONE:
            yield self._statement(Said.COMPLETED, note=self._reason())
        elif now in _DROPPED and before not in _DROPPED:
            yield self._statement(Said.NOT_APPLICABLE, reason=now, note=self._reason())
        elif now == _HELD:
            yield self._statement(Said.HOLD, reason="other", note=self._reason())
        elif now in _OPEN and before == _HELD:
            yield self._statement(Said.RELEASE)
        elif now in _OPEN and (before == _DONE or before in _DROPPED):
            yield self._undo(now)
        else:
            yield self._note(f"status set to {now or 'nothing'} in the EHR; not taken over")

    def of_owner(self) -> Iterator[Statement]:
        """Somebody of another server cannot own a step here: that is kept as a note."""
        link = self._order.owner
        owner = None if link is None else link.ref
        if owner is not None and owner != self._content.owner and is_reference(owner):
            yield self._statement(Said.REASSIGN, target=owner)

    def of_the_rest(self) -> Iterator[Statement]:
        due = self._order.restriction_end
        if due != self._content.due:
            yield self._note(
                f"due date set to {due or 'none'} in the EHR; not taken over, the plan or the order has it"
            )
        else:
            yield self._note("owner, window or reason changed in the EHR; not taken over")

    def _undo(self, now: str) -> Statement:
        if self._standing is None:
            return self._note(f"status set back to {now} in the EHR; the evidence or its source says otherwise")
        return self._statement(Said.UNDO, target=self._standing.id)

    def _note(self, words: str) -> Statement:
        return self._statement(Said.NOTE, note=words)

    def _reason(self) -> str | None:
        reason = self._order.status_reason
        return None if reason is None else reason.title

    def _statement(
        self, said: Said, *, target: str | None = None, reason: str | None = None, note: str | None = None
    ) -> Statement:
        return Statement(
            id=derived_id("edit", self._order.ref, self._order.version, said.value),
            said=said,
            by=self._author,
            at=self._at,
            milestone=self._content.key,
            plan=self._content.plan,
            target=target,
            reason=reason,
            note=note,
        )


def author_of_edit(order: Order, provenances: Iterable[Provenance]) -> str | None:
    """Who changed that version, by the newest Provenance of it that is not ours; None when none was recorded near the
    time at which the version came to be: an old one speaks of another version."""
    if order.seen is None:
        return None
    found = [
        (recorded, provenance.agents[0])
        for provenance in provenances
        if not provenance.ours and order.ref in provenance.targets and provenance.agents
        if (recorded := _instant(provenance.recorded)) is not None and abs(recorded - order.seen) <= _NEAR
    ]
    return max(found)[1] if found else None


def _instant(moment: Moment | None) -> datetime | None:
    """A Provenance's ``recorded`` is an instant; what is less cannot be compared."""
    if moment is None or "T" not in moment:
        return None
    stamp = datetime.fromisoformat(moment)
    return None if stamp.tzinfo is None else stamp


def _codes(concept: Concept | None) -> list[list[str]]:
    return [] if concept is None else sorted([coding.system, coding.code] for coding in concept.codings)
