"""A practice of twenty patients on the FHIR server, under a tag of its own, and a Milepost that is to watch it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import and_, create_engine, update

from deploy.demo.generator.fhir import TAG_SYSTEM
from deploy.demo.generator.load import load, target
from deploy.demo.generator.stream import generate
from plugin import bootstrap, config
from plugin.domain.ledger import EffectState
from plugin.domain.source import Source
from plugin.storage.tables import effect
from plugin.usecases.publish import publish_shipped
from plugin.usecases.services import Services
from plugin.usecases.sources import add_source
from tests.faults.gate import Gate

PATIENTS = 20
ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "plugin.cli")
LONGEST_COMMAND_S = 120.0
FORENOON = 10


def quiet_zone(now: datetime) -> str:
    """A zone where it is ten in the morning: its working morning has begun, and midnight is far, so that two runs which
    are compared with each other lie within one day of the practice."""
    behind = (now.hour - FORENOON + 12) % 24 - 12  # Etc/GMT+5 is five hours behind UTC
    return f"Etc/GMT{behind:+d}" if behind else "Etc/GMT"


@dataclass(frozen=True)
class Practice:
    """Twenty patients under one tag; with another tag they are the same patients under other ids."""

    base_url: str
    tag: str
    zone: str
    patients: int = PATIENTS

    @property
    def today(self) -> date:
        """The day from which all its dates are counted."""
        return datetime.now(tz=ZoneInfo(self.zone)).date()

    @property
    def tag_filter(self) -> str:
        """What finds this practice's resources and no others."""
        return f"{TAG_SYSTEM}|{self.tag}"

    def load(self) -> "Practice":
        """Puts it on the server."""
        made = generate(self.today, self.patients, tag=self.tag)
        for _ in load(target(self.base_url), made):
            pass
        return self


@dataclass(frozen=True)
class Milepost:
    """An installation: a database, keys, one source."""

    database_url: str
    folder: Path
    zone: str
    changes: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """The settings; nothing of the environment of whoever runs the tests."""
        return {
            "MILEPOST_DATABASE_URL": self.database_url,
            "MILEPOST_KEY_FILE": str(self.folder / "key"),
            "MILEPOST_ZONE": self.zone,
            **self.changes,
        }

    @cached_property
    def services(self) -> Services:
        """The same use cases within this process, for what is prepared and what is looked at."""
        return bootstrap.build(config.settings(self.environment))

    def prepare(self) -> "Milepost":
        """As `milepost init`."""
        bootstrap.prepare(config.settings(self.environment))
        publish_shipped(self.services)
        return self

    def add_source(self, base_url: str, practice: Practice) -> Source:
        """As `milepost source add main URL --filter _tag=…`."""
        wanted = Source(id=0, slug="main", base_url=base_url, search_filter={"_tag": practice.tag_filter})
        return add_source(self.services, wanted)

    def start(self, *words: str) -> "Command":
        """The real command, as a child process."""
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        process = subprocess.Popen(
            [*COMMAND, *words],
            cwd=ROOT,
            env={**inherited, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        return Command(words, process)

    def run(self, *words: str) -> "Ended":
        """The real command, until it ends by itself."""
        return self.start(*words).wait()

    def hurry(self) -> None:
        """As if the pauses before what failed is tried again were over."""
        engine = create_engine(self.database_url)
        waits = and_(effect.c.state == EffectState.PLANNED.value, effect.c.error.is_not(None))
        with engine.begin() as connection:
            connection.execute(update(effect).where(waits).values(ready_at=now()))
        engine.dispose()

    def is_opened_by(self, command: "Command", gate: Gate | None) -> bool:
        """Whether a command has its database open by now."""
        if gate is not None:
            return gate.others > 0
        try:
            links = [link.readlink() for link in Path(f"/proc/{command.process.pid}/fd").iterdir()]
        except OSError:
            return False
        return Path(self.database_url.removeprefix("sqlite:///")) in links

    def rest(self) -> None:
        """Gives back the connections of this process."""
        self.services.database.close()


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def is_plain(self) -> bool:
        """One or two lines of complaint, and no traceback."""
        lines = self.err.strip().splitlines()
        return 1 <= len(lines) <= 2 and "Traceback" not in self.err


@dataclass(frozen=True)
class Command:
    """A command under way."""

    words: Sequence[str]
    process: "subprocess.Popen[bytes]"

    @property
    def has_ended(self) -> bool:
        """By itself or otherwise."""
        return self.process.poll() is not None

    def wait(self) -> Ended:
        """Until it ends by itself."""
        try:
            out, err = self.process.communicate(timeout=LONGEST_COMMAND_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        return Ended(self.process.returncode, out.decode(), err.decode())

    def freeze(self) -> None:
        """Stops it where it is, to be looked at."""
        os.kill(self.process.pid, signal.SIGSTOP)

    def kill(self) -> bool:
        """SIGKILL, from outside. False when it had ended before."""
        was_alive = not self.has_ended
        if was_alive:
            os.kill(self.process.pid, signal.SIGKILL)
        self.process.communicate()
        return self.process.returncode == -signal.SIGKILL


@contextmanager
def closing(milepost: Milepost) -> Iterator[Milepost]:
    """The installation while the block runs."""
    try:
        yield milepost
    finally:
        milepost.rest()


def now() -> datetime:
    """The real one: the commands under test have no other."""
    return datetime.now(tz=UTC)
