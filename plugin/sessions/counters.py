"""What all processes have counted together: one hash in Redis.

Web, workers and beat are separate processes, perhaps on several machines; what one of them counts must be seen by the
one that is asked for it. A count is never worth a failed job: without Redis it is lost, silently and quickly.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import timedelta

from redis import Redis
from redis.exceptions import RedisError

_KEY = "milepost.metrics"
_LEFT_ALONE_FOR = timedelta(seconds=10)


class Counters:
    """Adds to numbers under names."""

    def __init__(self, redis: Redis, clock: Callable[[], float] = time.monotonic) -> None:
        self._redis = redis
        self._clock = clock
        self._not_before = 0.0

    def add(self, amounts: Mapping[str, float]) -> None:
        """In one round trip."""
        if self._clock() < self._not_before:
            return
        try:
            with self._redis.pipeline(transaction=False) as pipe:
                for name, amount in amounts.items():
                    pipe.hincrbyfloat(_KEY, name, amount)
                pipe.execute()
        except RedisError:
            self._not_before = self._clock() + _LEFT_ALONE_FOR.total_seconds()

    def all(self) -> Mapping[str, float]:
        """Everything counted so far; nothing where Redis does not answer."""
        try:
            counted = self._redis.hgetall(_KEY)
        except RedisError:
            return {}
        return {str(name): float(value) for name, value in counted.items()}
