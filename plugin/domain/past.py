"""One patient as Milepost knew them at an earlier moment: what had been seen, said, planned and done by then."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from plugin.domain.ledger import EffectState, LedgerRow
from plugin.domain.record import Fact, Patient, Record
from plugin.domain.tracking import Move
from plugin.domain.work import OPEN, WorkItem, WorkState

_BACKLOG = "backlog"
_WAITING = (EffectState.PLANNED, EffectState.CLAIMED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """``record`` is of the record that the patient was read under then; its known steps are those that had their keys by
    then. ``effects`` are what a page tells (``Ledger.told``), ``moves`` the newest first."""

    record: Record
    effects: Sequence[LedgerRow] = ()
    work: Sequence[WorkItem] = ()
    moves: Sequence[Move] = ()

    @property
    def was_backlog(self) -> bool:
        """What was late from the beginning had not been gone through."""
        planned = any(row.what == _BACKLOG and row.state in _WAITING for row in self.effects)
        return planned or any(item.kind == _BACKLOG and item.state in OPEN for item in self.work)


def survivor_of(patient: str, survivors: Mapping[str, str]) -> str:
    """Follows mergers, and stops where they go in a circle."""
    seen = {patient}
    while (next_one := survivors.get(patient)) is not None and next_one not in seen:
        seen.add(next_one)
        patient = next_one
    return patient


def read_together(ref: str, others: Iterable[str], facts: Iterable[Fact]) -> tuple[str, frozenset[str]]:
    """The record under which this one was read, by what the charts said of mergers (S7), and all that were read under it:
    of those which are, or came to be, one patient."""
    survivors = {f.ref: f.replaced_by for f in facts if isinstance(f, Patient) and f.replaced_by}
    survivor = survivor_of(ref, survivors)
    return survivor, frozenset(other for other in (ref, *others) if survivor_of(other, survivors) == survivor)


def row_as_of(row: LedgerRow, moment: datetime) -> LedgerRow:
    """The ledger keeps when a row came to its state, not those before it. What came to it later was planned until then,
    as far as is known."""
    if row.changed_at is None or row.changed_at <= moment:
        return row
    return replace(row, state=EffectState.PLANNED, error=None, done_digest="", changed_at=None)


def item_as_of(item: WorkItem, state: WorkState, since: datetime, moment: datetime) -> WorkItem:
    """A work item with the state that its transitions give it then, since when. Who had it, and what was said of it, is
    known only where nothing has changed after."""
    if item.changed_at is not None and item.changed_at <= moment:
        return item
    return replace(
        item, state=state, owner=None, changed_at=since, note=None, until=None, reason=None, outcome=None, by=None
    )


def is_about(item: WorkItem, steps: Collection[str]) -> bool:
    """Whether all that an item lists is among these."""
    return bool(item.milestones) and all(key in steps for key, _ in item.milestones)
