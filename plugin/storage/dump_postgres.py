"""A PostgreSQL database as one file: by pg_dump and pg_restore, whose version must be the server's."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from psycopg.conninfo import make_conninfo
from sqlalchemy import URL, Connection, make_url, text

from plugin.domain.backup import Dumped
from plugin.domain.errors import BadInput, CannotDo, PermanentFailure
from plugin.storage.engine import READING, connect_engine

_DEBIAN = Path("/usr/lib/postgresql")  # keeps every version's programs apart, and off the path
_OURS = ("--no-owner", "--no-privileges", "--no-password")
_OTHERS = (
    "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') "
)
_OTHERS += "AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' ORDER BY c.relname"
_NAMED = 5


class PostgresDatabase:
    """The port ``DatabaseFile``."""

    kind = "postgresql"

    def __init__(self, url: str) -> None:
        self._url = url

    def dump(self, to: Path) -> Dumped:
        """See the port. What is told of it and what pg_dump reads is one moment: the transaction hands over its own."""
        with self._reading() as connection:
            server = _server(connection)
            program = _program("pg_dump", server)
            schema = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
            sealed = connection.execute(text("SELECT coalesce(max(number), 0) FROM audit_seal")).scalar_one()
            moment = connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()
            with self._address() as address:
                words = ("--format=custom", f"--snapshot={moment}", f"--file={to}", f"--dbname={address}")
                _run(program, words, what="dump the database")
        return Dumped(str(schema), server, int(sealed))

    def found(self) -> str | None:
        """See the port."""
        with self._reading() as connection:
            names = connection.execute(text(_OTHERS)).scalars().all()
        if not names:
            return None
        others = f" and {len(names) - _NAMED} others" if len(names) > _NAMED else ""
        return f"tables in the database {make_url(self._url).database}: {', '.join(names[:_NAMED])}{others}"

    def load(self, kept: Path, of: Dumped) -> None:
        """See the port. In one transaction."""
        with self._reading() as connection:
            server = _server(connection)
        if _major(of.server) > _major(server):
            raise BadInput(f"The backup is of PostgreSQL {of.server}, this server is {server}; it needs a newer one.")
        program = _program("pg_restore", server)
        with self._address() as address:
            words = ("--exit-on-error", "--single-transaction", f"--dbname={address}", str(kept))
            _run(program, words, what="put the database back")

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        engine = connect_engine(self._url)
        try:
            with engine.connect().execution_options(**{READING: True}) as connection:
                yield connection
        finally:
            engine.dispose()

    @contextmanager
    def _address(self) -> Iterator[str]:
        """As the programs take it. The password goes into a file: other users see what a program is started with."""
        url: URL = make_url(self._url)
        named = {"host": url.host, "port": url.port, "user": url.username, "dbname": url.database, **url.query}
        given = {name: str(value) for name, value in named.items() if value}
        if url.password is None:
            yield make_conninfo("", **given)
            return
        with tempfile.NamedTemporaryFile("w", prefix=".milepost-") as file:  # 0600
            password = re.sub(r"([\\:])", r"\\\1", str(url.password))
            file.write(f"*:*:*:*:{password}\n")
            file.flush()
            yield make_conninfo("", **given, passfile=file.name)


def _server(connection: Connection) -> str:
    return str(connection.execute(text("SHOW server_version")).scalar_one()).partition(" ")[0]


def _major(version: str) -> int:
    return int(version.partition(".")[0])


def _program(name: str, server: str) -> str:
    """The one that fits the server: another's dump may be read by none."""
    major = _major(server)
    beside, found = _DEBIAN / str(major) / "bin" / name, shutil.which(name)
    if beside.exists():
        return str(beside)
    if found is None:
        raise CannotDo(f"{name} is not installed; a backup of PostgreSQL needs the programs of PostgreSQL {major}.")
    told = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
    version = re.search(r"\d+(\.\d+)?", told)
    if version is None or _major(version[0]) != major:
        raise CannotDo(
            f"{found} is of version {version and version[0]}, the server of {server}; install {name} {major}."
        )
    return found


def _run(program: str, words: Sequence[str], *, what: str) -> None:
    """What it says is not repeated: it may quote a row."""
    done = subprocess.run([program, *_OURS, *words], capture_output=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise PermanentFailure(
            f"{Path(program).name} could not {what} (exit status {done.returncode}); the server's log says why."
        )
