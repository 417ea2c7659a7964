"""A world for each use case's tests: once with the fake database, once with a real one on SQLite."""

import shutil
from pathlib import Path

import pytest

from plugin.sessions.cipher import make_key_file, read_cipher
from plugin.storage.schema import upgrade
from plugin.storage.unit_of_work import SqlDatabase
from tests.builders import World
from tests.fake_storage import FakeDatabase


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file as ``milepost init`` leaves it, with its key beside it: made once, copied for each test."""
    folder = tmp_path_factory.mktemp("empty")
    make_key_file(folder / "key")
    upgrade(f"sqlite:///{folder / 'empty.db'}")
    return folder


@pytest.fixture(params=["memory", "sqlite"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    """A practice with one source that was never read; its server is empty."""
    if request.param == "memory":
        return World(FakeDatabase())
    folder: Path = request.getfixturevalue("empty_sqlite")
    shutil.copy(folder / "empty.db", tmp_path / "milepost.db")
    return World(SqlDatabase(f"sqlite:///{tmp_path / 'milepost.db'}", read_cipher(folder / "key")))
