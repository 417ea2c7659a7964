"""An app's question at the authorization endpoint, and whether it may be asked so. Pure.

https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html#obtain-authorization-code
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from deploy.demo.ehr.clients import Client
from deploy.demo.ehr.scopes import granted, read

_CHALLENGE = re.compile(r"[A-Za-z0-9\-_]{43}")
_NEEDED = ("response_type", "client_id", "redirect_uri", "scope", "state", "aud", "code_challenge")


class NotARegisteredApp(Exception):
    """Neither client nor address can be believed, so the answer goes to the person and not to that address."""


class Declined(Exception):
    """The app is told, by a code of OAuth; ``back`` is where."""

    def __init__(self, back: str, code: str) -> None:
        super().__init__(code)
        self.back = back
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Checked, apart from ``launch``. ``scopes`` are those that the client may have of what it asked for."""

    client: Client
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str = field(repr=False)
    challenge: str = field(repr=False)
    nonce: str | None = field(default=None, repr=False)
    launch: str | None = field(default=None, repr=False)

    def back(self, **said: str) -> str:
        """The app's address with an answer."""
        return _with(self.redirect_uri, {**said, "state": self.state})


def question(asked: MultiDict[str, str], clients: Mapping[str, Client], fhir: str) -> Question:
    """Raises NotARegisteredApp or Declined."""
    client = clients.get(asked.get("client_id", ""))
    redirect_uri = asked.get("redirect_uri", "")
    if client is None or redirect_uri not in client.redirect_uris or len(asked.getlist("redirect_uri")) > 1:
        raise NotARegisteredApp
    wrong = _what_is_wrong(asked, fhir)
    if wrong is not None:
        raise Declined(_with(redirect_uri, {"error": wrong, "state": asked.get("state", "")}), wrong)
    return _checked(asked, client, redirect_uri)


def _checked(asked: MultiDict[str, str], client: Client, redirect_uri: str) -> Question:
    made = Question(
        client=client,
        redirect_uri=redirect_uri,
        scopes=granted(asked["scope"], client.scopes, "patient"),
        state=asked["state"],
        challenge=asked["code_challenge"],
        nonce=asked.get("nonce") or None,
        launch=asked.get("launch"),
    )
    if not any(read(scope) for scope in made.scopes):
        raise Declined(made.back(error="invalid_scope"), "invalid_scope")
    if made.launch is not None and "launch" not in made.scopes:
        raise Declined(made.back(error="invalid_scope"), "invalid_scope")
    return made


def _what_is_wrong(asked: MultiDict[str, str], fhir: str) -> str | None:
    """PKCE by S256 and ``state`` are a must for every client (SMART 2.2)."""
    if asked.get("response_type", "code") != "code":
        return "unsupported_response_type"
    repeated = any(len(asked.getlist(name)) > 1 for name in asked)
    missing = any(not asked.get(name) for name in _NEEDED)
    proves = asked.get("code_challenge_method") == "S256" and _CHALLENGE.fullmatch(asked.get("code_challenge", ""))
    if repeated or missing or not proves or asked["aud"].rstrip("/") != fhir:
        return "invalid_request"
    return None


def _with(url: str, said: Mapping[str, str]) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urlencode(said)}"
