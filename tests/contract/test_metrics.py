"""The port `Metrics`: the fake and the real one keep the same promises."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from plugin.ops.metrics import SharedMetrics
from plugin.sessions.connection import connect
from plugin.sessions.counters import Counters
from plugin.usecases.ports import Gauge, Metrics
from tests.fakes import FakeMetrics


@pytest.fixture(params=["fake", "shared"])
def metrics(request: pytest.FixtureRequest) -> Iterator[Metrics]:
    """The port, on a real Redis where it is the real one."""
    if request.param == "fake":
        yield FakeMetrics()
        return
    with closing(connect(request.getfixturevalue("redis_url"))) as client:
        yield SharedMetrics(Counters(client))


def test_what_was_counted_and_what_is_measured_is_on_the_page(metrics: Metrics) -> None:
    """By name."""
    metrics.count("patients_reassessed", 3)
    metrics.observe("task_seconds", 0.5, task="milepost.tick", outcome="done")

    page = metrics.page([Gauge("patients_due", 2)])

    assert [name for name in ("patients_reassessed", "task_seconds", "patients_due") if name not in page] == []


def test_nothing_counted_is_a_page_too(metrics: Metrics) -> None:
    """A process that has just begun is asked as well."""
    assert isinstance(metrics.page([]), str)
