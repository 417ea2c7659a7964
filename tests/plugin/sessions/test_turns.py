"""Turns and wishes on a real Redis: one poll at a time, and never one too few."""

import threading
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from redis import Redis

from plugin.domain.errors import ServerBusy, Unreachable
from plugin.sessions.connection import check, connect
from plugin.sessions.turns import LEASE, Turns
from tests.redis_clock import time_passes
from tests.servers import free_port

TURN = "milepost.poll.turn.1"
ODD = timedelta(hours=1)
"""Longer than any lease, so that a renewal can be seen."""


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    """A connection to this test's own numbered database."""
    client = connect(redis_url)
    yield client
    client.close()


def test_a_thousand_wishes_are_one_poll(redis: Redis) -> None:
    """What is wanted before the poll has begun is served by it."""
    turns = Turns(redis)

    assert [turns.want(1) for _ in range(1000)] == [True, *[False] * 999]


def test_the_sources_have_a_turn_each(redis: Redis) -> None:
    """A wish for one source says nothing about another."""
    turns = Turns(redis)

    assert turns.want(1)
    assert turns.want(2)


def test_a_wish_during_the_poll_wants_another(redis: Redis) -> None:
    """The news that came while the source was read may lie behind the place that was read already."""
    turns = Turns(redis)
    turns.want(1)

    is_again_wanted = turns.run(1, lambda: turns.want(1))

    assert is_again_wanted
    assert turns.want(1), "the wish was handed to the caller, so the next one is new"


def test_a_poll_without_further_wishes_is_the_last(redis: Redis) -> None:
    """Nobody polls for ever."""
    turns = Turns(redis)
    turns.want(1)

    assert not turns.run(1, lambda: None)


def test_two_never_poll_one_source_at_once(redis: Redis, redis_url: str) -> None:
    """The second goes away at once, and the first is told to poll again."""
    first, second = Turns(redis), Turns(connect(redis_url))
    polled: list[str] = []

    def poll() -> None:
        polled.append("first")
        second.want(1)
        assert not second.run(1, lambda: polled.append("second"))

    assert first.run(1, poll)
    assert polled == ["first"]


def test_a_long_poll_keeps_its_turn(redis: Redis, redis_url: str) -> None:
    """The lease is renewed again and again for as long as the holder works."""
    first, second = Turns(redis, renewed_every=timedelta(milliseconds=20)), Turns(connect(redis_url))
    polled: list[str] = []

    def poll() -> None:
        for _ in range(3):
            redis.pexpire(TURN, ODD)
            while redis.pttl(TURN) > LEASE / timedelta(milliseconds=1):
                time.sleep(0.01)
            second.run(1, lambda: polled.append("second"))

    first.run(1, poll)

    assert polled == []


def test_the_turn_of_one_who_died_ends_with_its_lease(redis: Redis) -> None:
    """After a kill -9 nobody renews, and another may poll."""
    redis.set(TURN, "somebody who is gone", px=LEASE)
    polled: list[str] = []
    turns = Turns(redis)

    turns.run(1, lambda: polled.append("too early"))
    time_passes(redis, LEASE)
    turns.run(1, lambda: polled.append("in time"))

    assert polled == ["in time"]


def test_the_turn_is_given_back_after_a_failure(redis: Redis) -> None:
    """An error goes to whoever asked, and the next poll may begin at once."""
    turns = Turns(redis)
    polled: list[str] = []

    def fail() -> None:
        raise ServerBusy("HTTP 503")

    with pytest.raises(ServerBusy):
        turns.run(1, fail)
    turns.run(1, lambda: polled.append("next"))

    assert polled == ["next"]


def test_a_server_that_asks_for_rest_is_left_alone_by_all(redis: Redis, redis_url: str) -> None:
    """Retry-After holds for every worker, and for its time only."""
    turns = Turns(redis)
    polled: list[str] = []
    rest = timedelta(minutes=5)

    def fail() -> None:
        raise ServerBusy("HTTP 429", retry_after=rest)

    with pytest.raises(ServerBusy):
        turns.run(1, fail)
    Turns(connect(redis_url)).run(1, lambda: polled.append("too early"))
    time_passes(redis, rest)
    turns.run(1, lambda: polled.append("in time"))

    assert polled == ["in time"]


def test_many_at_once_poll_one_after_the_other(redis_url: str) -> None:
    """Of many who try at the same moment one polls at a time."""
    inside: list[int] = []
    most: list[int] = []

    def poll() -> None:
        inside.append(1)
        most.append(len(inside))
        time.sleep(0.01)
        inside.pop()

    def work() -> None:
        turns = Turns(connect(redis_url))
        for _ in range(10):
            turns.run(1, poll)

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert max(most) == 1


def test_without_redis_a_poll_is_wanted_and_nothing_is_polled() -> None:
    """A wish that cannot be noted is none too few; a turn that cannot be taken is a temporary failure."""
    turns = Turns(connect(f"redis://:CANARY@127.0.0.1:{free_port()}/0"))

    assert turns.want(1)
    with pytest.raises(Unreachable, match="Redis did not answer") as failure:
        turns.run(1, lambda: None)
    assert "CANARY" not in str(failure.value)


def test_the_check_says_when_redis_is_away(redis: Redis) -> None:
    """It passes on a Redis that answers, and names what does not."""
    check(redis)

    with pytest.raises(Unreachable, match="Redis did not answer"):
        check(connect(f"redis://127.0.0.1:{free_port()}/0"))
