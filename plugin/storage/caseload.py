"""The caseload as a preview reads it: who is looked at, what stands in the queues and the ledger. Nothing is locked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, and_, case, func, select, text

from plugin.domain.assessment import EffectKind, Gap
from plugin.domain.errors import MilepostError
from plugin.domain.ledger import EffectState, LedgerRow
from plugin.domain.preview import Caseload, PreviewPart
from plugin.domain.record import Patient
from plugin.domain.tracking import PatientRow, Tracked
from plugin.domain.work import OPEN, WorkItem
from plugin.storage.codec import decode_fact
from plugin.storage.tables import effect, fact, milestone, patient, plan, source, work_item, work_item_step
from plugin.storage.transaction import AnyRow, Transaction

_IS_NEW = patient.c.digest == ""
_ROW = ("id", "source_id", "ref", "next_change_at", "digest", "backlog")
_TOLD = ("assessed_at", "failed", "waits_since", "read_at")
_ITEM = ("patient_id", "key", "kind", "role", "owner", "due_at", "priority", "state")
_PLANNED = ("id", "key", "kind", "what", "state", "patient_id", "source_id", "plan", "milestone", "at", "role")
_UNDER_WAY = (EffectState.PLANNED.value, EffectState.CLAIMED.value)
_A_NAME = 100
"""More than any name of a snapshot has."""


def read(transaction: Transaction) -> Caseload:
    """Everybody whom a reassessment would look at, and how many are left out."""
    tracked = and_(patient.c.practice_id == transaction.practice_id, patient.c.tracked_at.is_not(None))
    is_looked_at = _is_looked_at(transaction)
    counts = (
        func.count(case((and_(is_looked_at, _IS_NEW), 1))),
        func.count(case((~is_looked_at, 1))),
        func.count(case((patient.c.backlog, 1))),
    )
    ((new, waiting, backlog),) = transaction.rows(select(*counts).where(tracked))
    known = select(patient.c.id).where(is_looked_at, ~_IS_NEW).order_by(patient.c.id)
    return Caseload(new, transaction.column(known), waiting, backlog)


def patients(transaction: Transaction, part: PreviewPart) -> list[Tracked]:
    """Those of a part; who was never assessed in the order in which they would be claimed."""
    query = select(*(patient.c[name] for name in (*_ROW, *_TOLD))).where(_is_looked_at(transaction))
    if part.first is None:
        query = query.where(_IS_NEW).order_by(patient.c.next_change_at, patient.c.id)
    else:
        query = query.where(~_IS_NEW, patient.c.id.between(part.first, part.last)).order_by(patient.c.id)
    return [_tracked(row) for row in transaction.rows(query)]


def in_program(transaction: Transaction, patient_ids: Sequence[int], program: str) -> frozenset[int]:
    """Those of whose plans the last assessment found one in this program."""
    theirs = transaction.among(plan.c.patient_id, patient_ids)
    query = select(plan.c.patient_id).where(theirs, plan.c.program == program, plan.c.gone_at.is_(None))
    return frozenset(transaction.column(query))


def with_gap(transaction: Transaction, patient_ids: Sequence[int]) -> frozenset[int]:
    """Those with an open gap, by the last assessment."""
    theirs = transaction.among(milestone.c.patient_id, patient_ids)
    query = select(milestone.c.patient_id).where(
        theirs, milestone.c.gap == Gap.OPEN.value, milestone.c.gone_at.is_(None)
    )
    return frozenset(transaction.column(query))


def items(transaction: Transaction, patient_ids: Sequence[int]) -> Mapping[int, Sequence[WorkItem]]:
    """Their work items with the steps that these list now, oldest first."""
    steps = and_(work_item_step.c.work_item_id == work_item.c.id, work_item_step.c.withdrawn_at.is_(None))
    columns = (work_item.c.id, *(work_item.c[name] for name in _ITEM))
    query = (
        select(*columns, work_item_step.c.milestone, work_item_step.c.title)
        .join_from(work_item, work_item_step, steps, isouter=True)
        .where(transaction.among(work_item.c.patient_id, patient_ids))
        .order_by(work_item.c.id, work_item_step.c.place)
    )
    by_id: dict[int, list[AnyRow]] = defaultdict(list)
    for row in transaction.rows(query):
        by_id[row.id].append(row)
    found: dict[int, list[WorkItem]] = defaultdict(list)
    for rows in by_id.values():
        item = _item(rows)
        found[item.patient_id].append(item)
    return found


def load(transaction: Transaction) -> tuple[Sequence[WorkItem], Sequence[LedgerRow]]:
    """Open items without their steps, and work and messages that are planned."""
    ours = work_item.c.practice_id == transaction.practice_id
    open_items = select(*(work_item.c[name] for name in _ITEM)).where(ours, work_item.c.state.in_(OPEN))
    kinds = [EffectKind.WORK.value, EffectKind.MESSAGE.value]
    waits = and_(effect.c.practice_id == transaction.practice_id, effect.c.ready_at.is_not(None))
    which = and_(waits, effect.c.kind.in_(kinds), effect.c.state.in_(_UNDER_WAY))
    planned = select(*(effect.c[name] for name in _PLANNED)).where(which)
    return (
        [WorkItem(**dict(zip(_ITEM, row, strict=True))) for row in transaction.rows(open_items)],
        [_planned(row) for row in transaction.rows(planned)],
    )


def names(transaction: Transaction, patient_ids: Sequence[int]) -> Mapping[int, str]:
    """What these patients are called, as far as their charts say so."""
    theirs = and_(
        fact.c.source_id == patient.c.source_id, fact.c.ref == patient.c.ref, fact.c.patient_ref == fact.c.ref
    )
    query = select(patient.c.id, fact.c.ref, fact.c.body).join_from(patient, fact, theirs)
    found: dict[int, str] = {}
    for id_, ref, body in transaction.rows(query.where(transaction.among(patient.c.id, patient_ids))):
        person = decode_fact(ref, body)
        if isinstance(person, Patient) and person.name:
            found[id_] = person.name
    return found


def join(transaction: Transaction, snapshot: str) -> bool:
    """False when whoever shares it has ended its transaction: there is no such snapshot then."""
    if len(snapshot) > _A_NAME or not all(sign.isalnum() or sign == "-" for sign in snapshot):
        return False
    try:
        joining = text(f"SET TRANSACTION SNAPSHOT '{snapshot}'")  # nosemgrep: sql-from-strings  # takes no parameter
        transaction.run(joining)
    except MilepostError:
        return False
    return True


def _is_looked_at(transaction: Transaction) -> ColumnElement[bool]:
    """As ``SqlPatients.claim_due`` has it, whenever they are due."""
    was_read = and_(source.c.practice_id == transaction.practice_id, source.c.last_read_at.is_not(None))
    read_ones = transaction.among(patient.c.source_id, transaction.column(select(source.c.id).where(was_read)))
    ours = and_(patient.c.practice_id == transaction.practice_id, patient.c.tracked_at.is_not(None))
    return and_(ours, patient.c.waits_since.is_(None), read_ones)


def _tracked(row: AnyRow) -> Tracked:
    told = dict(zip(_TOLD, row[len(_ROW) :], strict=True))
    return Tracked(row=PatientRow(**dict(zip(_ROW, row[: len(_ROW)], strict=True))), **told)


def _item(rows: Sequence[AnyRow]) -> WorkItem:
    """One item, of its rows: one for each step that it lists, or one without."""
    steps = tuple((row.milestone, row.title) for row in rows if row.milestone is not None)
    return WorkItem(**{name: getattr(rows[0], name) for name in _ITEM}, milestones=steps)


def _planned(row: AnyRow) -> LedgerRow:
    values = dict(zip(_PLANNED, row, strict=True))
    values["kind"], values["state"] = EffectKind(values["kind"]), EffectState(values["state"])
    return LedgerRow(**values)
