"""How a source is read: what that costs its server, and how fresh what we know of each type is.

A kind of server that keeps a copy of every answer (OpenEMR 8.2) is not read whole with each poll: each type is read
when it is due. Then "read completely" says that everything was read that was due, and each type has a time of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from plugin.domain.record import FACT_TYPES
from plugin.domain.source import ReadingCost, Source, clinic_zone
from plugin.usecases.ports import UnitOfWork
from plugin.usecases.services import Services

DAYS = 7
"""Over so many whole days an average is taken."""

BYTES_PER_DAY = "bytes_per_day"
"""Under this name a source's capability says what a day of reading may cost."""

_MATTER = frozenset({"CarePlan", "Appointment"})
_MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCosts:
    """What reading a source took today, and in a day of the last week, counting those on which it was read."""

    today: ReadingCost
    days: Sequence[ReadingCost]
    most_mb_per_day: float | None = None
    """What whoever reads it keeps below, beside a first sweep; None where nothing is bounded."""

    @property
    def requests_per_day(self) -> float | None:
        """None before the first whole day."""
        return sum(day.requests for day in self.days) / len(self.days) if self.days else None

    @property
    def mb_per_day(self) -> float | None:
        """In megabytes, and so much an OpenEMR stores; None before the first whole day."""
        return sum(day.bytes_ for day in self.days) / len(self.days) / _MEGABYTE if self.days else None

    @property
    def mb_today(self) -> float:
        """So far."""
        return self.today.bytes_ / _MEGABYTE


def source_costs(services: Services, source: Source) -> SourceCosts:
    """By the clinic's own days. Nothing of a kind of server that keeps no copy of its answers."""
    today = services.clock().astimezone(clinic_zone(source, services.practice.zone)).date()
    with services.database.begin(reading=True) as uow:
        costs = uow.reading_costs.since(source, today - timedelta(days=DAYS))
    so_far = next((cost for cost in costs if cost.day == today), ReadingCost(today, 0, 0, 0.0))
    most = (source.capability or {}).get(BYTES_PER_DAY)
    return SourceCosts(
        today=so_far,
        days=[cost for cost in costs if cost.day < today],
        most_mb_per_day=most / _MEGABYTE if isinstance(most, int) else None,
    )


def oldest_part(uow: UnitOfWork, source: Source) -> datetime | None:
    """When plans and bookings had both been read: what is shown of a chart is no older. None before."""
    moved = uow.sources.moved(source)
    return min(moved[type_] for type_ in _MATTER) if moved.keys() >= _MATTER else None


def types_read(services: Services, source: Source) -> Mapping[str, datetime]:
    """When each type was last read, the one longest ago first; those that were read at all."""
    with services.database.begin(reading=True) as uow:
        moved = uow.sources.moved(source)
    return {type_: at for type_, at in sorted(moved.items(), key=lambda pair: pair[1]) if type_ in FACT_TYPES}
