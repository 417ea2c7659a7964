"""Deliver the effects whose time has come: writes and notices to the EHR, work items, lines of a report.

Each is claimed, the claim committed, the effect carried out, and the outcome recorded. What a crash leaves claimed is
claimed again after its lease, or at once where its process is known to be gone. Messages to patients stay planned: no courier is there to carry them yet.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from plugin.domain.assessment import EffectKind
from plugin.domain.calendar import Practice
from plugin.domain.errors import TemporaryFailure
from plugin.domain.ledger import LedgerRow
from plugin.domain.work import WorkItem
from plugin.usecases.ports import UnitOfWork
from plugin.usecases.reassess import step_of
from plugin.usecases.services import Services
from plugin.usecases.tick import tick
from plugin.usecases.write_back import pause_after, write_back

BATCH = 400
"""So that a write to the EHR is four or five transactions, and our own commits beside it cost little."""
DELIVERED = (EffectKind.WRITE, EffectKind.NOTICE, EffectKind.WORK, EffectKind.REPORT)
"""The kinds that are carried out here."""

_IN_EHR = frozenset({EffectKind.WRITE, EffectKind.NOTICE})

Progress = Callable[[int], None]
"""Told after each batch how many effects were taken so far."""


@dataclass(kw_only=True)
class Delivered:
    """What was delivered; ``unchanged`` are writes whose body stood there already."""

    claimed: int = 0
    written: int = 0
    unchanged: int = 0
    work: int = 0
    report: int = 0
    failed: int = 0
    conflicts: int = 0


def deliver(
    services: Services,
    *,
    worker: str | None = None,
    within: timedelta | None = None,
    progress: Progress | None = None,
) -> Delivered:
    """All that is due, until nothing is or the time is up. ``worker`` claims; without a name it is this process."""
    began, who = services.clock(), worker or services.processes.name()
    _release(services)
    total = Delivered()
    while True:
        rows = _claim(services, who)
        if not rows:
            break
        _carry_out(services, rows, total)
        if progress:
            progress(total.claimed)
        if within is not None and services.clock() - began >= within:
            break
    services.metrics.count("effects_delivered", total.written + total.work + total.report)
    return total


def _release(services: Services) -> None:
    """Processes of this machine that have ended need no lease: what they had claimed is free."""
    now = services.clock()
    with services.database.begin(reading=True) as uow:
        gone = [name for name in uow.ledger.claimants(DELIVERED, now) if services.processes.is_gone(name)]
    if gone:
        with services.database.begin() as uow:
            uow.ledger.release(DELIVERED, gone, now)
            uow.commit()


def _claim(services: Services, worker: str) -> Sequence[LedgerRow]:
    with services.database.begin() as uow:
        rows = uow.ledger.claim(DELIVERED, services.clock(), BATCH, worker)
        uow.commit()
    return rows


def _carry_out(services: Services, rows: Sequence[LedgerRow], total: Delivered) -> None:
    total.claimed += len(rows)
    for source_id in dict.fromkeys(row.source_id for row in rows if row.kind in _IN_EHR):
        _write(services, source_id, [row for row in rows if row.source_id == source_id and row.kind in _IN_EHR], total)
    here = [row for row in rows if row.kind not in _IN_EHR]
    if here:
        _record(services, here, total)


def _write(services: Services, source_id: int, rows: Sequence[LedgerRow], total: Delivered) -> None:
    with services.database.begin(reading=True) as uow:
        source = uow.sources.by_id(source_id)
    result = write_back(services, source, rows)
    total.written += result.written
    total.unchanged += result.unchanged
    total.failed += len(result.failed)
    total.conflicts += len(result.conflicts)
    if result.conflicts:
        tick(services)  # what a person changed there may be a statement: decide again before writing again


def _record(services: Services, rows: Sequence[LedgerRow], total: Delivered) -> None:
    """Work items and lines of a report live in our own database: one transaction, in which each may fail alone."""
    now = services.clock()
    with services.database.begin() as uow:
        for row in rows:
            try:
                with uow.savepoint():
                    _do(uow, row, work_item(row, services.practice, now) if row.kind is EffectKind.WORK else None, now)
            except TemporaryFailure:
                raise
            except Exception as error:  # noqa: BLE001 one effect fails alone
                uow.ledger.failed(row.id, now, type(error).__name__, now + pause_after(row.attempts))
                total.failed += 1
            else:
                total.work += row.kind is EffectKind.WORK
                total.report += row.kind is EffectKind.REPORT
        uow.commit()


def _do(uow: UnitOfWork, row: LedgerRow, item: WorkItem | None, now: datetime) -> None:
    if item is not None:
        uow.work_items.open(item, now)
    uow.ledger.done([row.id], now, {row.id: row.digest})


def work_item(row: LedgerRow, practice: Practice, now: datetime) -> WorkItem:
    """What a person is to do. Steps of one patient for one role on one day are one item of each kind."""
    at = row.at or now
    role = row.role or "coordinator"
    title = (row.content or {}).get("title")
    return WorkItem(
        key=f"{row.patient_id}|{role}|{row.what}|{practice.day(at)}",
        kind=row.what,
        patient_id=row.patient_id,
        role=role,
        owner=row.owner,
        due_at=at,
        priority=row.tier or 0,
        milestones=((step_of(row), title if isinstance(title, str) else row.what),),
    )
