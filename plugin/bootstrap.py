"""Builds what runs: settings in, services out. The only file that names concrete classes."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fhir_adapters.bundle import read_bundle
from plugin.catalog.loader import LADDER, FileCatalog, parse_program
from plugin.config import Settings
from plugin.domain.calendar import Practice
from plugin.domain.errors import BadProgram
from plugin.domain.program import Program
from plugin.domain.source import Source
from plugin.ops.processes import Processes
from plugin.usecases.evaluate import Evaluator
from plugin.usecases.ports import Ehr, Gauge, Jobs, Metrics
from plugin.usecases.services import Services

if TYPE_CHECKING:
    from plugin.sessions.turns import Turns

# SQLAlchemy, Alembic, Celery, redis and fhirclient take seconds to import, and most commands need one of them or none:
# each is imported by the function that builds with it. Everywhere else imports stand at the top.


class NoJobs:
    """The port ``Jobs`` where no broker is asked: what is due is found by the next tick."""

    def poll(self, source_id: int) -> None:
        """Nothing."""

    def tick(self) -> None:
        """Nothing."""

    def deliver(self) -> None:
        """Nothing."""

    def reconcile(self, source_id: int) -> None:
        """Nothing."""

    def check(self) -> None:
        """Nothing."""


class NoMetrics:
    """The port ``Metrics`` where nobody reads them: one command on the terminal."""

    def count(self, name: str, by: int = 1, **labels: str) -> None:
        """Nothing."""

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        """Nothing."""

    def page(self, gauges: Iterable[Gauge]) -> str:
        """Nothing."""
        return ""


class Ehrs:
    """Opens sources; each once, so that connections and the circuit breaker are shared, and anew when it was changed."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._open: dict[int, tuple[Source, Ehr]] = {}

    def __call__(self, source: Source) -> Ehr:
        terms = _terms_of(source)
        known = self._open.get(source.id)
        if source.id and known and _terms_of(known[0]) == terms:
            return known[1]
        ehr = self._opened(source)
        if source.id:
            self._open[source.id] = (source, ehr)
        return ehr

    def _opened(self, source: Source) -> Ehr:
        from fhir_adapters.auth import auth_for  # noqa: PLC0415 slow to import, see above
        from fhir_adapters.ehr import FhirEhr  # noqa: PLC0415 slow to import, see above
        from fhir_adapters.http import FhirHttp  # noqa: PLC0415 slow to import, see above
        from fhir_adapters.writeback import Names, tags_of  # noqa: PLC0415 slow to import, see above
        from plugin.outbound import Terms  # noqa: PLC0415 slow to import, see above

        bundle = self._settings.ca_bundle
        http = FhirHttp(
            source.base_url,
            auth_for(source.token),
            terms=Terms(ca_bundle=None if bundle is None else str(bundle)),
            link_aliases=source.link_aliases,
        )
        names = Names(self._settings.identifier_base, tags=tags_of(source.search_filter))
        return FhirEhr(http, source, names, overlap=self._settings.overlap)


def build(settings: Settings, *, jobs: Jobs | None = None, metrics: Metrics | None = None) -> Services:
    """Everything, for a worker, a web process or a command. Connects to nothing yet."""
    from plugin.sessions.cipher import read_cipher  # noqa: PLC0415 slow to import, see above
    from plugin.storage.unit_of_work import SqlDatabase  # noqa: PLC0415 slow to import, see above

    return Services(
        database=SqlDatabase(settings.database_url, read_cipher(settings.key_file)),
        ehr=Ehrs(settings),
        catalog=FileCatalog(),
        practice=Practice(settings.zone),
        jobs=jobs or NoJobs(),
        metrics=metrics or NoMetrics(),
        processes=Processes(),
        clock=_now,
        token=lambda: secrets.token_urlsafe(32),
        public_url=settings.public_url,
        stale_after=settings.stale_after,
    )


def connected(settings: Settings) -> Services:
    """Everything, for a web process or a worker: with the broker, and with counters that all processes share."""
    from plugin.ops.metrics import SharedMetrics  # noqa: PLC0415 slow to import, see above
    from plugin.sessions.connection import check, connect  # noqa: PLC0415 slow to import, see above
    from plugin.sessions.counters import Counters  # noqa: PLC0415 slow to import, see above
    from plugin.sessions.turns import Turns  # noqa: PLC0415 slow to import, see above
    from tasks.dispatch import BrokerJobs, sender  # noqa: PLC0415 slow to import, see above

    redis = connect(settings.redis_url)
    metrics = SharedMetrics(Counters(redis))
    jobs = BrokerJobs(sender(settings.redis_url), metrics, wants=Turns(redis).want, check=lambda: check(redis))
    return build(settings, jobs=jobs, metrics=metrics)


def turns(settings: Settings) -> Turns:
    """Whose turn it is to poll a source."""
    from plugin.sessions.connection import connect  # noqa: PLC0415 slow to import, see above
    from plugin.sessions.turns import Turns  # noqa: PLC0415 slow to import, see above

    return Turns(connect(settings.redis_url))


def verify_database(settings: Settings) -> None:
    """Raises what keeps Milepost from working with this key file and this database. Leaves no connection behind."""
    database = build(settings).database
    try:
        database.check()
    finally:
        database.close()


def verify_broker(settings: Settings) -> None:
    """Raises Unreachable when Redis does not answer."""
    from plugin.sessions.connection import check, connect  # noqa: PLC0415 slow to import, see above

    redis = connect(settings.redis_url)
    try:
        check(redis)
    finally:
        redis.close()


def prepare(settings: Settings) -> bool:
    """Makes key file and database where they are missing, and brings the database up to date. True with a new key."""
    from plugin.sessions.cipher import make_key_file  # noqa: PLC0415 slow to import, see above

    is_new = make_key_file(settings.key_file)
    migrate(settings)
    return is_new


def migrate(settings: Settings) -> None:
    """Brings the database up to date; NewerDatabase when another version of Milepost has been there before."""
    from plugin.storage.schema import upgrade  # noqa: PLC0415 slow to import, see above

    upgrade(settings.database_url)


def evaluator() -> Evaluator:
    """What ``milepost evaluate`` needs; no settings, no database."""
    catalog = FileCatalog()
    ladders = [version for version in catalog.shipped() if version.kind == LADDER]
    return Evaluator(
        read_bundle=read_bundle,
        read_program=_program_in,
        ladders={version.code: catalog.ladder(version) for version in ladders},
    )


def _program_in(text: bytes, name: str) -> Program:
    try:
        return parse_program(text.decode(), name)
    except UnicodeDecodeError as error:
        raise BadProgram(f"{name}: it is not UTF-8; a TOML file with a program was expected.") from error


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 datetime.now is asked here alone: this is the port Clock


def _terms_of(source: Source) -> tuple[object, ...]:
    """What a session depends on."""
    return (
        source.base_url,
        source.kind,
        source.token,
        source.link_aliases,
        tuple(sorted(source.search_filter.items())),
        source.capability,
    )
