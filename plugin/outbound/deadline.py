"""One deadline for a whole answer, however slowly its bytes drip.

A read timeout counts from one received byte to the next, so a server that sends a byte a second holds a worker for
ever. Here every read from the socket, header or body, gets no more time than is left in all.
"""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from http.client import HTTPResponse  # noqa: TID251 - this is plugin/outbound: the class whose reading is timed
from socket import socket
from typing import TYPE_CHECKING

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class Deadline:
    def __init__(self, clock: Callable[[], float], seconds: float) -> None:
        self._clock = clock
        self._at = clock() + seconds

    def left(self) -> float:
        return self._at - self._clock()

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Within this block, every answer read by a TimedAdapter in this thread is held to the deadline."""
        token = _present.set(self)
        try:
            yield
        finally:
            _present.reset(token)


# The adapter's pools make the response object far from the caller; this is how the caller's deadline reaches it.
_present: ContextVar[Deadline | None] = ContextVar("milepost_deadline", default=None)


class _TimedReader(io.RawIOBase):
    def __init__(self, raw: io.RawIOBase, sock: socket, deadline: Deadline) -> None:
        self._raw = raw
        self._sock = sock
        self._deadline = deadline
        self._patience = sock.gettimeout()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int | None:
        left = self._deadline.left()
        if left <= 0:
            raise TimeoutError("the deadline for the whole answer has passed")
        self._sock.settimeout(left if self._patience is None else min(left, self._patience))
        try:
            return self._raw.readinto(buffer)
        finally:
            self._sock.settimeout(self._patience)  # the connection goes back to the pool as it was

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedResponse(HTTPResponse):
    def __init__(self, sock: socket, debuglevel: int = 0, method: str | None = None, url: str | None = None) -> None:
        super().__init__(sock, debuglevel, method, url)
        deadline = _present.get()
        if deadline is not None:
            raw: io.RawIOBase = self.fp.detach()
            self.fp = io.BufferedReader(_TimedReader(raw, sock, deadline), buffer_size=64 * 1024)


class _TimedHttp(HTTPConnection):
    response_class = _TimedResponse


class _TimedHttps(HTTPSConnection):
    response_class = _TimedResponse


class _TimedHttpPool(HTTPConnectionPool):
    ConnectionCls = _TimedHttp


class _TimedHttpsPool(HTTPSConnectionPool):
    ConnectionCls = _TimedHttps


class TimedAdapter(HTTPAdapter):
    """requests' adapter, whose connections read against the present deadline."""

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **pool_kwargs: object) -> None:
        super().init_poolmanager(connections, maxsize, block, **pool_kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _TimedHttpPool, "https": _TimedHttpsPool}
