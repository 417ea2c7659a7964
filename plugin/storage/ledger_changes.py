"""What reconciliation decided for a batch of patients, written into the ledger: one statement for each kind of
change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, func, null, or_, update

from plugin.domain.assessment import Effect, EffectKind
from plugin.domain.ledger import EffectState, content_digest
from plugin.domain.tracking import Outcome
from plugin.storage.codec import encode_json
from plugin.storage.tables import effect
from plugin.storage.transaction import Given, Transaction, Value

_WANTED = ("kind", "what", "plan", "milestone", "at", "role", "owner", "tier", "content", "digest", "by", "ready_at")
_NEW = ("source_id", "patient_id", "key", "state", "error", "done_digest", "attempts")
_STAMPS = ("wanted_at", "changed_at")


def apply_changes(transaction: Transaction, outcomes: Sequence[Outcome], now: datetime) -> None:
    """An effect whose key is in the ledger already is not created again."""
    new = [row for outcome in outcomes for row in _created(outcome, now)]
    transaction.put(effect, (*_NEW, *_WANTED, *_STAMPS), new, key=("practice_id", "key"), staged=True)
    renewed = [(id_, *_wanted(wanted, o.by, now)) for o in outcomes for id_, wanted in o.ledger.renew]
    transaction.change(effect, ("id", *_WANTED), sorted(renewed, key=lambda row: row[0]), lambda g: _renewal(g, now))
    _withdraw(transaction, sorted(id_ for outcome in outcomes for id_ in outcome.ledger.withdraw), now)


def _created(outcome: Outcome, now: datetime) -> Sequence[tuple[Value, ...]]:
    planned = [_row(outcome, wanted, now) for wanted in outcome.ledger.create]
    return planned + [_row(outcome, passed.effect, now, skipped=passed.why) for passed in outcome.ledger.skip]


def _row(outcome: Outcome, wanted: Effect, now: datetime, skipped: str | None = None) -> tuple[Value, ...]:
    state = EffectState.PLANNED if skipped is None else EffectState.SKIPPED
    patient = outcome.row
    head = (patient.source_id, patient.id, wanted.key, state.value, skipped, "", 0)
    *rest, ready_at = _wanted(wanted, outcome.by, now)
    return (*head, *rest, ready_at if skipped is None else None, now, now)


def _wanted(wanted: Effect, by: str | None, now: datetime) -> tuple[Value, ...]:
    """Writes are also the person's whose act wants them; what else an act brings about is Milepost's doing."""
    content = None if wanted.content is None else encode_json(wanted.content)
    what = (wanted.kind.value, wanted.what, wanted.plan, wanted.milestone)
    whom = (wanted.role, wanted.owner, wanted.tier)
    digest = content_digest(wanted.content)
    person = by if wanted.kind is EffectKind.WRITE else None
    return (*what, wanted.at, *whom, content, digest, person, wanted.at or now)


def _renewal(given: Given, now: datetime) -> Mapping[str, Value]:
    """Who has claimed it goes on, and learns at the end whether what was wanted moved on (``Ledger.done``). A write that
    stands already as it is wanted is done; what acts once and is done stays done."""
    is_write = effect.c.kind == EffectKind.WRITE.value
    was_done = and_(effect.c.state == EffectState.DONE.value, effect.c.kind != EffectKind.WRITE.value)
    is_done = or_(and_(is_write, given["digest"] == effect.c.done_digest), was_done)
    is_claimed = effect.c.state == EffectState.CLAIMED.value
    planned = EffectState.PLANNED.value
    is_open = or_(effect.c.state == planned, effect.c.state == EffectState.FAILED.value)
    new: dict[str, ColumnElement[Value]] = {name: given[name] for name in _WANTED[:-2]}
    return {
        **new,
        # What was not written yet goes out with this: it stays that person's as well.
        "by": case((is_open, func.coalesce(given["by"], effect.c.by)), else_=given["by"]),
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
