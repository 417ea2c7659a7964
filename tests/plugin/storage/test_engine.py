"""Connections, their set-up, and how their failures become ours."""

import stat
import traceback
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, text

from plugin.domain.errors import BadSettings, OlderDatabase, PermanentFailure, TemporaryFailure
from plugin.storage import engine, tables
from plugin.storage.engine import connect_engine
from plugin.storage.schema import upgrade
from plugin.storage.unit_of_work import SqlDatabase
from tests.contract.storage.databases import ReadableCipher
from tests.servers import free_port


@pytest.mark.parametrize("url", ["", "milepost.db", "mysql://host/name", "sqlite://", "sqlite:///:memory:"])
def test_no_database_address(url: str) -> None:
    """What is not an address of a database that we know is told with an example of one."""
    with pytest.raises(BadSettings, match="sqlite:///FILE or postgresql://USER@HOST/NAME"):
        connect_engine(url)


def test_file_of_its_owner(tmp_path: Path) -> None:
    """Nobody else may read the database file or what SQLite puts beside it; a wider mode is taken back."""
    path = tmp_path / "new" / "milepost.db"
    upgrade(f"sqlite:///{path}")
    path.chmod(0o644)
    upgrade(f"sqlite:///{path}")
    database = SqlDatabase(f"sqlite:///{path}", ReadableCipher())

    with database.begin() as unit:
        unit.sources.all()
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    database.close()

    assert modes["milepost.db"] == modes["milepost.db-wal"] == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_path_with_signs_of_an_address(tmp_path: Path) -> None:
    """A folder may be called anything."""
    url = f"sqlite:///{tmp_path / 'a %20 b#c'}/milepost.db"

    upgrade(url)

    database = SqlDatabase(url, ReadableCipher())
    database.check()
    database.close()


def test_sqlite_is_set_up(tmp_path: Path) -> None:
    """Readers are not blocked (WAL), references hold, whoever comes second waits."""
    url = f"sqlite:///{tmp_path}/milepost.db"
    upgrade(url)
    opened = connect_engine(url)

    with opened.connect() as connection:
        names = ("journal_mode", "foreign_keys", "busy_timeout")
        found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]
    opened.dispose()

    assert found == ["wal", 1, 5000]


def test_file_that_is_not_there(tmp_path: Path) -> None:
    """Looking at it does not make it, and the message says what does."""
    database = SqlDatabase(f"sqlite:///{tmp_path}/milepost.db", ReadableCipher())

    with pytest.raises(OlderDatabase, match="milepost init"):
        database.check()

    assert list(tmp_path.iterdir()) == []
    database.close()


def test_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """The message names the file."""
    (tmp_path / "file").touch()

    with pytest.raises(BadSettings, match=r"file/milepost\.db cannot be made"):
        upgrade(f"sqlite:///{tmp_path}/file/milepost.db")


def test_server_that_does_not_answer() -> None:
    """Later it may: a temporary failure, without the address's password."""
    database = SqlDatabase(f"postgresql://milepost:s3cret@127.0.0.1:{free_port()}/milepost", ReadableCipher())

    with pytest.raises(TemporaryFailure, match="the database does not answer") as failure:
        database.check()

    assert "s3cret" not in str(failure.value)
    database.close()


def test_refusal_does_not_quote_the_row(database_url: str) -> None:
    """What the database says of a row that it refuses may hold a patient's data: only its code is told."""
    refusing = connect_engine(database_url)
    secret = 7 * 1111

    with refusing.connect() as connection, pytest.raises(PermanentFailure, match="refused a statement") as failure:
        connection.execute(insert(tables.practice).values(slug=None, id=secret))
    refusing.dispose()

    whole = "".join(traceback.format_exception(failure.value))
    assert "7777" not in whole
    assert "slug" in whole


@pytest.mark.parametrize("idle", [timedelta(0), engine.IDLE], ids=["asked", "looked at"])
def test_connection_that_was_cut(database_url: str, idle: timedelta, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that restarts costs the transaction that was open, and no more; also where a connection that was in use
    a moment ago is not asked, but only looked at."""
    monkeypatch.setattr(engine, "IDLE", idle)
    if not database_url.startswith("postgresql"):
        return  # there is no connection to cut
    database = SqlDatabase(database_url, ReadableCipher())
    database.check()
    other = connect_engine(database_url)
    with other.connect() as connection:
        others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        connection.execute(text(f"SELECT pg_terminate_backend(pid, 5000) {others}"))
    other.dispose()

    database.check()

    database.close()
