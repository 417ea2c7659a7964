"""A Redis that is killed and comes back empty: beat and worker wait for it, and go on as if nothing had been lost."""

import contextlib
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from deploy.services.process import binary, free_port, running, wait_until
from tasks.routes import TICK
from tests.live.installation import Installation, wait_for

NOTICED = {"beat_waits_for_redis", "beat_lock_lost"}
pytestmark = [pytest.mark.live, pytest.mark.fault]


@contextlib.contextmanager
def redis_at(port: int, folder: Path) -> Iterator[None]:
    """A Redis that keeps nothing; its end is a kill -9."""
    keep_nothing = ("--save", "", "--appendonly", "no", "--dir", str(folder))
    command = [binary("redis-server"), "--bind", "127.0.0.1", "--port", str(port), *keep_nothing]
    log = folder / f"redis-{time.monotonic_ns()}.log"
    with running(command, log=log, stop_with=signal.SIGKILL) as process:
        wait_until(lambda: answers(port), process, log)
        yield


def answers(port: int) -> bool:
    """Whether Redis is there."""
    with contextlib.closing(redis.Redis(port=port)) as client:
        try:
            return bool(client.ping())
        except redis.ConnectionError:
            return False


def ticks(port: int) -> float:
    """How many ticks were done, as far as this Redis knows."""
    with contextlib.closing(redis.Redis(port=port, decode_responses=True)) as client:
        counted = client.hgetall("milepost.metrics")
    return sum(float(value) for name, value in counted.items() if f'"{TICK}","done"' in name and '"sum"' not in name)


def test_beat_and_worker_outlive_a_redis_that_forgets(tmp_path: Path) -> None:
    """Schedule, lock, queues: all of it is in Redis, and all of it is made again. Neither process ends."""
    port = free_port()
    with redis_at(port, tmp_path):
        made = Installation.at(
            tmp_path, f"sqlite:///{tmp_path / 'm.db'}", f"redis://127.0.0.1:{port}/0", tick_seconds="1"
        )
        parts = made.running("acting worker", "beat")
        started = parts.__enter__()
        wait_for("ticks are done", lambda: ticks(port) >= 2, 90)
    try:
        wait_for("beat has noticed", lambda: NOTICED & set(re.findall(r"beat_\w+", started["beat"].said())), 90)
        with redis_at(port, tmp_path):
            wait_for("ticks are done again", lambda: ticks(port) >= 2, 90)
            assert {name: process.child.poll() for name, process in started.items()} == dict.fromkeys(started)
    finally:
        parts.__exit__(None, None, None)
