"""One installation of Milepost in a folder of its own: the command, and its parts as real processes."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plugin import config
from plugin.run import parts
from plugin.sessions.cipher import read_cipher
from plugin.storage.unit_of_work import SqlDatabase
from tests.servers import free_port

ROOT = Path(__file__).parents[2]
COMMAND_TIMEOUT_S = 120
STOP_TIMEOUT_S = 30


@dataclass(frozen=True)
class Installation:
    """Settings, and what is run with them."""

    folder: Path
    settings: Mapping[str, str]

    @classmethod
    def at(cls, folder: Path, database_url: str, redis_url: str, **changes: str) -> "Installation":
        """Made ready by `milepost init`. ``changes`` are settings without their prefix, in small letters."""
        ours = {
            "MILEPOST_DATABASE_URL": database_url.replace("postgresql+psycopg", "postgresql"),
            "MILEPOST_REDIS_URL": redis_url,
            "MILEPOST_KEY_FILE": str(folder / "key"),
            "MILEPOST_BIND": f"127.0.0.1:{free_port()}",
            **{f"MILEPOST_{name.upper()}": value for name, value in changes.items()},
        }
        made = cls(folder, {**config.variables(), **ours})
        made.milepost("init")
        return made

    @property
    def bind(self) -> str:
        """Where the web process listens."""
        return self.settings["MILEPOST_BIND"]

    @contextlib.contextmanager
    def database(self) -> Iterator[SqlDatabase]:
        """For looking at what is stored."""
        settings = config.settings(self.settings)
        database = SqlDatabase(settings.database_url, read_cipher(settings.key_file))
        try:
            yield database
        finally:
            database.close()

    def milepost(self, *words: str) -> str:
        """What the command printed; it must succeed."""
        command = [sys.executable, "-c", "from plugin.cli import main; main()", *words]
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=COMMAND_TIMEOUT_S,
            check=False,
        )
        assert done.returncode == 0, f"milepost {' '.join(words)}: {done.stdout}{done.stderr}"
        return done.stdout

    def explained(self, patient: str) -> dict[str, Any]:  # Any: JSON as the command prints it
        """`milepost explain`."""
        found: dict[str, Any] = json.loads(self.milepost("explain", patient, "--format", "json"))
        return found

    @contextlib.contextmanager
    def running(self, *names: str) -> Iterator[Mapping[str, "Process"]]:
        """Parts of Milepost by name, as `milepost run` starts them; stopped afterwards."""
        commands = {part.name: part.command for part in parts(self.bind)}
        with contextlib.ExitStack() as stack:
            yield {name: stack.enter_context(self.process(name, *commands[name])) for name in names}

    @contextlib.contextmanager
    def process(self, name: str, *command: str) -> Iterator["Process"]:
        """Any process with these settings, in a session of its own; it ends with the test run."""
        log = self.folder / f"{name.replace(' ', '-')}-{time.monotonic_ns()}.log"
        with log.open("wb") as output:
            child = subprocess.Popen(
                ["setpriv", "--pdeathsig=KILL", *command],
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        started = Process(child, log)
        try:
            yield started
        finally:
            started.stop()

    @property
    def _environment(self) -> dict[str, str]:
        return {**os.environ, **self.settings}


@dataclass(frozen=True)
class Process:
    """A running part."""

    child: "subprocess.Popen[bytes]"
    log: Path

    @property
    def pid(self) -> int:
        """Its number."""
        return self.child.pid

    def kill(self) -> None:
        """kill -9, and everything that it had started with it, as when a machine loses power."""
        os.killpg(self.child.pid, signal.SIGKILL)
        self.child.wait()

    def stop(self) -> None:
        """As a service manager does."""
        if self.child.poll() is None:
            self.child.terminate()
            try:
                self.child.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self.kill()

    def said(self) -> str:
        """Its log so far."""
        return self.log.read_text(errors="replace")


def wait_for(what: str, holds: Callable[[], object], within_s: float, every_s: float = 0.2) -> float:
    """How many seconds it took."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < within_s, f"{what}: not within {within_s:.0f} s"
        time.sleep(every_s)
    return time.monotonic() - began
