"""The tokens by which Milepost itself is let into a source: one for all processes, and one is asked for at a time.

Sealed, and bound to what they are for. Losing them loses nothing: new ones are asked for.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256

from redis import Redis

from plugin.domain.errors import PermanentFailure
from plugin.domain.launch import Tokens
from plugin.sessions.cipher import Cipher
from plugin.sessions.connection import answering
from plugin.sessions.lock import one_at_a_time

EARLY = timedelta(seconds=30)
"""A token that runs out so soon is not used any more."""


class AccessTokens:
    """The protocol ``TokenCache`` of fhir_adapters/auth.py."""

    def __init__(self, redis: Redis, cipher: Cipher, clock: Callable[[], datetime]) -> None:
        self._redis = redis
        self._cipher = cipher
        self._clock = clock

    def token(self, key: str, mint: Callable[[], Tokens]) -> str:
        """The one that is kept, else a new one; over all processes one is asked for at a time."""
        name = _name("token", key)
        kept = self._kept(name)
        if kept is not None:
            return kept
        with one_at_a_time(self._redis, _name("turn", key), "The token of a source"):
            kept = self._kept(name)
            return self._minted(name, mint) if kept is None else kept

    def drop(self, key: str, token: str) -> None:
        """Forgets this token, unless another one has taken its place."""
        name = _name("token", key)
        if self._kept(name) == token:
            with answering():
                self._redis.delete(name)

    def _minted(self, name: str, mint: Callable[[], Tokens]) -> str:
        new = mint()
        left = new.expires_at - EARLY - self._clock()
        if left > timedelta(0):
            with answering():
                sealed = self._cipher.encrypt(json.dumps(new.access), name)
                self._redis.set(name, sealed, px=max(1, int(left / timedelta(milliseconds=1))))
        return new.access

    def _kept(self, name: str) -> str | None:
        with answering():
            sealed = self._redis.get(name)
        if sealed is None:
            return None
        try:
            return str(json.loads(self._cipher.decrypt(str(sealed), name)))
        except PermanentFailure:
            return None  # sealed with a key that is gone


def _name(kind: str, key: str) -> str:
    return f"milepost.access.{kind}.{sha256(key.encode()).hexdigest()}"
