"""An empty Milepost database of either kind for each test: made by the migrations once per run, then copied."""

import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Table, select

from plugin.storage.engine import connect_engine
from plugin.storage.schema import upgrade
from plugin.storage.unit_of_work import SqlDatabase
from plugin.usecases.ports import Database
from tests.fake_storage import FakeDatabase
from tests.servers import PostgresServer

KINDS = ("sqlite", "postgresql")

Rows = Callable[[Table], Sequence[Mapping[str, object]]]


class ReadableCipher:
    """Stands for the real one, so that a test can see whether something was encrypted."""

    def encrypt(self, plain: str, belongs_to: str = "") -> str:
        return f"encrypted:{belongs_to}:{plain}"

    def decrypt(self, encrypted: str, belongs_to: str = "") -> str:
        assert encrypted.startswith(f"encrypted:{belongs_to}:"), "moved"
        return encrypted.removeprefix(f"encrypted:{belongs_to}:")


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
    with migrated(request.param, request, tmp_path) as url:
        yield url


@pytest.fixture(params=("fake", *KINDS))
def any_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Storage on a database of each kind, and the fake that stands for it."""
    if request.param == "fake":
        yield FakeDatabase()
        return
    with migrated(request.param, request, tmp_path) as url:
        database = SqlDatabase(url, ReadableCipher())
        yield database
        database.close()


@contextmanager
def migrated(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if kind == "sqlite":
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
