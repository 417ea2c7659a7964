"""Ticks: with nobody due, with many due because time has passed, and over everybody though nothing changes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import psycopg

from deploy.bench.chart import PATIENT, chart
from deploy.bench.extent import Extent
from deploy.bench.installation import ZONE, BenchFailure, Installation, Milepost
from deploy.bench.row import Rates
from deploy.bench.rows import TABLES, Snapshot, Template, multiply, refresh, take_template
from deploy.bench.stopwatch import median, timed
from deploy.bench.workers import Workers, at, listening
from plugin.domain.source import Cursor
from plugin.usecases.backlog import FIRST_READ
from plugin.usecases.tick import tick

MILESTONES = 4
"""Of a patient."""
BEFORE = timedelta(days=3)
"""So long ago those were assessed who are due now: a milestone has become overdue since."""
WORKERS = 2
IDLE_TICKS = 20
ENOUGH_FOR_ONE = 1_000
"""The rate of one worker, which is there to be compared with, shows on fewer."""
_FAR = datetime(2100, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class TickFigures:
    """`idle_ms` by open milestones; `due_per_s` by the number that is due; each with one worker and with two."""

    idle_ms: Mapping[int, float]
    due_per_s: Mapping[int, Rates]
    reassess_per_s: Rates
    effects_per_patient: float


def measure_ticks(installation: Installation, extent: Extent) -> TickFigures:
    """All of it, on one database that grows."""
    pool = range(1, max(extent.marked, *extent.due) + 1)
    patients = _Patients.made(installation)
    with installation.fresh() as milepost, _connected(installation) as connection:
        bench = _Bench(milepost, connection, patients, pool)
        idle = {count: bench.idle_ms(count) for count in extent.milestones}
        with listening(installation, WORKERS) as workers:
            bench.fill_pool(workers)
            due = {count: bench.due_per_s(workers, count, extent.repetitions) for count in extent.due}
            effects = bench.effects_per_patient
            marked = bench.reassess_per_s(workers, extent.marked, extent.repetitions)
    return TickFigures(idle, due, marked, effects)


@dataclass(frozen=True)
class _Patients:
    """The two who are multiplied: one who is quiet for a month from ``now`` on, and one of whose milestones one has become
    overdue since the time before."""

    now: datetime
    quiet: Template
    overdue: Template

    @classmethod
    def made(cls, installation: Installation) -> "_Patients":
        now = datetime.now(UTC)  # noqa: TID251 - what is due is due by the clock of those who look for it
        today = now.astimezone(ZoneInfo(ZONE)).date()
        quiet = patient_rows(installation, today + timedelta(days=30), now, is_assessed=True)
        return cls(now, quiet, patient_rows(installation, today - timedelta(days=1), now - BEFORE, is_assessed=False))


class _Bench:
    """`pool` are the patients who become due; the others are there and quiet."""

    def __init__(self, milepost: Milepost, connection: psycopg.Connection, patients: _Patients, pool: range) -> None:
        self._services = milepost.services
        self._connection = connection
        self._patients = patients
        self._pool = pool
        self._filled = pool.stop
        self._snapshot: Snapshot | None = None
        self.effects_per_patient = 0.0
        _read_completely(milepost, patients.now - BEFORE)

    def idle_ms(self, milestones: int) -> float:
        """One tick, with so many open milestones and nobody due."""
        until = self._pool.stop + milestones // MILESTONES
        multiply(self._connection, self._patients.quiet, range(self._filled, until))
        self._filled = until
        refresh(self._connection)
        if tick(self._services).claimed:
            raise BenchFailure("Somebody was due who should not be.")
        return 1000 * median([timed(lambda: tick(self._services))[0] for _ in range(IDLE_TICKS)])

    def fill_pool(self, workers: Workers) -> None:
        """Their facts; what they were when they were assessed last, the workers find out, and it is remembered."""
        multiply(self._connection, self._patients.overdue, self._pool)
        refresh(self._connection)
        ticked = workers.tick(WORKERS, self._patients.now - BEFORE)
        if ticked.done.claimed != len(self._pool):
            raise BenchFailure(f"{ticked.done.claimed} patients were assessed, not {len(self._pool)}.")
        self._snapshot = Snapshot(self._connection, self._pool)
        self._connection.execute("UPDATE patient SET next_change_at = %s WHERE id < %s", (_FAR, self._pool.stop))

    def due_per_s(self, workers: Workers, count: int, repetitions: int) -> Rates:
        """So many are due, each because a milestone has become overdue."""
        return {n: median([self._due_once(workers, n, count) for _ in range(repetitions)]) for n in (1, WORKERS)}

    def reassess_per_s(self, workers: Workers, count: int, repetitions: int) -> Rates:
        """So many are marked, as by a new version of a program, and nothing changes."""
        self._arrange(len(self._pool))
        workers.tick(WORKERS)
        of = {1: min(count, ENOUGH_FOR_ONE), WORKERS: count}
        return {n: median([self._marked_once(workers, n, of[n]) for _ in range(repetitions)]) for n in of}

    def _due_once(self, workers: Workers, n: int, count: int) -> float:
        self._arrange(count)
        ticked = workers.tick(n)
        if ticked.done.changed != count:
            raise BenchFailure(f"Of {count} patients who were due {ticked.done.changed} changed.")
        self.effects_per_patient = ticked.done.effects / count
        return ticked.per_s

    def _marked_once(self, workers: Workers, n: int, count: int) -> float:
        self._connection.execute("UPDATE patient SET next_change_at = now() WHERE id <= %s", (count,))
        refresh(self._connection, ["patient"])
        ticked = workers.tick(n)
        if ticked.done.unchanged != count:
            raise BenchFailure(f"Of {count} patients who were marked {ticked.done.unchanged} stayed as they were.")
        return ticked.per_s

    def _arrange(self, count: int) -> None:
        """So many are as they were then, and due; the others are put off, or were looked at just now."""
        if self._snapshot is None:
            raise BenchFailure("Nobody has been assessed yet.")
        self._snapshot.restore(self._pool[:count])
        refresh(self._connection, [table for table in TABLES if table != "fact"])


def patient_rows(installation: Installation, first_due: date, now: datetime, *, is_assessed: bool) -> Template:
    """A patient's rows as the product makes them, by itself in an empty database."""
    with installation.fresh() as milepost:
        _read_completely(milepost, now)
        with milepost.services.database.begin() as uow:
            facts = chart(first_due, now - BEFORE)
            uow.patients.track(milepost.source, [PATIENT], now, False)
            uow.facts.store(milepost.source, [(fact, [PATIENT]) for fact in facts], now)
            uow.commit()
        if is_assessed and tick(at(milepost.services, now)).effects == 0:
            raise BenchFailure("The patient who is multiplied has no effects.")
        with _connected(installation) as connection:
            return take_template(connection, list(TABLES) if is_assessed else ["patient", "fact"])


def _read_completely(milepost: Milepost, now: datetime) -> None:
    """Before that nobody is assessed."""
    with milepost.services.database.begin() as uow:
        uow.sources.move(milepost.source, FIRST_READ, Cursor(now.isoformat(), complete=True), now)
        uow.sources.read_ok(milepost.source, now)
        uow.commit()


def _connected(installation: Installation) -> psycopg.Connection:
    return psycopg.connect(installation.url.replace("+psycopg", ""))
