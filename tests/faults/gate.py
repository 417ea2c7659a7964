"""Gates in a PostgreSQL database: they stop whoever writes the nth row of a table, within its transaction or at its
commit."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import psycopg

_LOCK = 471_147
_COUNTER = "gate_count"


@dataclass(frozen=True)
class Row:
    """A write to one table: `INSERT` or `UPDATE`, counted row by row; `at_commit`: where its transaction ends."""

    table: str
    verb: str
    number: int
    at_commit: bool = False

    @property
    def place(self) -> str:
        """Table and verb."""
        return f"{self.verb} {self.table}"


class Gate:
    """One database's gates. While a gate is closed, its keeper holds a lock that the stopped backend waits for."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._keeper = psycopg.connect(dsn, autocommit=True)
        self._row: Row | None = None

    def count(self, places: Sequence[tuple[str, str]]) -> None:
        """From now on the rows written to these (table, verb) are counted."""
        for table, verb in places:
            name = _counter(table, verb)
            self._do(f"CREATE SEQUENCE {name} MINVALUE 0 START 0")
            self._do(f"SELECT nextval('{name}')")
            self._do(f"{_function(name)} BEGIN PERFORM nextval('{name}'); RETURN NEW; END $$")
            self._do(f"CREATE TRIGGER {name} BEFORE {verb} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()")

    def counted(self, table: str, verb: str) -> int:
        """How many there were."""
        return self._number(f"SELECT last_value FROM {_counter(table, verb)}")

    def close(self, row: Row) -> None:
        """Whoever comes to this row waits there."""
        self._row = row
        wait = f"PERFORM pg_advisory_lock({_LOCK}); PERFORM pg_advisory_unlock({_LOCK});"
        self._do(f"CREATE SEQUENCE {_COUNTER}")
        self._do(
            f"{_function(_COUNTER)} BEGIN IF nextval('{_COUNTER}') = {row.number} THEN {wait} END IF; RETURN NEW; END $$"
        )
        when = "CONSTRAINT TRIGGER {0} AFTER {1} ON {2} DEFERRABLE INITIALLY DEFERRED" if row.at_commit else ""
        created = (when or "TRIGGER {0} BEFORE {1} ON {2}").format(_COUNTER, row.verb, row.table)
        self._do(f"CREATE {created} FOR EACH ROW EXECUTE FUNCTION {_COUNTER}()")
        self._do(f"SELECT pg_advisory_lock({_LOCK})")

    @property
    def stopped(self) -> bool:
        """Whether somebody waits at the gate now."""
        return self.stopped_backend > 0

    @property
    def stopped_backend(self) -> int:
        """The process that waits at the gate, of PostgreSQL's own; 0: none."""
        waiting = "SELECT max(pid) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objid = %s"
        here = " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        return self._number(waiting + here, _LOCK)

    def open(self) -> None:
        """Whoever waits goes on: a backend whose client is gone ends by itself, after the statement that it is in."""
        if self._row is None:
            return
        row, self._row = self._row, None
        self._do(f"SELECT pg_advisory_unlock({_LOCK})")
        self._remove(row)

    def mend(self) -> None:
        """After PostgreSQL has crashed, which let go of all locks: the gate is taken away."""
        self._keeper.close()
        self._keeper = psycopg.connect(self._dsn, autocommit=True)
        if self._row is not None:
            row, self._row = self._row, None
            self._remove(row)

    def _remove(self, row: Row) -> None:
        self._do(f"DROP TRIGGER {_COUNTER} ON {row.table}")
        self._do(f"DROP FUNCTION {_COUNTER}()")
        self._do(f"DROP SEQUENCE {_COUNTER}")

    @property
    def others(self) -> int:
        """Connections beside our own."""
        return self._number(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

    @property
    def others_in_transaction(self) -> int:
        """Those of them that have a transaction open."""
        return self._number(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND xact_start IS NOT NULL"
        )

    def end(self) -> None:
        """Gives the connection back."""
        self._keeper.close()

    def _do(self, statement: str) -> None:
        self._keeper.execute(statement.encode())

    def _number(self, statement: str, *values: object) -> int:
        row = self._keeper.execute(statement.encode(), values or None).fetchone()
        return int(row[0] or 0) if row else 0


def _counter(table: str, verb: str) -> str:
    return f"gate_{verb.lower()}_{table}"


def _function(name: str) -> str:
    return f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$"


@contextlib.contextmanager
def gate_of(dsn: str) -> Iterator[Gate]:
    """The gates of one database while the block runs; open at its end."""
    gate = Gate(dsn)
    try:
        yield gate
    finally:
        gate.open()
        gate.end()
