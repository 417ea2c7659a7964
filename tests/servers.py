"""Real PostgreSQL, Redis and HAPI for the tests: each started once per run, when first asked for, never skipped.

A test gets a database, a Redis number or a FHIR tag of its own, so that nothing has to be reset between tests.
Every server listens on loopback on a free port, keeps its files in a folder of its own, and dies with the test run.
"""

import contextlib
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
import redis

from deploy.hapi.server import HapiServer

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 20.0
POLL_S = 0.05
REDIS_DATABASES = 2048
TAG_SYSTEM = "https://milepost.example/test-run"


class ServerMissing(RuntimeError):
    """A server that the tests need cannot be started; the message says what to do."""


@dataclass(frozen=True)
class PostgresServer:
    """A running PostgreSQL cluster; `database()` makes an empty database in it."""

    port: int
    user: str

    def url(self, name: str) -> str:
        """The address that SQLAlchemy takes."""
        return f"postgresql+psycopg://{self.user}@127.0.0.1:{self.port}/{name}"

    def execute(self, statement: str) -> None:
        """One statement outside any transaction, as `create database` needs it."""
        dsn = f"host=127.0.0.1 port={self.port} user={self.user} dbname=postgres"
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(statement.encode())

    @contextlib.contextmanager
    def database(self) -> Iterator[str]:
        """An empty database's address; the database is dropped afterwards, whoever is still connected."""
        name = f"test_{uuid.uuid4().hex}"
        self.execute(f"CREATE DATABASE {name}")
        try:
            yield self.url(name)
        finally:
            self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@dataclass(frozen=True)
class RedisServer:
    """A running Redis with many numbered databases."""

    port: int

    def url(self, number: int = 0) -> str:
        """The address of one numbered database."""
        return f"redis://127.0.0.1:{self.port}/{number}"


@dataclass(frozen=True)
class FhirTag:
    """A tag for the resources of one test, since all tests share one FHIR server."""

    system: str
    code: str

    @property
    def search(self) -> str:
        """The filter that finds only this test's resources."""
        return f"_tag={self.system}|{self.code}"

    @property
    def coding(self) -> dict[str, str]:
        """What goes into `meta.tag`."""
        return {"system": self.system, "code": self.code}


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def binary(name: str) -> str:
    """The path of a server's program; Debian keeps PostgreSQL's off the path."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: float(folder.parent.name))
    places = os.pathsep.join([*(str(folder) for folder in reversed(versions)), os.environ.get("PATH", os.defpath)])
    found = shutil.which(name, path=places)
    if found is None:
        raise ServerMissing(f"{name} is not installed; run `sh deploy/system-packages.sh`")
    return found


def wait_until(answers: Callable[[], bool], process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Until the server answers; its log's end is the message when it ends first or never does."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while not answers():
        if process.poll() is not None or time.monotonic() > deadline:
            tail = log.read_text(errors="replace")[-1500:]
            raise ServerMissing(f"{process.args!r} did not answer; its log ends with:\n{tail}")
        time.sleep(POLL_S)


@contextlib.contextmanager
def folder_of(user: str | None) -> Iterator[Path]:
    """A temporary folder that `user` owns and can reach (pytest's own is closed to other users)."""
    folder = Path(tempfile.mkdtemp(prefix="milepost-test-"))
    if user is not None:
        shutil.chown(folder, user)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def running(
    command: Sequence[str], *, log: Path, stop_with: signal.Signals, user: str | None = None
) -> Iterator["subprocess.Popen[bytes]"]:
    """The server while the block runs. `setpriv` ends it too when the test run itself is killed."""
    guarded = ["setpriv", f"--pdeathsig={stop_with.name.removeprefix('SIG')}", *command]
    with log.open("wb") as output:
        process = subprocess.Popen(
            guarded,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=user,
            group=None if user is None else pwd.getpwnam(user).pw_gid,
            extra_groups=None if user is None else (),
        )
    try:
        yield process
    finally:
        process.send_signal(stop_with)
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def postgres_command(folder: Path, port: int) -> list[str]:
    """A server that trades safety for speed: the tests' data may be lost with the machine."""
    fast = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200", "timezone=UTC")
    address = ("listen_addresses=127.0.0.1", "unix_socket_directories=")
    options = [word for setting in (*address, *fast) for word in ("-c", setting)]
    return [binary("postgres"), "-D", str(folder / "data"), "-p", str(port), *options]


@contextlib.contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """A new cluster. PostgreSQL refuses to run as root, so root starts it as the package's own user."""
    user = "postgres" if os.geteuid() == 0 else None
    with folder_of(user) as folder:
        server = PostgresServer(port=free_port(), user="milepost")
        log = folder / "log"
        initdb = [binary("initdb"), "-D", str(folder / "data"), "-U", server.user, "--auth=trust", "--no-sync"]
        with running([*initdb, "-E", "UTF8", "--locale=C.UTF-8"], log=log, stop_with=signal.SIGTERM, user=user) as made:
            if made.wait(START_TIMEOUT_S) != 0:
                raise ServerMissing(f"initdb failed:\n{log.read_text(errors='replace')[-1500:]}")
        command = postgres_command(folder, server.port)
        with running(command, log=log, stop_with=signal.SIGINT, user=user) as process:
            wait_until(lambda: _postgres_answers(server), process, log)
            yield server


def _postgres_answers(server: PostgresServer) -> bool:
    try:
        server.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True


@contextlib.contextmanager
def redis_server() -> Iterator[RedisServer]:
    """A Redis that keeps nothing on disk."""
    with folder_of(None) as folder:
        server = RedisServer(port=free_port())
        keep_nothing = ("--save", "", "--appendonly", "no", "--databases", str(REDIS_DATABASES))
        address = ("--bind", "127.0.0.1", "--port", str(server.port), "--dir", str(folder))
        log = folder / "log"
        command = [binary("redis-server"), *address, *keep_nothing]
        with running(command, log=log, stop_with=signal.SIGTERM) as process:
            wait_until(lambda: _redis_answers(server), process, log)
            yield server


def _redis_answers(server: RedisServer) -> bool:
    with contextlib.closing(redis.Redis(host="127.0.0.1", port=server.port)) as client:
        try:
            return bool(client.ping())
        except redis.ConnectionError:
            return False


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The run's one PostgreSQL."""
    with postgres_server() as server:
        yield server


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    """An empty PostgreSQL database of this test's own."""
    with postgres.database() as url:
        yield url


@pytest.fixture(scope="session")
def redis_process() -> Iterator[RedisServer]:
    """The run's one Redis."""
    with redis_server() as server:
        yield server


@pytest.fixture(scope="session")
def redis_numbers() -> Iterator[int]:
    """The numbers not yet given to a test."""
    return itertools.cycle(range(1, REDIS_DATABASES))


@pytest.fixture
def redis_url(redis_process: RedisServer, redis_numbers: Iterator[int]) -> Iterator[str]:
    """An empty numbered database of this test's own."""
    url = redis_process.url(next(redis_numbers))
    with contextlib.closing(redis.Redis.from_url(url)) as client:
        client.flushdb()
        yield url
        client.flushdb()


@pytest.fixture(scope="session")
def hapi() -> Iterator[HapiServer]:
    """The run's one HAPI FHIR server. What refers to a resource does not keep a test from deleting it."""
    with folder_of(None) as folder:
        server = HapiServer(port=free_port(), data_dir=folder, referential_integrity_on_delete=False)
        with server:
            yield server


@pytest.fixture
def fhir_tag() -> FhirTag:
    """A tag that no other test and no earlier run used."""
    return FhirTag(system=TAG_SYSTEM, code=uuid.uuid4().hex)
