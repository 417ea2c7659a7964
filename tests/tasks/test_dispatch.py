"""The port Jobs over the broker: ids only, one waiting poll a source, and no harm when the broker is away."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
import redis

from plugin.domain.errors import Unreachable
from plugin.sessions.connection import check, connect
from plugin.sessions.turns import Turns
from tasks.dispatch import BrokerJobs, sender
from tasks.routes import DELIVER, DELIVER_ROUTE, MAINTENANCE_ROUTE, POLL, RECONCILE, SYNC_ROUTE, TICK, TICK_ROUTE
from tests.fakes import FakeMetrics
from tests.servers import free_port


def jobs_at(url: str, metrics: FakeMetrics | None = None) -> BrokerJobs:
    """As plugin/bootstrap.py puts it together."""
    client = connect(url)
    return BrokerJobs(sender(url), metrics or FakeMetrics(), wants=Turns(client).want, check=lambda: check(client))


def waiting(url: str, route: str) -> list[Mapping[str, Any]]:  # Any: a message as Celery writes it
    """The messages on a broker route."""
    with redis.Redis.from_url(url) as client:
        return [json.loads(text) for text in client.lrange(f"milepost.broker.{route}", 0, -1)]


@pytest.mark.parametrize(
    ("ask", "route", "task", "ids"),
    [
        (lambda jobs: jobs.poll(3), SYNC_ROUTE, POLL, "(3,)"),
        (lambda jobs: jobs.tick(), TICK_ROUTE, TICK, "()"),
        (lambda jobs: jobs.deliver(), DELIVER_ROUTE, DELIVER, "()"),
        (lambda jobs: jobs.reconcile(3), MAINTENANCE_ROUTE, RECONCILE, "(3,)"),
    ],
)
def test_a_job_is_a_name_and_ids_on_its_route(redis_url: str, ask: Any, route: str, task: str, ids: str) -> None:
    """As JSON, and with an end: what nobody takes is asked for again by the beat."""
    ask(jobs_at(redis_url))

    (message,) = waiting(redis_url, route)
    assert message["content-type"] == "application/json"
    assert message["headers"]["task"] == task
    assert message["headers"]["argsrepr"] == ids
    assert message["headers"]["expires"] is not None
    assert message["headers"]["ignore_result"] is True


def test_one_poll_of_a_source_waits_at_a_time(redis_url: str) -> None:
    """However many hooks and beats ask for it."""
    one, other = jobs_at(redis_url), jobs_at(redis_url)

    for _ in range(50):
        one.poll(3)
        other.poll(3)
        other.poll(4)

    assert len(waiting(redis_url, SYNC_ROUTE)) == 2


def test_without_a_broker_nobody_waits_and_the_loss_is_counted() -> None:
    """The use case that asked has committed already, and the next run finds what is left to do."""
    metrics = FakeMetrics()
    jobs = jobs_at(f"redis://127.0.0.1:{free_port()}/0", metrics)

    jobs.tick()
    jobs.deliver()
    jobs.poll(3)

    assert metrics.counters["jobs_lost"] == 3
    with pytest.raises(Unreachable):
        jobs.check()


def test_the_check_passes_where_redis_answers(redis_url: str) -> None:
    """For `/readyz`."""
    jobs_at(redis_url).check()
