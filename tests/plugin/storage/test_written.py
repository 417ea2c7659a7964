"""Statements that are written once: prepared by PostgreSQL, and the same on SQLite."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import bindparam, select, text

from plugin.storage.engine import READING, connect_engine
from plugin.storage.tables import patient, source
from plugin.storage.transaction import Transaction
from plugin.storage.unit_of_work import SqlDatabase
from plugin.storage.written import Written
from tests.contract.storage.databases import ReadableCipher
from tests.contract.storage.given import a_source

AT = datetime(2026, 6, 16, 12, tzinfo=UTC)
SOURCES = Written(select(source.c.slug, source.c.last_read_at).where(source.c.last_read_at <= bindparam("until")))


@pytest.fixture
def units(database_url: str) -> Iterator[Transaction]:
    """One connection that reads, in a database with one source."""
    database = SqlDatabase(database_url, ReadableCipher())
    with database.begin() as unit:
        unit.sources.read_ok(unit.sources.add(a_source(), AT), AT)
        unit.commit()
    database.close()
    engine = connect_engine(database_url)
    with engine.connect() as connection:
        reading = connection.execution_options(**{READING: True})
        yield Transaction(reading, practice_id=1, cipher=ReadableCipher())
    engine.dispose()


def test_values_are_converted_both_ways(units: Transaction) -> None:
    """Moments go in and come out aware and in UTC, whatever the database makes of them."""
    (found,) = units.answers(SOURCES, until=AT)

    assert tuple(found) == ("clinic", AT)
    assert found[1].tzinfo is UTC
    assert units.answers(SOURCES, until=datetime(2026, 6, 16, 11, 59, tzinfo=UTC)) == []


def test_it_stays_prepared_from_one_unit_to_the_next(units: Transaction) -> None:
    """PostgreSQL reads its text once on a connection, and plans it a few times only."""
    if not units.is_postgres:
        return  # SQLite runs beside us
    for _ in range(8):
        units.answers(SOURCES, until=AT)
        units.connection.commit()

    prepared = (
        "SELECT generic_plans + custom_plans, generic_plans FROM pg_prepared_statements WHERE statement LIKE :ours"
    )
    ((uses, unplanned),) = units.rows(text(prepared), ours="SELECT source.slug, source.last_read_at%")
    assert (uses, unplanned) == (8, 3)


def test_a_list_of_values_is_refused(units: Transaction) -> None:
    """Its text would be another one for each number of values."""
    if not units.is_postgres:
        return  # SQLAlchemy runs it there
    listed = Written(select(patient.c.id).where(patient.c.ref.in_(["Patient/p1", "Patient/p2"])))

    with pytest.raises(TypeError, match="hand the list over"):
        units.answers(listed)
