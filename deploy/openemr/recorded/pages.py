"""Everything of the recorded OpenEMR that is seen in a browser, and the authorization server, on one Flask
application."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, redirect, render_template, request, send_from_directory
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from deploy.demo.ehr.clients import is_loopback_host
from deploy.openemr.recorded.access import Permits
from deploy.openemr.recorded.auth import authorization_server
from deploy.openemr.recorded.auth_http import NOT_KEPT, oauth_endpoints
from deploy.openemr.recorded.auth_pages import auth_pages
from deploy.openemr.recorded.clinic import Clinic
from deploy.openemr.recorded.launch import launch_pages
from deploy.openemr.recorded.pages_admin import admin_pages
from deploy.openemr.recorded.pages_chart import chart_pages
from deploy.openemr.recorded.pages_desk import desk_pages
from deploy.openemr.recorded.pages_login import Door, login_pages
from deploy.openemr.recorded.pages_plan import plan_pages

HERE = Path(__file__).parent
NOTHING = 404
MEANING = {
    "openid": "know who you are",
    "fhirUser": "know your record as a user",
    "launch": "know whose chart it was opened from",
    "launch/patient": "know the patient that you chose",
    "offline_access": "go on when you have left",
    "online_access": "go on while you are logged in",
    "api:fhir": "use the FHIR API",
    "api:oemr": "use the Standard API",
}
"""What the consent page says instead of a scope."""
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none'; "
    "frame-src 'self' http://localhost:* http://127.0.0.1:* https://localhost:* https://127.0.0.1:*"
)
"""Nothing is said of frames around, since OpenEMR 8.2's OAuth pages may be framed (recordings 290 and 292), nor of where
forms go: the consent form ends at the app's address."""


def with_pages(app: Flask, clinic: Clinic, base_url: str) -> Permits:
    """Adds the authorization server and the pages to the application that has the API: ``recorded_openemr(clinic,
    dress=with_pages)``."""
    oauth = authorization_server(base_url, clinic)
    door = Door(oauth)
    pages = Blueprint("pages", __name__, template_folder=str(HERE / "templates"))

    @pages.get("/recorded/<path:name>")
    def static(name: str) -> Response:
        return send_from_directory(HERE / "static", name)

    @pages.get("/")
    def first() -> AnyResponse:
        return redirect("/interface/login/login.php?site=default")

    for one in (pages, oauth_endpoints(oauth), auth_pages(oauth), launch_pages(oauth)):
        app.register_blueprint(one)
    for made in (login_pages, chart_pages, plan_pages, desk_pages, admin_pages):
        app.register_blueprint(made(door))
    _dress(app, door)
    return clinic


def _dress(app: Flask, door: Door) -> None:
    @app.before_request
    def only_from_here() -> Response | None:
        """The name by which we are called is one of this machine, so that no foreign page can reach us under its own."""
        host = urlsplit(f"//{request.host}").hostname or ""
        return None if is_loopback_host(host) else Response("Not from here.", 403)

    @app.context_processor
    def on_every_page() -> dict[str, object]:
        return {"login": door.login(), "meaning": MEANING}

    @app.after_request
    def headers(response: Response) -> Response:
        if request.path.startswith("/oauth2/") and "Cache-Control" not in response.headers:
            for value in NOT_KEPT:
                response.headers.add("Cache-Control", value)
        if (
            response.mimetype == "text/html"
            and response.status_code != NOTHING
            and not request.path.startswith("/apis/")
        ):
            response.headers.setdefault("Content-Security-Policy", _POLICY)
            response.headers.setdefault("Cache-Control", NOT_KEPT[0])
            response.headers.setdefault("X-Content-Type-Options", "nosniff")
        return response

    @app.errorhandler(NOTHING)
    def nothing(_: NotFound) -> Response:
        """An address that OpenEMR does not have is answered with nothing (recording 005)."""
        return Response("", NOTHING, content_type="text/html; charset=UTF-8")

    @app.errorhandler(Door.Closed)
    def closed(_: Door.Closed) -> AnyResponse:
        """Like OpenEMR: the login takes the whole window, also when a page in a frame finds the session ended."""
        return redirect("/interface/login_screen.php?error=1&site=default")

    @app.errorhandler(Door.NotOurForm)
    def not_ours(_: Door.NotOurForm) -> tuple[str, int]:
        return render_template("not_ours.html"), 403
