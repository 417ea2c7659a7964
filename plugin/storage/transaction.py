"""One open transaction of one practice, and the statements that SQLite and PostgreSQL spell differently.

PostgreSQL takes many rows as one JSON text: one parameter, one statement and one plan, however many rows there are.
(psycopg's arrays are written in Python, item by item; texts in JSON form, full of quotes, are slow in them.) SQLite
runs beside us and takes rows one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from typing import Protocol

from sqlalchemy import (
    ColumnElement,
    Connection,
    CursorResult,
    Executable,
    FromClause,
    Integer,
    Row,
    Table,
    TableValuedAlias,
    Text,
    Update,
    any_,
    bindparam,
    cast,
    column,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from plugin.storage.codec import encode_json
from plugin.storage.engine import BUSY_TIMEOUT
from plugin.storage.staging import stage
from plugin.storage.written import Answer, Written
from plugin.storage.written import Value as Value

MANY = 50
"""Rows from which on a COPY and its round trips cost less than one JSON text."""
_ROWS, _PRACTICE = "given", "of_practice"
_SEPARATOR = "\x1f"
"""Unit separator: no reference and no key holds a control character."""
AnyRow = Row[*tuple[Value, ...]]
AnyInsert = postgresql.Insert | sqlite.Insert
Given = Mapping[str, ColumnElement[Value]]
"""The columns of the rows that were handed over, as expressions."""


class Cipher(Protocol):
    """Encrypts what may not lie readable in the database: tokens and secrets."""

    def encrypt(self, plain: str, belongs_to: str = ..., /) -> str:
        """As text, bound to what it belongs to."""

    def decrypt(self, encrypted: str, belongs_to: str = ..., /) -> str:
        """What was encrypted; PermanentFailure when the key or what it belongs to is another one."""


class Transaction:
    """What the repositories of one unit of work share."""

    def __init__(self, connection: Connection, *, practice_id: int, cipher: Cipher) -> None:
        self.connection = connection
        self.practice_id = practice_id
        self.cipher = cipher
        self.is_postgres = connection.dialect.name == "postgresql"

    def run(
        self, statement: Executable, parameters: Sequence[Mapping[str, Value]] | None = None
    ) -> CursorResult[*tuple[Value, ...]]:
        """Executes a statement, for each row of ``parameters`` where there are any."""
        return self.connection.execute(statement, parameters)

    def rows(self, statement: Executable, **parameters: Value) -> Sequence[AnyRow]:
        """All rows of the answer."""
        return self.connection.execute(statement, parameters).all()

    def answers(self, query: Written, **parameters: Value) -> Sequence[Answer]:
        """The same of a query that was written once, for all who ask."""
        return query.answers(self.connection, parameters)

    def column(self, statement: Executable, **parameters: Value) -> list[Value]:
        """The first column of the answer."""
        return [row[0] for row in self.rows(statement, **parameters)]

    def pairs(self, statement: Executable, **parameters: Value) -> dict[Value, Value]:
        """The second column by the first; of equal firsts the last counts."""
        return {row[0]: row[1] for row in self.rows(statement, **parameters)}

    @contextmanager
    def waiting(self, longest: timedelta) -> Iterator[None]:
        """Within the block, nothing waits longer than this for what somebody else has locked: RecordBusy."""
        milliseconds = int(longest / timedelta(milliseconds=1))
        if self.is_postgres:
            self.run(select(func.set_config("lock_timeout", f"{milliseconds}ms", True)))
            yield
            self.run(select(func.set_config("lock_timeout", "0", True)))
            return
        try:
            self._set_busy_timeout(milliseconds)
            yield
        finally:
            self._set_busy_timeout(int(BUSY_TIMEOUT / timedelta(milliseconds=1)))

    def among(self, of: ColumnElement[Value], values: Sequence[str] | Sequence[int]) -> ColumnElement[bool]:
        """Whether a column's value is one of these, however many: one parameter, so one statement for any number.
        PostgreSQL sees an array of constants (engine.py has it plan anew each time), so it knows how many there are."""
        return is_among(of, literal(self.listed(values), Text), is_postgres=self.is_postgres)

    def listed(self, values: Sequence[str] | Sequence[int]) -> str:
        """These in one text, as ``is_among`` takes them."""
        return _SEPARATOR.join(map(str, values)) if self.is_postgres else encode_json(list(values))

    def _set_busy_timeout(self, milliseconds: int) -> None:
        """Beside the transaction, which must not begin by it: its beginning is what waits."""
        cursor = self.connection.connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {milliseconds:d}")
        cursor.close()

    def put(
        self,
        table: Table,
        names: Sequence[str],
        rows: Sequence[Sequence[Value]],
        *,
        key: Sequence[str] = (),
        replace: Sequence[str] = (),
        staged: bool = False,
    ) -> int:
        """Inserts rows, in this practice. Where one with the same ``key`` stands, the columns ``replace`` take the new
        values, or nothing happens when there are none. ``staged``: there may be hundreds, with long texts (staging.py).
        How many rows a single row's insert wrote."""
        if not rows:
            return 0
        if self.is_postgres:
            if staged and len(rows) >= MANY:
                many = _put_many(table, stage(self.connection, table, names, rows), names, key, replace)
                return self.connection.execute(many, {_PRACTICE: self.practice_id}).rowcount
            few = _put_few(table, tuple(names), tuple(key), tuple(replace))
            return self.connection.execute(few, {_PRACTICE: self.practice_id, **_as_json(names, rows)}).rowcount
        each = [{"practice_id": self.practice_id, **dict(zip(names, row, strict=True))} for row in rows]
        return self.connection.execute(_upsert(sqlite.insert(table), key, replace), each).rowcount

    def put_noted(
        self, table: Table, names: Sequence[str], rows: Sequence[Sequence[Value]], *, note: Table, key: str
    ) -> None:
        """Inserts rows, and for each a row of ``note`` whose ``key`` is the number that the database gave it."""
        if not rows:
            return
        if self.is_postgres:
            change, values = noted(table, names, rows, note=note, key=key, practice_id=self.practice_id)
            self.connection.execute(change, values)
            return
        before = self.connection.execute(select(func.coalesce(func.max(table.c.id), 0))).scalar_one()
        self.put(table, names, rows)
        new = select(table.c.practice_id, table.c.id).where(table.c.id > before)  # there is one writer
        self.connection.execute(sqlite.insert(note).from_select(["practice_id", key], new))

    def change(
        self,
        table: Table,
        names: Sequence[str],
        rows: Sequence[Sequence[Value]],
        to: Callable[[Given], Mapping[str, Value]],
        *,
        of: ColumnElement[bool] | None = None,
    ) -> None:
        """Updates rows by the first of ``names``, among those ``of`` which that holds; ``to`` says the new values by what
        was handed over."""
        if not rows:
            return
        if self.is_postgres:
            given: Given = dict(_given(table, names).c)
            self.connection.execute(_changing(table, names[0], given, to(given), of), _as_json(names, rows))
            return
        given = {name: bindparam(f"{_ROWS}_{name}", type_=table.c[name].type) for name in names}
        statement = _changing(table, names[0], given, to(given), of)
        each = [{f"{_ROWS}_{name}": value for name, value in zip(names, row, strict=True)} for row in rows]
        self.connection.execute(statement, each)


def noted(  # what put_noted takes
    table: Table, names: Sequence[str], rows: Sequence[Sequence[Value]], *, note: Table, key: str, practice_id: int
) -> tuple[AnyInsert, Mapping[str, Value]]:
    """On PostgreSQL: the one statement that ``put_noted`` is, and its parameters."""
    return _put_noted(table, tuple(names), note, key), {_PRACTICE: practice_id, **_as_json(names, rows)}


def is_among(of: ColumnElement[Value], listed: ColumnElement[str], *, is_postgres: bool) -> ColumnElement[bool]:
    """Of a statement that is written once: whether a column's value is one of those listed in a parameter."""
    if not is_postgres:
        return of.in_(select(func.json_each(listed).table_valued("value").c.value))
    texts = func.string_to_array(listed, _SEPARATOR)
    return of == any_(texts if isinstance(of.type, Text) else cast(texts, postgresql.ARRAY(of.type)))


def _changing(table: Table, key: str, given: Given, new: Mapping[str, Value], of: ColumnElement[bool] | None) -> Update:
    statement = update(table).where(table.c[key] == given[key]).values(new)
    return statement if of is None else statement.where(of)


def _upsert(statement: AnyInsert, key: Sequence[str], replace: Sequence[str]) -> AnyInsert:
    if not key:
        return statement
    if not replace:
        return statement.on_conflict_do_nothing(index_elements=list(key))
    new = {name: statement.excluded[name] for name in replace}
    return statement.on_conflict_do_update(index_elements=list(key), set_=new)


@cache
def _put_few(table: Table, names: Sequence[str], key: Sequence[str], replace: Sequence[str]) -> AnyInsert:
    """Written once for a table: writing a statement takes longer than running it."""
    return _put_many(table, _given(table, names), names, key, replace)


@cache
def _put_noted(table: Table, names: Sequence[str], note: Table, key: str) -> AnyInsert:
    new = _put_few(table, names, (), ()).returning(table.c.practice_id, table.c.id).cte("new")
    return postgresql.insert(note).from_select(["practice_id", key], select(new.c.practice_id, new.c.id))


def _put_many(
    table: Table, given: FromClause, names: Sequence[str], key: Sequence[str], replace: Sequence[str]
) -> AnyInsert:
    chosen = select(bindparam(_PRACTICE, type_=Integer), *(given.c[name] for name in names))
    many = postgresql.insert(table).from_select(["practice_id", *names], chosen)
    return _upsert(many, key, replace).execution_options(preserve_rowcount=True)


def _given(table: Table, names: Sequence[str]) -> TableValuedAlias:
    """The rows that were handed over, as a table with columns of the right types."""
    columns = [column(name, table.c[name].type) for name in names]
    rows = func.json_to_recordset(cast(bindparam(_ROWS, type_=Text), postgresql.JSON))
    return rows.table_valued(*columns).render_derived(name=_ROWS, with_types=True)


def _as_json(names: Sequence[str], rows: Sequence[Sequence[Value]]) -> dict[str, str]:
    return {_ROWS: encode_json([dict(zip(names, row, strict=True)) for row in rows])}
