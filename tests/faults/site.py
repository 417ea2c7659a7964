"""Where faults are done: a FHIR server behind a gateway, a PostgreSQL, and fresh installations for each run."""

import itertools
import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from deploy.services.postgres import PostgresServer
from tests.faults.gate import Gate, gate_of
from tests.faults.gateway import Gateway, gateway_to
from tests.faults.practice import PATIENTS, Milepost, Practice, closing, now, quiet_zone
from tests.servers import folder_of


@dataclass(frozen=True)
class Watched:
    """One practice, the Milepost that watches it through the gateway, and the gates of its database, where it has any."""

    practice: Practice
    milepost: Milepost
    gate: Gate | None


@dataclass(frozen=True)
class Site:
    """Servers that are started once, and databases that are copied."""

    upstream: str
    postgres: PostgresServer
    gateway: Gateway
    folder: Path
    zone: str
    template: str
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def practice(self, patients: int = PATIENTS) -> Practice:
        """So many patients that nobody has seen."""
        return Practice(self.upstream, f"f{uuid.uuid4().hex[:11]}", self.zone, patients).load()

    @contextmanager
    def installed(self, database: str) -> Iterator[Milepost]:
        """Milepost after `milepost init`, on `postgres` or `sqlite`."""
        with ExitStack() as held:
            if database == "postgres":
                url = held.enter_context(self.postgres.database(self.template))
            else:
                file = self.folder / f"milepost-{next(self._numbers)}.db"
                url = f"sqlite:///{shutil.copy(self.folder / 'empty.db', file)}"
            yield held.enter_context(closing(Milepost(url, self.folder, self.zone)))

    @contextmanager
    def watched(self, database: str = "postgres", practice: Practice | None = None) -> Iterator[Watched]:
        """A practice (a new one, unless it is given) and an installation with it as its source, nothing read yet."""
        with ExitStack() as held:
            seen = practice or self.practice()
            milepost = held.enter_context(self.installed(database))
            milepost.add_source(self.gateway.url, seen)
            gate = held.enter_context(gate_of(self._dsn(milepost))) if database == "postgres" else None
            self.gateway.forget()
            held.callback(self.gateway.forget)
            yield Watched(seen, milepost, gate)

    def _dsn(self, milepost: Milepost) -> str:
        return self.postgres.dsn(milepost.database_url.rpartition("/")[2])


@contextmanager
def site_of(upstream: str, postgres: PostgresServer, zone: str | None = None) -> Iterator[Site]:
    """A site while the block runs. `milepost init` is done once for each kind of database. Whoever compares what happens
    here with what happened at another site gives that one's `zone`: the quiet one moves on with every hour."""
    zone = zone or quiet_zone(now())
    with folder_of(None) as folder, gateway_to(upstream) as gateway, postgres.database() as url:
        for empty in (url, f"sqlite:///{folder / 'empty.db'}"):
            with closing(Milepost(empty, folder, zone).prepare()):
                pass
        yield Site(upstream, postgres, gateway, folder, zone, url.rpartition("/")[2])


KINDS: Sequence[str] = ("postgres", "sqlite")
