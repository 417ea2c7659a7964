"""What reconciliation decided for a batch of patients, written into the ledger: one statement for each kind of change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, null, or_, update

from plugin.domain.assessment import Effect, EffectKind
from plugin.domain.ledger import EffectState, LedgerChange, content_digest
from plugin.domain.tracking import PatientRow
from plugin.storage.codec import encode_json
from plugin.storage.tables import effect
from plugin.storage.transaction import Given, Transaction, Value

_WANTED = ("plan", "milestone", "at", "role", "owner", "tier", "content", "digest", "ready_at")
_NEW = ("source_id", "patient_id", "key", "kind", "what", "state", "error", "done_digest", "attempts")
_STAMPS = ("wanted_at", "changed_at")

Decided = Sequence[tuple[PatientRow, LedgerChange]]


def apply_changes(transaction: Transaction, decided: Decided, now: datetime) -> None:
    """An effect whose key is in the ledger already is not created again."""
    new = [row for patient, change in decided for row in _created(patient, change, now)]
    transaction.put(effect, (*_NEW, *_WANTED, *_STAMPS), new, key=("practice_id", "key"))
    renewed = [(id_, *_wanted(wanted, now)) for _, change in decided for id_, wanted in change.renew]
    transaction.change(effect, ("id", *_WANTED), sorted(renewed, key=lambda row: row[0]), lambda g: _renewal(g, now))
    _withdraw(transaction, sorted(id_ for _, change in decided for id_ in change.withdraw), now)


def _created(patient: PatientRow, change: LedgerChange, now: datetime) -> Sequence[tuple[Value, ...]]:
    planned = [_row(patient, wanted, now) for wanted in change.create]
    return planned + [_row(patient, passed.effect, now, skipped=passed.why) for passed in change.skip]


def _row(patient: PatientRow, wanted: Effect, now: datetime, skipped: str | None = None) -> tuple[Value, ...]:
    state = EffectState.PLANNED if skipped is None else EffectState.SKIPPED
    head = (patient.source_id, patient.id, wanted.key, wanted.kind.value, wanted.what, state.value, skipped, "", 0)
    *rest, ready_at = _wanted(wanted, now)
    return (*head, *rest, ready_at if skipped is None else None, now, now)


def _wanted(wanted: Effect, now: datetime) -> tuple[Value, ...]:
    content = None if wanted.content is None else encode_json(wanted.content)
    whom = (wanted.role, wanted.owner, wanted.tier)
    digest = content_digest(wanted.content)
    return (wanted.plan, wanted.milestone, wanted.at, *whom, content, digest, wanted.at or now)


def _renewal(given: Given, now: datetime) -> Mapping[str, Value]:
    """Who has claimed it goes on, and learns at the end whether what was wanted moved on (``Ledger.done``). A write that
    stands already as it is wanted is done; what acts once and is done stays done."""
    is_write = effect.c.kind == EffectKind.WRITE.value
    was_done = and_(effect.c.state == EffectState.DONE.value, effect.c.kind != EffectKind.WRITE.value)
    is_done = or_(and_(is_write, given["digest"] == effect.c.done_digest), was_done)
    is_claimed = effect.c.state == EffectState.CLAIMED.value
    planned = EffectState.PLANNED.value
    new: dict[str, ColumnElement[Value]] = {name: given[name] for name in _WANTED[:-1]}
    return {
        **new,
        "state": case((is_claimed, effect.c.state), (is_done, EffectState.DONE.value), else_=planned),
        "ready_at": case((is_claimed, effect.c.ready_at), (is_done, null()), else_=given["ready_at"]),
        "attempts": case((is_claimed, effect.c.attempts), else_=0),
        "error": None,
        "withdrawn_at": None,
        "changed_at": now,
    }


def _withdraw(transaction: Transaction, ids: Sequence[int], now: datetime) -> None:
    """What somebody has claimed is being done; it is only not tried again."""
    if not ids:
        return
    is_claimed = effect.c.state == EffectState.CLAIMED.value
    open_states = [EffectState.PLANNED.value, EffectState.CLAIMED.value, EffectState.FAILED.value]
    transaction.run(
        update(effect)
        .where(transaction.among(effect.c.id, ids), effect.c.state.in_(open_states))
        .values(
            state=case((is_claimed, effect.c.state), else_=EffectState.WITHDRAWN.value),
            ready_at=case((is_claimed, effect.c.ready_at)),
            withdrawn_at=now,
            changed_at=now,
        )
    )
