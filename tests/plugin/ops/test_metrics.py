"""Metrics: declared in one table, added up across processes, told in Prometheus' form."""

import re
from collections import Counter
from collections.abc import Callable, Mapping

import pytest
from prometheus_client.parser import text_string_to_metric_families

from plugin.ops.metrics import DECLARED, Kind, SharedMetrics


class FakeStore:
    """Numbers under names, in memory."""

    def __init__(self) -> None:
        self.numbers: Counter[str] = Counter()

    def add(self, amounts: Mapping[str, float]) -> None:
        for name, amount in amounts.items():
            self.numbers[name] += amount  # type: ignore[assignment] # a Counter of floats

    def all(self) -> Mapping[str, float]:
        return dict(self.numbers)


def told(metrics: SharedMetrics, *gauges: tuple[str, float, Mapping[str, str]]) -> dict[tuple[str, str], float]:
    """The page, read as Prometheus reads it: (name, labels) -> value."""
    families = text_string_to_metric_families(metrics.page(gauges))
    return {
        (sample.name, ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def test_processes_count_into_one_number() -> None:
    """Two workers and the web process share a store, and the page is of all of them."""
    store = FakeStore()
    one, other = SharedMetrics(store), SharedMetrics(store)

    one.count("patients_reassessed", 3)
    other.count("patients_reassessed", 4)

    assert told(SharedMetrics(store))[("milepost_patients_reassessed_total", "")] == 7


def test_counters_without_labels_are_told_from_the_beginning() -> None:
    """A rate needs a first value."""
    assert told(SharedMetrics(FakeStore()))[("milepost_effects_delivered_total", "")] == 0


def test_labels_keep_numbers_apart() -> None:
    """Each source has its own count."""
    metrics = SharedMetrics(FakeStore())

    metrics.count("feed_failures", source="one")
    metrics.count("feed_failures", source="two")
    metrics.count("feed_failures", source="two")

    page = told(metrics)
    assert page[("milepost_feed_failures_total", "source=one")] == 1
    assert page[("milepost_feed_failures_total", "source=two")] == 2


@pytest.mark.parametrize(
    ("seconds", "edge"), [(0.005, "0.005"), (0.0051, "0.025"), (1800.0, "1800.0"), (1801.0, "+Inf")]
)
def test_a_duration_is_in_its_bucket_and_all_wider_ones(seconds: float, edge: str) -> None:
    """On the edge is inside; Prometheus' buckets are cumulative."""
    metrics = SharedMetrics(FakeStore())

    metrics.observe("task_seconds", seconds, task="milepost.tick", outcome="done")

    buckets = {
        labels.split("le=")[1].split(",")[0]: value
        for (name, labels), value in told(metrics).items()
        if name == "milepost_task_seconds_bucket"
    }
    assert [value for key, value in buckets.items() if float(key) < float(edge)] == [0] * len(
        [key for key in buckets if float(key) < float(edge)]
    )
    assert {value for key, value in buckets.items() if float(key) >= float(edge)} == {1}


def test_a_histogram_tells_sum_and_count() -> None:
    """Averages can be computed."""
    metrics = SharedMetrics(FakeStore())

    metrics.observe("task_seconds", 1.5, task="t", outcome="done")
    metrics.observe("task_seconds", 0.5, task="t", outcome="done")

    page = told(metrics)
    assert page[("milepost_task_seconds_sum", "outcome=done,task=t")] == 2.0
    assert page[("milepost_task_seconds_count", "outcome=done,task=t")] == 2


def test_gauges_are_as_they_are_given() -> None:
    """They are asked of the database each time, and nothing of the time before stays."""
    metrics = SharedMetrics(FakeStore())

    first = told(metrics, ("effects", 5, {"kind": "write", "state": "planned"}))
    second = told(metrics, ("patients_due", 2, {}))

    assert first[("milepost_effects", "kind=write,state=planned")] == 5
    assert ("milepost_effects", "kind=write,state=planned") not in second
    assert second[("milepost_patients_due", "")] == 2


@pytest.mark.parametrize(
    "use",
    [
        lambda metrics: metrics.count("no_such_thing"),
        lambda metrics: metrics.count("feed_failures"),
        lambda metrics: metrics.count("feed_failures", patient="p1"),
        lambda metrics: metrics.count("task_seconds", task="t", outcome="done"),
        lambda metrics: metrics.observe("patients_reassessed", 1.0),
        lambda metrics: metrics.page([("feed_failures", 1.0, {"source": "s"})]),
    ],
)
def test_what_is_not_declared_cannot_be_counted(use: Callable[[SharedMetrics], object]) -> None:
    """A wrong name, other labels, another kind: the test that runs the line fails."""
    with pytest.raises(ValueError, match="is declared in"):
        use(SharedMetrics(FakeStore()))


def test_what_an_older_version_counted_is_left_out() -> None:
    """A renamed metric does not break the page."""
    store = FakeStore()
    store.add({'["gone","",[]]': 3, '["feed_failures","",["one","two"]]': 1})

    assert not [name for name, _ in told(SharedMetrics(store)) if "gone" in name or "failures" in name]


def test_every_metric_says_what_it_is_for() -> None:
    """A question that ends as one, a unit, a name in Prometheus' form; never an id as a label."""
    assert [metric.name for metric in DECLARED if "?" not in metric.question or not metric.unit] == []
    assert [metric.name for metric in DECLARED if not re.fullmatch(r"[a-z]+(_[a-z]+)*", metric.name)] == []
    assert [metric.name for metric in DECLARED if {"id", "patient", "plan", "resource"} & set(metric.labels)] == []
    assert [m.name for m in DECLARED if m.kind is Kind.HISTOGRAM and not m.name.endswith("_seconds")] == []
