"""What OpenEMR's authorization server remembers: codes, tokens, and which users trust which client.

It has every looseness of OpenEMR 8.2: a code can be redeemed again within its minute (recording 296), a used refresh
token that comes again does not end its family (276-278), and after a logout a refresh still answers, with a token that
is refused (425, 424).
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from deploy.openemr.recorded.access import DENIED, EXPIRED_ROW, LOGGED_OUT, SYSTEM_USER, Denied, Permit
from deploy.openemr.recorded.auth_clients import Clients, OAuthError, unknown_scope

CODE_S = 60.0
ACCESS_S = 3600
SYSTEM_ACCESS_S = 300
REFRESH_S = 92 * 86400.0
"""Three months (recording 262)."""
REVOKED = 9
"""OpenEMR's ``code`` for a token that it knows and takes no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a token stands for. ``user`` is the user name, ``context`` what a launch said: ``patient``, ``encounter``…"""

    client: str
    user: str
    sub: str
    scopes: tuple[str, ...]
    context: Mapping[str, object] = field(default_factory=dict)
    nonce: str | None = field(default=None, repr=False)

    @property
    def patient(self) -> str | None:
        """The uuid of the patient that it is bound to, or was launched for."""
        found = self.context.get("patient")
        return found if isinstance(found, str) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """An authorization code. ``is_good`` is False when ``state`` was empty, or consent was refused: OpenEMR 8.2 hands out
    a code all the same, and refuses it at the token endpoint (recordings 304 and 322)."""

    grant: Grant
    redirect_uri: str
    challenge: str | None
    is_good: bool = True
    expires: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """An access or a refresh token. ``access`` is the access token that came with a refresh token."""

    word: str = field(repr=False)
    jti: str
    grant: Grant
    expires: float
    access: str | None = field(default=None, repr=False)
    is_revoked: bool = False
    is_expired_in_database: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """Fresh tokens."""

    grant: Grant
    access: Token
    refresh: Token | None
    expires_in: int


class Tokens:
    """All of it, in memory. It is the API's ``Permits``."""

    def __init__(self, clients: Clients, clock: Callable[[], float]) -> None:
        self._clients = clients
        self._clock = clock
        self._lock = threading.Lock()
        self._codes: dict[str, Code] = {}
        self._access: dict[str, Token] = {}
        self._refresh: dict[str, Token] = {}
        self._trust: set[tuple[str, str]] = set()

    def code(self, code: Code) -> str:
        """A code for a minute."""
        word = secrets.token_urlsafe(48)
        self._codes[word] = replace(code, expires=self._clock() + CODE_S)
        return word

    def redeem(self, word: str) -> Code | None:
        """A code's meaning, as often as it is asked for; None when there never was such a code."""
        return self._codes.get(word)

    def is_over(self, code: Code) -> bool:
        """Its minute has passed."""
        return self._clock() > code.expires

    def issue(self, grant: Grant, *, is_trusted_anew: bool = True) -> Issued:
        """An access token, with ``offline_access`` also a refresh token. Only a login makes the user trust the client
        again; a refresh does not."""
        lasts = SYSTEM_ACCESS_S if grant.user == SYSTEM_USER else ACCESS_S
        access = self._made(grant, lasts)
        refresh = self._made(grant, REFRESH_S, access=access.word) if "offline_access" in grant.scopes else None
        self._access[access.word] = access
        if refresh is not None:
            self._refresh[refresh.word] = refresh
        if is_trusted_anew and grant.user != SYSTEM_USER:
            self._trust.add((grant.client, grant.user))
        return Issued(grant=grant, access=access, refresh=refresh, expires_in=lasts)

    def refreshed(self, word: str, client: str, asked: tuple[str, ...]) -> Issued:
        """New tokens for a refresh token; with fewer scopes, where fewer are asked for, and then for good. Both old ones
        end at once. Raises OAuthError."""
        with self._lock:
            found = self._good(word, client)
            scopes = found.grant.scopes
            wider = next((scope for scope in asked if scope not in scopes), None)
            if wider is not None:
                raise unknown_scope(wider)
            self._refresh[word] = replace(found, is_revoked=True)
            self.revoke(found.access)
            grant = replace(
                found.grant, scopes=asked or tuple(scope for scope in scopes if scope != "nonce"), nonce=None
            )
            return self.issue(grant, is_trusted_anew=False)

    def revoke(self, access: str | None) -> None:
        """An access token that counts no more."""
        if access in self._access:
            self._access[access] = replace(self._access[access], is_revoked=True)

    def expire_in_database(self, access: str) -> None:
        """Its row is out of date, although the token itself is not (recording 426)."""
        self._access[access] = replace(self._access[access], is_expired_in_database=True)

    def log_out(self, user: str, client: str | None = None) -> None:
        """The user trusts this client, or every one, no more: tokens that they have, and those that a refresh still gives,
        are refused with 400."""
        self._trust = {one for one in self._trust if one[1] != user or client not in (None, one[0])}

    def permit(self, authorization: str | None) -> Permit:
        """Whose token it is. Raises Denied."""
        scheme, _, word = (authorization or "").partition(" ")
        found = self._access.get(word) if scheme.lower() == "bearer" else None
        if found is None or self._clock() > found.expires:
            raise Denied(401, DENIED)
        grant = found.grant
        if found.is_revoked or self._clients.enabled(grant.client) is None:
            raise Denied(401, DENIED, REVOKED)
        if found.is_expired_in_database:
            raise Denied(401, EXPIRED_ROW)
        if grant.user != SYSTEM_USER and (grant.client, grant.user) not in self._trust:
            raise Denied(400, LOGGED_OUT)
        return Permit(client=grant.client, user=grant.user, scopes=frozenset(grant.scopes), patient=grant.patient)

    def known_access(self, word: str) -> Token | None:
        """For introspection: also one that is over."""
        return self._access.get(word)

    def known_refresh(self, word: str) -> Token | None:
        """For introspection."""
        return self._refresh.get(word)

    def state(self, token: Token) -> str:
        """``active``, ``expired`` or ``revoked``."""
        if token.is_revoked:
            return "revoked"
        return "expired" if self._clock() > token.expires else "active"

    def _good(self, word: str, client: str) -> Token:
        found = self._refresh.get(word)
        if found is None:
            raise _bad_refresh("Cannot decrypt the refresh token")
        if found.grant.client != client:
            raise _bad_refresh("Token is not linked to client")
        if self._clock() > found.expires:
            raise _bad_refresh("Token has expired")
        if found.is_revoked:
            raise _bad_refresh("Token has been revoked")
        return found

    def _made(self, grant: Grant, lasts: float, access: str | None = None) -> Token:
        return Token(
            word=secrets.token_urlsafe(64),
            jti=secrets.token_hex(40),
            grant=grant,
            expires=self._clock() + lasts,
            access=access,
        )


def _bad_refresh(hint: str) -> OAuthError:
    """401 and ``invalid_request``, where RFC 6749 has 400 and ``invalid_grant`` (OpenEMR 8.2, recordings 273-281)."""
    return OAuthError(401, "invalid_request", "The refresh token is invalid.", hint)
