"""The audit log: what one row costs an action, how fast rows are sealed and verified, how quick its pages are."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from deploy.bench.events import percentile
from deploy.bench.installation import BenchFailure, Installation, Milepost
from deploy.bench.stopwatch import median, timed
from plugin import bootstrap
from plugin.domain.account import SignedIn
from plugin.domain.audit import AuditEntry, AuditFilter, content_hash
from plugin.domain.job import JobRun
from plugin.domain.permissions import Role
from plugin.usecases.read_audit import audit_page
from plugin.usecases.seal import seal
from plugin.usecases.services import Services
from plugin.usecases.verify_audit import verify_audit

ACTIONS = 500
"""Actions with and without their audit row, in turns."""
PAGES = 300
PATIENTS = 100_000
PEOPLE = 40
_BEGAN = datetime(2026, 1, 5, tzinfo=UTC)
_APART = timedelta(seconds=20)
_FILL = b"COPY audit (practice_id, at, who, action, record, content, hash) FROM STDIN"
_WAIT = b"INSERT INTO audit_waiting SELECT practice_id, id FROM audit ON CONFLICT DO NOTHING"
_DETAIL = {"digest": ["0" * 32, "1" * 32], "milestones": {"k" * 40: ["ready", "scheduled"]}, "effects": {"write": 2}}
_SAID = {"from": "192.0.2.1", "session": "s" * 22}


@dataclass(frozen=True)
class AuditFigures:
    """``write_us`` is what a row adds to an action that changes something and commits, the median; ``list_p95_ms`` is of
    the use case behind a page, with the row that it leaves itself, over every sort of filter and both ways."""

    rows: int
    write_us: float
    sealed_per_s: float
    verified_per_s: float
    list_p95_ms: float


def measure_audit(installation: Installation, rows: int) -> AuditFigures:
    """All of it, on one database with so many rows, which nobody has sealed yet."""
    with installation.fresh() as milepost, tempfile.TemporaryDirectory() as folder:
        heads = bootstrap.heads(milepost.settings, Path(folder) / "heads.log")
        services = replace(milepost.services, heads=heads)
        with psycopg.connect(milepost.url.replace("+psycopg", ""), autocommit=True) as connection:
            _fill(connection, rows)
            sealing, sealed = timed(lambda: seal(services))
            connection.execute("VACUUM ANALYZE audit, audit_seal, audit_waiting")
        verifying, found = timed(lambda: verify_audit(services))
        if sealed < rows or not found.is_good or found.sealed != sealed:
            raise BenchFailure(f"{sealed} of {rows} rows were sealed; {found.faults}")
        return AuditFigures(
            rows=rows,
            write_us=_write_us(replace(milepost, services=services)),
            sealed_per_s=sealed / sealing,
            verified_per_s=sealed / verifying,
            list_p95_ms=percentile(list(_pages_ms(services, rows)), 95),
        )


def _fill(connection: psycopg.Connection, rows: int) -> None:
    """As a practice's log looks after some months: mostly what Milepost did by itself."""
    chance = random.Random(6)  # nosec B311  # synthetic rows, nothing secret
    with connection.transaction(), connection.cursor() as cursor:
        with cursor.copy(_FILL) as copy:
            for number in range(rows):
                entry = _entry(chance, number)
                content = entry.canonical
                copy.write_row((1, entry.at, entry.who, entry.action, entry.record, content, content_hash(content)))
        cursor.execute(_WAIT)
    connection.execute("VACUUM ANALYZE audit, audit_waiting")


def _entry(chance: random.Random, number: int) -> AuditEntry:
    at, patient = _BEGAN + number * _APART, f"bench/Patient/{chance.randrange(PATIENTS)}"
    share = chance.random()
    if share < 0.7:
        return AuditEntry(at=at, who="milepost", action="assess", record=patient, detail=_DETAIL)
    who = f"Practitioner/{chance.randrange(PEOPLE)}"
    if share < 0.9:
        return AuditEntry(at=at, who=who, action="read:panel", record=patient, detail=_SAID)
    if share < 0.999:
        return AuditEntry(at=at, who=who, action="say:completed", record=patient, detail=_SAID)
    return AuditEntry(at=at, who=who, action="grant", record=f"person/{chance.randrange(PEOPLE)}", detail=_SAID)


def _write_us(milepost: Milepost) -> float:
    """The smallest action there is, a row that is written over and committed, without and with its audit row."""
    services, entry = milepost.services, _entry(random.Random(7), 0)  # nosec B311  # synthetic rows, too
    took: dict[bool, list[float]] = {False: [], True: []}
    for number in range(2 * ACTIONS):
        is_audited = number % 2 == 1
        took[is_audited].append(timed(lambda: _act(services, entry if is_audited else None))[0])  # noqa: B023 - run at once
    return 1_000_000 * (median(took[True]) - median(took[False]))


def _act(services: Services, entry: AuditEntry | None) -> None:
    now = services.clock()
    with services.database.begin() as uow:
        uow.job_runs.ran(JobRun("bench", now, now))
        if entry is not None:
            uow.audit.write([entry])
        uow.commit()


def _pages_ms(services: Services, rows: int) -> Iterator[float]:
    chance, me = random.Random(8), _auditor(services.clock())  # nosec B311  # synthetic rows, too
    for _ in range(PAGES):
        of, id_ = _filter(chance, rows), chance.randrange(1, rows)
        sides: tuple[dict[str, int], ...] = ({}, {"older_than": id_}, {"newer_than": id_})
        side = chance.choice(sides)
        took, _page = timed(lambda: audit_page(services, me, of, **side))  # noqa: B023 - run at once
        yield 1_000 * took


def _filter(chance: random.Random, rows: int) -> AuditFilter:
    who = chance.choice(("milepost", f"Practitioner/{chance.randrange(PEOPLE)}"))
    action = chance.choice(("assess", "read:panel", "say:completed", "grant"))
    since = _BEGAN + chance.randrange(rows) * _APART
    return chance.choice(
        (
            AuditFilter(),
            AuditFilter(who=who),
            AuditFilter(action=action),
            AuditFilter(record=f"bench/Patient/{chance.randrange(PATIENTS)}"),
            AuditFilter(who=who, action=action),
            AuditFilter(since=since, until=since + timedelta(days=1)),
            AuditFilter(who=who, since=since, until=since + timedelta(days=7)),
        )
    )


def _auditor(now: datetime) -> SignedIn:
    return SignedIn(
        session="bench",
        person_id=1,
        who="user:1",
        name="Bench",
        roles=(Role.AUDITOR,),
        origin="127.0.0.1",
        signed_in_at=now,
        proven_at=now,
        ends_at=now + timedelta(hours=8),
    )
