"""The endpoints of OpenEMR's authorization server that apps call themselves: discovery, registration, tokens."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

import orjson
from flask import Blueprint, Response, request
from joserfc import jws
from joserfc.errors import JoseError

from deploy.openemr.recorded.auth import OAuth
from deploy.openemr.recorded.auth_assertion import BrokenAnswer
from deploy.openemr.recorded.auth_clients import OAuthError
from deploy.openemr.recorded.auth_discovery import openid_configuration, smart_configuration
from deploy.openemr.recorded.auth_grants import token_answer
from deploy.openemr.recorded.auth_introspection import introspected
from deploy.openemr.recorded.php import written

COOKIE = "authserverOpenEMR"
NOT_KEPT = ("max-age=0, private, must-revalidate", "no-cache, private")
NOT_STORED = (NOT_KEPT[0], "no-store, private")
PHP_HTML = "text/html; charset=utf-8"
GET_TOKEN = r"Cannot assign null to property OpenEMR\RestControllers\AuthorizationController::$grantType of type string"


def oauth_endpoints(oauth: OAuth) -> Blueprint:
    """``/oauth2/default/…`` without its pages, and the smart-configuration beside the FHIR API."""
    pages = Blueprint("oauth", __name__)
    _discovery(pages, oauth)
    _tokens(pages, oauth)
    _sessions(pages, oauth)

    @pages.errorhandler(OAuthError)
    def refused(error: OAuthError) -> Response:
        return answer(error.body, error.status)

    @pages.errorhandler(BrokenAnswer)
    def broken(error: BrokenAnswer) -> Response:
        return with_session(Response(str(error), 500, content_type=PHP_HTML))

    return pages


def _discovery(pages: Blueprint, oauth: OAuth) -> None:
    @pages.get("/apis/default/fhir/.well-known/smart-configuration")
    def smart() -> Response:
        found = answer(smart_configuration(oauth.site, oauth.clinic.clients.known_scopes))
        word = secrets.token_urlsafe(24)
        found.headers.set("Set-Cookie", f"apiOpenEMR={word}; path=/apis/; secure; HttpOnly; SameSite=Strict")
        return found

    @pages.get("/oauth2/default/.well-known/openid-configuration")
    def openid() -> Response:
        return answer(openid_configuration(oauth.site, oauth.clinic.clients.known_scopes))

    @pages.get("/oauth2/default/jwk")
    def jwk() -> Response:
        return answer(oauth.signer.jwks())


def _tokens(pages: Blueprint, oauth: OAuth) -> None:
    @pages.route("/oauth2/default/registration", methods=["GET", "POST", "OPTIONS"], provide_automatic_options=False)
    def registration() -> Response:
        return _registered(oauth)

    @pages.post("/oauth2/default/token", provide_automatic_options=False)
    def token() -> Response:
        return answer(token_answer(oauth, _form()), content_type="application/json; charset=UTF-8", holds_secrets=True)

    @pages.get("/oauth2/default/token", provide_automatic_options=False)
    def token_by_get() -> Response:
        return answer({"error": "An error occurred", "message": GET_TOKEN, "code": 0}, 500)

    @pages.route("/oauth2/default/token", methods=["OPTIONS"], provide_automatic_options=False)
    def token_preflight() -> Response:
        """No method and no header is allowed, so a browser's app gets no further (OpenEMR 8.2, recording 224)."""
        return with_session(Response("", content_type=PHP_HTML))

    @pages.post("/oauth2/default/introspect")
    def introspect() -> Response:
        return answer(introspected(oauth, request.form), content_type=PHP_HTML)


def _sessions(pages: Blueprint, oauth: OAuth) -> None:
    @pages.get("/oauth2/default/logout")
    def logout() -> Response:
        _log_out(oauth, request.args.get("id_token_hint", ""))
        return with_session(Response("You have been signed out. Thank you.", content_type="text/plain; charset=UTF-8"))

    @pages.get("/oauth2/default/userinfo")
    def userinfo() -> Response:
        """It is advertised, and is not there (OpenEMR 8.2, recording 422)."""
        return with_session(Response("", 404, content_type=PHP_HTML))


def answer(
    body: Mapping[str, object],
    status: int = 200,
    *,
    content_type: str = "application/json",
    holds_secrets: bool = False,
) -> Response:
    """JSON with the authorization server's headers."""
    made = Response(written(body), status, content_type=content_type)
    for value in NOT_STORED if holds_secrets else NOT_KEPT:
        made.headers.add("Cache-Control", value)
    if holds_secrets:
        made.headers["Pragma"] = "no-cache"
    return with_session(made)


def with_session(response: Response, word: str | None = None) -> Response:
    """The authorization server's session cookie, which every answer sets, and which apps have no use for."""
    cookie = f"{COOKIE}={word or secrets.token_urlsafe(24)}; path=/oauth2/; secure; HttpOnly; SameSite=None"
    response.headers.add("Set-Cookie", cookie)
    if "Origin" in request.headers:
        response.headers["Access-Control-Allow-Origin"] = request.headers["Origin"]
    return response


def _registered(oauth: OAuth) -> Response:
    if request.mimetype != "application/json" or request.method != "POST":
        raise OAuthError(400, "invalid_client_metadata", "Unexpected content type")
    try:
        asked = orjson.loads(request.get_data())
    except orjson.JSONDecodeError:
        asked = None
    if not isinstance(asked, dict):
        return answer({"error": "An error occurred", "message": "Could not decode request body.", "code": 0}, 400)
    client = oauth.clinic.clients.register(asked)
    return answer(client.answer(oauth.site.oauth), holds_secrets=True)


def _form() -> dict[str, str]:
    """A form with client_id and client_secret also from Basic; of JSON only the grant type is read (recording 067)."""
    form = request.form.to_dict()
    if request.is_json:
        sent = request.get_json(silent=True)
        form = {"grant_type": str(sent.get("grant_type", ""))} if isinstance(sent, dict) else {}
    given = request.authorization
    if given is not None and given.type == "basic":
        form = {"client_id": given.username or "", "client_secret": given.password or "", **form}
    return form


def _log_out(oauth: OAuth, hint: str) -> None:
    """The user of the id_token trusts its client no more. Its signature is not looked at here: an id_token of ours names a
    user and a client, and anything else changes nothing."""
    try:
        claims = orjson.loads(jws.extract_compact(hint.encode()).payload)
    except (JoseError, orjson.JSONDecodeError, ValueError):
        return
    user = next((one for one in list(oauth.clinic.users.values()) if one.uuid == claims.get("sub")), None)
    if user is not None:
        oauth.tokens.log_out(user.username, claims.get("aud"))
