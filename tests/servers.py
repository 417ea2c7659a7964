"""Real PostgreSQL, Redis and HAPI for the tests: each started once per run, never skipped.

A test gets a database, a Redis number or a FHIR tag of its own, so that nothing has to be reset between tests, and
tests of two processes (pytest-xdist) can share the servers: then those that `--servers` names are started before the
processes are, and told to each; without processes a server starts when it is first asked for. Every server listens on
loopback on a free port, keeps its files in a folder of its own, and dies with the test run.
"""

import contextlib
import itertools
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import redis

from deploy.hapi.server import HapiServer
from deploy.services.postgres import PostgresServer, postgres_server
from deploy.services.process import folder_of, free_port
from deploy.services.redis import DATABASES, RedisServer, redis_server

__all__ = ["FhirTag", "PostgresServer", "RedisServer", "folder_of", "free_port"]

TAG_SYSTEM = "https://milepost.example/test-run"

_HELD = pytest.StashKey[contextlib.ExitStack]()
_STARTED = pytest.StashKey[dict[str, Any]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """For runs of several processes."""
    words = "servers that the processes of this run share: hapi, postgres, redis; separated by commas"
    parser.addoption("--servers", default="", help=words)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Starts what the processes are to share; they are told of it below."""
    config = session.config
    wanted = [name for name in config.getoption("--servers").split(",") if name]
    if wanted and not hasattr(config, "workerinput"):
        held = config.stash[_HELD] = contextlib.ExitStack()
        config.stash[_STARTED] = {name: held.enter_context(_SERVERS[name]()) for name in wanted}


def pytest_configure_node(node: Any) -> None:  # Any: pytest-xdist publishes no types
    """Before a process starts."""
    node.workerinput["servers"] = node.config.stash.get(_STARTED, {})


def pytest_unconfigure(config: pytest.Config) -> None:
    """The processes have ended."""
    if _HELD in config.stash:
        config.stash[_HELD].close()


@contextlib.contextmanager
def _shared(config: pytest.Config, name: str) -> Iterator[Any]:
    """A server that was started before this process, or else one of its own."""
    told = getattr(config, "workerinput", {}).get("servers", {})
    if name in told:
        yield told[name]
        return
    with _SERVERS[name]() as started:
        yield started


@contextlib.contextmanager
def _postgres_told() -> Iterator[dict[str, Any]]:
    with postgres_server() as server:
        yield {"port": server.port, "user": server.user}


@contextlib.contextmanager
def _redis_told() -> Iterator[dict[str, Any]]:
    with redis_server() as server:
        yield {"port": server.port}


@contextlib.contextmanager
def _hapi_told() -> Iterator[dict[str, Any]]:
    """What refers to a resource does not keep a test from deleting it."""
    with folder_of(None) as folder:
        server = _hapi(free_port(), str(folder))
        with server:
            yield {"port": server.port, "folder": str(folder)}


def _hapi(port: int, folder: str) -> HapiServer:
    return HapiServer(port=port, data_dir=Path(folder), referential_integrity_on_delete=False)


_SERVERS = {"hapi": _hapi_told, "postgres": _postgres_told, "redis": _redis_told}
"""How each is started, and what has to be told of it."""


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


@pytest.fixture(scope="session")
def postgres(pytestconfig: pytest.Config) -> Iterator[PostgresServer]:
    """The run's one PostgreSQL."""
    with _shared(pytestconfig, "postgres") as told:
        yield PostgresServer(**told)


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    """An empty PostgreSQL database of this test's own."""
    with postgres.database() as url:
        yield url


@pytest.fixture(scope="session")
def redis_process(pytestconfig: pytest.Config) -> Iterator[RedisServer]:
    """The run's one Redis."""
    with _shared(pytestconfig, "redis") as told:
        yield RedisServer(**told)


@pytest.fixture(scope="session")
def redis_numbers(pytestconfig: pytest.Config) -> Iterator[int]:
    """The numbers not yet given to a test, of those that are this process's."""
    ours: Mapping[str, Any] = getattr(pytestconfig, "workerinput", {"workerid": "gw0", "workercount": 1})
    return itertools.cycle(range(1 + int(ours["workerid"].removeprefix("gw")), DATABASES, ours["workercount"]))


@pytest.fixture
def redis_url(redis_process: RedisServer, redis_numbers: Iterator[int]) -> Iterator[str]:
    """An empty numbered database of this test's own."""
    url = redis_process.url(next(redis_numbers))
    with contextlib.closing(redis.Redis.from_url(url)) as client:
        client.flushdb()
        yield url
        client.flushdb()


@pytest.fixture(scope="session")
def hapi(pytestconfig: pytest.Config) -> Iterator[HapiServer]:
    """The run's one HAPI FHIR server."""
    with _shared(pytestconfig, "hapi") as told:
        yield _hapi(told["port"], told["folder"])


@pytest.fixture
def fhir_tag() -> FhirTag:
    """A tag that no other test and no earlier run used."""
    return FhirTag(system=TAG_SYSTEM, code=uuid.uuid4().hex)
