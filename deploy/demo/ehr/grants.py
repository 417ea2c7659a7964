"""What the authorization server remembers: logins, launches, codes, tokens and their families."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, field

from deploy.demo.ehr.people import Person
from deploy.demo.ehr.vault import Clock, Vault

LOGIN_S = 12 * 3600.0
LAUNCH_S = 300.0
CODE_S = 60.0
ACCESS_S = 300.0
REFRESH_S = 8 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """A chart was opened with an app in it: who, for whom, in which login."""

    client: str
    person: Person
    patient: str
    login: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What was granted, and what every token of one family stands for. ``patient`` is the id of the one patient; a
    client on its own (Backend Services) has neither patient nor person. ``is_framed``: the chart shows whose it is."""

    client: str
    scopes: tuple[str, ...]
    family: str
    patient: str | None = None
    person: Person | None = None
    login: str | None = field(default=None, repr=False)
    nonce: str | None = field(default=None, repr=False)
    is_framed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """An authorization code's grant, and what its redemption must match."""

    grant: Grant
    redirect_uri: str
    challenge: str


@dataclass(frozen=True, slots=True)
class Issued:
    """Fresh tokens."""

    grant: Grant
    access: str = field(repr=False)
    refresh: str | None = field(repr=False)
    expires_in: int


class Grants:
    """All of it, in memory. Codes and refresh tokens that come a second time end their whole family (RFC 9700 §4.14)."""

    def __init__(self, clock: Clock, access_seconds: float = ACCESS_S) -> None:
        self.logins: Vault[Person] = Vault(clock, LOGIN_S)
        self.launches: Vault[Launch] = Vault(clock, LAUNCH_S)
        self._codes: Vault[Code] = Vault(clock, CODE_S)
        self._used_codes: Vault[str] = Vault(clock, REFRESH_S)
        self._access: Vault[Grant] = Vault(clock, access_seconds)
        self._refresh: Vault[Grant] = Vault(clock, REFRESH_S)
        self._used_refresh: Vault[str] = Vault(clock, REFRESH_S)
        self._ended: Vault[None] = Vault(clock, 2 * REFRESH_S)
        self._access_seconds = int(access_seconds)
        self._lock = threading.Lock()

    @staticmethod
    def family() -> str:
        """A name for the tokens that follow from one grant."""
        return secrets.token_urlsafe(16)

    def code(self, code: Code) -> str:
        """A code for a minute."""
        return self._codes.put(code)

    def redeem(self, word: str) -> Code | None:
        """A code's meaning, once."""
        with self._lock:
            found = self._codes.take(word)
            if found is not None:
                self._used_codes.add(word, found.grant.family)
            elif (family := self._used_codes.get(word)) is not None:
                self.end(family)
            return found

    def issue(self, grant: Grant) -> Issued:
        """An access token, and a refresh token where the grant has one."""
        lasts = {"online_access", "offline_access"} & set(grant.scopes)
        refresh = self._refresh.put(grant) if lasts else None
        return Issued(grant, self._access.put(grant), refresh, self._access_seconds)

    def refreshed(self, word: str, client: str) -> Issued | None:
        """New tokens for a refresh token, which is used up. Online access ends with the login."""
        with self._lock:
            found = self._refresh.get(word)
            if found is None or found.client != client:
                if (family := self._used_refresh.get(word)) is not None:
                    self.end(family)
                return None
            self._refresh.take(word)
            self._used_refresh.add(word, found.family)
        return self.issue(found) if self._goes_on(found) else None

    def access(self, word: str) -> Grant | None:
        """What an access token stands for."""
        found = self._access.get(word)
        return None if found is None or self._has_ended(found) else found

    def revoke(self, word: str, client: str) -> None:
        """Ends the family of a token that is the client's own; any other is none of its business."""
        for vault in (self._access, self._refresh):
            found = vault.get(word)
            if found is not None and found.client == client:
                self.end(found.family)

    def end(self, family: str) -> None:
        """None of its tokens counts any more."""
        self._ended.add(family, None)

    def _has_ended(self, grant: Grant) -> bool:
        return self._ended.has(grant.family)

    def _goes_on(self, grant: Grant) -> bool:
        if self._has_ended(grant):
            return False
        if "offline_access" in grant.scopes or grant.login is None:
            return True
        return self.logins.get(grant.login) is not None
