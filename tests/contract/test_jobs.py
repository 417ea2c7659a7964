"""The port `Jobs`: the fake and the broker keep the same promises."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
import redis

from plugin.sessions.connection import check, connect
from plugin.sessions.turns import Turns
from plugin.usecases.ports import Jobs
from tasks.dispatch import BrokerJobs, sender
from tasks.routes import DELIVER, DELIVER_NOW, POLL, PREVIEW, READ, RECONCILE, ROUTES, TICK
from tests.fakes import FakeJobs, FakeMetrics

Asked = Callable[[], list[str]]
WORDS = {
    POLL: "poll",
    TICK: "tick",
    DELIVER: "deliver",
    RECONCILE: "reconcile",
    READ: "read",
    DELIVER_NOW: "deliver-now",
    PREVIEW: "preview",
}


def waiting(url: str) -> list[str]:
    """What waits in the broker, in the fake's words, sorted."""
    with closing(redis.Redis.from_url(url)) as client:
        keys = [f"milepost.broker.{route}" for route in {*ROUTES.values()}]
        messages = [json.loads(text) for key in keys for text in client.lrange(key, 0, -1)]
    ids = [message["headers"]["argsrepr"].strip("(),") for message in messages]
    tasks = [message["headers"]["task"] for message in messages]
    return sorted(f"{WORDS[task]} {id_}".strip() for task, id_ in zip(tasks, ids, strict=True))


@pytest.fixture(params=["fake", "broker"])
def jobs(request: pytest.FixtureRequest) -> Iterator[tuple[Jobs, Asked]]:
    """The port, and what was asked of it."""
    if request.param == "fake":
        fake = FakeJobs()
        yield fake, lambda: sorted(fake.asked)
        return
    url: str = request.getfixturevalue("redis_url")
    with closing(connect(url)) as client:
        broker = BrokerJobs(sender(url), FakeMetrics(), wants=Turns(client).want, check=lambda: check(client))
        yield broker, lambda: waiting(url)


def test_each_job_is_asked_for_with_its_ids(jobs: tuple[Jobs, Asked]) -> None:
    """And nothing is asked for that nobody wanted."""
    port, asked = jobs

    port.poll(3)
    port.tick()
    port.deliver()
    port.reconcile(4)
    port.read(5)
    port.deliver_now(6)
    port.preview(7)

    assert asked() == ["deliver", "deliver-now 6", "poll 3", "preview 7", "read 5", "reconcile 4", "tick"]


def test_sources_are_polled_apart(jobs: tuple[Jobs, Asked]) -> None:
    """A poll of one is none of another."""
    port, asked = jobs

    port.poll(1)
    port.poll(2)

    assert asked() == ["poll 1", "poll 2"]


def test_the_check_passes_where_the_broker_answers(jobs: tuple[Jobs, Asked]) -> None:
    """It raises nothing, and asks for nothing."""
    port, asked = jobs

    port.check()

    assert asked() == []
