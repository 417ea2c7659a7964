"""What the lines of a list say beside what they are ordered and narrowed by: read for one page of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from sqlalchemy import ColumnElement, Text, and_, bindparam, or_, select

from plugin.domain.assessment import EffectKind, Milestone
from plugin.domain.ledger import EffectState
from plugin.domain.queue import PlanName, Tried, Whom
from plugin.domain.record import Patient, Said
from plugin.domain.work import WorkItem
from plugin.storage.codec import decode_fact, decode_milestone, decode_plan, decode_statement
from plugin.storage.facts import bodies_of
from plugin.storage.records import owners_of
from plugin.storage.tables import effect, milestone, plan, statement
from plugin.storage.transaction import Transaction, is_among
from plugin.storage.written import Written

_ATTEMPTS = (EffectKind.MESSAGE.value, EffectKind.NOTICE.value, EffectKind.REPORT.value)
_TRIED = (EffectState.DONE.value, EffectState.FAILED.value)


def _is_one_of(of: ColumnElement[str], values: Sequence[str]) -> ColumnElement[bool]:
    return or_(*(of == value for value in values))


@cache
def _sent(*, is_postgres: bool) -> Written:
    columns = ("patient_id", "milestone", "changed_at", "kind", "what", "state")
    theirs = is_among(effect.c.patient_id, bindparam("patients", type_=Text), is_postgres=is_postgres)
    done = (_is_one_of(effect.c.kind, _ATTEMPTS), _is_one_of(effect.c.state, _TRIED), effect.c.milestone.is_not(None))
    return Written(select(*(effect.c[name] for name in columns)).where(theirs, *done))


@cache
def _said(*, is_postgres: bool) -> Written:
    theirs = is_among(statement.c.patient_ref, bindparam("refs", type_=Text), is_postgres=is_postgres)
    kinds = _is_one_of(statement.c.said, (Said.CONTACT.value, Said.UNDO.value))
    of_source = statement.c.source_id == bindparam("of_source")
    return Written(select(statement.c.patient_ref, statement.c.body).where(kinds, of_source, theirs))


@cache
def _steps(*, is_postgres: bool) -> Written:
    """Two lists, not one of pairs: what fits both and is no pair is nobody's."""
    theirs = is_among(milestone.c.patient_id, bindparam("patients", type_=Text), is_postgres=is_postgres)
    named = is_among(milestone.c.key, bindparam("keys", type_=Text), is_postgres=is_postgres)
    return Written(select(milestone.c.patient_id, milestone.c.key, milestone.c.body).where(theirs, named))


Attempts = Mapping[tuple[int, str], tuple[Tried, ...]]
"""By patient and milestone, oldest first."""


class QueueDetails:
    """Names, steps, plans and attempts of some patients: one query for each, however many lines there are."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def patients(self, whom: Sequence[Whom]) -> Mapping[int, Whom]:
        """By number, each with the fact about the patient."""
        found: dict[tuple[int, str], Patient] = {}
        for source_id, refs in _by_source(whom):
            query = bodies_of(is_postgres=self._transaction.is_postgres)
            for ref, body in self._transaction.answers(
                query, of_source=source_id, listed=self._transaction.listed(refs)
            ):
                known = decode_fact(ref, body)
                if isinstance(known, Patient):
                    found[source_id, ref] = known
        return {one.id: one._replace(patient=found.get((one.source_id, one.ref))) for one in whom}

    def plans(self, patient_ids: Sequence[int]) -> Mapping[int, tuple[PlanName, ...]]:
        """Those that stand, of each patient."""
        theirs = and_(self._transaction.among(plan.c.patient_id, patient_ids), plan.c.gone_at.is_(None))
        found: dict[int, list[PlanName]] = defaultdict(list)
        columns = (plan.c.patient_id, plan.c.body, plan.c.program, plan.c.stage)
        for id_, body, program, stage in self._transaction.rows(select(*columns).where(theirs).order_by(plan.c.plan)):
            found[id_].append(PlanName(decode_plan(body).title, program, stage))
        return {id_: tuple(names) for id_, names in found.items()}

    def steps(self, items: Sequence[WorkItem]) -> Mapping[int, tuple[Milestone, ...]]:
        """The milestones that each item lists, as they are stored."""
        keys = {key for item in items for key, _ in item.milestones}
        if not keys:
            return {}
        rows = self._transaction.answers(
            _steps(is_postgres=self._transaction.is_postgres),
            patients=self._transaction.listed([item.patient_id for item in items]),
            keys=self._transaction.listed(sorted(keys)),
        )
        bodies = {(id_, key): body for id_, key, body in rows}
        return {
            item.id: tuple(
                decode_milestone(bodies[item.patient_id, key])
                for key, _ in item.milestones
                if (item.patient_id, key) in bodies
            )
            for item in items
        }

    def tried(self, whom: Sequence[Whom]) -> Attempts:
        """Contacts that stand, and what was sent, told or reported."""
        found: dict[tuple[int, str], list[Tried]] = defaultdict(list)
        for place, tried in (*self._sent(whom), *self._contacts(whom)):
            found[place].append(tried)
        return {place: tuple(sorted(tried, key=lambda one: one.at)) for place, tried in found.items()}

    @staticmethod
    def of_item(item: WorkItem, tried: Attempts) -> tuple[Tried, ...]:
        """Of all steps that an item lists; one call about several steps is one attempt."""
        of_steps = (one for key, _ in item.milestones for one in tried.get((item.patient_id, key), ()))
        return tuple(sorted(set(of_steps), key=lambda one: one.at))

    def _sent(self, whom: Sequence[Whom]) -> Iterator[tuple[tuple[int, str], Tried]]:
        rows = self._transaction.answers(
            _sent(is_postgres=self._transaction.is_postgres),
            patients=self._transaction.listed([one.id for one in whom]),
        )
        for id_, milestone_, at, kind, what, state in rows:
            yield (id_, milestone_), Tried(at, EffectKind(kind), what, has_failed=state == EffectState.FAILED.value)

    def _contacts(self, whom: Sequence[Whom]) -> Iterator[tuple[tuple[int, str], Tried]]:
        numbers = {(one.source_id, one.ref): one.id for one in whom}
        for source_id, refs in _by_source(whom):
            owners = owners_of(self._transaction, source_id, refs)
            query = _said(is_postgres=self._transaction.is_postgres)
            rows = self._transaction.answers(query, of_source=source_id, refs=self._transaction.listed(list(owners)))
            said = [(owners[owner], decode_statement(body)) for owner, body in rows]
            undone = {one.target for _, one in said if one.said is Said.UNDO}
            for owner, one in said:
                if one.said is Said.CONTACT and one.milestone and one.id not in undone:
                    yield (numbers[source_id, owner], one.milestone), Tried(one.at, None, "contact", one.outcome)


def _by_source(whom: Sequence[Whom]) -> Iterator[tuple[int, list[str]]]:
    refs: dict[int, set[str]] = defaultdict(set)
    for one in whom:
        refs[one.source_id].add(one.ref)
    for source_id, of_source in sorted(refs.items()):
        yield source_id, sorted(of_source)
