"""A sweep within this process: the same use cases over the same gateway, with less patience and a clock that can be
set."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from fhir_adapters.ehr import FhirEhr
from fhir_adapters.http import FhirHttp
from fhir_adapters.writeback import Names, tags_of
from plugin.domain.source import Source
from plugin.outbound import Retries, Terms, Timing
from plugin.usecases.services import Services
from plugin.usecases.sources import every_source
from plugin.usecases.sweep import Swept, sweep
from tests.faults.practice import Milepost, now

IMPATIENT = Terms(
    connect=timedelta(seconds=3),
    read=timedelta(seconds=8),
    deadline=timedelta(seconds=10),
    retries=Retries(first_pause=timedelta(seconds=0.3)),
)
"""A slow answer of ten seconds is one that never comes; HAPI on a busy machine takes less."""


@dataclass
class Clock:
    """The real one, moved by so much."""

    ahead: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        return now() + self.ahead


@dataclass(frozen=True)
class Inside:
    """An installation's use cases, called directly."""

    services: Services
    clock: Clock

    @property
    def source(self) -> Source:
        """As it is stored now."""
        return every_source(self.services)[0].source

    def sweep(self) -> Swept:
        """Everything once."""
        return sweep(self.services, self.source)

    def sweep_until_quiet(self, most: int = 4) -> int:
        """Sweeps, each an hour after the one before, until one has nothing to deliver; how often."""
        for times in range(1, most + 1):
            swept = self.sweep()
            if times > 1 and swept.delivered is not None and swept.delivered.claimed == 0:
                return times
            self.clock.ahead += timedelta(hours=1)
        raise TimeoutError(f"there is still something to deliver after {most} sweeps")


def inside(milepost: Milepost, *, kind: str | None = None, timing: Timing | None = None) -> Inside:
    """With `kind`, the source is taken for another kind of server than it was added as."""
    clock = Clock()
    services = replace(milepost.services, ehr=_opener(kind, timing or Timing()), clock=clock)
    return Inside(services, clock)


def _opener(kind: str | None, timing: Timing) -> Callable[[Source], FhirEhr]:
    """Each source once, as in production: connections and the circuit breaker are shared."""
    known: dict[int, FhirEhr] = {}

    def opened(source: Source) -> FhirEhr:
        if source.id not in known:
            taken_for = replace(source, kind=kind, capability=None) if kind else source
            names = Names(tags=tags_of(source.search_filter))
            known[source.id] = FhirEhr(FhirHttp(source.base_url, terms=IMPATIENT, timing=timing), taken_for, names)
        return known[source.id]

    return opened
