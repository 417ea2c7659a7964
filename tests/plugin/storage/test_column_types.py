"""Instants: aware, in UTC, sorted as they happened, on both databases."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, insert, select
from sqlalchemy.exc import StatementError

from plugin.storage.column_types import Instant
from plugin.storage.engine import connect_engine

TABLE = Table("moments", MetaData(), Column("id", Integer, primary_key=True), Column("at", Instant))
CHICAGO = timezone(timedelta(hours=-5))


def test_instants(database_url: str) -> None:
    """Stored in any offset, read in UTC, compared by when they happened."""
    noon = datetime(2026, 6, 16, 12, 0, 0, 1, tzinfo=UTC)
    given = [noon.replace(microsecond=0), noon, datetime(2026, 6, 16, 8, 0, tzinfo=CHICAGO), None]
    engine = connect_engine(database_url)

    with engine.begin() as connection:
        TABLE.create(connection)
        connection.execute(insert(TABLE), [{"at": at} for at in given])
        read = (
            connection.execute(select(TABLE.c.at).where(TABLE.c.at.is_not(None)).order_by(TABLE.c.at)).scalars().all()
        )
        later = connection.execute(select(TABLE.c.at).where(TABLE.c.at > noon)).scalars().all()
    engine.dispose()

    assert read == sorted(at for at in given if at)
    assert {at.tzinfo for at in read if at} == {UTC}
    assert later == [datetime(2026, 6, 16, 13, 0, tzinfo=UTC)]


def test_instant_without_an_offset(database_url: str) -> None:
    """A moment that might be anywhere is not stored."""
    engine = connect_engine(database_url)
    naive = datetime(2026, 6, 16, 12)  # noqa: DTZ001  (that is the point)

    with engine.begin() as connection:
        TABLE.create(connection)
        with pytest.raises(StatementError, match="without an offset"):
            connection.execute(insert(TABLE), [{"at": naive}])
    engine.dispose()
