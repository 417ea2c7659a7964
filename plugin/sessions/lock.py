"""One at a time over all processes: whoever comes meanwhile waits for their turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from redis import Redis
from redis.exceptions import LockError

from plugin.domain.errors import RecordBusy
from plugin.sessions.connection import answering

AT_MOST = timedelta(seconds=40)
"""How long a turn lasts at most, and how long it is waited for. An authorization server has fifteen seconds to answer,
and may be asked for its configuration first."""


@contextmanager
def one_at_a_time(redis: Redis, name: str, what: str) -> Iterator[None]:
    """Raises RecordBusy, with ``what`` it is about, when the wait is too long. The turn of one who died ends by itself."""
    span = AT_MOST.total_seconds()
    lock = redis.lock(name, timeout=span, blocking_timeout=span, sleep=0.05, thread_local=False)
    with answering():
        if not lock.acquire():
            raise RecordBusy(f"{what}: somebody else is at it, and it takes too long.")
    try:
        yield
    finally:
        with answering():
            _release(lock.release)


def _release(release: Callable[[], object]) -> None:
    try:
        release()
    except LockError:
        return  # it took too long, and the turn is another's
