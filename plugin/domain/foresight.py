"""What would stand in a patient's ledger and queues after another look: nothing is stored, and two such futures are
compared.

``ledger_after`` does with values what storage does with rows (``plugin.storage.ledger_changes``, compared by a test).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from plugin.domain.assessment import Assessment, Effect, EffectKind, Gap, Milestone
from plugin.domain.calendar import Practice
from plugin.domain.handing_out import lists, with_item, without_step, work_item
from plugin.domain.ledger import EffectState, LedgerRow, content_digest, step_of
from plugin.domain.preview import PatientChange, PlannedEffect, StepGap
from plugin.domain.record import KnownStep
from plugin.domain.tracking import Outcome
from plugin.domain.work import OPEN, WorkItem

_UNDER_WAY = (EffectState.PLANNED, EffectState.CLAIMED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """A patient's milestones, ledger and work items at a moment."""

    milestones: tuple[Milestone, ...] = ()
    ledger: tuple[LedgerRow, ...] = ()
    items: tuple[WorkItem, ...] = ()

    def after(self, outcome: Outcome) -> Foreseen:
        """Once this outcome is stored."""
        items = self.items
        for row in outcome.over:
            items = without_step(items, step_of(row), [row.what])
        milestones = outcome.assessment.milestones
        return Foreseen(milestones=milestones, ledger=ledger_after(self.ledger, outcome), items=items)

    def delivered(self, now: datetime, practice: Practice) -> Foreseen:
        """Once everything has been carried out that may be; messages wait for their courier."""
        ledger, items = [], self.items
        for row in self.ledger:
            if not _is_due(row, now):
                ledger.append(row)
                continue
            ledger.append(replace(row, state=EffectState.DONE, done_digest=row.digest))
            if row.kind is EffectKind.WORK:
                items = with_item(items, work_item(row, practice, now))
        return replace(self, ledger=tuple(ledger), items=items)


@dataclass(frozen=True, slots=True)
class Load:
    """What people have before them: open and planned items by role and local day, planned messages by day."""

    work: Counter[tuple[str, date]]
    messages: Counter[date]


def load_of(foreseen: Foreseen, practice: Practice, now: datetime) -> Load:
    """Of one patient, whenever it is due."""
    items = foreseen.items
    for row in foreseen.ledger:
        if row.kind is EffectKind.WORK and row.state in _UNDER_WAY:
            items = with_item(items, work_item(row, practice, now))
    messages = (r for r in foreseen.ledger if r.kind is EffectKind.MESSAGE and r.state in _UNDER_WAY)
    return Load(
        Counter((item.role, practice.day(item.due_at)) for item in items if item.state in OPEN),
        Counter(practice.day(row.at or now) for row in messages),
    )


def compare(
    before: Foreseen, after: Foreseen, *, patient_id: int, patient: str, practice: Practice, now: datetime
) -> PatientChange:
    """What the second future has otherwise than the first."""
    titles = {m.key: m.title for m in (*before.milestones, *after.milestones)}
    had, has = _effects(before, titles, practice, now), _effects(after, titles, practice, now)
    more = load_of(after, practice, now).work
    more.subtract(load_of(before, practice, now).work)
    return PatientChange(
        patient_id=patient_id,
        patient=patient,
        gaps=tuple(_gaps(before.milestones, after.milestones)),
        begun=_beside(has, had),
        withdrawn=_beside(had, has),
        work=tuple(sorted((role, day, count) for (role, day), count in more.items() if count)),
        steps_added=_missing(after.milestones, before.milestones),
        steps_removed=_missing(before.milestones, after.milestones),
        writes=_writes(before.ledger, after.ledger),
    )


def known_after(known: Sequence[KnownStep], assessment: Assessment) -> tuple[KnownStep, ...]:
    """The steps that are known once an assessment is stored: its own, and those of plans that it no longer has."""
    now = [
        KnownStep(
            key=m.key,
            plan=m.plan,
            iteration=m.iteration,
            title=m.title,
            source=m.source,
            codes=m.codes,
            status=m.status.value,
            opens=m.opens,
            due=m.due,
        )
        for m in assessment.milestones
    ]
    keys = {step.key for step in now}
    return (*now, *(step for step in known if step.key not in keys))


# ------------------------------------------------------------------------------------------------------- the ledger
def ledger_after(rows: Sequence[LedgerRow], outcome: Outcome) -> tuple[LedgerRow, ...]:
    """The ledger once an outcome is stored. What is new has a number below zero."""
    change = outcome.ledger
    renewed, withdrawn = dict(change.renew), frozenset(change.withdraw)
    kept = [
        _renewed(row, renewed[row.id]) if row.id in renewed else _withdrawn(row) if row.id in withdrawn else row
        for row in rows
    ]
    new = [(effect, EffectState.PLANNED) for effect in change.create]
    new += [(passed.effect, EffectState.SKIPPED) for passed in change.skip]
    begun = [_row(effect, state, outcome, -len(rows) - n) for n, (effect, state) in enumerate(new, 1)]
    return (*kept, *begun)


def _row(effect: Effect, state: EffectState, outcome: Outcome, number: int) -> LedgerRow:
    return LedgerRow(
        id=number,
        key=effect.key,
        kind=effect.kind,
        what=effect.what,
        state=state,
        patient_id=outcome.row.id,
        source_id=outcome.row.source_id,
        plan=effect.plan,
        milestone=effect.milestone,
        at=effect.at,
        role=effect.role,
        owner=effect.owner,
        tier=effect.tier,
        content=effect.content,
        digest=content_digest(effect.content),
    )


def _renewed(row: LedgerRow, effect: Effect) -> LedgerRow:
    """Who has claimed it goes on. A write that stands already as it is wanted is done."""
    digest = content_digest(effect.content)
    state = EffectState.PLANNED
    if row.state is EffectState.CLAIMED:
        state = row.state
    elif row.kind is EffectKind.WRITE and digest == row.done_digest:
        state = EffectState.DONE
    return replace(
        row,
        kind=effect.kind,
        what=effect.what,
        state=state,
        plan=effect.plan,
        milestone=effect.milestone,
        at=effect.at,
        role=effect.role,
        owner=effect.owner,
        tier=effect.tier,
        content=effect.content,
        digest=digest,
    )


def _withdrawn(row: LedgerRow) -> LedgerRow:
    return row if row.state is EffectState.CLAIMED else replace(row, state=EffectState.WITHDRAWN)


def _is_due(row: LedgerRow, now: datetime) -> bool:
    if row.kind is EffectKind.MESSAGE or row.state not in _UNDER_WAY:
        return False
    return row.state is EffectState.CLAIMED or row.at is None or row.at <= now


# ------------------------------------------------------------------------------------------------------ differences
def _effects(
    foreseen: Foreseen, titles: Mapping[str, str], practice: Practice, now: datetime
) -> Mapping[str, PlannedEffect]:
    """What is to be done or was done, writes aside; of work that was given out, what still stands in a queue."""
    rows = (
        row for row in foreseen.ledger if row.kind is not EffectKind.WRITE and _stands(row, foreseen.items, practice)
    )
    return {
        row.key: PlannedEffect(
            key=row.key,
            kind=row.kind.value,
            what=row.what,
            role=row.role,
            owner=row.owner,
            tier=row.tier,
            day=practice.day(row.at or now),
            title=titles.get(row.milestone or "", ""),
        )
        for row in rows
    }


def _beside(these: Mapping[str, PlannedEffect], those: Mapping[str, PlannedEffect]) -> tuple[PlannedEffect, ...]:
    """Of these, what is not among those, whatever it is called."""
    known = {effect._replace(title="") for effect in those.values()}
    return tuple(effect for effect in these.values() if effect._replace(title="") not in known)


def _stands(row: LedgerRow, items: Sequence[WorkItem], practice: Practice) -> bool:
    if row.state is EffectState.DONE:
        return row.kind is not EffectKind.WORK or lists(items, row, practice)
    return row.state in _UNDER_WAY


def _gaps(before: Iterable[Milestone], after: Iterable[Milestone]) -> Iterable[StepGap]:
    had = {m.key: m for m in before if m.gap is Gap.OPEN}
    has = {m.key: m for m in after if m.gap is Gap.OPEN}
    for key in sorted(had.keys() | has.keys()):
        was, is_ = had.get(key), has.get(key)
        tiers = (None if was is None else was.tier, None if is_ is None else is_.tier)
        if tiers[0] != tiers[1]:
            yield StepGap(key, (is_ or was or had[key]).title, *tiers)


def _missing(these: Iterable[Milestone], those: Iterable[Milestone]) -> tuple[str, ...]:
    """Titles of what these have and those have not, or only as something that is gone from the plan."""
    there = {m.key for m in those if m.reason != "removed-from-plan"}
    return tuple(m.title for m in these if m.key not in there and m.reason != "removed-from-plan")


def _writes(before: Iterable[LedgerRow], after: Iterable[LedgerRow]) -> int:
    """How many resources would be written otherwise."""
    wanted = {row.key: row.digest for row in before if row.kind is EffectKind.WRITE and row.state in _UNDER_WAY}
    to_write = (row for row in after if row.kind is EffectKind.WRITE and row.state in _UNDER_WAY)
    return sum(1 for row in to_write if wanted.get(row.key) != row.digest)
