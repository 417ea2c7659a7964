"""Wanted effects against the ledger of effects: what to create, keep, bring back, withdraw and skip."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from plugin.domain.assessment import Assessment, Effect, EffectKind, Passed
from plugin.domain.writes import FlagContent, GapContent, TaskContent, task_ref

_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


class EffectState(StrEnum):
    """An effect's life in the ledger: planned → claimed → done | failed; or withdrawn, skipped; held: set aside."""

    PLANNED = "planned"
    CLAIMED = "claimed"
    DONE = "done"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRow:
    """One effect as the ledger has it. For a write, ``digest`` is of the content wanted, ``done_digest`` of the content
    carried out last."""

    id: int
    key: str
    kind: EffectKind
    what: str
    state: EffectState
    patient_id: int
    source_id: int
    plan: str | None = None
    milestone: str | None = None
    at: datetime | None = None
    role: str | None = None
    owner: str | None = None
    tier: int | None = None
    content: Mapping[str, object] | None = None
    digest: str = ""
    done_digest: str = ""
    attempts: int = 0
    error: str | None = None
    by: str | None = None
    """Who acted, where a write is wanted as it is because of a person's act; None where time or a fact brought it."""
    changed_at: datetime | None = None
    """When it came to its state; told only where a page asks for it (``Ledger.told``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerChange:
    """What reconciliation decided for one patient (domain/ledger.py): effects to create (planned), to skip, to
    withdraw (ids), and to bring back or give new content (id, effect)."""

    create: tuple[Effect, ...] = ()
    skip: tuple[Passed, ...] = ()
    withdraw: tuple[int, ...] = ()
    renew: tuple[tuple[int, Effect], ...] = ()

    @property
    def is_empty(self) -> bool:
        """Nothing to do."""
        return not (self.create or self.skip or self.withdraw or self.renew)


def content_digest(content: Mapping[str, object] | None) -> str:
    """What stands for a content: equal contents have equal digests, and no content has the empty one."""
    if content is None:
        return ""
    return hashlib.sha256(_canonical(content).encode()).hexdigest()


def reconcile(rows: Sequence[LedgerRow], assessment: Assessment) -> LedgerChange:
    """What has to change so that the ledger says what is wanted now. Nothing is created twice: an effect that was done,
    failed or skipped stays so; one that was withdrawn before it was done comes back when its cause does. A write is
    renewed whenever the content wanted is not the content done last."""
    known = {row.key: row for row in rows}
    wanted = {effect.key: effect for effect in assessment.wanted}
    create = tuple(e for key, e in wanted.items() if key not in known and _is_worth_beginning(e, assessment, known))
    renew = [(known[key].id, e) for key, e in wanted.items() if key in known and _comes_back(known[key], e)]
    withdraw: list[int] = []
    for row in (row for row in rows if row.key not in wanted):
        instead = _instead(row)
        if instead is None:
            if row.state in (EffectState.PLANNED, EffectState.CLAIMED):
                withdraw.append(row.id)
        elif content_digest(instead) != row.digest:
            renew.append((row.id, _undoing(row, assessment.patient, instead)))
    skip = tuple(passed for passed in assessment.passed if passed.effect.key not in known)
    return LedgerChange(create=create, skip=skip, withdraw=tuple(withdraw), renew=tuple(renew))


def step_of(row: LedgerRow) -> str:
    """What a work item lists for an effect: its milestone, else the plan, else the effect itself."""
    return row.milestone or row.plan or row.key


def given_over(rows: Sequence[LedgerRow], assessment: Assessment) -> tuple[LedgerRow, ...]:
    """Work that was given out and is wanted no more: it is taken off its open items."""
    wanted = {effect.key for effect in assessment.wanted}
    given = (row for row in rows if row.kind is EffectKind.WORK and row.state is EffectState.DONE)
    return tuple(row for row in given if row.key not in wanted)


def _comes_back(row: LedgerRow, effect: Effect) -> bool:
    """Whether a row that is there has to be planned again, or otherwise: for another time, person or content, or as
    something else, when another version of the ladder has the tier do that."""
    if effect.kind is EffectKind.WRITE:
        return _differs(row, effect)
    planned = (row.kind, row.what, row.at, row.role, row.owner, row.digest)
    wanted = (effect.kind, effect.what, effect.at, effect.role, effect.owner, content_digest(effect.content))
    is_otherwise = planned != wanted
    return row.state is EffectState.WITHDRAWN or (row.state is EffectState.PLANNED and is_otherwise)


def _differs(row: LedgerRow, effect: Effect) -> bool:
    """A write whose wanted content is not the one that the row aims at already."""
    digest = content_digest(effect.content)
    if row.state in (EffectState.PLANNED, EffectState.CLAIMED, EffectState.FAILED):
        return row.digest != digest
    return row.state is EffectState.WITHDRAWN or row.done_digest != digest


def _is_worth_beginning(effect: Effect, assessment: Assessment, known: Collection[str]) -> bool:
    """A closed gap that was never open here, and the Tasks of a plan that had ended before it was first seen, are not
    written: there is nothing there to correct (DESIGN §10: only what changes is written). Nor is the gap of such a Task of
    ours (S8 leaves some open), which would refer to what is not there. ``known``: keys of what the ledger has."""
    if effect.kind is not EffectKind.WRITE:
        return True
    ended = {plan.plan for plan in assessment.plans if plan.stage == "review"}
    if effect.what == "detected-issue":
        gap = GapContent.from_json(effect.content or {})
        has_task = effect.plan not in ended or gap.task != task_ref(gap.key) or f"write|task|{gap.key}" in known
        return gap.state == "open" and has_task
    return effect.what != "task" or effect.plan not in ended


_INSTEAD: Mapping[str, Callable[[Mapping[str, object]], Mapping[str, object]]] = {
    "task": lambda content: TaskContent.from_json(content).withdrawn.as_json(),
    "detected-issue": lambda content: GapContent.from_json(content).withdrawn.as_json(),
    "flag": lambda content: FlagContent.from_json(content).withdrawn.as_json(),
}
"""What is written over a Task, gap or flag that is wanted no more."""


def _instead(row: LedgerRow) -> Mapping[str, object] | None:
    """What is to stand in the EHR in place of a write that is wanted no more; None for what cannot stand there, or was
    never tried."""
    if row.kind is not EffectKind.WRITE or row.content is None:
        return None
    instead = _INSTEAD[row.what](row.content)
    was_tried = row.state is EffectState.CLAIMED or (row.state is EffectState.PLANNED and row.attempts > 0)
    aims_at_it = row.state is EffectState.PLANNED and content_digest(instead) == row.digest
    return instead if row.done_digest or was_tried or aims_at_it else None


def _undoing(row: LedgerRow, patient: str, instead: Mapping[str, object]) -> Effect:
    return Effect(
        key=row.key,
        kind=row.kind,
        what=row.what,
        patient=patient,
        plan=row.plan,
        milestone=row.milestone,
        content=instead,
    )
