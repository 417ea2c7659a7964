"""How a source is asked to trust us: not at all, by a token that was issued once, or by tokens that we get
ourselves."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from plugin.domain.errors import BadSettings
from plugin.domain.launch import Tokens
from plugin.outbound import Auth

_TOKEN = re.compile(r"[A-Za-z0-9\-._~+/]+=*")  # RFC 6750, b64token

EARLY = timedelta(seconds=30)
"""A token that runs out so soon is not used any more."""


class TokenCache(Protocol):
    """Where tokens that we got ourselves are kept, under a key of ours."""

    def token(self, key: str, mint: Callable[[], Tokens]) -> str:
        """The one that is kept and good for a while yet, else a new one; who comes meanwhile waits for it."""

    def drop(self, key: str, token: str) -> None:
        """Forgets this token, unless another one has taken its place."""


class OwnCache:
    """The tokens of one process: a command on the terminal."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[str, Tokens] = {}

    def token(self, key: str, mint: Callable[[], Tokens]) -> str:
        with self._lock:
            kept = self._kept.get(key)
            if kept is None or kept.expires_at - EARLY <= self._clock():
                kept = self._kept[key] = mint()
            return kept.access

    def drop(self, key: str, token: str) -> None:
        with self._lock:
            if key in self._kept and self._kept[key].access == token:
                del self._kept[key]


class Bearer(Auth):
    """A static bearer token. It is nowhere shown: not in the repr, not in an error."""

    def __init__(self, token: str) -> None:
        if not is_token(token):
            raise BadSettings("The token of a source may hold letters, digits and - . _ ~ + / = only.")
        self._token = token

    def secrets(self) -> tuple[str, ...]:
        return (self._token,)

    def headers(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self._token}"}

    def __repr__(self) -> str:
        return "Bearer(***)"


class Renewed(Auth):
    """Tokens that we get ourselves (SMART Backend Services), kept under ``key`` until shortly before they run out. One
    that is refused is dropped, and the request sent once more with a new one."""

    def __init__(
        self,
        key: str,
        mint: Callable[[], Tokens],
        cache: TokenCache,
        *,
        lacking: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        self._key = key
        self._mint = mint
        self._cache = cache
        self._lacking = lacking
        self._sent = threading.local()

    def secrets(self) -> tuple[str, ...]:
        sent = self._last()
        return () if sent is None else (sent,)

    def headers(self) -> Mapping[str, str]:
        self._sent.token = self._cache.token(self._key, self._mint)
        return {"Authorization": f"Bearer {self._sent.token}"}

    def refused(self) -> bool:
        sent = self._last()
        if sent is not None:
            self._cache.drop(self._key, sent)
        return sent is not None

    def lacking(self) -> Sequence[str]:
        return self._lacking()

    def _last(self) -> str | None:
        """What this thread sent last."""
        sent: str | None = getattr(self._sent, "token", None)
        return sent

    def __repr__(self) -> str:
        return "Renewed(***)"


def auth_for(token: str | None) -> Auth:
    """What a source's settings say: a token, or none."""
    return Bearer(token) if token else Auth()


def is_token(text: str) -> bool:
    """Whether it may stand in an Authorization header."""
    return _TOKEN.fullmatch(text) is not None
