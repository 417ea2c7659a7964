"""The API clients of OpenEMR: what a registration must have, and what an administrator sets afterwards."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from deploy.openemr.recorded.auth_scopes import KnownScopes, known_scopes, words

Metadata = Mapping[str, Any]  # Any: a registration, as JSON
AUTH_METHODS = ("client_secret_basic", "client_secret_post", "private_key_jwt")
ECHOED = (
    "contacts",
    "application_type",
    "client_name",
    "redirect_uris",
    "token_endpoint_auth_method",
    "initiate_login_uri",
    "jwks_uri",
    "jwks",
    "scope",
)
"""What a registration's answer repeats, in its order; anything else (``launch_uris``) is ignored (recording 020)."""

_INVALID_SCOPE = "The requested scope is invalid, unknown, or malformed"
_NO_CLIENT_NAME = (
    "The authorization server encountered an unexpected condition which prevented it from fulfilling the request: "
    "Try again. Unable to create account"
)


class OAuthError(Exception):
    """An answer of league/oauth2-server: ``error``, ``error_description``, where there is one ``hint``, and ``message``,
    which says the description again."""

    def __init__(self, status: int, error: str, words_: str, hint: str | None = None) -> None:
        super().__init__(words_)
        self.status = status
        self.body: dict[str, str] = {"error": error, "error_description": words_}
        if hint is not None:
            self.body["hint"] = hint
        self.body["message"] = words_


def invalid_scope(hint: str) -> OAuthError:
    """One unknown scope kills the whole request."""
    return OAuthError(400, "invalid_scope", _INVALID_SCOPE, hint)


def unknown_scope(scope: str) -> OAuthError:
    """It names the first that it does not know."""
    return invalid_scope(f"Check the `{scope}` scope")


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A registered API client. ``skips_login``: a launch from the chart asks for neither login nor consent."""

    id: str
    name: str
    scopes: tuple[str, ...]
    redirect_uris: tuple[str, ...]
    is_confidential: bool
    issued_at: int
    secret: str = field(default="", repr=False)
    initiate_login_uri: str | None = None
    jwks: Mapping[str, Any] | None = field(default=None, repr=False)  # Any: a JWK Set, as JSON
    jwks_uri: str | None = None
    is_enabled: bool = False
    skips_login: bool = False
    registered: Metadata = field(default_factory=dict, repr=False)

    @property
    def can_be_launched(self) -> bool:
        """OpenEMR 8.2 lists those in the chart that are enabled and have exactly the scope ``launch``."""
        return self.is_enabled and "launch" in self.scopes

    def answer(self, oauth: str) -> dict[str, object]:
        """What the registration is answered with, the only time that the secret is seen."""
        said: dict[str, object] = {
            "client_id": self.id,
            "client_secret": self.secret,
            "registration_access_token": secrets.token_urlsafe(32),
            "registration_client_uri": f"{oauth}/client/{secrets.token_urlsafe(16)}",
            "client_id_issued_at": self.issued_at,
            "client_secret_expires_at": 0,
            "client_role": "user" if self.is_confidential else "patient",
        }
        said |= {name: self.registered[name] for name in ECHOED if self.registered.get(name) is not None}
        return {**said, "dsi_type": self.registered.get("dsi_type", "none")}


class Clients:
    """Those of one OpenEMR."""

    def __init__(self, clock: Callable[[], float], modules: Callable[[], tuple[str, ...]] = tuple) -> None:
        self._clock = clock
        self._modules = modules
        self._clients: dict[str, Client] = {}

    def __iter__(self) -> Iterator[Client]:
        return iter(list(self._clients.values()))

    @property
    def known_scopes(self) -> KnownScopes:
        """With those of the modules that are switched on now."""
        return known_scopes(self._modules())

    def get(self, id_: object) -> Client | None:
        """None: nobody registered it, or what is asked for is no id at all."""
        return self._clients.get(id_) if isinstance(id_, str) else None

    def enabled(self, id_: object) -> Client | None:
        """One that may ask for tokens now."""
        found = self.get(id_)
        return found if found is not None and found.is_enabled else None

    def register(self, asked: Metadata) -> Client:
        """By the rules of OpenEMR 8.2's ``/registration``. Raises OAuthError."""
        self._check(asked)
        is_confidential = asked.get("application_type") == "private"
        scopes = tuple(words(asked["scope"]))
        made = Client(
            id=secrets.token_urlsafe(32),
            name=asked["client_name"],
            scopes=scopes,
            redirect_uris=tuple(asked["redirect_uris"]),
            is_confidential=is_confidential,
            issued_at=int(self._clock()),
            secret=secrets.token_urlsafe(64) if is_confidential else "",
            initiate_login_uri=asked.get("initiate_login_uri"),
            jwks=asked.get("jwks"),
            jwks_uri=asked.get("jwks_uri"),
            is_enabled=not _waits_for_the_administrator(scopes, is_confidential),
            registered=dict(asked),
        )
        self._clients[made.id] = made
        return made

    def change(self, id_: str, *, is_enabled: bool | None = None, skips_login: bool | None = None) -> Client:
        """What an administrator sets on the page "API Clients". A client that is not there: KeyError."""
        one = self._clients[id_]
        changed = replace(
            one,
            is_enabled=one.is_enabled if is_enabled is None else is_enabled,
            skips_login=one.skips_login if skips_login is None else skips_login,
        )
        self._clients[id_] = changed
        return changed

    def take(self, client: Client) -> None:
        """One that was registered elsewhere, as it is: a recorded one."""
        self._clients[client.id] = client

    def _check(self, asked: Metadata) -> None:
        scopes = words(asked.get("scope"))
        if asked.get("token_endpoint_auth_method", AUTH_METHODS[0]) not in AUTH_METHODS:
            method = asked["token_endpoint_auth_method"]
            raise _bad_metadata(f"Unsupported token_endpoint_auth_method value : {method}")
        if not isinstance(asked.get("redirect_uris"), list) or not asked["redirect_uris"]:
            raise OAuthError(400, "invalid_redirect_uri", "redirect_uris is invalid")
        self._check_scopes(asked, scopes)
        if not asked.get("client_name"):
            raise OAuthError(500, "server_error", _NO_CLIENT_NAME)

    def _check_scopes(self, asked: Metadata, scopes: Sequence[str]) -> None:
        if asked.get("application_type") != "private" and _has_any(scopes, "user/", "system/"):
            raise _bad_metadata("system and user scopes are only allowed for confidential clients")
        if _has_any(scopes, "system/") and not (asked.get("jwks") or asked.get("jwks_uri")):
            raise _bad_metadata("jwks is invalid")
        if not scopes:
            raise invalid_scope("Specify a scope in the request or set a default scope")
        unknown = self.known_scopes.unknown(scopes)
        if unknown is not None:
            raise unknown_scope(unknown)


def _bad_metadata(said: str) -> OAuthError:
    return OAuthError(400, "invalid_client_metadata", said)


def _has_any(scopes: Sequence[str], *beginnings: str) -> bool:
    return any(scope.startswith(beginnings) for scope in scopes)


def _waits_for_the_administrator(scopes: Sequence[str], is_confidential: bool) -> bool:
    """OpenEMR 8.2: with ``user/`` or ``system/`` scopes, and a public one with ``launch`` (recordings 028 and 029)."""
    return _has_any(scopes, "user/", "system/") or (not is_confidential and "launch" in scopes)
