"""Logging in and out of the EHR: as one of four people, without a password."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from deploy.demo.ehr.parts import Parts
from deploy.demo.ehr.people import PEOPLE, person_of


def door_pages(ehr: Parts) -> Blueprint:
    """Open to anyone on this machine."""
    pages = Blueprint("door", __name__)

    @pages.get("/login")
    def login() -> str:
        return render_template("login.html", people=PEOPLE, then=request.args.get("then", ""))

    @pages.post("/login")
    def logged_in() -> AnyResponse:
        """``then`` is the word of an app's question that waits, never an address."""
        person = person_of(request.form.get("login", ""))
        if person is None:
            return redirect(url_for("door.login"))
        then = request.form.get("then", "")
        answer = redirect(url_for("authorize.choose", word=then) if then else url_for("charts.first"))
        answer.set_cookie(ehr.cookie, ehr.grants.logins.put(person), httponly=True, samesite="Lax", path="/")
        return answer

    @pages.post("/logout")
    def logout() -> AnyResponse:
        ehr.grants.logins.take(request.cookies.get(ehr.cookie, ""))
        answer = redirect(url_for("door.login"))
        answer.delete_cookie(ehr.cookie, path="/")
        return answer

    return pages
