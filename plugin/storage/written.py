"""Statements that are written once, for all who ask: on PostgreSQL each is turned into SQL a single time and goes
straight to the driver. SQLAlchemy's own way (look the statement up, make a context, a cursor, a result) takes three
times as long as the answer, and a page of the panel asks ten times.

The server keeps them prepared. In a transaction that reads only (engine.py) it may keep their plan as well: each is
about one patient, one row, or a page of lines, whatever is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import psycopg
from sqlalchemy import CompoundSelect, Connection, Dialect, Select

from plugin.storage.engine import translated

Value = Any
"""What a column holds: text, number, date, moment; SQLAlchemy's types check and convert it."""
Answer = Sequence[Value]
"""A row, by place."""
Query = Select[*tuple[Value, ...]] | CompoundSelect[*tuple[Value, ...]]
_Convert = Callable[[Value], Value]


class Written:
    """A query whose parameters have names. To be made once, with its module."""

    def __init__(self, query: Query) -> None:
        self._query = query
        self._sql: _Sql | None = None

    def answers(self, connection: Connection, parameters: Mapping[str, Value]) -> Sequence[Answer]:
        """All rows."""
        if connection.dialect.name != "postgresql":
            return cast("Sequence[Answer]", connection.execute(self._query, parameters).all())
        if self._sql is None:
            self._sql = _sql(self._query, connection.dialect)
        return self._sql.answers(connection, parameters)


@dataclass(frozen=True, slots=True)
class _Sql:
    """The text, the values that stand in it already, and what has to be converted: parameters by name, columns by place."""

    text: bytes
    values: Mapping[str, Value]
    given: Sequence[tuple[str, _Convert]]
    found: Sequence[tuple[int, _Convert]]

    def answers(self, connection: Connection, parameters: Mapping[str, Value]) -> Sequence[Answer]:
        values = {**self.values, **parameters}
        for name, convert in self.given:
            values[name] = convert(values[name])
        rows = _rows(connection, self.text, values)
        return [self._converted(row) for row in rows] if self.found else rows

    def _converted(self, row: Answer) -> Answer:
        values = list(row)
        for place, convert in self.found:
            values[place] = convert(values[place])
        return values


def _rows(connection: Connection, text: bytes, values: Mapping[str, Value]) -> Sequence[Answer]:
    if not connection.in_transaction():
        connection.begin()
    driver = cast("psycopg.Connection[tuple[Value, ...]]", connection.connection.dbapi_connection)
    with translated():
        return driver.execute(text, values, prepare=True).fetchall()


def _sql(query: Query, dialect: Dialect) -> _Sql:
    compiled = query.compile(dialect=dialect)
    given = {name: of.type.dialect_impl(dialect).bind_processor(dialect) for of, name in compiled.bind_names.items()}
    types = [column.type.dialect_impl(dialect) for column in query.selected_columns]
    found = [(place, type_.result_processor(dialect, None)) for place, type_ in enumerate(types)]
    text = str(compiled)
    if "POSTCOMPILE" in text:
        raise TypeError(
            "an IN with a list of values has another text each time; say it with or_, or hand the list over"
        )
    return _Sql(
        text=text.encode(),
        values=compiled.params,
        given=[(name, convert) for name, convert in given.items() if convert],
        found=[(place, convert) for place, convert in found if convert],
    )
