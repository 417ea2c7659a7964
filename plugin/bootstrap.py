"""Builds what runs: settings in, services out. With opening.py beside it the only file that names concrete classes."""

from __future__ import annotations

import gc
import secrets
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, cast

from fhir_adapters.bundle import read_bundle
from plugin import opening
from plugin.catalog.loader import LADDER, FileCatalog, parse_program
from plugin.config import Settings
from plugin.domain.backup import HEADS, KEYS, SIGNING_KEYS
from plugin.domain.calendar import Practice
from plugin.domain.errors import BadProgram, CannotDo
from plugin.domain.job import Periodic
from plugin.domain.program import Program
from plugin.domain.seal import Head
from plugin.ops.logs import log_for
from plugin.ops.processes import Processes
from plugin.usecases.admin_ports import Heads, SignIns
from plugin.usecases.backup import Place
from plugin.usecases.evaluate import Evaluator
from plugin.usecases.panel_ports import Launches
from plugin.usecases.ports import Gauge, Jobs, Metrics
from plugin.usecases.services import Services

if TYPE_CHECKING:
    from fhir_adapters.auth import TokenCache
    from fhir_adapters.smart import Keys
    from plugin.sessions.turns import Turns

_log = log_for("bootstrap")

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

    def read(self, patient_id: int) -> None:
        """Nothing."""

    def deliver_now(self, patient_id: int) -> None:
        """Nothing."""

    def preview(self, preview_id: int) -> None:
        """Nothing."""

    def leave(self, source_id: int) -> None:
        """Nothing."""

    def periodic(self) -> Sequence[Periodic]:
        """None."""
        return ()

    def run(self, name: str) -> None:
        """Nothing."""

    def check(self) -> None:
        """Nothing."""


class NoLaunches:
    """The port ``Launches`` where there is no Redis: nobody opens a panel by a command on the terminal."""

    def __getattr__(self, name: str) -> NoReturn:
        raise CannotDo("Launches and panel sessions need Redis, and the web process.")


class NoSignIns:
    """The port ``SignIns`` where there is no Redis: nobody signs in to the admin pages by a command on the terminal."""

    def __getattr__(self, name: str) -> NoReturn:
        raise CannotDo("Sessions of the admin pages need Redis, and the web process.")


class NoMetrics:
    """The port ``Metrics`` where nobody reads them: one command on the terminal."""

    def count(self, name: str, by: int = 1, **labels: str) -> None:
        """Nothing."""

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        """Nothing."""

    def page(self, gauges: Iterable[Gauge]) -> str:
        """Nothing."""
        return ""


SELDOM = (50_000, 20, 20)
"""How often Python looks for objects that only hold each other. Facts, rows and answers do not, and looking through them
after every 700 takes a fifth of a sweep's time."""


def build(
    settings: Settings,
    *,
    jobs: Jobs | None = None,
    metrics: Metrics | None = None,
    launches: Launches | None = None,
    sign_ins: SignIns | None = None,
    tokens: TokenCache | None = None,
) -> Services:
    """Everything, for a worker, a web process or a command. Connects to nothing yet."""
    from plugin.sessions.cipher import read_cipher  # noqa: PLC0415 slow to import, see above
    from plugin.sessions.one_time_codes import TimedCodes  # noqa: PLC0415 slow to import, see above
    from plugin.sessions.passwords import ArgonPasswords  # noqa: PLC0415 slow to import, see above
    from plugin.storage.unit_of_work import SqlDatabase  # noqa: PLC0415 slow to import, see above

    gc.set_threshold(*SELDOM)
    cipher = read_cipher(settings.key_file)
    database = SqlDatabase(settings.database_url, cipher)
    ehrs = opening.Ehrs(settings, database, tokens, _now)
    return Services(
        database=database,
        ehr=ehrs,
        companion=ehrs.companion,
        staff=ehrs.staff,
        catalog=FileCatalog(),
        practice=Practice(settings.zone),
        jobs=jobs or NoJobs(),
        metrics=metrics or NoMetrics(),
        processes=Processes(),
        clock=_now,
        token=lambda: secrets.token_urlsafe(32),
        smart=opening.SmartServers(settings, _now),
        launches=launches or cast(Launches, NoLaunches()),
        sign_ins=sign_ins or cast(SignIns, NoSignIns()),
        passwords=ArgonPasswords(),
        one_time_codes=TimedCodes(),
        heads=heads(settings),
        cipher=cipher,
        jwks=lambda: signing_keys(settings).jwks(),
        public_url=settings.public_url,
        practice_name=settings.practice_name,
        stale_after=settings.stale_after,
    )


def connected(settings: Settings) -> Services:
    """Everything, for a web process or a worker: with the broker, and with counters that all processes share."""
    from plugin.ops.metrics import SharedMetrics  # noqa: PLC0415 slow to import, see above
    from plugin.sessions.access_tokens import AccessTokens  # noqa: PLC0415 slow to import, see above
    from plugin.sessions.cipher import read_cipher  # noqa: PLC0415 slow to import, see above
    from plugin.sessions.connection import check, connect  # noqa: PLC0415 slow to import, see above
    from plugin.sessions.counters import Counters  # noqa: PLC0415 slow to import, see above
    from plugin.sessions.launches import RedisLaunches  # noqa: PLC0415 slow to import, see above
    from plugin.sessions.sign_ins import RedisSignIns  # noqa: PLC0415 slow to import, see above
    from plugin.sessions.turns import Turns  # noqa: PLC0415 slow to import, see above
    from tasks.dispatch import BrokerJobs, sender  # noqa: PLC0415 slow to import, see above
    from tasks.schedule import periodic  # noqa: PLC0415 slow to import, see above

    preload()
    redis = connect(settings.redis_url)
    metrics = SharedMetrics(Counters(redis))
    jobs = BrokerJobs(
        sender(settings.redis_url),
        metrics,
        wants=Turns(redis).want,
        check=lambda: check(redis),
        periodic=periodic(poll_every=settings.poll_every, tick_every=settings.tick_every),
    )
    cipher = read_cipher(settings.key_file)
    return build(
        settings,
        jobs=jobs,
        metrics=metrics,
        launches=RedisLaunches(redis, cipher, _now),
        sign_ins=RedisSignIns(redis, cipher),
        tokens=AccessTokens(redis, cipher, _now),
    )


def preload() -> None:
    """Imports what a process that serves people will need (see above), so that nobody waits for it at the first launch or
    act; a worker does it before it forks, so that its processes share it."""
    import fhir_adapters.auth  # noqa: PLC0415 slow to import, see above
    import fhir_adapters.ehr  # noqa: PLC0415 slow to import, see above
    import fhir_adapters.smart  # noqa: F401, PLC0415 slow to import, see above


def signing_keys(settings: Settings) -> Keys:
    """Our own keys, by which EHRs know us."""
    return opening.signing_keys(settings, _now)


def heads(settings: Settings, path: Path | None = None) -> Heads:
    """Where the heads of the audit log's chain are kept; another file of them may be read."""
    from plugin.sessions.cipher import read_cipher  # noqa: PLC0415 slow to import, see above
    from plugin.sessions.heads import HeadsFile  # noqa: PLC0415 slow to import, see above

    return HeadsFile(path or settings.audit_heads, read_cipher(settings.key_file), _tell_head)


def place(settings: Settings) -> Place:
    """What a backup holds, and where it belongs."""
    from plugin.storage.dump_postgres import PostgresDatabase  # noqa: PLC0415 slow to import, see above
    from plugin.storage.dump_sqlite import SqliteFile  # noqa: PLC0415 slow to import, see above
    from plugin.storage.schema import HEAD  # noqa: PLC0415 slow to import, see above
    from plugin.storage.unit_of_work import THE_PRACTICE  # noqa: PLC0415 slow to import, see above

    kind, _, rest = settings.database_url.partition(":///")
    return Place(
        database=SqliteFile(Path(rest)) if kind == "sqlite" else PostgresDatabase(settings.database_url),
        files={KEYS: settings.key_file, SIGNING_KEYS: settings.jwk_file, HEADS: settings.audit_heads},
        practice=str(THE_PRACTICE),
        identifier_base=settings.identifier_base,
        zone=settings.zone.key,
        schema=HEAD,
    )


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
    """Makes key file, signing keys and database where they are missing, and brings the database up to date. True with a
    new key file."""
    from plugin.sessions.cipher import make_key_file  # noqa: PLC0415 slow to import, see above

    is_new = make_key_file(settings.key_file)
    signing_keys(settings).make()
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


def _tell_head(head: Head) -> None:
    """The log is a second place outside the database, where logs are collected elsewhere."""
    _log.info("audit_sealed", practice=head.practice, number=head.number, chain=head.chain, count=head.count)
