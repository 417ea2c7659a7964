"""Sessions of the admin pages, and how often something was tried, in Redis: the port ``SignIns``.

Keys are hashes of what only a browser knows, and records are sealed and bound to their key. Losing all of it signs
everybody out, and nothing else.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from redis import Redis

from plugin.domain.account import OpenSession
from plugin.domain.errors import PermanentFailure
from plugin.sessions.cipher import Cipher
from plugin.sessions.connection import answering

IDLE = timedelta(minutes=30)
"""How long a session outlives its last use."""


class RedisSignIns:
    """The port `SignIns`."""

    def __init__(self, redis: Redis, cipher: Cipher) -> None:
        self._redis = redis
        self._cipher = cipher

    def open(self, token: str, session: OpenSession) -> None:
        """See the port."""
        key = _key("session", token)
        with answering():
            self._redis.set(key, self._sealed(session, key), px=self._span(session, session.proven_at))

    def session(self, token: str, now: datetime, *, is_active: bool = True) -> OpenSession | None:
        """See the port."""
        key = _key("session", token)
        with answering():
            session = self._opened(self._redis.get(key), key)
            if session is None or session.ends_at <= now:
                return None
            if is_active:
                self._redis.pexpire(key, self._span(session, now))
        return session

    def renew(self, token: str, new_token: str, session: OpenSession) -> None:
        """See the port. In one step: no moment in which both open it, or neither does."""
        key = _key("session", new_token)
        with answering(), self._redis.pipeline(transaction=True) as pipe:
            pipe.delete(_key("session", token))
            pipe.set(key, self._sealed(session, key), px=self._span(session, session.proven_at))
            pipe.execute()

    def end(self, token: str) -> None:
        """See the port."""
        with answering():
            self._redis.delete(_key("session", token))

    def count(self, what: str, by: str, within: timedelta) -> int:
        """See the port. It begins anew when ``within`` is over."""
        key = _key(f"count.{what}", by)
        with answering(), self._redis.pipeline(transaction=True) as pipe:
            pipe.set(key, 0, nx=True, px=_milliseconds(within))
            pipe.incr(key)
            return int(pipe.execute()[1])

    def _span(self, session: OpenSession, now: datetime) -> int:
        return _milliseconds(min(IDLE, session.ends_at - now))

    def _sealed(self, session: OpenSession, key: str) -> str:
        return self._cipher.encrypt(json.dumps(asdict(session), default=datetime.isoformat), key)

    def _opened(self, sealed: object, key: str) -> OpenSession | None:
        """None where there is nothing, and where what there is was not put there by us, or by another version of us."""
        if sealed is None:
            return None
        try:
            stored: dict[str, Any] = json.loads(self._cipher.decrypt(str(sealed), key))  # Any: what asdict made
            return OpenSession(**{name: _value(name, value) for name, value in stored.items()})
        except (PermanentFailure, TypeError):
            return None


def _value(name: str, value: Any) -> Any:  # Any: a field of a session
    return datetime.fromisoformat(value) if name.endswith("_at") else value


def _key(kind: str, secret: str) -> str:
    return f"milepost.admin.{kind}.{sha256(secret.encode()).hexdigest()}"


def _milliseconds(span: timedelta) -> int:
    return max(1, int(span / timedelta(milliseconds=1)))
