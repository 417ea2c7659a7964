"""What ``assess`` said: stored for a batch of patients at once, and read again for one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from hashlib import blake2b

from sqlalchemy import Integer, bindparam, case, select, tuple_, update

from plugin.domain.assessment import Milestone, PlanState
from plugin.domain.audit import AuditEntry
from plugin.domain.source import Source
from plugin.domain.tracking import Move, Outcome
from plugin.storage.assessed import count_all, read_plans, read_shown
from plugin.storage.audit import SqlAudit
from plugin.storage.codec import encode, encode_json
from plugin.storage.ledger_changes import apply_changes
from plugin.storage.tables import milestone, patient, plan, source, transition
from plugin.storage.transaction import Transaction, Value

_PLAN = ("patient_id", "plan", "source_id", "status", "stage", "flags", "program", "changed_at", "gone_at", "body")
_MILESTONE = (
    "patient_id",
    "key",
    "source_id",
    "plan",
    "place",
    "iteration",
    "title",
    "source",
    "codes",
    "status",
    "gap",
    "tier",
    "opens",
    "due",
    "owner_role",
    "owner_ref",
    "changed_at",
    "gone_at",
    "digest",
    "body",
)
_TRANSITION = ("patient_id", "kind", "key", "before", "after", "at")
_PATIENT = ("id", "next_change_at", "digest", "failed", "backlog")

_MOVES = (
    select(transition.c.key, transition.c.before, transition.c.after, transition.c.at)
    .where(transition.c.patient_id == bindparam("of_patient"), transition.c.kind == "milestone")
    .where(transition.c.before.is_not(None))
    .order_by(transition.c.id.desc())
    .limit(bindparam("most", type_=Integer))
)

Change = tuple[str, str | None, str]
"""A milestone's key, its status before (none: new) and after."""


class SqlPlans:
    """The port ``Plans``."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def save(self, outcomes: Sequence[Outcome], now: datetime) -> None:
        """See the port."""
        changed = [outcome for outcome in outcomes if not outcome.unchanged and outcome.failed is None]
        if changed:
            self._save_plans(changed, now)
            moves = self._save_milestones(changed, now)
            self._save_transitions(moves, now)
            self._save_audit(changed, moves, now)
        apply_changes(self._transaction, [outcome for outcome in outcomes if not outcome.ledger.is_empty], now)
        self._save_patients(outcomes, now)

    def of_patient(self, source: Source, ref: str, today: date) -> Sequence[PlanState]:
        """See the port."""
        return read_plans(self._transaction, source, ref, today)

    def shown(self, patient_id: int, today: date) -> tuple[Sequence[PlanState], Mapping[str, str]]:
        """See the port."""
        return read_shown(self._transaction, patient_id, today)

    def versions(self, patient_id: int) -> Mapping[str, str]:
        """See the port."""
        theirs = milestone.c.patient_id == patient_id
        return self._transaction.pairs(select(milestone.c.key, milestone.c.digest).where(theirs))

    def moves(self, patient_id: int, limit: int) -> Sequence[Move]:
        """See the port."""
        return [Move(*row) for row in self._transaction.rows(_MOVES, of_patient=patient_id, most=limit)]

    def summary(self, source: Source | None = None) -> Mapping[str, object]:
        """See the port."""
        return count_all(self._transaction, source)

    def _save_plans(self, changed: Sequence[Outcome], now: datetime) -> None:
        """All of them: few of a patient's plans stay as they are when anything of the patient changes."""
        rows = [_plan_row(outcome, state, now) for outcome in changed for state in outcome.assessment.plans]
        self._transaction.put(plan, _PLAN, rows, key=_PLAN[:2], replace=_PLAN[2:])
        theirs = self._transaction.among(plan.c.patient_id, [outcome.row.id for outcome in changed])
        standing = select(plan.c.patient_id, plan.c.plan).where(theirs, plan.c.gone_at.is_(None))
        gone = {(id_, name) for id_, name in self._transaction.rows(standing)} - {(row[0], row[1]) for row in rows}
        if gone:
            for table in (plan, milestone):
                which = tuple_(table.c.patient_id, table.c.plan).in_(sorted(gone))
                self._transaction.run(update(table).where(which).values(gone_at=now))

    def _save_milestones(self, changed: Sequence[Outcome], now: datetime) -> Mapping[int, Sequence[Change]]:
        """Writes those that differ from what stands; by patient, which of them changed their status."""
        theirs = self._transaction.among(milestone.c.patient_id, [outcome.row.id for outcome in changed])
        digest_if_there = case((milestone.c.gone_at.is_(None), milestone.c.digest))
        query = select(milestone.c.patient_id, milestone.c.key, milestone.c.status, digest_if_there).where(theirs)
        standing = {(id_, key): (status, digest) for id_, key, status, digest in self._transaction.rows(query)}
        rows: list[tuple[Value, ...]] = []
        moves: dict[int, list[Change]] = {}
        for outcome in changed:
            id_ = outcome.row.id
            moves[id_] = []
            for place, step in _placed(outcome):
                before, digest_before = standing.get((id_, step.key), (None, None))
                body = encode(step, without="days_past_due")
                digest = blake2b(f"{place} {body}".encode(), digest_size=16).hexdigest()
                if digest != digest_before:
                    rows.append(_milestone_row(outcome, step, (place, now, digest, body)))
                if step.status != before:
                    moves[id_].append((step.key, before, step.status.value))
        self._transaction.put(milestone, _MILESTONE, rows, key=_MILESTONE[:2], replace=_MILESTONE[2:], staged=True)
        return moves

    def _save_transitions(self, moves: Mapping[int, Sequence[Change]], now: datetime) -> None:
        rows = [(id_, "milestone", *move, now) for id_, of_patient in moves.items() for move in of_patient]
        self._transaction.put(transition, _TRANSITION, rows)

    def _save_audit(self, changed: Sequence[Outcome], moves: Mapping[int, Sequence[Change]], now: datetime) -> None:
        slugs = self._transaction.pairs(select(source.c.id, source.c.slug))
        entries = []
        for outcome in changed:
            row = outcome.row
            detail = {
                "digest": [row.digest, outcome.digest],
                "milestones": {key: [before, after] for key, before, after in moves[row.id]},
                "effects": _effect_counts(outcome),
            }
            record = f"{slugs[row.source_id]}/{row.ref}"
            entries.append(AuditEntry(at=now, who="milepost", action="assess", record=record, detail=detail))
        SqlAudit(self._transaction).write(entries)

    def _save_patients(self, outcomes: Sequence[Outcome], now: datetime) -> None:
        rows = sorted((_patient_row(outcome) for outcome in outcomes), key=lambda row: row[0])
        self._transaction.change(
            patient, _PATIENT, rows, lambda given: {**{n: given[n] for n in _PATIENT[1:]}, "assessed_at": now}
        )


def _placed(outcome: Outcome) -> Iterator[tuple[int, Milestone]]:
    for state in outcome.assessment.plans:
        yield from enumerate(state.milestones)


def _plan_row(outcome: Outcome, state: PlanState, now: datetime) -> tuple[Value, ...]:
    row = outcome.row
    indexed = (state.status, state.stage, encode_json(state.flags), state.program)
    return (row.id, state.plan, row.source_id, *indexed, now, None, encode(state, without="milestones"))


def _milestone_row(outcome: Outcome, step: Milestone, rest: tuple[int, datetime, str, str]) -> tuple[Value, ...]:
    place, now, digest, body = rest
    row, codes = outcome.row, encode_json(step.codes)
    what = (step.iteration, step.title, step.source, codes, step.status.value, step.gap.value, step.tier)
    when_and_who = (step.opens, step.due, step.owner.role, step.owner.reference)
    return (row.id, step.key, row.source_id, step.plan, place, *what, *when_and_who, now, None, digest, body)


def _patient_row(outcome: Outcome) -> tuple[Value, ...]:
    row = outcome.row
    backlog = row.backlog if outcome.backlog is None else outcome.backlog
    if outcome.failed is not None:
        return (row.id, outcome.retry_at, row.digest, outcome.failed, backlog)
    return (row.id, outcome.assessment.next_change_at, outcome.digest, None, backlog)


def _effect_counts(outcome: Outcome) -> Mapping[str, int]:
    change = outcome.ledger
    counts = {
        "created": len(change.create),
        "skipped": len(change.skip),
        "withdrawn": len(change.withdraw),
        "renewed": len(change.renew),
    }
    return {name: count for name, count in counts.items() if count}
