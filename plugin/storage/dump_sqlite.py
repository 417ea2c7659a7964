"""An SQLite database as one file: SQLite's own online backup, which waits for nobody and is disturbed by nobody."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from plugin.domain.backup import Dumped
from plugin.domain.errors import BadInput, CannotDo


class SqliteFile:
    """The port ``DatabaseFile``."""

    kind = "sqlite"

    def __init__(self, path: Path) -> None:
        self._path = path

    def dump(self, to: Path) -> Dumped:
        """See the port. In one step: a writer who comes in between would make it begin anew."""
        try:
            with closing(_opened(self._path)) as source, closing(sqlite3.connect(to)) as copy:
                source.backup(copy)
                copy.execute("PRAGMA journal_mode=DELETE")
                (schema,) = copy.execute("SELECT version_num FROM alembic_version").fetchone()
                (sealed,) = copy.execute("SELECT coalesce(max(number), 0) FROM audit_seal").fetchone()
        except sqlite3.Error as problem:
            raise CannotDo(f"The database {self._path} cannot be copied ({problem.sqlite_errorname}).") from problem
        return Dumped(str(schema), sqlite3.sqlite_version, int(sealed))

    def found(self) -> str | None:
        """See the port."""
        names = (self._path, *(self._path.with_name(self._path.name + end) for end in ("-wal", "-shm")))
        there = [str(path) for path in names if path.exists()]
        return f"the database {', '.join(there)}" if there else None

    def load(self, kept: Path, of: Dumped) -> None:
        """See the port. Copied beside its place, and put there under its name when it is whole."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        arriving = self._path.with_name(f".{self._path.name}.arriving")
        try:
            with arriving.open("xb") as file, kept.open("rb") as content:
                arriving.chmod(0o600)
                shutil.copyfileobj(content, file)
                file.flush()
                os.fsync(file.fileno())
            _check(arriving)
            os.link(arriving, self._path)
        finally:
            arriving.unlink(missing_ok=True)


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(path))}?mode=rw", uri=True)


def _check(path: Path) -> None:
    try:
        with closing(_opened(path)) as connection:
            (words,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as problem:
        raise BadInput(f"The backup's database is none ({problem.sqlite_errorname}).") from problem
    if words != "ok":
        raise BadInput("The backup's database is damaged.")
