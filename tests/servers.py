"""Real PostgreSQL, Redis and HAPI for the tests: each started once per run, when first asked for, never skipped.

A test gets a database, a Redis number or a FHIR tag of its own, so that nothing has to be reset between tests.
Every server listens on loopback on a free port, keeps its files in a folder of its own, and dies with the test run.
"""

import contextlib
import itertools
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import redis

from deploy.hapi.server import HapiServer
from deploy.services.postgres import PostgresServer, postgres_server
from deploy.services.process import folder_of, free_port
from deploy.services.redis import DATABASES, RedisServer, redis_server

__all__ = ["FhirTag", "PostgresServer", "RedisServer", "folder_of", "free_port"]

TAG_SYSTEM = "https://milepost.example/test-run"


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
    return itertools.cycle(range(1, DATABASES))


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
