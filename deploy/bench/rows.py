"""Rows straight into PostgreSQL: what one patient's rows are, multiplied by COPY."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import psycopg
from psycopg import sql

from deploy.bench.chart import MARK

_ID = "@ID@"
_NUMBERED = frozenset({"effect"})
"""Tables that number their rows themselves."""
AT_ONCE = 500
"""Patients in one piece of a COPY."""

TABLES: Mapping[str, str] = {
    "patient": "id",
    "fact": "",
    "plan": "patient_id",
    "milestone": "patient_id",
    "effect": "patient_id",
}
"""What a patient has rows in, and the column that holds the patient's number (facts go by reference)."""


@dataclass(frozen=True)
class Template:
    """One patient's rows, table by table: the columns, and the lines of a COPY with marks for number and id."""

    columns: Mapping[str, Sequence[str]]
    lines: Mapping[str, bytes]


def take_template(connection: psycopg.Connection, tables: Sequence[str]) -> Template:
    """Of the only patient who is there."""
    columns = {table: _columns(connection, table) for table in tables}
    return Template(columns, {table: _lines(connection, table, columns[table]) for table in tables})


def multiply(connection: psycopg.Connection, template: Template, numbers: range) -> None:
    """A patient for each number, who has it as id, too."""
    with connection.cursor() as cursor:
        for table, columns in template.columns.items():
            names = sql.SQL(", ").join(map(sql.Identifier, columns))
            statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), names)
            with cursor.copy(statement) as copy:
                for piece in _pieces(template.lines[table], numbers):
                    copy.write(piece)
    connection.commit()


def _pieces(lines: bytes, numbers: range) -> Iterator[bytes]:
    mark, id_ = MARK.encode(), _ID.encode()
    for start in range(0, len(numbers), AT_ONCE):
        some = numbers[start : start + AT_ONCE]
        yield b"".join(lines.replace(mark, b"%07d" % number).replace(id_, b"%d" % number) for number in some)


def _columns(connection: psycopg.Connection, table: str) -> Sequence[str]:
    query = "SELECT column_name FROM information_schema.columns WHERE table_name = %s ORDER BY ordinal_position"
    found = [row[0] for row in connection.execute(query, (table,))]
    return [name for name in found if not (name == "id" and table in _NUMBERED)]


def _lines(connection: psycopg.Connection, table: str, columns: Sequence[str]) -> bytes:
    chosen = [
        sql.SQL("{}").format(sql.Literal(_ID)) if name == TABLES[table] else sql.Identifier(name) for name in columns
    ]
    query = sql.SQL("COPY (SELECT {} FROM {}) TO STDOUT").format(sql.SQL(", ").join(chosen), sql.Identifier(table))
    with connection.cursor() as cursor, cursor.copy(query) as copy:
        return b"".join(bytes(piece) for piece in copy)


class Snapshot:
    """The rows of some patients as they stood, to be put back as often as is measured."""

    def __init__(self, connection: psycopg.Connection, numbers: range) -> None:
        self._connection = connection
        for table, column in self._tables():
            self._run(
                "CREATE TABLE {saved} AS SELECT * FROM {table} WHERE {column} BETWEEN %s AND %s", table, column, numbers
            )
            self._run("CREATE INDEX ON {saved} ({column})", table, column)
        connection.commit()

    def restore(self, numbers: range) -> None:
        """What came since is gone, of these."""
        for table, column in reversed(list(self._tables())):
            if table != "patient":
                self._run("DELETE FROM {table} WHERE {column} BETWEEN %s AND %s", table, column, numbers)
        for table, column in self._tables():
            statement = "INSERT INTO {table} SELECT * FROM {saved} WHERE {column} BETWEEN %s AND %s"
            if table == "patient":
                statement = (
                    "UPDATE patient p SET next_change_at = s.next_change_at, digest = s.digest, backlog = s.backlog,"
                    " assessed_at = s.assessed_at FROM {saved} s WHERE s.id = p.id AND p.{column} BETWEEN %s AND %s"
                )
            self._run(statement, table, column, numbers)
        self._connection.commit()

    def _tables(self) -> Iterator[tuple[str, str]]:
        return ((table, column) for table, column in TABLES.items() if column)

    def _run(self, statement: str, table: str, column: str, numbers: range | None = None) -> None:
        names = {"table": table, "saved": f"saved_{table}", "column": column}
        parts = {name: sql.Identifier(value) for name, value in names.items()}
        bounds = None if numbers is None else (numbers.start, numbers.stop - 1)
        self._connection.execute(sql.SQL(statement).format(**parts), bounds)


def refresh(connection: psycopg.Connection, tables: Iterable[str] = TABLES) -> None:
    """What autovacuum would have done by the time that anybody looks."""
    connection.commit()
    connection.autocommit = True
    connection.execute(f"VACUUM (ANALYZE) {', '.join(tables)}")
    connection.autocommit = False
