"""What follows from a source's new settings, in the transaction that stores them."""

from __future__ import annotations

from datetime import datetime

from plugin.domain.errors import RecordBusy
from plugin.domain.record import FACT_TYPES
from plugin.domain.source import Cursor, Source
from plugin.usecases.ports import UnitOfWork
from plugin.usecases.reconcile import RECONCILED

_OF_EDITS = ("Task", f"{RECONCILED}Task")


def carry_over(uow: UnitOfWork, before: Source, after: Source, now: datetime) -> None:
    """Where Tasks go elsewhere, nothing of them stands there: all that is wanted is written anew. In another zone, the
    server's wall-clock times are other moments: everything is read anew. With other inboxes, what could not be written for
    want of one is tried again. RecordBusy while a worker is just writing."""
    if goes_elsewhere(before, after):
        _start_over(uow, before, now)
    elif (before.inbox, before.systems) != (after.inbox, after.systems):
        uow.ledger.again(after, now)
    if before.zone != after.zone:
        _read_anew(uow, before, now)


def goes_elsewhere(before: Source, after: Source) -> bool:
    """Whether milestone Tasks go to another place than before."""
    return (before.sink, before.companion) != (after.sink, after.companion)


def _start_over(uow: UnitOfWork, source: Source, now: datetime) -> None:
    """Whoever was linked to a patient of the old store is linked to nobody of the new one, and edits of our Tasks are looked
    for there from the beginning."""
    if not uow.ledger.start_over(source, now):
        raise RecordBusy(f"Source {source.slug}: its Tasks are just being written; try again in a moment.")
    uow.sent.start_over(source)
    uow.companion_links.forget(source)
    for name in _OF_EDITS:
        uow.sources.move(source, name, Cursor(), now)
    uow.patients.weigh_anew(source, now)


def _read_anew(uow: UnitOfWork, source: Source, now: datetime) -> None:
    """As if for the first time: what is stored stays until its new version comes."""
    for type_ in sorted(uow.sources.begun(source) & FACT_TYPES.keys()):
        uow.sources.move(source, type_, Cursor(), now)
