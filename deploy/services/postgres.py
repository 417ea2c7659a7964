"""A PostgreSQL cluster of its own: as fast as it goes, for tests, or as durable as an installed one, to be measured."""

import contextlib
import os
import signal
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg

from deploy.services.process import (
    START_TIMEOUT_S,
    ServerMissing,
    binary,
    folder_of,
    free_port,
    running,
    wait_until,
)

FORGETFUL: Mapping[str, str] = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""Trades safety for speed: what is in it may be lost with the machine."""
_ALWAYS: Mapping[str, str] = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "timezone": "UTC",
}


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
        with psycopg.connect(self.dsn("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())

    @property
    def version(self) -> str:
        """As it calls itself."""
        with psycopg.connect(self.dsn("postgres")) as connection:
            return str(connection.info.parameter_status("server_version"))

    def dsn(self, name: str) -> str:
        """The address that psycopg takes."""
        return f"host=127.0.0.1 port={self.port} user={self.user} dbname={name}"

    @contextlib.contextmanager
    def database(self, template: str = "template1") -> Iterator[str]:
        """A new database's address; the database is dropped afterwards, whoever is still connected."""
        name = f"made_{uuid.uuid4().hex}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield self.url(name)
        finally:
            self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@contextlib.contextmanager
def postgres_server(settings: Mapping[str, str] = FORGETFUL) -> Iterator[PostgresServer]:
    """A new cluster. PostgreSQL refuses to run as root, so root starts it as the package's own user."""
    user = "postgres" if os.geteuid() == 0 else None
    with folder_of(user) as folder:
        server = PostgresServer(port=free_port(), user="milepost")
        log = folder / "log"
        initdb = [binary("initdb"), "-D", str(folder / "data"), "-U", server.user, "--auth=trust", "--no-sync"]
        with running([*initdb, "-E", "UTF8", "--locale=C.UTF-8"], log=log, stop_with=signal.SIGTERM, user=user) as made:
            if made.wait(START_TIMEOUT_S) != 0:
                raise ServerMissing(f"initdb failed:\n{log.read_text(errors='replace')[-1500:]}")
        command = _command(folder, server.port, settings)
        with running(command, log=log, stop_with=signal.SIGINT, user=user) as process:
            wait_until(lambda: _answers(server), process, log)
            yield server


def _command(folder: Path, port: int, settings: Mapping[str, str]) -> list[str]:
    options = [word for name, value in {**_ALWAYS, **settings}.items() for word in ("-c", f"{name}={value}")]
    return [binary("postgres"), "-D", str(folder / "data"), "-p", str(port), *options]


def _answers(server: PostgresServer) -> bool:
    try:
        server.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True
