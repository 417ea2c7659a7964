"""An app's question at OpenEMR 8.2's ``/authorize``, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from deploy.openemr.recorded.auth import OAuth
from deploy.openemr.recorded.auth_assertion import malformed, not_the_client
from deploy.openemr.recorded.auth_clients import Client, OAuthError, unknown_scope
from deploy.openemr.recorded.auth_scopes import words
from deploy.openemr.recorded.auth_sessions import Launch, Question


class SentBack(Exception):
    """The app is told, at its own address. OpenEMR 8.2 forgets to say ``state`` there (recording 311)."""

    def __init__(self, redirect_uri: str, error: OAuthError) -> None:
        super().__init__(error.body["error"])
        self.location = f"{redirect_uri}{'&' if '?' in redirect_uri else '?'}{urlencode(error.body)}"


def question(oauth: OAuth, asked: Mapping[str, str]) -> Question:
    """Raises OAuthError, which is shown in the browser, or SentBack."""
    client = oauth.clinic.clients.enabled(asked.get("client_id"))
    redirect_uri = asked.get("redirect_uri", "")
    if client is None or redirect_uri not in client.redirect_uris:
        raise not_the_client(401)
    launch = _launch(oauth, asked)
    scopes = words(asked.get("scope"))
    unknown = oauth.clinic.clients.known_scopes.unknown(scopes)
    if unknown is not None:
        raise SentBack(redirect_uri, unknown_scope(unknown))
    return Question(
        client=client,
        redirect_uri=redirect_uri,
        scopes=tuple(scopes),
        state=asked.get("state", ""),
        challenge=_challenge(client, asked),
        nonce=asked.get("nonce") or None,
        launch=launch,
    )


def _launch(oauth: OAuth, asked: Mapping[str, str]) -> Launch | None:
    """``aud`` is a must with ``launch``; without, it may be missing, but not be another (recordings 308, 310, 457)."""
    word, aud = asked.get("launch"), asked.get("aud")
    if aud != oauth.site.fhir and (aud or word):
        raise malformed("Aud parameter did not match authorized server")
    if not word:
        return None
    found = oauth.sessions.launched(word)
    if found is None:
        raise malformed("launch parameter was incorrectly formatted or did not originate from this server")
    return found


def _challenge(client: Client, asked: Mapping[str, str]) -> str | None:
    """S256 or nothing; nothing is enough for a confidential client (recordings 314 and 315)."""
    challenge = asked.get("code_challenge")
    if challenge and asked.get("code_challenge_method", "plain") != "S256":
        raise malformed("Code challenge method must be one of `S256`")
    if not challenge and not client.is_confidential:
        raise malformed("Code challenge must be provided for public clients")
    return challenge or None
