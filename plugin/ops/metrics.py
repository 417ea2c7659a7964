"""Every metric there is, with its unit and the question it answers; and how they are told to Prometheus.

Web, workers and beat are processes of their own, perhaps in containers of their own. prometheus_client's files for
several processes need one folder that all of them see and process numbers that are never equal, which containers do
not give. So counters and histograms are added up in a store that all of them share (Redis), and the web process tells
them; gauges are asked of the database at the moment of telling, and kept nowhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

PREFIX = "milepost_"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Labels = Mapping[str, str]
Sample = tuple[str, float, Labels]
"""A gauge's name, value and labels."""


class Kind(Enum):
    """What can be done with a metric's numbers."""

    COUNTER = "counter"
    HISTOGRAM = "histogram"
    GAUGE = "gauge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """One metric. ``labels`` have few values, and never an id of a patient, plan or resource."""

    name: str
    kind: Kind
    unit: str
    question: str
    labels: tuple[str, ...] = ()

    @property
    def exposed(self) -> str:
        """The name that Prometheus sees."""
        return f"{PREFIX}{self.name}{'_total' if self.kind is Kind.COUNTER else ''}"


DECLARED: tuple[Declared, ...] = (
    Declared(
        name="feed_failures",
        kind=Kind.COUNTER,
        unit="polls",
        question="Which source cannot be read?",
        labels=("source",),
    ),
    Declared(
        name="patients_reassessed",
        kind=Kind.COUNTER,
        unit="patients",
        question="How many patients were looked at again?",
    ),
    Declared(
        name="effects_delivered",
        kind=Kind.COUNTER,
        unit="effects",
        question="How many writes, notices and work items were carried out?",
    ),
    Declared(
        name="task_seconds",
        kind=Kind.HISTOGRAM,
        unit="seconds",
        question="How long do jobs take, and how do they end?",
        labels=("task", "outcome"),
    ),
    Declared(
        name="jobs_lost",
        kind=Kind.COUNTER,
        unit="jobs",
        question="How many jobs did the broker not take? The next run finds their work.",
        labels=("task",),
    ),
    Declared(
        name="hooks",
        kind=Kind.COUNTER,
        unit="requests",
        question="What became of the calls to the sources' hooks?",
        labels=("outcome",),
    ),
    Declared(
        name="launches",
        kind=Kind.COUNTER,
        unit="launches",
        question="How many panels were opened, and why were others not?",
        labels=("outcome",),
    ),
    Declared(
        name="request_seconds",
        kind=Kind.HISTOGRAM,
        unit="seconds",
        question="How long do our own pages take to answer?",
        labels=("route", "status"),
    ),
    Declared(
        name="database_answers",
        kind=Kind.GAUGE,
        unit="0 or 1",
        question="Does the database answer?",
    ),
    Declared(
        name="feed_age_seconds",
        kind=Kind.GAUGE,
        unit="seconds",
        question="How old is the last complete reading of each source?",
        labels=("source",),
    ),
    Declared(
        name="feed_is_behind",
        kind=Kind.GAUGE,
        unit="0 or 1",
        question="Which source has not been read for too long, so that its gaps are unconfirmed?",
        labels=("source",),
    ),
    Declared(
        name="patients_due",
        kind=Kind.GAUGE,
        unit="patients",
        question="How many patients wait to be reassessed?",
    ),
    Declared(
        name="effects",
        kind=Kind.GAUGE,
        unit="effects",
        question="How many effects are planned, claimed, done, failed or withdrawn, of each kind?",
        labels=("kind", "state"),
    ),
    Declared(
        name="work_items_open",
        kind=Kind.GAUGE,
        unit="work items",
        question="How much work waits for each role?",
        labels=("role",),
    ),
)

_BY_NAME: Mapping[str, Declared] = {metric.name: metric for metric in DECLARED}
_BUCKETS = (0.005, 0.025, 0.1, 0.5, 1.0, 2.0, 5.0, 15.0, 60.0, 300.0, 1800.0)
_ENDLESS = "+Inf"


class Store(Protocol):
    """Numbers under names that all processes share. A store that cannot be reached loses them and raises nothing."""

    def add(self, amounts: Mapping[str, float]) -> None:
        """Adds to each."""

    def all(self) -> Mapping[str, float]:
        """Every number."""


class SharedMetrics:
    """The port ``Metrics``."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def count(self, name: str, by: int = 1, **labels: str) -> None:
        """Adds to a counter."""
        _check(name, Kind.COUNTER, labels)
        if by:
            self._store.add({_stored(name, "", labels): by})

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        """Adds a duration to a histogram."""
        _check(name, Kind.HISTOGRAM, labels)
        bucket = next((str(edge) for edge in _BUCKETS if seconds <= edge), _ENDLESS)
        self._store.add({_stored(name, "sum", labels): seconds, _stored(name, bucket, labels): 1})

    def page(self, gauges: Iterable[Sample]) -> str:
        """Everything in Prometheus' text form: what was counted, and these gauges."""
        samples = list(gauges)
        for name, _, labels in samples:
            _check(name, Kind.GAUGE, labels)
        registry = CollectorRegistry()
        registry.register(_Told(_read(self._store.all()), samples))
        return generate_latest(registry).decode()


Counted = dict[str, dict[tuple[str, ...], dict[str, float]]]
"""Metric -> values of its labels -> part (a bucket's edge, ``sum``, or nothing) -> number."""


class _Told(Collector):
    """One telling, in the form that prometheus_client asks for."""

    def __init__(self, counted: Counted, gauges: Sequence[Sample]) -> None:
        self._counted = counted
        self._gauges = gauges

    def collect(self) -> Iterator[Family]:
        for metric in DECLARED:
            if metric.kind is Kind.GAUGE:
                yield self._gauge(metric)
            else:
                yield _family(metric, self._counted.get(metric.name, {}))

    def _gauge(self, metric: Declared) -> Family:
        family = GaugeMetricFamily(PREFIX + metric.name, metric.question, labels=metric.labels)
        for name, value, labels in self._gauges:
            if name == metric.name:
                family.add_metric([labels[label] for label in metric.labels], value)
        return family


def _family(metric: Declared, counted: Mapping[tuple[str, ...], Mapping[str, float]]) -> Family:
    if metric.kind is Kind.COUNTER:
        counter = CounterMetricFamily(PREFIX + metric.name, metric.question, labels=metric.labels)
        for values, parts in counted.items():
            counter.add_metric(values, parts.get("", 0.0))
        if not metric.labels and not counted:
            counter.add_metric((), 0.0)
        return counter
    histogram = HistogramMetricFamily(PREFIX + metric.name, metric.question, labels=metric.labels)
    for values, parts in counted.items():
        histogram.add_metric(values, _cumulated(parts), parts.get("sum", 0.0))
    return histogram


def _cumulated(parts: Mapping[str, float]) -> list[tuple[str, float]]:
    """Prometheus' buckets hold all that is not above their edge, the smaller ones included."""
    reached = 0.0
    buckets: list[tuple[str, float]] = []
    for edge in (*map(str, _BUCKETS), _ENDLESS):
        reached += parts.get(edge, 0.0)
        buckets.append((edge, reached))
    return buckets


def _check(name: str, kind: Kind, labels: Labels) -> None:
    declared = _BY_NAME.get(name)
    if declared is None or declared.kind is not kind or set(declared.labels) != set(labels):
        raise ValueError(
            f"no {kind.value} {name!r} with the labels {sorted(labels)} is declared in plugin/ops/metrics.py"
        )


def _stored(name: str, part: str, labels: Labels) -> str:
    return json.dumps([name, part, [labels[label] for label in _BY_NAME[name].labels]], separators=(",", ":"))


def _read(stored: Mapping[str, float]) -> Counted:
    """What an older version counted under a name or labels that are no longer declared is left out."""
    counted: Counted = {}
    for text, number in stored.items():
        name, part, values = json.loads(text)
        declared = _BY_NAME.get(name)
        if declared is not None and len(values) == len(declared.labels):
            counted.setdefault(name, {}).setdefault(tuple(values), {})[part] = number
    return counted
