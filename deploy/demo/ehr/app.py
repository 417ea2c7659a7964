"""The demo EHR as one web application."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, render_template, request

from deploy.demo.ehr.authorize import authorize_pages
from deploy.demo.ehr.charts import chart_pages
from deploy.demo.ehr.clients import is_loopback_host
from deploy.demo.ehr.discovery import discovery_pages
from deploy.demo.ehr.door import door_pages
from deploy.demo.ehr.parts import Parts
from deploy.demo.ehr.proxy import fhir_proxy
from deploy.demo.ehr.tokens import token_pages
from deploy.demo.ehr.upstream import NoAnswer

LARGEST_BODY = 64 * 1024 * 1024
_OF_APPS = ("/auth/token", "/auth/revoke", "/fhir")


def create_app(ehr: Parts) -> Flask:
    """Pages, authorization server and proxy."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.url_map.strict_slashes = False
    for blueprint in (fhir_proxy, discovery_pages, authorize_pages, token_pages, door_pages, chart_pages):
        app.register_blueprint(blueprint(ehr))
    policy = _policy(ehr)

    @app.before_request
    def only_from_here() -> Response | None:
        """Forms come from the EHR's own pages, or from an app's server, which has no browser and says no Origin; and the
        name by which we are called is one of this machine, so that no foreign page can reach us under its own."""
        origin, host = request.headers.get("Origin"), urlsplit(f"//{request.host}").hostname or ""
        is_ours = origin in (None, ehr.url) or request.method in ("GET", "HEAD") or _is_authorize(request.path)
        return None if is_ours and is_loopback_host(host) else Response("Not from here.", 403)

    @app.context_processor
    def on_every_page() -> dict[str, object]:
        return {"person": ehr.person(request.cookies.get(ehr.cookie)), "app": ehr.app}

    @app.after_request
    def headers(response: Response) -> Response:
        if not request.path.startswith(_OF_APPS):
            response.headers["Content-Security-Policy"] = policy
            response.headers.setdefault("Cache-Control", "no-store")
            response.headers["Referrer-Policy"] = "same-origin"  # with no-referrer a form says no Origin
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    @app.errorhandler(NoAnswer)
    def no_answer(_: NoAnswer) -> tuple[str, int]:
        return render_template("no_answer.html"), 503

    return app


def _is_authorize(path: str) -> bool:
    """An app may send its question by a form of its own (``authorize-post``)."""
    return path == "/auth/authorize"


def _policy(ehr: Parts) -> str:
    """Apps are framed, and on their way they come by our authorization server in the same frame; a form of ours may end
    at an app's address. Nothing else leaves this origin."""
    apps = " ".join(sorted(frozenset[str]().union(*(client.origins for client in ehr.clients.values()))))
    return (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none'; "
        f"frame-src 'self' {apps}; form-action 'self' {apps}; frame-ancestors 'self'"
    )
