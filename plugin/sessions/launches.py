"""Launches under way, panel sessions and their tokens, in Redis: the port ``Launches``.

Whoever reads Redis learns nothing: keys are hashes of what only a browser knows, and records are sealed, each bound to
its key (tokens to issuer and launch as well), so that one that was copied to another place does not open there. Losing
all of it ends the sessions, and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, TypeVar

from redis import Redis

from plugin.domain.errors import PermanentFailure
from plugin.domain.launch import PanelSession, PendingLaunch, Tokens
from plugin.sessions.cipher import Cipher
from plugin.sessions.connection import answering
from plugin.sessions.lock import one_at_a_time

PENDING_FOR = timedelta(minutes=10)
"""How long a launch may take."""
IDLE = timedelta(minutes=15)
"""How long a session outlives its last use."""
_JUST_RENEWED = timedelta(seconds=10)

T = TypeVar("T", PendingLaunch, PanelSession, Tokens)


class RedisLaunches:
    """The port `Launches`."""

    def __init__(self, redis: Redis, cipher: Cipher, clock: Callable[[], datetime]) -> None:
        self._redis = redis
        self._cipher = cipher
        self._clock = clock

    def begin(self, state: str, pending: PendingLaunch) -> None:
        """See the port."""
        key = _key("pending", state)
        with answering():
            self._redis.set(key, self._sealed(pending, key), px=_milliseconds(PENDING_FOR))

    def take(self, state: str) -> PendingLaunch | None:
        """See the port."""
        key = _key("pending", state)
        with answering():
            return self._opened(PendingLaunch, self._redis.getdel(key), key)

    def open(self, token: str, session: PanelSession, tokens: Tokens) -> None:
        """See the port."""
        key, span = _key("session", token), _milliseconds(min(IDLE, session.ends_at - session.opened_at))
        with answering(), self._redis.pipeline(transaction=True) as pipe:
            pipe.set(key, self._sealed(session, key), px=span)
            pipe.set(_key("tokens", token), self._sealed(tokens, _owner(session)), px=span)
            pipe.set(_key("launch", session.launch), session.issuer, px=span)
            pipe.execute()

    def session(self, token: str, now: datetime, *, is_active: bool = True) -> PanelSession | None:
        """See the port. Whatever belongs to it lives on together."""
        with answering():
            session = self._session(token)
            if session is None:
                return None
            if session.ends_at <= now:
                self._forget(token, session)
                return None
            if is_active:
                self._prolong(token, session, min(IDLE, session.ends_at - now))
        return session

    def idle_until(self, token: str) -> datetime | None:
        """See the port."""
        with answering():
            left = self._redis.pttl(_key("session", token))
        return self._clock() + timedelta(milliseconds=left) if left > 0 else None

    def of_launch(self, launch: str) -> str | None:
        """See the port."""
        with answering():
            issuer = self._redis.get(_key("launch", launch))
        return None if issuer is None else str(issuer)

    def tokens(self, token: str) -> Tokens | None:
        """See the port."""
        with answering():
            session = self._session(token)
            return None if session is None else self._tokens(token, session)

    def refreshed(self, token: str, use: Callable[[Tokens], Tokens]) -> Tokens | None:
        """See the port. A refusal ends the session, so that nobody who waited shows the same refresh token again."""
        with one_at_a_time(self._redis, _key("turn", token), "The tokens of a panel session"):
            with answering():
                session = self._session(token)
                tokens = None if session is None else self._tokens(token, session)
                is_done = bool(self._redis.exists(_key("renewed", token)))
            if session is None or tokens is None or is_done:
                return tokens
            try:
                new = use(tokens)
            except PermanentFailure:
                self.end(token)
                raise
            return new if self._renewed(token, session, new) else None

    def end(self, token: str) -> Tokens | None:
        """See the port."""
        with answering():
            session = self._session(token)
            if session is None:
                return None
            tokens = self._tokens(token, session)
            self._forget(token, session)
        return tokens

    def allow(self, what: str, by: str, limit: int, within: timedelta) -> bool:
        """See the port. The count begins anew when ``within`` is over."""
        key = _key(f"count.{what}", by)
        with answering(), self._redis.pipeline(transaction=True) as pipe:
            pipe.set(key, 0, nx=True, px=_milliseconds(within))
            pipe.incr(key)
            counted: int = pipe.execute()[1]
        return counted <= limit

    def _session(self, token: str) -> PanelSession | None:
        key = _key("session", token)
        return self._opened(PanelSession, self._redis.get(key), key)

    def _tokens(self, token: str, session: PanelSession) -> Tokens | None:
        return self._opened(Tokens, self._redis.get(_key("tokens", token)), _owner(session))

    def _renewed(self, token: str, session: PanelSession, new: Tokens) -> bool:
        """Stores them, unless the session was ended meanwhile."""
        with answering(), self._redis.pipeline(transaction=True) as pipe:
            pipe.set(_key("tokens", token), self._sealed(new, _owner(session)), xx=True, keepttl=True)
            pipe.set(_key("renewed", token), 1, px=_milliseconds(_JUST_RENEWED))
            return bool(pipe.execute()[0])

    def _prolong(self, token: str, session: PanelSession, span: timedelta) -> None:
        with self._redis.pipeline(transaction=True) as pipe:
            for key in _keys_of(token, session):
                pipe.pexpire(key, _milliseconds(span))
            pipe.execute()

    def _forget(self, token: str, session: PanelSession) -> None:
        self._redis.delete(*_keys_of(token, session))

    def _sealed(self, record: PendingLaunch | PanelSession | Tokens, belongs_to: str) -> str:
        return self._cipher.encrypt(json.dumps(asdict(record), default=datetime.isoformat), belongs_to)

    def _opened(self, type_: type[T], sealed: object, belongs_to: str) -> T | None:
        """None where there is nothing, and where what there is was not put there by us, or by another version of us: that
        session is over."""
        if sealed is None:
            return None
        try:
            stored: dict[str, Any] = json.loads(self._cipher.decrypt(str(sealed), belongs_to))  # Any: what asdict made
            return type_(**{name: _value(name, value) for name, value in stored.items()})
        except (PermanentFailure, TypeError):
            return None


def _value(name: str, value: Any) -> Any:  # Any: a field of any of the three records
    """As it was before JSON: instants end in ``_at``, and lists were tuples."""
    if name.endswith("_at"):
        return datetime.fromisoformat(value)
    return tuple(value) if isinstance(value, list) else value


def _keys_of(token: str, session: PanelSession) -> tuple[str, str, str]:
    return _key("session", token), _key("tokens", token), _key("launch", session.launch)


def _owner(session: PanelSession) -> str:
    """What tokens are bound to."""
    return f"tokens of {session.issuer}|{session.launch}"


def _key(kind: str, secret: str) -> str:
    return f"milepost.panel.{kind}.{sha256(secret.encode()).hexdigest()}"


def _milliseconds(span: timedelta) -> int:
    return max(1, int(span / timedelta(milliseconds=1)))
