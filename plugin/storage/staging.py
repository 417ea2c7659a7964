"""PostgreSQL's fastest way for many rows: COPY into a temporary table, and one statement from there.

Worth its round trips for a page of facts. The temporary table is the connection's own, and empty again after each
transaction; within one it is emptied before it is filled a second time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import Connection, Table, TableClause, column, table
from sqlalchemy.types import TypeEngine

from plugin.storage.engine import translated

_MAKE = sql.SQL("CREATE TEMPORARY TABLE IF NOT EXISTS {} ON COMMIT DELETE ROWS AS SELECT {} FROM {} WITH NO DATA")
_EMPTY = sql.SQL("DELETE FROM {}")
_FILL = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)")


def stage(connection: Connection, target: Table, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> TableClause:
    """Hands rows to PostgreSQL, and answers the table they stand in now; ``names`` are columns of ``target``."""
    if not connection.in_transaction():
        connection.begin()
    driver = connection.connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise TypeError("only PostgreSQL has COPY")
    name = f"staged_{target.name}"
    staging, columns = sql.Identifier(name), sql.SQL(", ").join(map(sql.Identifier, names))
    with translated(), driver.cursor() as cursor:
        cursor.execute(_MAKE.format(staging, columns, sql.Identifier(target.name)))
        cursor.execute(_EMPTY.format(staging))
        with cursor.copy(_FILL.format(staging, columns)) as copy:
            copy.set_types([_type_name(connection, target.c[name].type) for name in names])
            for row in rows:
                copy.write_row(row)
    return table(name, *(column(name, target.c[name].type) for name in names))


def _type_name(connection: Connection, type_: TypeEngine[Any]) -> str:
    return type_.compile(connection.dialect).partition(" COLLATE")[0].lower()
