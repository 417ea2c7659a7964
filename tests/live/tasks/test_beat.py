"""Two beats on one Redis: one sends, the other stands by, and nothing is sent twice."""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import redis

from tasks.routes import TICK, TICK_ROUTE
from tests.live.installation import Installation, wait_for

pytestmark = [pytest.mark.live, pytest.mark.fault]

LOCK_S = 3.0
COMMAND = (sys.executable, "-m", "celery", "--app", "tests.live.tasks.short_beat", "--quiet", "beat")


def senders(url: str) -> list[str]:
    """Who sent each tick that was sent so far, oldest first: `gen` and the number of the process."""
    with redis.Redis.from_url(url) as client:
        messages = [json.loads(text) for text in client.lrange(f"milepost.broker.{TICK_ROUTE}", 0, -1)]
    return [m["headers"]["origin"].partition("@")[0] for m in reversed(messages) if m["headers"]["task"] == TICK]


def test_when_the_sending_beat_is_killed_the_other_goes_on(
    tmp_path: Path, redis_url: str, tell: Callable[[str], None]
) -> None:
    """Once a second is once a second with two of them; a kill -9 costs no more than the lock's time, and doubles nothing."""
    made = Installation.at(tmp_path, f"sqlite:///{tmp_path / 'm.db'}", redis_url, tick_seconds="1")
    with made.process("one", *COMMAND) as one:
        wait_for("the first beat sends", lambda: senders(redis_url), 60)
        with made.process("other", *COMMAND) as other:
            began, before = time.monotonic(), len(senders(redis_url))
            wait_for("it goes on", lambda: len(senders(redis_url)) >= before + 4, 60)
            sent, took = len(senders(redis_url)) - before, time.monotonic() - began
            at_the_kill = len(senders(redis_url))

            one.kill()
            gap = wait_for("the other goes on", lambda: len(senders(redis_url)) > at_the_kill + 1, 60)

            assert sent <= took + 2, "sent by both"
            assert set(senders(redis_url)[:at_the_kill]) == {f"gen{one.pid}"}
            assert set(senders(redis_url)[at_the_kill + 1 :]) == {f"gen{other.pid}"}
            tell(f"beat killed, the other went on after {gap:.1f} s (lock {LOCK_S:.0f} s)")
