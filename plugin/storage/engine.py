"""Connections: how SQLite and PostgreSQL are set up, and how their failures become ours.

No statement's parameters are ever part of a message: they are patients' data.
"""

from __future__ import annotations

import os
import select
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import cast
from urllib.parse import quote

import psycopg
from sqlalchemy import URL, Connection, Engine, ExceptionContext, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry

from plugin.domain.errors import (
    BadSettings,
    MilepostError,
    OlderDatabase,
    PermanentFailure,
    RecordBusy,
    TemporaryFailure,
)

BUSY_TIMEOUT = timedelta(seconds=5)
"""How long a transaction of SQLite waits for the one writer before it."""

IDLE = timedelta(seconds=5)
"""A connection of PostgreSQL that was given back so long ago is asked whether it still stands."""

_KEPT = 8
"""Connections of PostgreSQL that stay open: each thread of a web process reads on one and records that on another."""

READING = "milepost_reading"
"""Connection option: the transaction reads only."""

_GIVEN_BACK = "milepost_given_back"

_BEGIN_READING = b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL plan_cache_mode = auto"
"""A reader sees one moment. What it asks is planned anew each time, but for what asks to be kept prepared (written.py)."""
_PREPARED_AFTER = 5
"""Uses of a statement in transactions that may write; the driver's own number."""

_BUSY_STATES = frozenset({"55P03", "40P01", "40001"})  # lock not available, deadlock, serialization
_OUTAGE_CLASSES = frozenset({"08", "53", "57"})  # connection, resources, operator intervention
# https://www.postgresql.org/docs/15/errcodes-appendix.html


def connect_engine(url: str) -> Engine:
    """An engine for ``sqlite:///path`` or ``postgresql://…`` (psycopg 3). Connects to nothing yet."""
    address = _address(url)
    if address.get_backend_name() == "sqlite":
        # A file that is not there is not made by looking at it: prepare_file makes it.
        there = address.set(database=f"file:{quote(address.database or '')}", query={"mode": "rw", "uri": "true"})
        waiting = {"timeout": BUSY_TIMEOUT.total_seconds()}
        engine = create_engine(there, hide_parameters=True, connect_args=waiting)
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        # Every statement here is short; compiling one (jit) would take longer than running it. The same statement is for
        # one patient or for a thousand, and for tables that nobody has analyzed yet: it is planned anew each time.
        options = {"options": "-c timezone=UTC -c jit=off -c plan_cache_mode=force_custom_plan", "connect_timeout": 10}
        engine = create_engine(address, hide_parameters=True, connect_args=options, pool_size=_KEPT)
        event.listen(engine, "begin", _begin_postgres)
        event.listen(engine, "connect", _note_time)
        event.listen(engine, "checkin", _note_time)
        event.listen(engine, "checkout", _check_alive)
    event.listen(engine, "handle_error", _translate)
    return engine


def prepare_file(url: str) -> None:
    """Makes the file of an SQLite database, readable by its owner only; SQLite gives its side files the same mode."""
    address = _address(url)
    if address.get_backend_name() != "sqlite" or not address.database:
        return
    path = Path(address.database)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        path.chmod(0o600)
    except OSError as problem:
        raise BadSettings(f"the database file {path} cannot be made: {problem.strerror}") from problem


@contextmanager
def translated() -> Iterator[None]:
    """For what speaks to psycopg directly (COPY)."""
    try:
        yield
    except psycopg.Error as problem:
        problem.args = (_without_values(problem),)
        raise _ours(problem) from problem


def _address(url: str) -> URL:
    try:
        address = make_url(url)
    except ArgumentError as problem:
        raise BadSettings(
            "the database's address is not one: sqlite:///FILE or postgresql://USER@HOST/NAME"
        ) from problem
    backend = address.get_backend_name()
    if backend == "sqlite" and address.database and address.database != ":memory:":
        return address.set(drivername="sqlite+pysqlite")
    if backend == "postgresql":
        return address.set(drivername="postgresql+psycopg")
    raise BadSettings(f"no database of the kind {address.drivername}: sqlite:///FILE or postgresql://USER@HOST/NAME")


def _set_up_sqlite(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # the driver begins nothing by itself; _begin_sqlite does
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """A reader sees one moment; whoever may write is the one writer from the beginning, so it never has to give up in
    the middle (https://www.sqlite.org/lang_transaction.html)."""
    reading = connection.get_execution_options().get(READING, False)
    connection.exec_driver_sql("PRAGMA query_only = ON" if reading else "PRAGMA query_only = OFF")
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _begin_postgres(connection: Connection) -> None:
    """Whoever may write begins as the driver does, before the first statement."""
    reading = connection.get_execution_options().get(READING, False)
    driver = cast("psycopg.Connection[object]", connection.connection.dbapi_connection)
    if driver.autocommit != reading:
        driver.autocommit = reading
        driver.prepare_threshold = sys.maxsize if reading else _PREPARED_AFTER
    if reading:
        with translated():
            driver.execute(_BEGIN_READING)


def _note_time(_: DBAPIConnection | None, entry: ConnectionPoolEntry) -> None:
    entry.info[_GIVEN_BACK] = time.monotonic()


def _check_alive(connection: DBAPIConnection, entry: ConnectionPoolEntry, _: object) -> None:
    """Before anybody relies on a connection; if it does not stand, all that are kept are made anew. A server that closes
    one says so on it: of one that was in use a moment ago it is enough that nothing has come in. (SQLAlchemy's own way
    is to ask each time, which takes as long as reading a row.)"""
    driver = cast("psycopg.Connection[object]", connection)
    is_idle = time.monotonic() - entry.info[_GIVEN_BACK] > IDLE.total_seconds()
    try:
        if is_idle or _has_news(driver):
            driver.autocommit = True
            driver.execute("SELECT 1")
            driver.autocommit = False
    except psycopg.Error as problem:
        raise InvalidatePoolError("a connection does not stand any more") from problem


def _has_news(driver: psycopg.Connection[object]) -> bool:
    """Something has come in that nobody asked for: mostly that the other end is closing."""
    waiting = select.poll()
    waiting.register(driver.fileno(), select.POLLIN | select.POLLHUP | select.POLLERR)
    return bool(waiting.poll(0))


def _translate(context: ExceptionContext) -> None:
    problem = context.original_exception
    if not isinstance(problem, psycopg.Error | sqlite3.Error):
        return
    if isinstance(problem, psycopg.Error):
        problem.args = (_without_values(problem),)  # what a log shows as the cause may not quote a row either
    raise _ours(problem)


def _without_values(problem: psycopg.Error) -> str:
    """Where it happened, as far as PostgreSQL says so."""
    told = problem.diag
    places = (told.sqlstate, told.table_name, told.column_name, told.constraint_name)
    return " ".join(place for place in places if place) or "no connection"


def _ours(problem: psycopg.Error | sqlite3.Error) -> MilepostError:
    """By the database's own code, never by its words: those may quote a row."""
    state = getattr(problem, "sqlstate", None) or getattr(problem, "sqlite_errorname", None) or ""
    if state in _BUSY_STATES or state.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return RecordBusy("busy: somebody else is working on the same records; try again")
    if state[:2] in _OUTAGE_CLASSES or (isinstance(problem, psycopg.OperationalError) and not state):
        return TemporaryFailure(f"the database does not answer ({state or type(problem).__name__})")
    if state.startswith("SQLITE_CANTOPEN"):
        return OlderDatabase("there is no database file yet, or it may not be read; run `milepost init`")
    if state.startswith(("SQLITE_FULL", "SQLITE_IOERR")):
        return TemporaryFailure(f"the database file cannot be used ({state})")
    return PermanentFailure(f"the database refused a statement ({state or type(problem).__name__})")
