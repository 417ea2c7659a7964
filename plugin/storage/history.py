"""One patient at an earlier moment, from what is kept of the past: older versions of facts, stamps and transitions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, or_, select

from plugin.domain.assessment import EffectKind
from plugin.domain.ledger import EffectState, LedgerRow
from plugin.domain.past import Past, is_about, item_as_of, read_together, row_as_of
from plugin.domain.record import Fact, KnownStep, Record, Statement
from plugin.domain.source import Source
from plugin.domain.tracking import Move
from plugin.domain.work import WorkItem
from plugin.storage.codec import decode_fact, decode_statement, decode_strings
from plugin.storage.history_tables import past_step
from plugin.storage.ledger import read_told
from plugin.storage.records import read_known_steps
from plugin.storage.tables import effect, fact, fact_history, patient, statement, transition, work_item, work_item_step
from plugin.storage.transaction import AnyRow, Transaction, Value
from plugin.storage.work_items import TOLD, turn_name

_MOVES = 30
_MILESTONE, _WORK_ITEM = "milestone", "work-item"


class Kept(NamedTuple):
    """A fact as it stood, and the patient's reference under which it was kept."""

    owner: str
    fact: Fact


class SqlHistory:
    """The port ``History``."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def of_patient(self, source: Source, ref: str, moment: datetime) -> Past | None:
        """See the port. Whatever was planned and done for a replaced record has moved to its survivor since; what was
        another's then is told by the plan that it belongs to."""
        group = self._group(source, ref)
        kept = self._facts(source, list(group), moment)
        survivor, together = read_together(ref, group, (one.fact for one in kept))
        theirs = [one.fact for one in kept if one.owner in together]
        if not theirs:
            return None
        strange = {one.fact.ref for one in kept if one.owner not in together}
        ids = sorted(id_ for id_ in group.values() if id_ is not None)
        known = self._known(ids, moment)
        said = self._said(source, sorted(together), moment)
        return Past(
            record=Record.of(survivor, source.slug, theirs, said, known=known),
            effects=[row for row in self._effects(ids, moment) if row.plan not in strange],
            work=self._work(ids, moment, {step.key for step in known if step.plan in strange}),
            moves=self._moves(ids, moment),
        )

    def _group(self, source: Source, ref: str) -> Mapping[str, int | None]:
        """The records that are one patient by now, with our numbers; some of them may have been others then."""
        of_source = patient.c.source_id == source.id
        own = select(patient.c.survivor_ref).where(of_source, patient.c.ref == ref)
        last = next((found for found in self._transaction.column(own) if found), ref)
        same = or_(patient.c.ref == last, patient.c.survivor_ref == last)
        found = self._transaction.pairs(select(patient.c.ref, patient.c.id).where(of_source, same))
        return {ref: None, **found}

    def _facts(self, source: Source, refs: Sequence[str], moment: datetime) -> Sequence[Kept]:
        """The version of each that stood then."""
        found = []
        for table, *until in ((fact,), (fact_history, fact_history.c.until > moment)):
            whose = and_(table.c.source_id == source.id, self._transaction.among(table.c.patient_ref, refs))
            query = select(table.c.patient_ref, table.c.ref, table.c.body)
            rows = self._transaction.rows(query.where(whose, table.c.seen_at <= moment, *until))
            found += [Kept(owner, decode_fact(of, body)) for owner, of, body in rows]
        return found

    def _said(self, source: Source, refs: Sequence[str], moment: datetime) -> Sequence[Statement]:
        whose = and_(statement.c.source_id == source.id, self._transaction.among(statement.c.patient_ref, refs))
        bodies = self._transaction.column(select(statement.c.body).where(whose, statement.c.stored_at <= moment))
        return [decode_statement(body) for body in bodies]

    def _known(self, ids: Sequence[int], moment: datetime) -> Sequence[KnownStep]:
        """Those that had their key, each with the status that it had: a key once given is kept (DESIGN §4.1)."""
        rows = self._transitions(ids, _MILESTONE, moment, transition.c.key, transition.c.after)
        statuses = {row.key: row.after for row in rows}
        named = self._named(ids, moment)
        steps = (step for known in read_known_steps(self._transaction, ids).values() for step in known)
        return [
            replace(step, status=statuses[step.key], **named.get(step.key, {}))
            for step in steps
            if step.key in statuses
        ]

    def _named(self, ids: Sequence[int], moment: datetime) -> Mapping[str, Mapping[str, Value]]:
        """Of steps that were called otherwise, or due on another day, how and when: the first that changed after that."""
        names = ("title", "source", "codes", "opens", "due")
        theirs = and_(self._transaction.among(past_step.c.patient_id, ids), past_step.c.until > moment)
        query = select(past_step.c.key, *(past_step.c[name] for name in names)).where(theirs)
        found: dict[str, Mapping[str, Value]] = {}
        for key, *stood in self._transaction.rows(query.order_by(past_step.c.until, past_step.c.id)):
            told = dict(zip(names, stood, strict=True))
            found.setdefault(key, {**told, "codes": decode_strings(told["codes"])})
        return found

    def _moves(self, ids: Sequence[int], moment: datetime) -> Sequence[Move]:
        columns = (transition.c.key, transition.c.before, transition.c.after, transition.c.at)
        rows = self._transitions(ids, _MILESTONE, moment, *columns)
        return [Move(*row) for row in rows if row.before is not None][: -_MOVES - 1 : -1]

    def _effects(self, ids: Sequence[int], moment: datetime) -> Iterable[LedgerRow]:
        """A write that failed later had not failed: then it is none that a page tells."""
        theirs = and_(self._transaction.among(effect.c.patient_id, ids), effect.c.wanted_at <= moment)
        rows = (row_as_of(row, moment) for row in read_told(self._transaction, theirs))
        return (row for row in rows if row.kind is not EffectKind.WRITE or row.state is EffectState.FAILED)

    def _work(self, ids: Sequence[int], moment: datetime, strange: Iterable[str]) -> Sequence[WorkItem]:
        columns = (transition.c.key, transition.c.after, transition.c.at)
        turns = {row.key: row for row in self._transitions(ids, _WORK_ITEM, moment, *columns)}
        theirs = and_(self._transaction.among(work_item.c.patient_id, ids), work_item.c.opened_at <= moment)
        items = select(*(work_item.c[name] for name in (*TOLD, "turn"))).where(theirs).order_by(work_item.c.id)
        steps = self._steps(theirs, moment)
        others = frozenset(strange)
        found: list[WorkItem] = []
        for row in self._transaction.rows(items):
            turn = turns.get(turn_name(row.key, row.turn))
            item = WorkItem(**{name: getattr(row, name) for name in TOLD}, milestones=tuple(steps.get(row.id, ())))
            item = item_as_of(item, turn.after if turn else "open", turn.at if turn else row.opened_at, moment)
            found += [] if is_about(item, others) else [item]
        return found

    def _steps(self, theirs: ColumnElement[bool], moment: datetime) -> Mapping[int, Sequence[tuple[str, str]]]:
        """What each lists that was not taken off by then."""
        stood = or_(work_item_step.c.withdrawn_at.is_(None), work_item_step.c.withdrawn_at > moment)
        columns = (work_item_step.c.work_item_id, work_item_step.c.milestone, work_item_step.c.title)
        query = select(*columns).join_from(work_item_step, work_item).where(theirs, stood)
        found: dict[int, list[tuple[str, str]]] = {}
        for id_, key, title in self._transaction.rows(query.order_by(work_item_step.c.place)):
            found.setdefault(id_, []).append((key, title))
        return found

    def _transitions(
        self, ids: Sequence[int], kind: str, moment: datetime, *columns: ColumnElement[object]
    ) -> Sequence[AnyRow]:
        """Up to then, oldest first."""
        theirs = and_(self._transaction.among(transition.c.patient_id, ids), transition.c.kind == kind)
        query = select(*columns).where(theirs, transition.c.at <= moment)
        return self._transaction.rows(query.order_by(transition.c.id))
