"""The numbers that all processes share, on a real Redis."""

import pytest
from redis.client import Pipeline

from plugin.sessions.connection import connect
from plugin.sessions.counters import Counters
from tests.servers import free_port


def test_what_two_processes_count_is_added_up(redis_url: str) -> None:
    """Whoever is asked knows what all of them did."""
    one, other = Counters(connect(redis_url)), Counters(connect(redis_url))

    one.add({"a": 1, "b": 0.5})
    other.add({"a": 2})

    assert one.all() == {"a": 3, "b": 0.5}


def test_without_redis_counting_is_quick_and_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """A count is never worth a failed job: it is lost, and Redis is not asked again for a while."""
    now = 100.0
    client = connect(f"redis://127.0.0.1:{free_port()}/0")
    counters = Counters(client, clock=lambda: now)
    asked: list[float] = []
    pipeline = client.pipeline

    def asking(transaction: bool) -> Pipeline:
        asked.append(now)
        return pipeline(transaction)

    monkeypatch.setattr(client, "pipeline", asking)

    counters.add({"a": 1})
    counters.add({"a": 1})
    now += 11
    counters.add({"a": 1})

    assert asked == [100.0, 111.0]
    assert counters.all() == {}
