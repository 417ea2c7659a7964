"""Two beats on one Redis: one sends, the other stands by, and nothing is sent twice."""

import json
import sys
from collections.abc import Callable
from itertools import groupby
from pathlib import Path

import pytest
import redis

from tasks.routes import TICK, TICK_ROUTE
from tests.live.installation import Installation, wait_for

pytestmark = [pytest.mark.live, pytest.mark.fault]

LOCK_S = 6.0
COMMAND = (sys.executable, "-m", "celery", "--app", "tests.live.tasks.short_beat", "--quiet", "beat")


def senders(url: str) -> list[str]:
    """Who sent each tick that was sent so far, oldest first: `gen` and the number of the process."""
    with redis.Redis.from_url(url) as client:
        messages = [json.loads(text) for text in client.lrange(f"milepost.broker.{TICK_ROUTE}", 0, -1)]
    return [m["headers"]["origin"].partition("@")[0] for m in reversed(messages) if m["headers"]["task"] == TICK]


def test_when_the_sending_beat_is_killed_the_other_goes_on(
    tmp_path: Path, redis_url: str, tell: Callable[[str], None]
) -> None:
    """One of two sends; after a kill -9, and the lock's time, the other does, and nothing is doubled."""
    made = Installation.at(tmp_path, f"sqlite:///{tmp_path / 'm.db'}", redis_url, tick_seconds="1")
    with made.process("one", *COMMAND) as one:
        wait_for("the first beat sends", lambda: senders(redis_url), 120)
        with made.process("other", *COMMAND) as other:
            before = len(senders(redis_url))
            wait_for("it goes on", lambda: len(senders(redis_url)) >= before + 4, 120)

            one.kill()
            at_the_kill = len(senders(redis_url))
            gap = wait_for("the other goes on", lambda: len(senders(redis_url)) > at_the_kill + 1, 120)

            assert [who for who, _ in groupby(senders(redis_url))] == [f"gen{one.pid}", f"gen{other.pid}"]
            tell(f"beat killed, the other went on after {gap:.1f} s (lock {LOCK_S:.0f} s)")
