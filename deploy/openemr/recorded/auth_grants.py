"""The token endpoint of OpenEMR 8.2: which grant gives what, and what it does not check."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping

from deploy.openemr.recorded.auth import OAuth
from deploy.openemr.recorded.auth_assertion import malformed, not_the_client
from deploy.openemr.recorded.auth_clients import Client, OAuthError, unknown_scope
from deploy.openemr.recorded.auth_scopes import answered, registered, words
from deploy.openemr.recorded.auth_tokens import Code, Grant, Issued

Form = Mapping[str, str]
_INVALID_GRANT = (
    "The provided authorization grant (e.g., authorization code, resource owner credentials) or refresh token is invalid, "
    "expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another "
    "client."
)


def token_answer(oauth: OAuth, form: Form) -> dict[str, object]:
    """``form`` holds client_id and client_secret also where they came in the Authorization header. Raises OAuthError."""
    kinds: dict[str, Callable[[OAuth, Form], dict[str, object]]] = {
        "authorization_code": _by_code,
        "refresh_token": _by_refresh,
        "client_credentials": _for_itself,
        "password": _by_password,
    }
    kind = kinds.get(form.get("grant_type", ""))
    if kind is None:
        raise OAuthError(
            400,
            "unsupported_grant_type",
            "The authorization grant type is not supported by the authorization server.",
            "Check that all required parameters have been provided",
        )
    return kind(oauth, form)


def _for_itself(oauth: OAuth, form: Form) -> dict[str, object]:
    """Only by a signature; without scopes that the client has it is a token for nothing, and 200 (recordings 060-063)."""
    client = oauth.assertions.client(form)
    scopes = tuple(scope for scope in _asked(oauth, client, form) if scope.startswith("system/"))
    issued = oauth.tokens.issue(oauth.grant_for_itself(client.id, scopes))
    return _said(oauth, issued)


def _by_password(oauth: OAuth, form: Form) -> dict[str, object]:
    """OpenEMR 8.2 does not look at the client's secret here (recording 033)."""
    client = _enabled(oauth, form)
    for name in ("username", "password", "user_role"):
        if not form.get(name):
            raise malformed(f"Check the `{name}` parameter")
    scopes = tuple(_asked(oauth, client, form))
    user = oauth.logged_in(form["username"], form["password"]) if form["user_role"] == "users" else None
    if user is None:
        raise _invalid_grant("Failed Authentication")
    grant = Grant(client=client.id, user=user.username, sub=user.uuid, scopes=scopes)
    return _said(oauth, oauth.tokens.issue(grant))


def _by_code(oauth: OAuth, form: Form) -> dict[str, object]:
    """A wrong secret is refused, none at all is not (OpenEMR 8.2, recordings 317 and 318)."""
    client = _enabled(oauth, form)
    secret = form.get("client_secret")
    if client.is_confidential and secret and not hmac.compare_digest(secret.encode(), client.secret.encode()):
        raise not_the_client(401)
    code = oauth.tokens.redeem(form.get("code", ""))
    if code is None:
        raise malformed("Cannot decrypt the authorization code")
    if not code.is_good:
        raise OAuthError(400, "invalid_request", "Bad request")
    _check(oauth, code, client, form)
    issued = oauth.tokens.issue(code.grant)
    return _said(oauth, issued, code.grant.context)


def _check(oauth: OAuth, code: Code, client: Client, form: Form) -> None:
    if oauth.tokens.is_over(code):
        raise malformed("Authorization code has expired")
    if code.grant.client != client.id:
        raise malformed("Authorization code was not issued to this client")
    if form.get("redirect_uri") != code.redirect_uri:
        raise malformed("Invalid redirect URI")
    if code.challenge is None:
        return
    verifier = form.get("code_verifier")
    if not verifier:
        raise malformed("Check the `code_verifier` parameter")
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
    if not hmac.compare_digest(digest, code.challenge.encode()):
        raise _invalid_grant("Failed to verify `code_verifier`.")


def _by_refresh(oauth: OAuth, form: Form) -> dict[str, object]:
    """OpenEMR 8.2 does not look at the client's secret here (recordings 271 and 272). What a launch said is said again, but
    for the appointment: by OpenEMR's source, since no recording refreshes a launch."""
    client = _enabled(oauth, form)
    asked = words(form.get("scope"))
    _refuse_unknown(oauth, asked)
    issued = oauth.tokens.refreshed(form.get("refresh_token", ""), client.id, tuple(asked))
    kept = {name: value for name, value in issued.grant.context.items() if name != "fhirContext"}
    return _said(oauth, issued, kept)


def _enabled(oauth: OAuth, form: Form) -> Client:
    if "client_assertion" in form:
        return oauth.assertions.client(form)
    found = oauth.clinic.clients.enabled(form.get("client_id"))
    if found is None:
        raise not_the_client(401)
    return found


def _asked(oauth: OAuth, client: Client, form: Form) -> list[str]:
    asked = words(form.get("scope"))
    _refuse_unknown(oauth, asked)
    return registered(asked, client.scopes)


def _refuse_unknown(oauth: OAuth, asked: list[str]) -> None:
    unknown = oauth.clinic.clients.known_scopes.unknown(asked)
    if unknown is not None:
        raise unknown_scope(unknown)


def _said(oauth: OAuth, issued: Issued, context: Mapping[str, object] | None = None) -> dict[str, object]:
    said: dict[str, object] = {}
    scopes = issued.grant.scopes
    if "openid" in scopes:
        said["id_token"] = _id_token(oauth, issued)
    if context:
        said |= {**context, "smart_style_url": f"{oauth.site.oauth}/smart/smart-style"}
    said |= {
        "scope": answered(scopes),
        "token_type": "Bearer",
        "expires_in": issued.expires_in,
        "access_token": issued.access.word,
    }
    if issued.refresh is not None:
        said["refresh_token"] = issued.refresh.word
    return said


def _id_token(oauth: OAuth, issued: Issued) -> str:
    grant, now = issued.grant, int(oauth.clinic.seconds())
    claims: dict[str, object] = {
        "aud": grant.client,
        "iss": oauth.site.oauth,
        "iat": now,
        "exp": now + issued.expires_in,
        "sub": grant.sub,
    }
    if grant.nonce:
        claims["nonce"] = grant.nonce
    if "fhirUser" in grant.scopes:
        claims["fhirUser"] = oauth.fhir_user(grant)
    return oauth.signer.sign(claims | {scope: True for scope in grant.scopes if scope.startswith("api:")})


def _invalid_grant(hint: str) -> OAuthError:
    return OAuthError(400, "invalid_grant", _INVALID_GRANT, hint)
