"""When two records become one (SEMANTICS S7): what was assessed and planned for the replaced moves to the survivor."""

from __future__ import annotations

from sqlalchemy import Table, and_, delete, select, update

from plugin.domain.source import Source
from plugin.storage.history_tables import past_step
from plugin.storage.tables import effect, milestone, patient, plan, transition, work_item
from plugin.storage.transaction import Transaction

_KEYED = ((milestone, "key"), (plan, "plan"))
"""Tables in which the survivor may have the same already; then its own counts."""
_OTHER = (effect, transition, work_item, past_step)


def move_to_survivor(transaction: Transaction, source: Source, replaced: str, survivor: str) -> None:
    """Facts and statements stay under the reference they came with; these rows are ours and are moved."""
    ids = transaction.pairs(
        select(patient.c.ref, patient.c.id).where(
            patient.c.source_id == source.id, transaction.among(patient.c.ref, [replaced, survivor])
        )
    )
    for table, name in _KEYED:
        _drop_doubles(transaction, table, name, of=ids[replaced], beside=ids[survivor])
    for table in (*(table for table, _ in _KEYED), *_OTHER):
        moved = update(table).where(table.c.patient_id == ids[replaced]).values(patient_id=ids[survivor])
        transaction.run(moved)


def _drop_doubles(transaction: Transaction, table: Table, name: str, *, of: int, beside: int) -> None:
    theirs = table.alias("theirs")
    same = select(theirs.c[name]).where(theirs.c.patient_id == beside)
    transaction.run(delete(table).where(and_(table.c.patient_id == of, table.c[name].in_(same))))
