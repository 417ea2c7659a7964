"""A real HTTP proxy between Milepost and its FHIR server: it sees every exchange, can hold one, and can spoil one."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import ThreadingHTTPServer
from typing import Protocol
from urllib.parse import unquote, urlsplit

import requests

from tests.rogue import FHIR_JSON, Behaviour, Handler, Rogue

_PASSED_ON = ("Content-Type", "Content-Encoding", "ETag", "Last-Modified", "Location", "Date")
_LONGEST_HOLD_S = 60.0


class Point(StrEnum):
    """How far an exchange has come."""

    ARRIVED = "arrived"
    """The server has not heard of it yet."""
    ANSWERED = "answered"
    """The server has answered, and has written what it was to write; Milepost knows nothing of it."""
    HALF_SENT = "half sent"
    """Milepost has one half of the answer."""
    SENT = "sent"
    """Milepost has the answer."""


@dataclass
class Exchange:
    """One request of Milepost and its answer, as far as it has come."""

    number: int
    method: str
    path: str
    body: bytes = field(repr=False)
    point: Point = Point.ARRIVED
    forwarded: bool = False
    dropped: bool = False
    status: int = 0
    entries: int = 0

    @property
    def type(self) -> str:
        """What is asked for: a resource type, or nothing for a Bundle that is posted to the base."""
        return urlsplit(self.path).path.rpartition("/fhir")[2].strip("/").partition("/")[0]

    @property
    def query(self) -> str:
        """In plain words."""
        return unquote(urlsplit(self.path).query)

    @property
    def is_sorted(self) -> bool:
        """A page of the feed, by keyset or by links."""
        return self.method == "GET" and "_sort=_lastUpdated" in self.query

    @property
    def is_page(self) -> bool:
        """A page of the feed: the only searches that are sorted by both."""
        return self.method == "GET" and "_sort=_lastUpdated,_id" in self.query

    @property
    def writes(self) -> bool:
        """A transaction of ours with more in it than our Device (a batch only reads)."""
        return self.method == "POST" and b'"transaction"' in self.body and b'"PUT"' in self.body and not self._device

    @property
    def _device(self) -> bool:
        return self.body.count(b'"PUT"') == 1 and b"Device/" in self.body


class Watcher(Protocol):
    """Told at each point of each exchange, in the thread of that exchange: to wait here is to hold it."""

    def __call__(self, exchange: Exchange, point: Point) -> None: ...


Spoiler = Callable[[Exchange], Behaviour | None]
"""What is done with a request in place of passing it on; None: it is passed on."""


class Gateway:
    """Stands at `url`, which is to be the source's base, and passes on to `upstream`."""

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream
        self.exchanges: list[Exchange] = []
        self.watch: Watcher = lambda exchange, point: None
        self.spoil: Spoiler = lambda exchange: None
        self._lock = threading.Lock()
        self._calls = requests.Session()
        self._calls.trust_env = False
        self._server: _Server | None = None
        self._thread = threading.Thread()
        self.port = 0

    @property
    def url(self) -> str:
        """The FHIR base that Milepost is told."""
        return f"http://127.0.0.1:{self.port}/fhir"

    def open(self) -> None:
        """Listens; again on the same port after `close`."""
        self._server = _Server(("127.0.0.1", self.port), _Handler)
        self._server.gateway = self
        self._server.rogue = Rogue(self.url)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def close(self) -> None:
        """Connections are refused from now on, and those that stand are cut."""
        server = self._server
        if server is None:
            return
        self._server = None
        server.rogue.over.set()
        server.shutdown()
        server.server_close()
        server.cut_all()
        self._thread.join()

    def forget(self) -> None:
        """What has passed so far is not counted, nobody watches, and nothing is spoiled."""
        self.watch = lambda exchange, point: None
        self.spoil = lambda exchange: None
        self.exchanges = []

    @contextlib.contextmanager
    def closed(self) -> Iterator[None]:
        """Refuses connections while the block runs."""
        self.close()
        try:
            yield
        finally:
            self.open()

    def opened(self, method: str, path: str, body: bytes) -> Exchange:
        """A request has come."""
        with self._lock:
            exchange = Exchange(len(self.exchanges) + 1, method, path, body)
            self.exchanges.append(exchange)
        return exchange

    def ask(self, exchange: Exchange, headers: dict[str, str]) -> requests.Response:
        """Passes a request on. The Host stays as Milepost gave it, so that the server's links lead back here."""
        exchange.forwarded = True
        address = self.upstream.removesuffix("/fhir") + exchange.path
        kept = {name: value for name, value in headers.items() if name.lower() not in ("connection", "content-length")}
        return self._calls.request(
            exchange.method, address, data=exchange.body or None, headers=kept, stream=True, allow_redirects=False
        )

    @property
    def is_quiet(self) -> bool:
        """Whether nothing that was passed on waits for the server."""
        return all(not e.forwarded or e.point is not Point.ARRIVED for e in self.exchanges)


class _Handler(Handler):
    """One connection of Milepost's."""

    server: "_Server"  # type: ignore[assignment]  # it has a rogue too, which is all that behaviours ask of it

    def setup(self) -> None:
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        self.server.connections.discard(self.connection)
        with contextlib.suppress(OSError):
            super().finish()

    def handle(self) -> None:
        with contextlib.suppress(OSError):  # Milepost was killed, or the gateway closed
            super().handle()

    def behave(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        gateway = self.server.gateway
        exchange = gateway.opened(self.command, self.path, body)
        gateway.watch(exchange, Point.ARRIVED)
        if exchange.dropped:
            self.close_connection = True
            return
        spoiled = gateway.spoil(exchange)
        with contextlib.suppress(OSError):
            if spoiled is None:
                self._pass_on(gateway, exchange)
            else:
                spoiled(self)

    do_GET = do_POST = do_PUT = do_DELETE = behave  # noqa: N815 - names given by http.server

    def _pass_on(self, gateway: Gateway, exchange: Exchange) -> None:
        try:
            with gateway.ask(exchange, dict(self.headers.items())) as answer:
                body = answer.raw.read(decode_content=False)
        except requests.RequestException:
            exchange.point = Point.ANSWERED
            self.close_connection = True  # the server is down: so are we
            return
        exchange.status, exchange.point = answer.status_code, Point.ANSWERED
        gateway.watch(exchange, Point.ANSWERED)
        self.send_response_only(answer.status_code)
        for name in _PASSED_ON:
            if name in answer.headers:
                self.send_header(name, answer.headers[name])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        middle = len(body) // 2
        self.wfile.write(body[:middle])
        exchange.point = Point.HALF_SENT
        gateway.watch(exchange, Point.HALF_SENT)
        self.wfile.write(body[middle:])
        exchange.point = Point.SENT
        gateway.watch(exchange, Point.SENT)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    gateway: Gateway
    rogue: Rogue

    def __init__(self, address: tuple[str, int], handler: type[_Handler]) -> None:
        self.connections: set[socket.socket] = set()
        super().__init__(address, handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that was killed in the middle is what this is for."""

    def cut_all(self) -> None:
        for connection in list(self.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def gateway_to(upstream: str) -> Iterator[Gateway]:
    """A gateway while the block runs."""
    gateway = Gateway(upstream)
    gateway.open()
    try:
        yield gateway
    finally:
        gateway.close()


class Held:
    """Holds the exchange that `chosen` picks, at a point, until it is released; says when it is held."""

    def __init__(self, chosen: Callable[[Exchange], bool], point: Point) -> None:
        self._chosen = chosen
        self._point = point
        self.exchange: Exchange | None = None
        self.is_held = threading.Event()
        self._released = threading.Event()

    def __call__(self, exchange: Exchange, point: Point) -> None:
        if self.exchange is None and point is self._point and self._chosen(exchange):
            self.exchange = exchange
            self.is_held.set()
            self._released.wait(_LONGEST_HOLD_S)

    def release(self) -> None:
        """Lets it go on; what the server has not heard of is dropped: whoever sent it is dead."""
        if self.exchange is not None and not self.exchange.forwarded:
            self.exchange.dropped = True
        self._released.set()

    def let_pass(self) -> None:
        """Lets it go on to the server."""
        self._released.set()


def until(is_so: Callable[[], bool], within: float, what: str) -> None:
    """Waits for it, and fails with words when it does not come."""
    deadline = time.monotonic() + within
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {within:g} s")
        time.sleep(0.005)


__all__ = ["FHIR_JSON", "Exchange", "Gateway", "Held", "Point", "gateway_to", "until"]
