"""OpenEMR 8.2's launch of an app from a chart: ``ehr-launch-client.php``."""

from __future__ import annotations

import hmac
from urllib.parse import quote_plus

from flask import Blueprint, Response, request

from deploy.openemr.recorded.auth import OAuth
from deploy.openemr.recorded.auth_http import PHP_HTML
from deploy.openemr.recorded.auth_sessions import INTENTS, SESSION, Launch, Login

LOGIN_SCREEN = "/interface/login_screen.php?error=1&site=default"
LAUNCH = "/interface/smart/ehr-launch-client.php"


def launch_pages(oauth: OAuth) -> Blueprint:
    """What a "Launch" button opens in a frame."""
    pages = Blueprint("launch", __name__)

    @pages.get(LAUNCH)
    def launch() -> Response:
        """Whose chart it is says the session, as it stands at this moment, and not the page whose button was clicked:
        another tab may have opened another patient's chart in between. An ended session leads to the login, which takes
        the whole window."""
        login = oauth.sessions.login(request.cookies.get(SESSION))
        if login is None:
            return _moved(LOGIN_SCREEN)
        client = oauth.clinic.clients.get(request.args.get("client_id"))
        if client is None:
            return Response("Unknown system error occurred", 200, content_type=PHP_HTML)
        if not hmac.compare_digest(request.args.get("csrf_token", "").encode(), login.csrf.encode()):
            return Response("Authentication Error", 200, content_type=PHP_HTML)
        word = oauth.sessions.launch(_launched(oauth, login))
        fhir = quote_plus(oauth.site.fhir)
        # The launch address gets a ``?``, also when it has one (recording 019).
        return _moved(f"{client.initiate_login_uri or ''}?launch={quote_plus(word)}&iss={fhir}&aud={fhir}")

    return pages


def _launched(oauth: OAuth, login: Login) -> Launch:
    """An appointment brings its own patient."""
    clinic = oauth.clinic
    number = request.args.get("appointment_id", "")
    booked = clinic.appointments.get(int(number)) if number.isdecimal() else None
    patient = clinic.patient_of(booked.pid if booked else login.pid or 0)
    encounter = clinic.encounters.get(login.encounter or 0)
    return Launch(
        patient=patient.uuid if patient else None,
        encounter=encounter.uuid if encounter else None,
        intent=request.args.get("intent") or INTENTS[0],
        appointment=booked.uuid if booked else None,
    )


def _moved(location: str) -> Response:
    return Response("", 302, headers={"Location": location}, content_type=PHP_HTML)
