"""What is to be seen of Milepost at this moment: gauges, asked of the database when somebody wants to know."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from plugin.domain.errors import MilepostError
from plugin.usecases.ports import Gauge
from plugin.usecases.services import Services
from plugin.usecases.sources import every_ehr


def measure(services: Services) -> Sequence[Gauge]:
    """Where the database cannot say, that is the answer."""
    try:
        return [*_measured(services, services.clock()), Gauge("database_answers", 1)]
    except MilepostError:
        return [Gauge("database_answers", 0)]


def _measured(services: Services, now: datetime) -> Iterator[Gauge]:
    for health in every_ehr(services):
        source = {"source": health.source.slug}
        yield Gauge("feed_is_behind", health.is_behind and not health.source.paused, source)
        if health.source.last_read_at is not None:
            yield Gauge("feed_age_seconds", (now - health.source.last_read_at).total_seconds(), source)
    with services.database.begin(reading=True) as uow:
        due = uow.patients.due_count(now)
        effects = uow.ledger.summary()
        work = uow.work_items.summary()
    yield Gauge("patients_due", due)
    for kind, states in effects.items():
        for state, count in states.items():
            yield Gauge("effects", count, {"kind": kind, "state": state})
    for role, kinds in work.items():
        yield Gauge("work_items_open", sum(kinds.values()), {"role": role})
