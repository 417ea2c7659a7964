"""Two workers, or a worker and a person, at the same database at the same time."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from plugin.domain.assessment import EffectKind
from plugin.domain.errors import RecordBusy
from plugin.domain.source import Source
from plugin.usecases.ports import Database
from tests.contract.storage.given import (
    LATER,
    NOW,
    a_plan,
    a_result,
    a_step,
    an_effect,
    an_outcome,
    kept,
    saved,
    tracked,
)

PATIENTS = [f"Patient/p{number:02}" for number in range(40)]
WAIT = timedelta(milliseconds=200)


def test_no_patient_is_assessed_twice(database: Database, source: Source) -> None:
    """Two threads that take due patients until none is left share them: each patient exactly once."""
    tracked(database, source, *PATIENTS)
    together = threading.Barrier(2)

    def tick() -> list[str]:
        mine: list[str] = []
        together.wait(timeout=30)
        while True:
            with database.begin() as unit:
                rows = unit.patients.claim_due(NOW, 3)
                unit.plans.save([an_outcome(row, a_plan(a_step()), next_change_at=LATER) for row in rows], NOW)
                unit.commit()
            if not rows and not _due(database):
                return mine
            mine += [row.ref for row in rows]

    with ThreadPoolExecutor(2) as pool:
        shares = [done.result(timeout=60) for done in [pool.submit(tick), pool.submit(tick)]]

    assert sorted(shares[0] + shares[1]) == PATIENTS


def _due(database: Database) -> int:
    with database.begin(reading=True) as unit:
        return unit.patients.due_count(NOW)


def test_no_effect_is_claimed_twice(database: Database, source: Source) -> None:
    """Two delivering threads share the planned effects."""
    (row,) = tracked(database, source, "Patient/p1")
    keys = [f"e{number:02}" for number in range(40)]
    saved(database, an_outcome(row, create=tuple(an_effect(key) for key in keys)))
    together = threading.Barrier(2)

    def deliver(worker: str) -> list[str]:
        mine: list[str] = []
        together.wait(timeout=30)
        for _ in range(len(keys)):
            with database.begin() as unit:
                claimed = unit.ledger.claim([EffectKind.WORK], NOW, 3, worker)
                unit.commit()
            mine += [effect.key for effect in claimed]
        return mine

    with ThreadPoolExecutor(2) as pool:
        shares = [done.result(timeout=60) for done in [pool.submit(deliver, "one"), pool.submit(deliver, "two")]]

    assert sorted(shares[0] + shares[1]) == keys


def test_a_person_waits_a_moment_and_is_told(database: Database, source: Source) -> None:
    """A patient who is being assessed is busy: a person's act waits for a while, and not for ever, then says so."""
    tracked(database, source, "Patient/p1")

    with database.begin() as background:
        background.patients.claim_due(NOW, 10)
        begun = time.monotonic()
        with database.begin() as person, pytest.raises(RecordBusy, match="busy"):
            person.patients.lock(source, "Patient/p1", WAIT)
        waited = time.monotonic() - begun

    assert WAIT.total_seconds() * 0.9 <= waited
    with database.begin() as person:
        assert person.patients.lock(source, "Patient/p1", WAIT).ref == "Patient/p1"


def test_mark_while_a_patient_is_assessed_is_not_lost(database: Database, source: Source) -> None:
    """News that arrives during an assessment leaves its mark after it."""
    (row,) = tracked(database, source, "Patient/p1")
    begun = threading.Event()

    def ingest() -> None:
        begun.wait(timeout=30)
        with database.begin() as unit:
            unit.facts.store(source, kept(a_result(1)), LATER)
            unit.patients.mark(source, ["Patient/p1"], LATER)
            unit.commit()

    with ThreadPoolExecutor(1) as pool:
        ingested = pool.submit(ingest)
        with database.begin() as unit:
            unit.patients.claim_due(NOW, 1)
            begun.set()
            time.sleep(0.1)
            unit.plans.save([an_outcome(row, next_change_at=None)], NOW)
            unit.commit()
        ingested.result(timeout=30)

    with database.begin() as unit:
        (due,) = unit.patients.claim_due(LATER, 10)
        assert list(unit.patients.records([due])[0].facts) == ["Observation/o1"]


def test_marks_in_any_order_do_not_block_each_other(database: Database, source: Source) -> None:
    """Two pages that concern the same patients in opposite orders are both stored."""
    rows = tracked(database, source, *PATIENTS)
    saved(database, *(an_outcome(row, next_change_at=None) for row in rows))
    pages = [[(a_result(ref[-2:]), [ref]) for ref in order] for order in (PATIENTS, PATIENTS[::-1])]
    together = threading.Barrier(2)

    def ingest(number: int) -> None:
        together.wait(timeout=30)
        for round_ in range(10):
            with database.begin() as unit:
                version = str(2 * round_ + number)
                facts = [(a_result(ref[0][-2:], version), ref) for _, ref in pages[number]]
                stored = unit.facts.store(source, facts, NOW + timedelta(seconds=round_))
                unit.patients.mark(source, stored.changed, NOW + timedelta(seconds=round_))
                unit.commit()

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(ingest, 0), pool.submit(ingest, 1)]:
            done.result(timeout=60)

    assert _due(database) == len(PATIENTS)


def test_reading_waits_for_nobody(database: Database, source: Source) -> None:
    """A page of status is shown while somebody writes, and shows one moment."""
    with database.begin() as writing:
        writing.patients.track(source, ["Patient/p1"], NOW, read_back=False)
        with database.begin(reading=True) as unit:
            assert unit.patients.due_count(NOW) == 0
            writing.commit()
            assert unit.patients.due_count(NOW) == 0

    assert _due(database) == 1
