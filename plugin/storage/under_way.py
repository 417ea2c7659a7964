"""A change that PostgreSQL makes while we go on: sent now, waited for later. A transaction of its own, in one round
trip."""

from __future__ import annotations

import select
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

import psycopg
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult
from sqlalchemy import Insert
from sqlalchemy.dialects import postgresql

from plugin.storage.engine import translated
from plugin.storage.transaction import Value


class UnderWay:
    """What a connection is busy with; nothing else may be asked of it until ``wait`` is over. The driver knows only how to
    send and wait at once, so its own connection to the server is used (https://www.postgresql.org/docs/15/libpq-async.html).
    """

    def __init__(self, driver: psycopg.Connection[object], change: Insert, values: Mapping[str, Value]) -> None:
        text, names = _numbered(change)
        self._server = driver.pgconn
        with translated():
            self._server.send_query_params(text, [str(values[name]).encode(driver.info.encoding) for name in names])
            while self._server.flush():
                self._wait_for(select.POLLIN | select.POLLOUT)
                self._server.consume_input()

    def wait(self) -> None:
        """Until the change stands, whatever happens to us from now on. Raises why it does not."""
        with translated():
            for result in list(self._results()):
                if result.status != ExecStatus.COMMAND_OK:
                    raise psycopg.errors.error_from_result(result)

    def _results(self) -> Iterator[PGresult]:
        """One, mostly; all are taken, so that the connection is free again."""
        while True:
            while self._server.is_busy():
                self._wait_for(select.POLLIN)
                self._server.consume_input()
            result = self._server.get_result()
            if result is None:
                return
            yield result

    def _wait_for(self, events: int) -> None:
        waiting = select.poll()
        waiting.register(self._server.socket, events)
        waiting.poll()


@cache
def _numbered(change: Insert) -> tuple[bytes, Sequence[str]]:
    """As the server takes it, with the parameters by number."""
    numbered = postgresql.dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call] # SQLAlchemy gives it no types
    compiled = change.compile(dialect=numbered)
    return str(compiled).encode(), tuple(compiled.positiontup or ())
