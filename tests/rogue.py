"""A real HTTP server on loopback that misbehaves on command: slow, cut, too large, lying, silent."""

import contextlib
import gzip
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FHIR_JSON = "application/fhir+json"


class Handler(BaseHTTPRequestHandler):
    """One request, handed to the next behaviour of the rogue's script."""

    protocol_version = "HTTP/1.1"
    timeout = 120
    server: "_Server"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing: the tests look at `Rogue.seen`."""

    def behave(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        rogue = self.server.rogue
        rogue.seen.append(Seen(self.command, self.path, dict(self.headers.items()), body))
        with contextlib.suppress(OSError):  # the client has had enough and hung up, which is what it should do
            rogue.next_behaviour()(self)

    do_GET = do_POST = do_PUT = do_DELETE = behave  # noqa: N815 - names given by http.server

    def reply(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response_only(status)
        for name, value in {"Content-Type": FHIR_JSON, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


Behaviour = Callable[[Handler], None]


@dataclass(frozen=True)
class Seen:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Rogue:
    """Plays its script, one behaviour a request; the last one goes on for ever."""

    url: str = ""
    script: list[Behaviour] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def plays(self, *script: Behaviour) -> "Rogue":
        self.script = list(script)
        return self

    def next_behaviour(self) -> Behaviour:
        return self.script.pop(0) if len(self.script) > 1 else self.script[0]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    rogue: Rogue

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up in the middle is part of the play."""


@contextlib.contextmanager
def rogue_server(context: ssl.SSLContext | None = None) -> Iterator[Rogue]:
    """A rogue that listens at `rogue.url`, its FHIR base, until the block ends."""
    server = _Server(("127.0.0.1", 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    scheme = "http" if context is None else "https"
    server.rogue = Rogue(url=f"{scheme}://127.0.0.1:{server.server_port}/fhir")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.rogue
    finally:
        server.rogue.over.set()
        server.shutdown()
        server.server_close()
        thread.join()


def answers(status: int = 200, body: bytes = b'{"resourceType":"Patient","id":"p1"}', **headers: str) -> Behaviour:
    """An ordinary answer. Header names are given with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler: handler.reply(status, body, named)


def drips_headers(handler: Handler) -> None:
    """A header line without end, one byte at a time."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    _drip(handler, b"x")


def drips_body(handler: Handler) -> None:
    """A body that arrives one byte at a time, long after anybody would wait."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\nContent-Length: 100000\r\n\r\n")
    _drip(handler, b" ")


def drips_chunks(handler: Handler) -> None:
    """One chunk, announced as large, that arrives one byte at a time."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFF\r\n")
    _drip(handler, b" ")


def _drip(handler: Handler, byte: bytes) -> None:
    while not handler.server.rogue.over.wait(0.02):
        handler.wfile.write(byte)
        handler.wfile.flush()


def cuts_the_body(handler: Handler) -> None:
    """Promises 1,000 bytes, sends ten, and hangs up."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b'{"resource')
    hangs_up(handler)


def hangs_up(handler: Handler) -> None:
    """Closes the connection, with no answer or in the middle of one."""
    handler.close_connection = True
    handler.wfile.flush()
    handler.connection.shutdown(socket.SHUT_RDWR)


def says_nothing(handler: Handler) -> None:
    """Takes the request and never answers."""
    handler.server.rogue.over.wait(120)


def zip_bomb(megabytes: int) -> bytes:
    """Blanks, many of them, as a small gzip of as many members."""
    return gzip.compress(b" " * 1024 * 1024) * megabytes
