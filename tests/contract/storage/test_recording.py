"""Audit rows about a look, written while what was looked at is made ready: `Database.recording`."""

import time

import psycopg
import pytest

from plugin.domain.audit import AuditEntry, AuditFilter, content_hash
from plugin.domain.errors import MilepostError, TemporaryFailure
from plugin.storage.unit_of_work import SqlDatabase
from plugin.usecases.ports import Database
from tests.contract.storage.databases import ReadableCipher
from tests.contract.storage.given import NOW
from tests.servers import PostgresServer

LOOK = AuditEntry(
    at=NOW, who="Practitioner/cho", action="read:panel", record="main/Patient/p1", detail={"note": 'Zoë\'s "%s" $1'}
)
NOBODYS = AuditEntry(at=NOW, who=None, action="read:panel", record="main/Patient/p1")  # type: ignore[arg-type]  # no row
CUT = (
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
    " WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid()"
)


def recorded(database: Database) -> list[AuditEntry]:
    """What the log holds, newest first."""
    with database.begin(reading=True) as unit:
        return [row.entry for row in unit.audit_log.older(AuditFilter(), than=None, limit=10)]


def test_the_row_stands_at_the_end_of_the_block(any_database: Database) -> None:
    """As any other row: with its content, its hash and its place among those that wait for the seal."""
    with any_database.recording([LOOK]):
        pass

    assert recorded(any_database) == [LOOK]
    with any_database.begin() as unit:
        (row,) = unit.audit_log.older(AuditFilter(), than=None, limit=10)
        assert [one.audit_id for one in unit.seals.waiting(0, 10)] == [row.id]
    assert row.hash == content_hash(LOOK.canonical)


def test_reading_goes_on_meanwhile(any_database: Database) -> None:
    """The block may ask whatever it likes, also within a unit that was open before."""
    with any_database.begin(reading=True) as unit:
        with any_database.recording([LOOK]):
            assert unit.sources.all() == []
        assert unit.sources.all() == []

    assert recorded(any_database) == [LOOK]


def test_a_block_that_fails_was_recorded(any_database: Database) -> None:
    """Somebody looked, whatever came of it; and the failure goes on."""
    with pytest.raises(LookupError), any_database.recording([LOOK]):
        raise LookupError

    assert recorded(any_database) == [LOOK]


def test_nothing_leaves_the_block_unrecorded(database: Database) -> None:
    """A row that the database refuses ends the block with our own error, none of its values in it; the next one is written."""

    def made() -> str:
        with database.recording([NOBODYS]):
            return "somebody's panel"

    with pytest.raises(MilepostError) as failure:
        made()

    assert "p1" not in str(failure.value)
    with database.recording([LOOK]):
        pass
    assert recorded(database) == [LOOK]


def test_a_database_that_goes_away_meanwhile(postgres: PostgresServer, postgres_template: str) -> None:
    """Whether the row stands is not known then, so the block has failed; the next one finds the server again."""
    with postgres.database(postgres_template) as url:
        database = SqlDatabase(url, ReadableCipher())
        with (
            psycopg.connect(url.replace("+psycopg", "")) as lock,
            psycopg.connect(lock.info.dsn, autocommit=True) as other,
        ):
            lock.execute("LOCK TABLE audit IN EXCLUSIVE MODE")
            with pytest.raises(TemporaryFailure), database.recording([LOOK]):
                _cut(other)

        with database.recording([LOOK]):
            pass

        assert recorded(database) == [LOOK]
        database.close()


def _cut(other: psycopg.Connection[object]) -> None:
    """Ends the connection that waits for the lock, as soon as its statement has reached the server."""
    while not other.execute(CUT).fetchall():
        time.sleep(0.01)
