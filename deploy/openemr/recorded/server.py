"""The recorded OpenEMR over HTTP: served in a thread, on loopback, for as long as a ``with`` lasts."""

from __future__ import annotations

import secrets
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING

from flask import Flask, Response, request
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from deploy.openemr.recorded.access import Permits
from deploy.openemr.recorded.answer import Answer
from deploy.openemr.recorded.api import Api
from deploy.openemr.recorded.clinic import Clinic
from deploy.openemr.recorded.request import Call
from deploy.openemr.recorded.trouble import Trouble, unknown_site

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SITE = "default"
_ANYWHERE = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"]
_FORM = "application/x-www-form-urlencoded"

Dresses = Callable[[Flask, Clinic, str], Permits]
"""Adds the authorization server and the pages to the application; the API asks what comes back for permits."""


@dataclass(frozen=True)
class Seen:
    """A request that came, without its query, its token and its bodies."""

    method: str
    path: str
    status: int
    bytes: int
    seconds: float
    """What a real OpenEMR would have taken."""


@dataclass
class RecordedOpenEmr:
    """A running one. Everything here may be used while it answers."""

    clinic: Clinic
    base_url: str
    """The site's root, as OpenEMR itself believes it (its setting "Site Address")."""
    served: str
    """Where it really listens; the same, unless ``site`` said otherwise."""
    requests: list[Seen] = field(default_factory=list)
    trouble: Trouble = field(default_factory=Trouble)

    @property
    def fhir_base(self) -> str:
        """Where FHIR is."""
        return f"{self.base_url}/apis/{SITE}/fhir"

    @property
    def api_base(self) -> str:
        """Where the Standard API is."""
        return f"{self.base_url}/apis/{SITE}/api"

    def switch_off_api(self) -> None:
        """The administrator unchecks the REST APIs; ``switch_on_api`` checks them again."""
        self.trouble.is_api_off = True

    def switch_on_api(self) -> None:
        """As before."""
        self.trouble.is_api_off = False

    def end_sessions(self) -> None:
        """Everybody at OpenEMR's pages is logged out; the tokens of apps go on."""
        self.clinic.end_sessions()

    def down(self) -> None:
        """From now on nobody gets an answer: the connection ends before one."""
        self.trouble.is_down = True

    def up(self) -> None:
        """It answers again."""
        self.trouble.is_down = False

    def answer_next_with(self, kind: str, *, path: str = "", times: int = 1) -> None:
        """The next calls whose path has ``path`` in it go wrong: see ``trouble.KINDS``."""
        self.trouble.plan(kind, path=path, times=times)

    def bytes_read(self, prefix: str = "") -> int:
        """How much was answered below a path; OpenEMR stores as much in its api_log."""
        return sum(seen.bytes for seen in list(self.requests) if seen.path.startswith(prefix))


@contextmanager
def recorded_openemr(
    clinic: Clinic,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    dress: Dresses | None = None,
    is_behind_apache: bool = True,
    takes: Callable[[float], None] = lambda seconds: None,
    site: str | None = None,
) -> Iterator[RecordedOpenEmr]:
    """Serves a clinic. ``takes`` is told of each answer how long a real one would have taken for it, and may wait so long
    or move a test's clock. Raises ValueError for an address that is not loopback."""
    if not ip_address(host).is_loopback:
        raise ValueError(f"{host} is not loopback; the recorded OpenEMR knows no secrets, and listens nowhere else")
    app = Flask(__name__)
    server = make_server(host, port, app, threaded=True, request_handler=_Silent)
    served = f"http://{host}:{server.server_port}"
    running = RecordedOpenEmr(clinic, site or served, served)
    app.wsgi_app = _Door(app.wsgi_app, running.trouble)  # type: ignore[method-assign]  # as Flask's documentation has it
    permits = dress(app, clinic, running.base_url) if dress else clinic
    _serve_api(app, running, Api(clinic, permits, running.base_url, is_behind_apache=is_behind_apache), takes)
    with _in_a_thread(server):
        yield running


class _Silent(WSGIRequestHandler):
    """HTTP/1.1, so that connections stay open, and no log of requests."""

    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - werkzeug's name
        """Nothing."""


class _Door:
    """Before everything else: while it is down, connections end without an answer."""

    def __init__(self, inside: WSGIApplication, trouble: Trouble) -> None:
        self._inside = inside
        self._trouble = trouble

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """WSGI."""
        if self._trouble.is_down:
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            raise ConnectionAbortedError
        return self._inside(environ, start_response)


@contextmanager
def _in_a_thread(server: BaseWSGIServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _serve_api(app: Flask, running: RecordedOpenEmr, api: Api, takes: Callable[[float], None]) -> None:
    @app.route("/apis/<site>/", defaults={"path": ""}, methods=_ANYWHERE, provide_automatic_options=False)
    @app.route("/apis/<site>/<path:path>", methods=_ANYWHERE, provide_automatic_options=False)
    def api_call(site: str, path: str) -> Response:
        given = api.answer(_call(path)) if site == SITE else unknown_site()
        given = running.trouble.spoil(given, f"/apis/{site}/{path}")
        takes(given.seconds)
        running.requests.append(Seen(request.method, request.path, given.status, len(given.body), given.seconds))
        return _response(given, has_session=site == SITE)


def _call(path: str) -> Call:
    body = request.get_data()
    is_form = request.mimetype == _FORM
    return Call(
        request.method,
        path,
        query=request.query_string.decode("ascii", "replace"),
        form=body.decode("utf-8", "replace") if is_form else "",
        body=b"" if is_form else body,
        authorization=request.headers.get("Authorization"),
        files=tuple((one.filename or "", one.mimetype, one.read()) for one in request.files.values()),
    )


def _response(given: Answer, *, has_session: bool) -> Response:
    """With OpenEMR's headers: a session's cookie each time, nothing to compare a version with, nothing compressed."""
    response = Response(given.body, given.status, content_type=given.content_type)
    for value in given.caching:
        response.headers.add("Cache-Control", value)
    response.headers["X-Powered-By"] = "PHP/8.2.36"
    if has_session:
        cookie = f"apiOpenEMR={secrets.token_urlsafe(24)}; path=/apis/; secure; HttpOnly; SameSite=Strict"
        response.headers["Set-Cookie"] = cookie
    origin = request.headers.get("Origin")
    if origin:
        response.headers["Access-Control-Allow-Origin"] = origin
    return response
