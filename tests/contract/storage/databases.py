"""An empty Milepost database of either kind for each test: made by the migrations once per run, then copied."""

import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from sqlalchemy import Table, select

from plugin.storage.engine import connect_engine
from plugin.storage.schema import upgrade
from plugin.storage.unit_of_work import SqlDatabase
from tests.servers import PostgresServer

KINDS = ("sqlite", "postgresql")

Rows = Callable[[Table], Sequence[Mapping[str, object]]]


class ReadableCipher:
    """Stands for the real one, so that a test can see whether something was encrypted."""

    def encrypt(self, plain: str) -> str:
        return f"encrypted:{plain}"

    def decrypt(self, encrypted: str) -> str:
        return encrypted.removeprefix("encrypted:")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file."""
    path = tmp_path_factory.mktemp("template") / "milepost.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres: PostgresServer) -> str:
    """A migrated database's name."""
    name = f"template_{uuid.uuid4().hex}"
    postgres.execute(f"CREATE DATABASE {name}")
    upgrade(postgres.url(name))
    return name


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty, migrated database of each kind."""
    if request.param == "sqlite":
        path = tmp_path / "milepost.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    postgres: PostgresServer = request.getfixturevalue("postgres")
    name = f"test_{uuid.uuid4().hex}"
    postgres.execute(f"CREATE DATABASE {name} TEMPLATE {request.getfixturevalue('postgres_template')}")
    yield postgres.url(name)
    postgres.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database(database_url: str) -> Iterator[SqlDatabase]:
    """Storage on that database."""
    database = SqlDatabase(database_url, ReadableCipher())
    yield database
    database.close()


@pytest.fixture
def rows(database_url: str) -> Rows:
    """Looks into a table, for what no port shows: all its rows."""

    def look(table: Table) -> Sequence[Mapping[str, object]]:
        engine = connect_engine(database_url)
        try:
            with engine.connect() as connection:
                return [dict(row) for row in connection.execute(select(table)).mappings()]
        finally:
            engine.dispose()

    return look
