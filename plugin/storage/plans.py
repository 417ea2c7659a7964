"""What ``assess`` said: stored for a batch of patients at once, and read again for one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from hashlib import blake2b

from sqlalchemy import Integer, bindparam, case, delete, func, select, tuple_, update

from plugin.domain.assessment import ENDED, Milestone, PlanState
from plugin.domain.audit import AuditEntry
from plugin.domain.queue import Place, acting_gaps, place_of, rank, risk_of
from plugin.domain.source import Source
from plugin.domain.tracking import Move, Outcome
from plugin.storage.assessed import count_all, read_plans, read_shown
from plugin.storage.audit import SqlAudit
from plugin.storage.codec import encode, encode_json
from plugin.storage.history_tables import past_step
from plugin.storage.ledger_changes import apply_changes
from plugin.storage.tables import milestone, patient, patient_word, plan, source, transition
from plugin.storage.transaction import Given, Transaction, Value
from plugin.storage.work_ranks import rank_work
from plugin.storage.written import Written

_PLAN = (
    *("patient_id", "plan", "source_id", "status", "stage", "flags", "program"),
    *("changed_at", "gone_at", "body", "tier", "program_version"),
)
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
    "rank",
    "program",
    "stage",
)
_TRANSITION = ("patient_id", "kind", "key", "before", "after", "at")
_PATIENT = ("id", "next_change_at", "digest", "failed", "backlog", "found_by", *Place._fields)
_WORD = ("word", "patient_id")
_KEPT = ("found_by", *Place._fields)
"""What stays as it is where nothing is given: an assessment that failed says nothing of it."""

_MOVES = Written(
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
        rank_work(self._transaction, [outcome.row.id for outcome in changed])

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
        return [Move(*row) for row in self._transaction.answers(_MOVES, of_patient=patient_id, most=limit)]

    def summary(self, source: Source | None = None) -> Mapping[str, object]:
        """See the port."""
        return count_all(self._transaction, source)

    def following(self) -> Mapping[tuple[str, str], int]:
        """See the port."""
        goes_on = (plan.c.gone_at.is_(None), plan.c.program.is_not(None), plan.c.status.not_in(ENDED))
        query = select(plan.c.program, plan.c.program_version, func.count()).where(
            plan.c.practice_id == self._transaction.practice_id, *goes_on
        )
        rows = self._transaction.rows(query.group_by(plan.c.program, plan.c.program_version))
        return {(code, version): count for code, version, count in rows}

    def _save_plans(self, changed: Sequence[Outcome], now: datetime) -> None:
        """All of them: few of a patient's plans stay as they are when anything of the patient changes."""
        rows = [_plan_row(outcome, state, now) for outcome in changed for state in outcome.assessment.plans]
        self._transaction.put(plan, _PLAN, rows, key=_PLAN[:2], replace=_PLAN[2:])
        theirs = self._transaction.among(plan.c.patient_id, [outcome.row.id for outcome in changed])
        standing = select(plan.c.patient_id, plan.c.plan).where(theirs, plan.c.gone_at.is_(None))
        gone = {(id_, name) for id_, name in self._transaction.rows(standing)} - {(row[0], row[1]) for row in rows}
        if gone:
            for table, left in ((plan, {}), (milestone, {"rank": None})):
                which = tuple_(table.c.patient_id, table.c.plan).in_(sorted(gone))
                self._transaction.run(update(table).where(which).values(gone_at=now, **left))

    def _save_milestones(self, changed: Sequence[Outcome], now: datetime) -> Mapping[int, Sequence[Change]]:
        """Writes those that differ from what stands; by patient, which of them changed their status."""
        theirs = self._transaction.among(milestone.c.patient_id, [outcome.row.id for outcome in changed])
        digest_if_there = case((milestone.c.gone_at.is_(None), milestone.c.digest))
        columns = (milestone.c.patient_id, milestone.c.key, milestone.c.status, digest_if_there)
        listing = (milestone.c.rank, milestone.c.program, milestone.c.stage)
        query = select(*columns, *listing, *(milestone.c[name] for name in _NAMED)).where(theirs)
        standing = {
            (row[0], row[1]): (row[2], tuple(row[3:7]), tuple(row[7:])) for row in self._transaction.rows(query)
        }
        rows: list[tuple[Value, ...]] = []
        past: list[tuple[Value, ...]] = []
        moves: dict[int, list[Change]] = {}
        for outcome in changed:
            id_ = outcome.row.id
            moves[id_] = []
            listed = _listed(outcome)
            for place, step in _placed(outcome):
                before, stood, named = standing.get((id_, step.key), (None, None, None))
                body = encode(step, without="days_past_due")
                digest = blake2b(f"{place} {body}".encode(), digest_size=16).hexdigest()
                in_list = listed.get(step.key, _NOT_LISTED)
                if (digest, *in_list) != stood:
                    rows.append(_milestone_row(outcome, step, (place, now, digest, body, *in_list)))
                    if named not in (None, _named(step)):
                        past.append((id_, step.key, now, *(named or ())))
                if step.status != before:
                    moves[id_].append((step.key, before, step.status.value))
        self._transaction.put(milestone, _MILESTONE, rows, key=_MILESTONE[:2], replace=_MILESTONE[2:], staged=True)
        self._transaction.put(past_step, ("patient_id", "key", "until", *_NAMED), past, staged=True)
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
        self._transaction.change(patient, _PATIENT, rows, lambda given: _patient_changes(given, now))
        self._save_words([one for one in outcomes if one.found_by not in (None, one.row.found_by)])

    def _save_words(self, renamed: Sequence[Outcome]) -> None:
        """Of those whose words are other ones now; mostly of nobody."""
        before = [outcome.row.id for outcome in renamed if outcome.row.found_by]
        if before:
            self._transaction.run(
                delete(patient_word).where(self._transaction.among(patient_word.c.patient_id, before))
            )
        words = [(word, outcome.row.id) for outcome in renamed for word in (outcome.found_by or "").split()]
        self._transaction.put(patient_word, _WORD, words, key=("practice_id", *_WORD))


def _placed(outcome: Outcome) -> Iterator[tuple[int, Milestone]]:
    for state in outcome.assessment.plans:
        yield from enumerate(state.milestones)


_NOT_LISTED = (None, None, None)
_NAMED = ("title", "source", "codes", "opens", "due")
"""What of a milestone is kept when it changes: by it a past day knows the step again (``plugin.storage.history``)."""


def _named(step: Milestone) -> tuple[Value, ...]:
    return (step.title, step.source, encode_json(step.codes), step.opens, step.due)


def _listed(outcome: Outcome) -> Mapping[str, tuple[int, str | None, str]]:
    """Rank, program and stage of each gap that is in the list."""
    risk = risk_of(outcome.assessment)
    return {
        step.key: (rank(step.tier, risk, step.due), state.program, state.stage)
        for state in outcome.assessment.plans
        for step in acting_gaps(state.milestones)
    }


def _plan_row(outcome: Outcome, state: PlanState, now: datetime) -> tuple[Value, ...]:
    row = outcome.row
    indexed = (state.status, state.stage, encode_json(state.flags), state.program)
    body, tier = encode(state, without="milestones"), place_of(outcome.assessment).tier
    return (row.id, state.plan, row.source_id, *indexed, now, None, body, tier, state.program_version)


def _milestone_row(outcome: Outcome, step: Milestone, rest: tuple[Value, ...]) -> tuple[Value, ...]:
    place, now, *last = rest
    row, codes = outcome.row, encode_json(step.codes)
    what = (step.iteration, step.title, step.source, codes, step.status.value, step.gap.value, step.tier)
    when_and_who = (step.opens, step.due, step.owner.role, step.owner.reference)
    return (row.id, step.key, row.source_id, step.plan, place, *what, *when_and_who, now, None, *last)


def _patient_row(outcome: Outcome) -> tuple[Value, ...]:
    row = outcome.row
    backlog = row.backlog if outcome.backlog is None else outcome.backlog
    if outcome.failed is not None:
        return (row.id, outcome.retry_at, row.digest, outcome.failed, backlog, *(None for _ in _KEPT))
    stands = (row.id, outcome.assessment.next_change_at, outcome.digest, None, backlog)
    return (*stands, outcome.found_by, *place_of(outcome.assessment))


def _patient_changes(given: Given, now: datetime) -> Mapping[str, Value]:
    new: dict[str, Value] = {name: given[name] for name in _PATIENT[1:]}
    new |= {name: func.coalesce(given[name], patient.c[name]) for name in _KEPT if name != "due"}
    return {**new, "due": case((given["rank"].is_(None), patient.c.due), else_=given["due"]), "assessed_at": now}


def _effect_counts(outcome: Outcome) -> Mapping[str, int]:
    change = outcome.ledger
    counts = {
        "created": len(change.create),
        "skipped": len(change.skip),
        "withdrawn": len(change.withdraw),
        "renewed": len(change.renew),
    }
    return {name: count for name, count in counts.items() if count}
