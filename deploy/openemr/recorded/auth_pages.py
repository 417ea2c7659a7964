"""The pages of OpenEMR's authorization server: login, patient picker, consent, and the launch without any of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote_plus, urlencode

from flask import Blueprint, Response, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from deploy.openemr.recorded.auth import OAuth
from deploy.openemr.recorded.auth_clients import OAuthError
from deploy.openemr.recorded.auth_http import COOKIE, PHP_HTML, answer, with_session
from deploy.openemr.recorded.auth_question import SentBack, question
from deploy.openemr.recorded.auth_scopes import allowance, of_asked_resources, registered
from deploy.openemr.recorded.auth_sessions import SESSION, Asking, Question
from deploy.openemr.recorded.auth_tokens import Code, Grant

LOGIN = "/oauth2/default/provider/login"
CONSENT = "/oauth2/default/scope-authorize-confirm"
PICKER = "/oauth2/default/smart/patient-select"
LAST = ("openid", "offline_access")
"""The consent page asks for these after the others, which the answered scope shows."""


class NobodyAsks(Exception):
    """The browser has no question of an app with it, or a form did not come from our page."""


@dataclass(frozen=True)
class Asked:
    """A browser's question, under the word of its cookie."""

    word: str
    asking: Asking

    @property
    def question(self) -> Question:
        """What the app wants."""
        return self.asking.question


def auth_pages(oauth: OAuth) -> Blueprint:
    """``/oauth2/default/…``: they may be framed, as OpenEMR's may."""
    pages = Blueprint("auth_pages", __name__)
    _errors(pages)
    _asking(pages, oauth)
    _login(pages, oauth)
    _picker(pages, oauth)
    _consent(pages, oauth)
    return pages


def _errors(pages: Blueprint) -> None:
    @pages.errorhandler(OAuthError)
    def refused(error: OAuthError) -> Response:
        return answer(error.body, error.status)

    @pages.errorhandler(SentBack)
    def sent_back(error: SentBack) -> Response:
        return with_session(_moved(error.location, 302))

    @pages.errorhandler(NobodyAsks)
    def nobody(_: NobodyAsks) -> tuple[str, int]:
        return render_template("nobody_asks.html"), 400


def _asking(pages: Blueprint, oauth: OAuth) -> None:
    @pages.route("/oauth2/default/authorize", methods=["GET", "POST"])
    def authorize() -> AnyResponse:
        """Without a word when the client may skip the login and the launch comes from the chart: first a page that sends
        itself, so that OpenEMR's own cookie, which is SameSite=Strict, comes along (recordings 338 and 339)."""
        asked = question(oauth, {**request.args.to_dict(), **request.form.to_dict()})
        if asked.launch is not None and asked.client.skips_login:
            if "autosubmit" not in request.args:
                return _with_login(with_session(_sends_itself(oauth)))
            login = oauth.sessions.login(request.cookies.get(SESSION))
            if login is not None:
                return _with_login(with_session(_moved(_silently(oauth, asked, login.user), 302)))
        return with_session(_moved(LOGIN, 307), oauth.sessions.ask(asked))


def _sends_itself(oauth: OAuth) -> Response:
    asked = request.query_string.decode() or urlencode(request.form)
    action = f"{oauth.site.oauth}/authorize?autosubmit=1&{asked}"
    return Response(render_template("launching.html", action=action))


def _silently(oauth: OAuth, asked: Question, user: str) -> str:
    """The address with a code. It grants more than was asked for (OpenEMR 8.2, recording 340)."""
    return _back(oauth, asked, user, of_asked_resources(asked.scopes, asked.client.scopes), is_granted=True)


def _login(pages: Blueprint, oauth: OAuth) -> None:
    @pages.route(LOGIN, methods=["GET", "POST"])
    def login_page() -> str:
        """A 307 brings a form that sent itself here as a POST."""
        found = _asked(oauth)
        return render_template("app_login.html", asking=found.asking, failed=False)

    @pages.post("/oauth2/default/login")
    def logged_in() -> Response | str:
        found = _asked(oauth, "csrf_token_form")
        user = oauth.logged_in(request.form.get("username", ""), request.form.get("password", ""))
        if user is None:
            return render_template("app_login.html", asking=found.asking, failed=True)
        oauth.sessions.go_on(found.word, user=user.username)
        then = PICKER if found.question.needs_patient else CONSENT
        return _moved(oauth.site.url + then, 307)


def _picker(pages: Blueprint, oauth: OAuth) -> None:
    @pages.route(PICKER, methods=["GET", "POST"])
    def pick() -> str:
        found = _logged_in(oauth)
        names = {name: request.form.get(f"search[{name}]", "").strip().lower() for name in ("fname", "mname", "lname")}
        patients = [
            patient
            for patient in oauth.clinic.patients.values()
            if all(getattr(patient, name).lower().startswith(wanted) for name, wanted in names.items())
        ]
        return render_template("app_patient.html", asking=found.asking, patients=patients[:50], site=oauth.site)

    @pages.post(f"{PICKER}-confirm")
    def picked() -> Response:
        found = _logged_in(oauth, "csrf_token")
        patient = oauth.clinic.patient_with(request.form.get("patient_id", ""))
        if patient is None:
            raise NobodyAsks
        oauth.sessions.go_on(found.word, patient=patient.uuid)
        return _moved(oauth.site.url + CONSENT, 307)


def _consent(pages: Blueprint, oauth: OAuth) -> None:
    @pages.route(CONSENT, methods=["GET", "POST"])
    def confirm() -> str:
        found = _logged_in(oauth)
        asked = registered(found.question.scopes, found.question.client.scopes)
        about = [scope for scope in asked if "/" in scope and allowance(scope)]
        plain = _in_consents_order(scope for scope in asked if scope not in about)
        patient = oauth.clinic.patient_with(_patient(found.question) or "")
        return render_template("app_consent.html", asking=found.asking, plain=plain, about=about, patient=patient)

    @pages.post("/oauth2/default/device/code")
    def decided() -> Response:
        """Only what the form says is granted: without JavaScript its resource scopes are missing (OpenEMR 8.2,
        recording 294). A refusal is a code too, which the token endpoint takes back (recordings 321 and 322)."""
        found = _logged_in(oauth, "csrf_token_form")
        asked, user = found.question, found.question.user or ""
        wanted = [name[6:-1] for name in request.form if name.startswith("scope[") and name[6:-1] in asked.scopes]
        oauth.sessions.answered(found.word)
        granted = registered(wanted, asked.client.scopes)
        return with_session(_moved(_back(oauth, asked, user, granted, is_granted="proceed" in request.form), 302))


def _in_consents_order(scopes: Iterable[str]) -> list[str]:
    return sorted(scopes, key=lambda scope: LAST.index(scope) + 1 if scope in LAST else 0)


def _patient(asked: Question) -> str | None:
    if asked.needs_patient:
        return asked.patient or (asked.launch.patient if asked.launch else None)
    return asked.launch.patient if asked.launch else None


def _context(asked: Question, scopes: Iterable[str]) -> dict[str, object]:
    """What the token answer says of the launch. ``launch/patient`` hides everything but the patient."""
    granted, patient = set(scopes), _patient(asked)
    if "launch/patient" in granted:
        return {"patient": patient, "need_patient_banner": True} if patient else {}
    if "launch" in granted and asked.launch is not None:
        return asked.launch.context()
    return {}


def _back(oauth: OAuth, asked: Question, username: str, scopes: list[str], *, is_granted: bool) -> str:
    """The app's address with a code. Without ``state`` the code is no good (OpenEMR 8.2, recording 304), and the answered
    scope has the word ``nonce`` when there was one."""
    user = oauth.clinic.user_named(username)
    grant = Grant(
        client=asked.client.id,
        user=username,
        sub=user.uuid if user else "",
        scopes=(*scopes, "nonce") if asked.nonce else tuple(scopes),
        context=_context(asked, scopes),
        nonce=asked.nonce,
    )
    is_good = is_granted and bool(asked.state)
    code = Code(grant=grant, redirect_uri=asked.redirect_uri, challenge=asked.challenge, is_good=is_good)
    mark = "&" if "?" in asked.redirect_uri else "?"
    state = f"&state={quote_plus(asked.state)}" if asked.state else ""
    return f"{asked.redirect_uri}{mark}code={oauth.tokens.code(code)}{state}"


def _moved(location: str, status: int) -> Response:
    return Response("", status, headers={"Location": location}, content_type=PHP_HTML)


def _with_login(response: AnyResponse) -> AnyResponse:
    word = request.cookies.get(SESSION)
    if word:
        response.headers.add("Set-Cookie", f"{SESSION}={word}; path=/; SameSite=Strict")
    return response


def _asked(oauth: OAuth, csrf: str | None = None) -> Asked:
    word = request.cookies.get(COOKIE)
    asking = oauth.sessions.asking(word)
    if word is None or asking is None or (csrf is not None and request.form.get(csrf) != asking.csrf):
        raise NobodyAsks
    return Asked(word, asking)


def _logged_in(oauth: OAuth, csrf: str | None = None) -> Asked:
    found = _asked(oauth, csrf)
    if found.question.user is None:
        raise NobodyAsks
    return found
