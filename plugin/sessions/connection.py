"""The connection to Redis: gives up soon, and says so in our words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from redis import Redis
from redis.exceptions import RedisError

from plugin.domain.errors import Unreachable

_CONNECT_WITHIN_S = 2.0
_ANSWER_WITHIN_S = 5.0


def connect(redis_url: str) -> Redis:
    """A client. Connects when it is first used."""
    return Redis.from_url(
        redis_url,
        decode_responses=True,
        socket_connect_timeout=_CONNECT_WITHIN_S,
        socket_timeout=_ANSWER_WITHIN_S,
    )


def check(redis: Redis) -> None:
    """Raises Unreachable when Redis does not answer."""
    with answering():
        redis.ping()


@contextmanager
def answering() -> Iterator[None]:
    """Redis' failures become ours; its address, which may hold a password, is not in the words."""
    try:
        yield
    except RedisError as error:
        raise Unreachable(f"Redis did not answer ({type(error).__name__}).") from error
