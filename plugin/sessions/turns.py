"""Whose turn it is to poll a source: one poll at a time across all workers, and never one too few.

Kept in Redis, under ``milepost.poll.``. Losing all of it loses nothing: two polls at once are only twice the work, and
the beat asks again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from redis import Redis
from redis.exceptions import LockError, RedisError
from redis.lock import Lock

from plugin.domain.errors import TemporaryFailure
from plugin.sessions.connection import answering

LEASE = timedelta(seconds=15)
"""How long a turn outlives its holder (kill -9)."""

RENEWED_EVERY = LEASE / 3
"""While it is held."""

FORGOTTEN_AFTER = LEASE
"""A wish whose job the broker lost, or whose worker found the turn of one who died, stands in nobody's way for longer."""

_LONGEST_REST = timedelta(minutes=15)


class Turns:
    """Wishes to poll a source, and the turn of the one who does."""

    def __init__(self, redis: Redis, *, renewed_every: timedelta = RENEWED_EVERY) -> None:
        self._redis = redis
        self._renewed_every = renewed_every

    def want(self, source_id: int) -> bool:
        """A poll that has not begun yet is wanted. False when that was so already: one poll serves both. Where Redis
        does not answer it cannot be known, so True."""
        try:
            return bool(self._redis.set(_key("wanted", source_id), 1, nx=True, px=_milliseconds(FORGOTTEN_AFTER)))
        except RedisError:
            return True

    def run(self, source_id: int, poll: Callable[[], object]) -> bool:
        """Polls once, unless another has the turn (who sees that it is wanted) or the source asked to be left alone.
        True when a poll was wanted meanwhile: the caller is to ask for it."""
        with answering():
            return not self._is_resting(source_id) and self._polled(source_id, poll) and self._takes_wish(source_id)

    def _polled(self, source_id: int, poll: Callable[[], object]) -> bool:
        with self._turn(source_id) as is_ours:
            if is_ours:
                self._takes_wish(
                    source_id
                )  # who asks from here on is not served by this poll: it may be past their news
                try:
                    poll()
                except TemporaryFailure as failure:
                    self._rest(source_id, failure.retry_after)
                    raise
        return is_ours

    def _takes_wish(self, source_id: int) -> bool:
        return bool(self._redis.delete(_key("wanted", source_id)))

    @contextmanager
    def _turn(self, source_id: int) -> Iterator[bool]:
        lock = self._redis.lock(
            _key("turn", source_id), timeout=LEASE.total_seconds(), blocking=False, thread_local=False
        )
        if not lock.acquire():
            yield False
            return
        is_over = threading.Event()
        renewing = threading.Thread(target=self._renew, args=(lock, is_over), daemon=True)
        renewing.start()
        try:
            yield True
        finally:
            is_over.set()
            renewing.join()
            _release(lock)

    def _renew(self, lock: Lock, is_over: threading.Event) -> None:
        while not is_over.wait(self._renewed_every.total_seconds()):
            try:
                lock.reacquire()
            except RedisError:
                continue  # the next try may be in time; if none is, another may poll as well

    def _is_resting(self, source_id: int) -> bool:
        return bool(self._redis.exists(_key("resting", source_id)))

    def _rest(self, source_id: int, wait: timedelta | None) -> None:
        """What a server asks for by Retry-After holds for every worker."""
        if wait:
            span = min(wait, _LONGEST_REST)
            self._redis.set(_key("resting", source_id), 1, px=max(1, _milliseconds(span)))


def _release(lock: Lock) -> None:
    try:
        lock.release()
    except LockError:
        return  # the lease had run out: it is another's turn, or nobody's


def _key(what: str, source_id: int) -> str:
    return f"milepost.poll.{what}.{source_id}"


def _milliseconds(span: timedelta) -> int:
    return int(span / timedelta(milliseconds=1))
