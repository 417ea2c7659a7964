"""Reassess a batch of patients that are due: records in, assessments, ledger changes and the next moment out.

A patient whose assessment cannot be made fails alone and is tried again later; the others are stored.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from plugin.domain.assessment import Assessment
from plugin.domain.errors import MilepostError, TemporaryFailure
from plugin.domain.ledger import LedgerRow, step_of
from plugin.domain.record import Record
from plugin.domain.tracking import Outcome, PatientRow
from plugin.usecases.decide import Ground, ground_of, look, weigh
from plugin.usecases.ports import UnitOfWork
from plugin.usecases.rules import rules_for
from plugin.usecases.services import Services

BATCH = 100
"""Some 200 ms of work: a person's act waits 500 ms for a patient who is being reassessed (DESIGN §9)."""
_AGAIN_AFTER = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reassessed:
    """What became of a batch. ``claimed`` is 0 when nobody was due."""

    claimed: int = 0
    changed: int = 0
    unchanged: int = 0
    failed: int = 0
    effects: int = 0

    def __add__(self, other: Reassessed) -> Reassessed:
        return Reassessed(
            claimed=self.claimed + other.claimed,
            changed=self.changed + other.changed,
            unchanged=self.unchanged + other.unchanged,
            failed=self.failed + other.failed,
            effects=self.effects + other.effects,
        )


def reassess(services: Services, now: datetime, limit: int = BATCH, *, patient_id: int | None = None) -> Reassessed:
    """One batch, in one transaction. Rows that somebody else has locked are left to them. With a patient, only this one
    where it is due."""
    with services.database.begin() as uow:
        rows = uow.patients.claim_due(now, limit, patient_id=patient_id)
        if not rows:
            return Reassessed()
        stored = _Batch(services, uow, rows, now).store(uow.patients.records(rows))
        uow.commit()
    return _counted(stored)


def reassess_locked(
    services: Services, uow: UnitOfWork, row: PatientRow, record: Record, *, now: datetime, by: str
) -> bool:
    """One patient whom the caller has locked and read, in the caller's transaction: a person's act is to be seen at once.
    ``by`` is who acted. False when the assessment could not be made; it is tried again later."""
    (stored,) = _Batch(services, uow, [row], now, by=by).store([record])
    return stored.failed is None


class _Batch:
    """Locked patients within their transaction."""

    def __init__(
        self, services: Services, uow: UnitOfWork, rows: Sequence[PatientRow], now: datetime, *, by: str | None = None
    ) -> None:
        self._uow = uow
        self._now = now
        self._by = by
        self._rows = rows
        self._grounds = {id_: self._ground(services, id_) for id_ in {row.source_id for row in rows}}
        self._places: int | None = None

    def store(self, records: Sequence[Record]) -> Sequence[Outcome]:
        """Assesses, reconciles and saves all of them, each by its record."""
        outcomes = [self._looked(row, record) for row, record in zip(self._rows, records, strict=True)]
        moved = [outcome.row.id for outcome in outcomes if not outcome.unchanged and outcome.failed is None]
        ledger = self._uow.ledger.of_patients(moved) if moved else {}
        return self._save([self._weighed(outcome, ledger.get(outcome.row.id, ())) for outcome in outcomes])

    def _ground(self, services: Services, source_id: int) -> Ground:
        source = self._uow.sources.by_id(source_id)
        return ground_of(self._uow, source, rules_for(services, self._uow, source, self._now))

    def _looked(self, row: PatientRow, record: Record) -> Outcome:
        ground = self._grounds[row.source_id]
        return self._alone(row, lambda: look(row, record, ground, self._now, by=self._by))

    def _weighed(self, outcome: Outcome, ledger: Sequence[LedgerRow]) -> Outcome:
        if outcome.failed is not None:
            return outcome
        ground = self._grounds[outcome.row.source_id]

        def of_one() -> Outcome:
            weighed = weigh(outcome, ledger, ground, self._next_place, self._now)
            self._close(weighed.over)
            return weighed

        return self._alone(outcome.row, of_one)

    def _next_place(self) -> int:
        if self._places is None:
            self._places = self._uow.patients.backlog_count()
        place = self._places
        self._places += 1
        return place

    def _close(self, over: Sequence[LedgerRow]) -> None:
        """Work that is wanted no more is taken off its open items."""
        if over:
            with self._uow.savepoint():
                for row in over:
                    self._uow.work_items.withdraw_step(row.patient_id, step_of(row), [row.what], self._now)

    def _save(self, outcomes: Sequence[Outcome]) -> Sequence[Outcome]:
        """All at once; if that fails, one by one, so that the culprit stands alone."""
        try:
            with self._uow.savepoint():
                self._uow.plans.save(outcomes, self._now)
        except TemporaryFailure:
            raise
        except Exception:  # noqa: BLE001 the culprit is looked for one by one
            return [self._save_one(outcome) for outcome in outcomes]
        return outcomes

    def _save_one(self, outcome: Outcome) -> Outcome:
        def of_one() -> Outcome:
            with self._uow.savepoint():
                self._uow.plans.save([outcome], self._now)
            return outcome

        saved = self._alone(outcome.row, of_one)
        if saved is not outcome:
            self._uow.plans.save([saved], self._now)
        return saved

    def _alone(self, row: PatientRow, of_one: Callable[[], Outcome]) -> Outcome:
        """One patient fails alone, and is tried again later; what will work again for all is no patient's failure."""
        try:
            return of_one()
        except TemporaryFailure:
            raise
        except Exception as error:  # noqa: BLE001 one patient fails alone
            return failure(row, error, self._now)


def failure(row: PatientRow, error: Exception, now: datetime) -> Outcome:
    """A patient to be tried again later. Only the kind of a foreign error is kept: its text may repeat what it met."""
    return Outcome(
        row=row,
        assessment=Assessment(patient=row.ref),
        digest=row.digest,
        unchanged=False,
        failed=str(error) if isinstance(error, MilepostError) else type(error).__name__,
        retry_at=now + _AGAIN_AFTER,
    )


def _counted(outcomes: Sequence[Outcome]) -> Reassessed:
    failed = sum(1 for outcome in outcomes if outcome.failed is not None)
    unchanged = sum(1 for outcome in outcomes if outcome.unchanged)
    return Reassessed(
        claimed=len(outcomes),
        changed=len(outcomes) - unchanged - failed,
        unchanged=unchanged,
        failed=failed,
        effects=sum(len(outcome.ledger.create) + len(outcome.ledger.renew) for outcome in outcomes),
    )
