"""OpenEMR 8.2's introspection: whatever is wrong, the answer is 200 and ``{"active": false}`` (recordings 260 to
283)."""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from deploy.openemr.recorded.auth import OAuth
from deploy.openemr.recorded.auth_assertion import BrokenAnswer
from deploy.openemr.recorded.auth_clients import Client, OAuthError
from deploy.openemr.recorded.auth_tokens import Token

INACTIVE: Mapping[str, object] = {"active": False}


def introspected(oauth: OAuth, form: Mapping[str, str]) -> Mapping[str, object]:
    """Only a client's own tokens, and only for a client that names itself in the form: Basic is not read (recording 270)."""
    client = _client(oauth, form)
    if client is None:
        return INACTIVE
    word = form.get("token", "")
    access, refresh = oauth.tokens.known_access(word), oauth.tokens.known_refresh(word)
    if access is not None and access.grant.client == client.id:
        return _access(oauth, access)
    if refresh is not None and refresh.grant.client == client.id:
        return _common(oauth, refresh, list(refresh.grant.scopes)) | {"client_id": client.id}
    return INACTIVE


def _client(oauth: OAuth, form: Mapping[str, str]) -> Client | None:
    """By secret, or by an assertion for the token endpoint (recordings 268 and 269)."""
    if "client_assertion" in form:
        try:
            return oauth.assertions.client(form)
        except (OAuthError, BrokenAnswer):
            return None
    found = oauth.clinic.clients.enabled(form.get("client_id"))
    if found is None or not found.is_confidential:
        return found
    is_right = hmac.compare_digest(form.get("client_secret", "").encode(), found.secret.encode())
    return found if is_right else None


def _access(oauth: OAuth, token: Token) -> dict[str, object]:
    """An access token's scope is text, a refresh token's a list."""
    grant = token.grant
    said = _common(oauth, token, " ".join(grant.scopes))
    said |= {"aud": [grant.client], "iss": oauth.site.oauth, "client_id": grant.client}
    return {**said, "fhirUser": oauth.fhir_user(grant)}


def _common(oauth: OAuth, token: Token, scope: object) -> dict[str, object]:
    state = oauth.tokens.state(token)
    return {
        "active": state == "active",
        "status": state,
        "scope": scope,
        "exp": int(token.expires),
        "sub": token.grant.sub,
        "jti": token.jti,
    }
