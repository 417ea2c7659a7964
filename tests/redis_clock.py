"""Time that passes in Redis without anybody waiting for it: whatever ends there by itself is so much nearer to its end."""

from datetime import timedelta

from redis import Redis


def time_passes(redis: Redis, span: timedelta) -> None:
    """For every key of this client's numbered database that has an end."""
    for key in redis.scan_iter():
        left: int = redis.pttl(key)
        if left >= 0:
            redis.pexpire(key, left - int(span / timedelta(milliseconds=1)))  # what is over is deleted
