"""The authorization endpoint: in a chart it answers at once; from the menu it asks who is there, and for which
patient."""

from __future__ import annotations

import hmac

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from deploy.demo.ehr.grants import Code, Grant, Launch
from deploy.demo.ehr.parts import Parts
from deploy.demo.ehr.people import Person
from deploy.demo.ehr.question import Declined, NotARegisteredApp, Question, question
from deploy.demo.ehr.register import Register
from deploy.demo.ehr.vault import Vault

WAITS_S = 900.0


def authorize_pages(ehr: Parts) -> Blueprint:
    """``/auth/authorize``, and the choice of a patient."""
    pages = Blueprint("authorize", __name__)
    waiting: Vault[Question] = Vault(ehr.clock, WAITS_S)
    _add_choice(pages, ehr, waiting)

    @pages.route("/auth/authorize", methods=["GET", "POST"])
    def authorize() -> AnyResponse:
        try:
            asked = question(request.form if request.method == "POST" else request.args, ehr.clients, ehr.fhir)
            if asked.launch is not None:
                return redirect(_in_a_chart(ehr, asked, request.cookies.get(ehr.cookie)))
        except NotARegisteredApp:
            return _refused()
        except Declined as declined:
            return redirect(declined.back)
        return redirect(url_for("authorize.choose", word=waiting.put(asked)))

    return pages


def _add_choice(pages: Blueprint, ehr: Parts, waiting: Vault[Question]) -> None:
    register = Register(ehr.upstream, ehr.practice.tag)

    @pages.get("/auth/<word>/patient")
    def choose(word: str) -> AnyResponse | str:
        asked = waiting.get(word)
        if asked is None:
            return _refused()
        if ehr.person(request.cookies.get(ehr.cookie)) is None:
            return redirect(url_for("door.login", then=word))
        found = register.page(request.args.get("q", ""), request.args.get("page", 1, int))
        return render_template("choose.html", asked=asked, word=word, found=found)

    @pages.post("/auth/<word>/patient")
    def chosen(word: str) -> AnyResponse:
        login = request.cookies.get(ehr.cookie)
        person = ehr.person(login)
        asked = waiting.take(word) if person else None
        if asked is None or person is None or login is None:
            return _refused()
        patient = request.form.get("patient", "")
        if not patient or register.get(patient) is None:
            return redirect(asked.back(error="access_denied", iss=ehr.url))
        return redirect(_with_code(ehr, asked, patient=patient, person=person, login=login))


def _in_a_chart(ehr: Parts, asked: Question, cookie: str | None) -> str:
    """By the launch alone: in a frame of another site's making the browser sends no cookie. Where there is one, it must
    be that of the login that opened the chart. Raises Declined."""
    launch = ehr.grants.launches.take(asked.launch or "")
    if launch is None or not _is_good(ehr, launch, asked, cookie):
        raise Declined(asked.back(error="invalid_request", iss=ehr.url), "invalid_request")
    return _with_code(ehr, asked, patient=launch.patient, person=launch.person, login=launch.login, is_framed=True)


def _is_good(ehr: Parts, launch: Launch, asked: Question, cookie: str | None) -> bool:
    is_same = not cookie or hmac.compare_digest(cookie.encode(), launch.login.encode())
    return launch.client == asked.client.id and is_same and ehr.person(launch.login) == launch.person


def _with_code(
    ehr: Parts, asked: Question, *, patient: str, person: Person, login: str, is_framed: bool = False
) -> str:
    grant = Grant(
        client=asked.client.id,
        scopes=asked.scopes,
        family=ehr.grants.family(),
        patient=patient,
        person=person,
        login=login,
        nonce=asked.nonce,
        is_framed=is_framed,
    )
    code = ehr.grants.code(Code(grant=grant, redirect_uri=asked.redirect_uri, challenge=asked.challenge))
    return asked.back(code=code, iss=ehr.url)


def _refused() -> Response:
    return Response(render_template("refused.html"), 400)
