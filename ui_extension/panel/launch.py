"""The way into a panel: an EHR opens ``/launch`` in a frame, comes back to ``/callback``, and the page there gets a
token.

The pages are static but for where they lead. State, code and secret pass through the browser's own scripts and one POST
to this origin: no cookie, nothing that another site's page could send along, and no address that holds them afterwards.
"""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, jsonify, make_response, render_template, request

from plugin.api.access import Access, open_to
from plugin.domain.errors import LaunchRefused
from plugin.domain.issuer import Issuer
from plugin.domain.launch import Refusal
from plugin.usecases.launch import (
    Begun,
    Callback,
    begin,
    begin_standalone,
    issuer_named,
    issuer_of_launch,
    issuer_of_page,
    open_session,
)
from plugin.usecases.services import Services
from ui_extension.panel.faults import launch_faults, page
from ui_extension.panel.headers import let_frame, take_origin
from ui_extension.panel.refusals import SESSION_OVER, Words

LAUNCHES_A_MINUTE = 300
"""From one address for one issuer: a hospital is one address."""

_WITHIN = timedelta(minutes=1)
_LONGEST_FIELD = 8192
_FIELDS = {"issuer": True, "state": False, "secret": True, "code": False, "error": False, "iss": False}
"""What the callback's page tells, and whether it must."""


def launch_pages(services: Services) -> Blueprint:
    """``/launch``, ``/standalone/<issuer>``, ``/callback/<issuer>``, ``/p/<launch>`` and ``/p/<launch>/anew``."""
    pages = Blueprint("launch", __name__, template_folder="templates")
    launch_faults(pages, services)

    @pages.get("/launch")
    @open_to(Access.LAUNCH)
    def launch() -> Response:
        aud = _only("aud", Refusal.UNKNOWN_ISSUER) if "aud" in request.args else None
        issuer = issuer_of_launch(services, _only("iss", Refusal.UNKNOWN_ISSUER), aud)
        _let_in(services, "launch", issuer)
        return _launching(issuer, begin(services, issuer, launch=_only("launch", Refusal.NO_LAUNCH)))

    @pages.get("/standalone/<issuer>")
    @open_to(Access.LAUNCH)
    def standalone(issuer: str) -> Response:
        found = issuer_named(services, issuer)
        _let_in(services, "launch", found)
        return _launching(found, begin_standalone(services, found))

    @pages.get("/callback/<issuer>")
    @open_to(Access.LAUNCH)
    def callback(issuer: str) -> Response:
        found = issuer_named(services, issuer)
        let_frame(found.ehr_origins)
        return make_response(render_template("panel/callback.html", issuer=found.slug))

    @pages.get("/p/<launch_id>")
    @open_to(Access.LAUNCH)
    def shell(launch_id: str) -> Response:
        slug = services.launches.of_launch(launch_id)
        issuer = issuer_named(services, slug or issuer_of_page(launch_id))
        let_frame(issuer.ehr_origins)
        if slug is None:
            return page(SESSION_OVER)
        return make_response(render_template("panel/shell.html", launch=launch_id, issuer=issuer.slug))

    @pages.get("/p/<launch_id>/anew")
    @open_to(Access.LAUNCH)
    def anew(launch_id: str) -> Response:
        let_frame(issuer_named(services, issuer_of_page(launch_id)).ehr_origins)
        take_origin()
        return make_response(render_template("panel/anew.html", launch=launch_id))

    return pages


def session_pages(services: Services) -> Blueprint:
    """``POST /session``, by which a launch becomes a session; it answers in JSON, to the callback's script."""
    pages = Blueprint("session", __name__)
    launch_faults(pages, services, _told)

    @pages.post("/session")
    @open_to(Access.LAUNCH)
    def session() -> Response:
        if services.public_url is None or request.headers.get("Origin") != origin_of(services.public_url):
            abort(403)
        callback = _callback()
        _let_in(services, "session", issuer_named(services, callback.issuer))
        token, opened = open_session(services, callback)
        services.metrics.count("launches", outcome="opened")
        return jsonify(token=token, launch=opened.launch)

    return pages


def origin_of(url: str) -> str:
    """As a browser writes it in ``Origin``."""
    parts = urlsplit(url)
    usual = {"https": 443, "http": 80}.get(parts.scheme)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = f":{parts.port}" if parts.port not in (None, usual) else ""
    return f"{parts.scheme}://{host}{port}"


def _launching(issuer: Issuer, begun: Begun) -> Response:
    return make_response(render_template("panel/launch.html", issuer=issuer.slug, begun=begun))


def _let_in(services: Services, what: str, issuer: Issuer) -> None:
    """From here on it is certain whose pages may show what is answered."""
    let_frame(issuer.ehr_origins)
    by = f"{issuer.slug} {request.remote_addr}"
    if not services.launches.allow(what, by, LAUNCHES_A_MINUTE, _WITHIN):
        raise LaunchRefused("Too many launches from one place.", reason=Refusal.TOO_MANY.value)


def _only(name: str, reason: Refusal) -> str:
    """A parameter that is given exactly once: of two, another reader might take the other."""
    given = request.args.getlist(name)
    if len(given) != 1:
        raise LaunchRefused(f"{name} has to be given once.", reason=reason.value)
    return given[0]


def _callback() -> Callback:
    told = request.get_json(silent=True)
    if not isinstance(told, dict) or not told.keys() <= _FIELDS.keys():
        abort(400)
    fields: dict[str, str | None] = {}
    for name, is_needed in _FIELDS.items():
        value = told.get(name)
        if value is None and not is_needed:
            continue
        if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_FIELD:
            abort(400)
        fields[name] = value
    return Callback(**fields)  # type: ignore[arg-type] # the needed ones are texts, as was just seen


def _told(words: Words) -> Response:
    return make_response(jsonify(title=words.title, words=[words.happened, words.advice]), words.status)
