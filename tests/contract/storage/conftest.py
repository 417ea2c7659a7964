"""The ports of storage, on SQLite and on PostgreSQL: every test here runs on both."""

import pytest

from plugin.domain.source import Source
from plugin.usecases.ports import Database
from tests.contract.storage.databases import (  # noqa: F401  (fixtures)
    any_database,
    database,
    database_url,
    postgres_template,
    rows,
    sqlite_template,
)
from tests.contract.storage.given import NOW, a_source


@pytest.fixture
def source(database: Database) -> Source:  # noqa: F811  (the fixture of that name)
    """A stored source, read completely."""
    with database.begin() as unit:
        unit.sources.read_ok(unit.sources.add(a_source(), NOW), NOW)
        source = unit.sources.get("clinic")
        unit.commit()
    return source


@pytest.fixture
def any_source(any_database: Database) -> Source:  # noqa: F811  (the fixture of that name)
    """A stored source, in storage of any kind."""
    with any_database.begin() as unit:
        source = unit.sources.add(a_source(), NOW)
        unit.commit()
    return source
