"""Everything once, for one source: read, reassess, write back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from plugin.domain.errors import CannotDo, TemporaryFailure
from plugin.domain.source import Source
from plugin.usecases.deliver import Delivered, deliver
from plugin.usecases.reassess import Reassessed
from plugin.usecases.services import Services
from plugin.usecases.sync import Reading, in_order, read_source
from plugin.usecases.tick import Hand, tick_together

Progress = Callable[[str, int, int | None], None]
"""Told what is being done (a type of resource, ``read back``, ``reassess``, ``write back``), how many are done, and of
how many, where that is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What a sweep did, and how long each part took."""

    reading: Reading
    reassessed: Reassessed
    delivered: Delivered | None
    read_in: timedelta
    reassessed_in: timedelta
    delivered_in: timedelta


def sweep(
    services: Services,
    source: Source,
    *,
    worker: str | None = None,
    write: bool = True,
    progress: Progress | None = None,
    hand: Hand | None = None,
) -> Swept:
    """Repeated, it goes on where it was cut off, and when nothing has changed it writes nothing. A paused source is
    read and assessed, and not written to. ``hand`` helps to reassess."""
    tell = progress or (lambda what, done, of: None)
    begun = services.clock()
    totals = _totals(services, source) if progress else {}
    reading = read_source(services, source, lambda type_, count: tell(type_, count, totals.get(type_)))
    read = services.clock()
    due = _due(services, read) if progress else 0
    told = (lambda _: tell("reassess", due - _due(services, read), due)) if progress else None
    reassessed = tick_together(services, hand, told)
    assessed = services.clock()
    wanted = _to_deliver(services)
    delivered = None
    if write:
        delivered = deliver(services, worker=worker, progress=lambda count: tell("write back", count, wanted))
    return Swept(
        reading=reading,
        reassessed=reassessed,
        delivered=delivered,
        read_in=read - begun,
        reassessed_in=assessed - read,
        delivered_in=services.clock() - assessed,
    )


def _due(services: Services, now: datetime) -> int:
    with services.database.begin(reading=True) as uow:
        return uow.patients.due_count(now)


def _totals(services: Services, source: Source) -> dict[str, int]:
    """How many there are of each type, for the progress bar alone: a server that does not count is no failure."""
    totals: dict[str, int] = {}
    ehr = services.ehr(source)
    for type_ in in_order(ehr.types):
        with services.database.begin(reading=True) as uow:
            is_first = not uow.sources.cursor(source, type_).complete
        if is_first:
            try:
                totals[type_] = ehr.count(type_)
            except (CannotDo, TemporaryFailure):
                break
    return totals


def _to_deliver(services: Services) -> int | None:
    """Planned effects of the kinds that are delivered; some of them may lie ahead."""
    with services.database.begin(reading=True) as uow:
        planned = uow.ledger.summary()
    return sum(states.get("planned", 0) for kind, states in planned.items() if kind != "message") or None
