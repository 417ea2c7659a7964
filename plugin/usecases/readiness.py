"""Whether Milepost can do its work now: database, broker, and how old what it knows of each source is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from plugin.domain.errors import MilepostError
from plugin.usecases.services import Services
from plugin.usecases.sources import Health, every_ehr


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """What was asked and what was answered: ``None`` is well, else the words."""

    database: str | None
    broker: str | None
    sources: Sequence[Health]
    at: datetime

    @property
    def behind(self) -> Sequence[Health]:
        """Sources that should have been read and were not."""
        return [health for health in self.sources if health.is_behind and not health.source.paused]

    @property
    def is_ready(self) -> bool:
        """Everything answers, and no source is behind."""
        return self.database is None and self.broker is None and not self.behind


def readiness(services: Services) -> Readiness:
    """Asks database and broker, not the sources: when they were last read says more."""
    database = _words(services.database.check)
    return Readiness(
        database=database,
        broker=_words(services.jobs.check),
        sources=every_ehr(services) if database is None else [],
        at=services.clock(),
    )


def _words(check: Callable[[], None]) -> str | None:
    try:
        check()
    except MilepostError as error:
        return str(error)
    return None
