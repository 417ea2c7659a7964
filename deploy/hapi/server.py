"""Starts and stops the HAPI server: as an object for tests, demo and benchmark, and as a command for `make`."""

import argparse
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from http.client import (  # noqa: TID251 - asks only the server that this module started, on loopback
    HTTPConnection,
    HTTPException,
)
from pathlib import Path
from typing import Self

from deploy.hapi.build import HapiBuild, HapiFailure, program

HOST = "127.0.0.1"
DEFAULT_PORT = 8180
DEFAULT_DATA_DIR = Path(__file__).parents[2] / "var" / "hapi"
# Little memory and a short start: right for tests and the demo. The benchmark gives () for the JVM's own choice.
QUICK_START = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
START_TIMEOUT_S = 240.0
STOP_TIMEOUT_S = 30.0
ANSWER_TIMEOUT_S = 30.0
POLL_S = 0.1
DATABASES = ("jdbc:postgresql:", "jdbc:h2:")


@dataclass
class HapiServer:
    """One server with its own port and folder (H2 files, log, PID). It can be started again after `stop` or `kill`.

    With `database_url` (`jdbc:postgresql://host:port/name?user=…`) the data are there instead of in the folder.
    Unless `outlives_parent`, the server ends with the thread that started it, however that ends.
    """

    port: int
    data_dir: Path
    _: KW_ONLY
    database_url: str | None = None
    referential_integrity_on_delete: bool = True
    heap: str = "1g"
    java_options: Sequence[str] = QUICK_START
    outlives_parent: bool = False
    build: HapiBuild = field(default_factory=HapiBuild)
    _process: "subprocess.Popen[bytes] | None" = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.database_url is not None and not self.database_url.startswith(DATABASES):
            raise HapiFailure("MILEPOST_HAPI_DATABASE_URL must begin with jdbc:postgresql: or jdbc:h2:")
        self.data_dir = self.data_dir.resolve()

    @property
    def base_url(self) -> str:
        """Where FHIR is spoken."""
        return f"http://{HOST}:{self.port}/fhir"

    @property
    def log(self) -> Path:
        """The server's words since its last start; those of the start before are kept beside it."""
        return self.data_dir / "hapi.log"

    @property
    def pid(self) -> int | None:
        """The running server's process, whoever started it; None when it does not run."""
        if self._process is not None:
            return self._process.pid if self._process.poll() is None else None
        try:
            pid = int(self._pid_file.read_text())
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError, ValueError):
            return None
        # The number may have gone to a stranger since.
        return pid if self._mark.encode() in command.split(b"\0") else None

    @property
    def _pid_file(self) -> Path:
        return self.data_dir / "hapi.pid"

    @property
    def _mark(self) -> str:
        """Tells this server from any other in the process list."""
        return f"-Dmilepost.hapi.folder={self.data_dir}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    def start(self, timeout: float = START_TIMEOUT_S) -> None:
        """Returns when `/fhir/metadata` answers (after building, the first time); does nothing when it runs."""
        if self.pid is not None:
            return
        jar = self.build.make()
        self._refuse_taken_port()
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self._launch(jar)
        try:
            self._wait_until_it_answers(timeout)
        except BaseException:
            self.kill()
            raise

    def stop(self, timeout: float = STOP_TIMEOUT_S) -> None:
        """Ends it in an orderly way, or by force after `timeout` seconds; does nothing when it does not run."""
        self._end(signal.SIGTERM)
        if not _becomes_true(lambda: self.pid is None, timeout):
            self.kill()
        self._pid_file.unlink(missing_ok=True)

    def kill(self) -> None:
        """Ends it at once, as a power cut would."""
        self._end(signal.SIGKILL)
        if not _becomes_true(lambda: self.pid is None, STOP_TIMEOUT_S):
            raise HapiFailure(f"HAPI (process {self.pid}) does not end, even by force.")

    def is_answering(self) -> bool:
        """Whether `/fhir/metadata` answers 200 now."""
        connection = HTTPConnection(HOST, self.port, timeout=ANSWER_TIMEOUT_S)
        try:
            connection.request("GET", "/fhir/metadata?_elements=fhirVersion")
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    def _launch(self, jar: Path) -> None:
        guard = [] if self.outlives_parent else [program("setpriv"), "--pdeathsig=TERM"]
        java = [program("java"), *self.java_options, f"-Xmx{self.heap}", self._mark, "-jar", str(jar)]
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".previous.log"))
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [*guard, *java],
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._pid_file.write_text(f"{self._process.pid}\n")

    def _environment(self) -> dict[str, str]:
        """The server's settings; in the environment, since a database's password must not be in the process list."""
        settings = {
            "MILEPOST_HAPI_PORT": str(self.port),
            "MILEPOST_HAPI_DATA_DIR": str(self.data_dir),
            "MILEPOST_HAPI_REFERENTIAL_INTEGRITY_ON_DELETE": str(self.referential_integrity_on_delete).lower(),
        }
        if self.database_url is not None:
            settings["MILEPOST_HAPI_DATABASE_URL"] = self.database_url
        inherited = {name: value for name, value in _environment().items() if name != "MILEPOST_HAPI_DATABASE_URL"}
        return {**inherited, **settings}

    def _refuse_taken_port(self) -> None:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, self.port))
            except OSError as error:
                raise HapiFailure(
                    f"HAPI cannot have port {self.port} ({error.strerror}): stop the program that listens there, "
                    "or set MILEPOST_HAPI_PORT to a free port."
                ) from error

    def _wait_until_it_answers(self, timeout: float) -> None:
        decided = _becomes_true(lambda: self.pid is None or self.is_answering(), timeout)
        if self.pid is None:
            raise HapiFailure(f"HAPI ended while it was starting; the reason is at the end of {self.log}")
        if not decided:
            raise HapiFailure(
                f"HAPI did not answer within {timeout:.0f} s and was stopped; its words are in {self.log}"
            )

    def _end(self, how: signal.Signals) -> None:
        pid = self.pid
        if pid is not None:
            os.kill(pid, how)


def _becomes_true(condition: Callable[[], bool], timeout: float) -> bool:
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_S)
    return True


def _environment() -> Mapping[str, str]:
    return os.environ  # noqa: TID251 - a server for demo and tests has settings of its own, outside the product's


def server_from(environment: Mapping[str, str]) -> HapiServer:
    """The server that `make hapi-start` means; its settings are in README.md."""
    port = environment.get("MILEPOST_HAPI_PORT", str(DEFAULT_PORT))
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise HapiFailure(f"MILEPOST_HAPI_PORT must be a port number, not {port!r}.")
    integrity = environment.get("MILEPOST_HAPI_REFERENTIAL_INTEGRITY_ON_DELETE", "true").lower()
    if integrity not in ("true", "false"):
        raise HapiFailure(f"MILEPOST_HAPI_REFERENTIAL_INTEGRITY_ON_DELETE must be true or false, not {integrity!r}.")
    return HapiServer(
        port=int(port),
        data_dir=Path(environment.get("MILEPOST_HAPI_DATA_DIR", DEFAULT_DATA_DIR)),
        database_url=environment.get("MILEPOST_HAPI_DATABASE_URL") or None,
        referential_integrity_on_delete=integrity == "true",
        heap=environment.get("MILEPOST_HAPI_HEAP", "1g"),
        java_options=shlex.split(environment.get("MILEPOST_HAPI_JAVA_OPTIONS", " ".join(QUICK_START))),
        outlives_parent=True,
    )


def _build(server: HapiServer) -> int:
    if not server.build.is_current():
        print(f"Building HAPI; the first time this takes about two minutes (log: {server.build.log})", flush=True)
    server.build.make()
    return 0


def _start(server: HapiServer) -> int:
    if server.pid is None:
        _build(server)
        print(f"Starting HAPI; this takes about half a minute (log: {server.log})", flush=True)
        begun = time.monotonic()
        server.start()
        print(f"It answers after {time.monotonic() - begun:.0f} s.")
    return _status(server)


def _stop(server: HapiServer) -> int:
    server.stop()
    print("HAPI is stopped.")
    return 0


def _status(server: HapiServer) -> int:
    """Exit 0 when it serves, 1 when it does not."""
    if server.pid is None:
        print("HAPI does not run.")
        return 1
    answers = server.is_answering()
    words = "serves FHIR R4" if answers else "runs but does not answer"
    print(f"HAPI {words} at {server.base_url} (process {server.pid}, log: {server.log})")
    return 0 if answers else 1


VERBS: Mapping[str, Callable[[HapiServer], int]] = {
    "build": _build,
    "start": _start,
    "stop": _stop,
    "status": _status,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """The command: one verb, settings from the environment."""
    parser = argparse.ArgumentParser(prog="python -m deploy.hapi.server", description=__doc__)
    parser.add_argument("verb", choices=VERBS)
    verb = parser.parse_args(arguments).verb
    try:
        return VERBS[verb](server_from(_environment()))
    except HapiFailure as failure:
        print(failure, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
