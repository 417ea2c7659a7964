"""Deliver the effects whose time has come: writes and notices to the EHR, work items, lines of a report.

Each is claimed, the claim committed, the effect carried out, and the outcome recorded. What a crash leaves claimed is
claimed again after its lease, or at once where its process is known to be gone. Messages to patients stay planned: no
courier is there to carry them yet.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from plugin.domain.assessment import EffectKind
from plugin.domain.errors import TemporaryFailure
from plugin.domain.handing_out import work_item
from plugin.domain.ledger import LedgerRow
from plugin.domain.work import WorkItem
from plugin.usecases.ports import UnitOfWork
from plugin.usecases.reassess import reassess
from plugin.usecases.services import Services
from plugin.usecases.tick import tick
from plugin.usecases.write_back import WritingBack, pause_after

BATCH = 400
"""So that a write to the EHR is four or five transactions, and our own commits beside it cost little."""
DELIVERED = (EffectKind.WRITE, EffectKind.NOTICE, EffectKind.WORK, EffectKind.REPORT)
"""The kinds that are carried out here."""

_IN_EHR = frozenset({EffectKind.WRITE, EffectKind.NOTICE})

Progress = Callable[[int], None]
"""Told after each batch how many effects were taken so far."""


@dataclass(kw_only=True)
class Delivered:
    """What was delivered; ``unchanged`` are writes whose body stood there already, ``not_needed`` those for which their
    source has no use (a Task, where staff get messages): nothing was sent for them."""

    claimed: int = 0
    written: int = 0
    unchanged: int = 0
    not_needed: int = 0
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
    _release(services)
    who = worker or services.processes.name()
    delivery = _Delivery(services, lambda: tick(services))
    return delivery.of(lambda: _claim(services, who), within, progress)


def deliver_now(services: Services, patient_id: int, *, within: timedelta | None = None) -> Delivered:
    """What is due for one patient, because somebody acted and waits to see it in the EHR. What another worker has in
    hand at the moment is left to it."""
    who = services.processes.name()
    delivery = _Delivery(services, lambda: reassess(services, services.clock(), patient_id=patient_id))
    return delivery.of(lambda: _claim(services, who, patient_id), within)


def _release(services: Services) -> None:
    """Processes of this machine that have ended need no lease: what they had claimed is free."""
    now = services.clock()
    with services.database.begin(reading=True) as uow:
        gone = [name for name in uow.ledger.claimants(DELIVERED, now) if services.processes.is_gone(name)]
    if gone:
        with services.database.begin() as uow:
            uow.ledger.release(DELIVERED, gone, now)
            uow.commit()


def _claim(services: Services, worker: str, patient_id: int | None = None) -> Sequence[LedgerRow]:
    with services.database.begin() as uow:
        rows = uow.ledger.claim(DELIVERED, services.clock(), BATCH, worker, patient_id=patient_id)
        uow.commit()
    return rows


class _Delivery:
    """Batches on their way. While the server is busy with one, the next is claimed and prepared; what became of the one
    is recorded while the next is sent. ``decide_again`` is asked for after a conflict: what a person changed there may be
    a statement."""

    def __init__(self, services: Services, decide_again: Callable[[], object]) -> None:
        self._services = services
        self._decide_again = decide_again
        self._under_way: tuple[WritingBack, Future[None]] | None = None
        self._total = Delivered()

    def of(
        self, claim: Callable[[], Sequence[LedgerRow]], within: timedelta | None, progress: Progress | None = None
    ) -> Delivered:
        """All that can be claimed, also because of what was delivered."""
        began = self._services.clock()
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="deliver") as sender:
            while (rows := claim()) or self._settle():
                self._carry_out(rows, sender)
                if rows and progress:
                    progress(self._total.claimed)
                if within is not None and self._services.clock() - began >= within:
                    break
            self._settle()
        done = self._total
        self._services.metrics.count("effects_delivered", done.written + done.work + done.report)
        return done

    def _carry_out(self, rows: Sequence[LedgerRow], sender: Executor) -> None:
        self._total.claimed += len(rows)
        in_ehr = [row for row in rows if row.kind in _IN_EHR]
        for source_id in dict.fromkeys(row.source_id for row in in_ehr):
            self._write(source_id, [row for row in in_ehr if row.source_id == source_id], sender)
        here = [row for row in rows if row.kind not in _IN_EHR]
        if here:
            _record(self._services, here, self._total)

    def _write(self, source_id: int, rows: Sequence[LedgerRow], sender: Executor) -> None:
        if any(row.kind is EffectKind.NOTICE for row in rows):
            self._settle()  # a notice waits for its Task, which may be on its way
        with self._services.database.begin(reading=True) as uow:
            source = uow.sources.by_id(source_id)
        writing = WritingBack(self._services, source, rows)
        writing.prepare()
        sent = sender.submit(writing.send)
        self._settle()
        self._under_way = (writing, sent)

    def _settle(self) -> bool:
        """Waits until what is under way has been sent, and records it; whether there was anything."""
        if self._under_way is None:
            return False
        (writing, sent), self._under_way = self._under_way, None
        sent.result()
        result = writing.record()
        self._total.written += result.written
        self._total.unchanged += result.unchanged
        self._total.not_needed += result.not_needed
        self._total.failed += len(result.failed)
        self._total.conflicts += len(result.conflicts)
        if result.conflicts:
            self._decide_again()
        return True


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
