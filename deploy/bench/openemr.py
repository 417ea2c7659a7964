"""What reading an OpenEMR costs it: a first sweep and then a whole simulated day of polls against the recorded one.

The day is lived through by a clock of its own, by which the recorded OpenEMR also takes as long for each answer as a
real one took. What counts is what it was asked and what it answered: so much a real one stores in its log.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from deploy.bench.events import percentile
from deploy.bench.installation import BenchFailure, Installation, Milepost
from deploy.bench.openemr_clinic import DAY, BusyClinic
from deploy.bench.stopwatch import median
from deploy.openemr.recorded.clinic import Clinic
from deploy.openemr.recorded.server import RecordedOpenEmr, recorded_openemr
from fhir_adapters.auth import Bearer
from fhir_adapters.servers.openemr.ehr import OpenEmr
from fhir_adapters.servers.openemr.http import OpenEmrHttp
from fhir_adapters.sinks import NoSink
from plugin.domain.record import Appointment
from plugin.domain.rights import FOR_READING
from plugin.domain.source import Source
from plugin.outbound import Timing
from plugin.usecases.services import Services
from plugin.usecases.source_memory import SourceMemory
from plugin.usecases.sources import add_source
from plugin.usecases.sync import read_source

ZONE = ZoneInfo("America/New_York")
SLUG = "openemr"
_QUARTER = 15
"""Minutes: a cycle. In working hours everything that is read by day comes round in it, plans with the slowest."""
_WORKING = (time(7), time(19))


@dataclass(frozen=True)
class OpenEmrFigures:
    """Of one day after the first sweep. A cycle is a quarter of an hour in working time: the median of them, and the
    largest. ``noticed_p95_s``: from a no-show on the flow board until it was stored."""

    patients: int
    tracked: int
    requests_per_cycle: float
    most_requests_per_cycle: int
    requests_per_day: int
    bytes_per_day: int
    first_requests: int
    first_bytes: int
    noticed_p95_s: float
    noticed_median_s: float
    missed: int

    @property
    def requests_per_1000(self) -> float:
        """For 1,000 patients, in one cycle."""
        return self.requests_per_cycle * 1_000 / self.patients

    @property
    def mb_per_day(self) -> float:
        """What this OpenEMR stores of it."""
        return self.bytes_per_day / 1_000_000


class DayClock:
    """Stands at a moment of the simulated day, until it is moved."""

    def __init__(self, local: datetime) -> None:
        self.now = local.replace(tzinfo=ZONE).astimezone(ZoneInfo("UTC"))

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        """On by so much."""
        self.now += timedelta(seconds=seconds)

    def stamp(self) -> float:
        """In seconds, as whoever measures needs it."""
        return self.now.timestamp()

    @property
    def local(self) -> datetime:
        """By the clock on the clinic's wall."""
        return self.now.astimezone(ZONE).replace(tzinfo=None)


def measure_openemr(installation: Installation, patients: int) -> OpenEmrFigures:
    """One clinic with so many patients: swept on the evening before, then polled as an installation polls."""
    clock = DayClock(datetime.combine(DAY - timedelta(days=1), time(22)))
    busy = BusyClinic(Clinic(clock=clock, zone=ZONE))
    busy.fill(patients)
    with (
        recorded_openemr(busy.clinic, takes=clock.forward) as server,
        installation.fresh() as milepost,
        _reading(milepost, server, clock) as (services, source),
    ):
        polled = _Polled(services, source, server, clock, milepost.settings.poll_every)
        read_source(services, source)
        first = list(server.requests)
        polled.until(datetime.combine(DAY, time()))
        server.requests.clear()
        noticed = list(polled.through(busy))
        with services.database.begin(reading=True) as uow:
            tracked = len(uow.on_file.tracked(source))
    working = [count for quarter, count in polled.by_quarter.items() if _is_worked(quarter)]
    return OpenEmrFigures(
        patients=patients,
        tracked=tracked,
        requests_per_cycle=median(working),
        most_requests_per_cycle=max(working),
        requests_per_day=len(server.requests),
        bytes_per_day=sum(seen.bytes for seen in server.requests),
        first_requests=len(first),
        first_bytes=sum(seen.bytes for seen in first),
        noticed_p95_s=percentile(noticed, 95),
        noticed_median_s=median(noticed),
        missed=len(noticed),
    )


@contextmanager
def _reading(milepost: Milepost, server: RecordedOpenEmr, clock: DayClock) -> Iterator[tuple[Services, Source]]:
    """Milepost as it reads an OpenEMR, with the day's clock in place of the machine's."""
    opened: dict[int, OpenEmr] = {}
    token = server.clinic.issue_token(FOR_READING)

    def ehr(source: Source) -> OpenEmr:
        if source.id not in opened:
            memory = SourceMemory(milepost.services.database, source.id, clock, ZONE)
            timing = Timing(clock=clock.stamp, sleep=clock.forward)
            http = OpenEmrHttp(source.base_url, Bearer(token), spent=memory.spent, timing=timing)
            opened[source.id] = OpenEmr(http, source, NoSink("bench"), memory, clock=clock, zone=ZONE)
        return opened[source.id]

    services = replace(milepost.services, clock=clock, ehr=ehr)
    wanted = Source(id=0, slug=SLUG, base_url=server.fhir_base, kind="openemr", token=token, zone=ZONE.key)
    try:
        yield services, add_source(services, wanted)
    finally:
        for each in opened.values():
            each.close()


@dataclass
class _Polled:
    """An installation's polls, one after the other."""

    services: Services
    source: Source
    server: RecordedOpenEmr
    clock: DayClock
    every: timedelta
    by_quarter: Counter[datetime] = field(default_factory=Counter)
    """How much was asked in each quarter of an hour of the day."""

    def until(self, local: datetime) -> None:
        """Nothing happens meanwhile."""
        while self.clock.local < local:
            self._poll()

    def through(self, busy: BusyClinic) -> Iterator[float]:
        """The whole day; for each visit that was marked as missed, how many seconds until it was stored."""
        waiting: dict[str, datetime] = {}
        doings = list(busy.doings())
        while self.clock.local.date() == DAY:
            while doings and doings[0].at <= self.clock.local:
                doing = doings.pop(0)
                doing.do()
                if doing.misses is not None:
                    waiting[f"Appointment/{doing.misses.uuid}"] = self.clock.now
            self._poll()
            for ref in self._stored_as_missed(waiting):
                yield (self.clock.now - waiting.pop(ref)).total_seconds()
        if waiting:
            raise BenchFailure(f"{len(waiting)} missed visits were never noticed")

    def _poll(self) -> None:
        began, before = self.clock.now, len(self.server.requests)
        read_source(self.services, self.source)
        self.by_quarter[_quarter(self.clock.local)] += len(self.server.requests) - before
        self.clock.forward(max(0.0, (began + self.every - self.clock.now).total_seconds()))

    def _stored_as_missed(self, refs: dict[str, datetime]) -> list[str]:
        if not refs:
            return []
        with self.services.database.begin(reading=True) as uow:
            stored = uow.facts.get(self.source, sorted(refs))
        return [fact.ref for fact in stored if isinstance(fact, Appointment) and fact.status == "noshow"]


def _quarter(local: datetime) -> datetime:
    return local - timedelta(minutes=local.minute % _QUARTER, seconds=local.second, microseconds=local.microsecond)


def _is_worked(quarter: datetime) -> bool:
    first, last = _WORKING
    return quarter.date() == DAY and first <= quarter.time() < last
