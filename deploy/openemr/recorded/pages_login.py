"""Logging in to OpenEMR's own pages, and who is logged in."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from deploy.openemr.recorded.auth import OAuth
from deploy.openemr.recorded.auth_sessions import SESSION, Login
from deploy.openemr.recorded.clinic import Clinic

FINDER = "/interface/main/finder/dynamic_finder.php"
CHART = "/interface/patient_file/summary/demographics.php"
NOT_FRAMED = {"X-Frame-Options": "DENY", "Content-Security-Policy": "frame-ancestors 'none'"}
"""OpenEMR 8.2: the login page of its own, unlike the one for apps (recording 329)."""


@dataclass(frozen=True)
class Door:
    """Who is at the pages; ``Closed`` and ``NotOurForm`` are answered for every page at once."""

    oauth: OAuth

    class Closed(Exception):
        """Nobody is logged in, or not any more."""

    class NotOurForm(Exception):
        """A form without our word in it."""

    @property
    def clinic(self) -> Clinic:
        """Whose pages these are."""
        return self.oauth.clinic

    @property
    def word(self) -> str:
        """The cookie's."""
        return request.cookies.get(SESSION, "")

    def login(self) -> Login | None:
        """None: nobody."""
        return self.oauth.sessions.login(self.word)

    def must(self) -> Login:
        """Who is logged in. Raises Closed."""
        found = self.login()
        if found is None:
            raise Door.Closed
        return found

    def form(self) -> Login:
        """Who sent this form. Raises Closed, NotOurForm."""
        found = self.must()
        if not hmac.compare_digest(request.form.get("csrf", "").encode(), found.csrf.encode()):
            raise Door.NotOurForm
        return found


def login_pages(door: Door) -> Blueprint:
    """Open to all."""
    pages = Blueprint("login", __name__)

    @pages.get("/interface/login/login.php")
    def login() -> AnyResponse:
        return _page(door, failed=False)

    @pages.post("/interface/main/main_screen.php")
    def logged_in() -> AnyResponse:
        user = door.oauth.logged_in(request.form.get("authUser", ""), request.form.get("clearPass", ""))
        if user is None:
            return _page(door, failed=True)
        first = door.clinic.first_chart
        made = redirect(FINDER if first is None else f"{CHART}?set_pid={first}")
        made.headers.add("Set-Cookie", _cookie(door.oauth.sessions.log_in(user.username)))
        return made

    @pages.get("/interface/login_screen.php")
    def login_screen() -> str:
        """What an ended session leads to: it moves the whole window, also from within a frame."""
        return render_template("login_screen.html")

    @pages.post("/interface/logout.php")
    def logout() -> AnyResponse:
        door.form()
        door.oauth.sessions.log_out(door.word)
        return redirect("/interface/login/login.php?site=default")

    return pages


def _page(door: Door, *, failed: bool) -> Response:
    users = [user for user in list(door.clinic.users.values()) if user.is_active]
    made = Response(render_template("login.html", failed=failed, users=users), headers=NOT_FRAMED)
    made.headers.add("Set-Cookie", "App=OpenEMR; path=/; HttpOnly; SameSite=strict")
    return made


def _cookie(word: str) -> str:
    """Neither HttpOnly nor Secure, and strict (OpenEMR 8.2, recording 329)."""
    return f"{SESSION}={word}; path=/; SameSite=Strict"
