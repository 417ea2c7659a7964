"""How things stand: every CarePlan accounted for, milestones, gaps, effects, and how far each source was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from plugin.domain.errors import MilepostError
from plugin.domain.source import OPENEMR, Source
from plugin.usecases.ports import UnitOfWork
from plugin.usecases.services import Services
from plugin.usecases.source_reading import SourceCosts, source_costs, types_read
from plugin.usecases.sources import Health, every_ehr


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStatus:
    """One source. ``care_plans`` are counts by what became of them; ``on_server`` is the server's own count, or None
    with the reason when it was not to be had. ``types_read`` and ``costs`` are told of one that is not read whole with each
    poll."""

    health: Health
    care_plans: Mapping[str, int]
    set_aside: Mapping[str, int]
    summary: Mapping[str, object]
    on_server: int | None = None
    not_counted: str | None = None
    types_read: Mapping[str, datetime] = field(default_factory=dict)
    costs: SourceCosts | None = None

    @property
    def accounted(self) -> int:
        """All CarePlans that we know of."""
        return sum(self.care_plans.values())

    @property
    def unaccounted(self) -> int | None:
        """What the server has and we do not know of; 0 is right, unless it was changed since it was read."""
        return None if self.on_server is None else self.on_server - self.accounted


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The whole practice."""

    sources: tuple[SourceStatus, ...]
    due: int
    effects: Mapping[str, Mapping[str, int]]
    work: Mapping[str, Mapping[str, int]]


def status(services: Services, *, ask_servers: bool = True) -> Status:
    """Without ``ask_servers`` only what is stored is told."""
    healths = every_ehr(services)
    sources = tuple(_of_source(services, health, ask_servers=ask_servers) for health in healths)
    with services.database.begin(reading=True) as uow:
        return Status(
            sources=sources,
            due=uow.patients.due_count(services.clock()),
            effects=uow.ledger.summary(),
            work=uow.work_items.summary(),
        )


def _of_source(services: Services, health: Health, *, ask_servers: bool) -> SourceStatus:
    source = health.source
    on_server, why_not = _count(services, source) if ask_servers else (None, None)
    is_paced = source.kind == OPENEMR
    types, costs = (types_read(services, source), source_costs(services, source)) if is_paced else ({}, None)
    with services.database.begin(reading=True) as uow:
        return SourceStatus(
            health=health,
            care_plans=uow.sources.care_plans(source),
            set_aside=_set_aside(uow, source),
            summary=uow.plans.summary(source),
            on_server=on_server,
            not_counted=why_not,
            types_read=types,
            costs=costs,
        )


def _count(services: Services, source: Source) -> tuple[int | None, str | None]:
    if source.kind == OPENEMR:
        return None, "OpenEMR (8.2) does not count what it has."
    try:
        return services.ehr(source).count("CarePlan"), None
    except MilepostError as error:
        return None, str(error)


def _set_aside(uow: UnitOfWork, source: Source) -> dict[str, int]:
    """By type."""
    counts: dict[str, int] = {}
    for record in uow.sources.aside(source):
        type_ = record.ref.partition("/")[0]
        counts[type_] = counts.get(type_, 0) + 1
    return counts
