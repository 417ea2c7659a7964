"""The schema's versions: making a database, bringing an older one up to date, and refusing one that does not fit."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from plugin.domain.errors import NewerDatabase, OlderDatabase
from plugin.storage.engine import connect_engine, prepare_file

HEAD = "0014"
"""The newest migration. Two that are made side by side meet in this line."""

MIGRATIONS = Path(__file__).parent / "migrations"
_ONE_AT_A_TIME = 0x6D696C65706F7374 >> 1  # the number of PostgreSQL's advisory lock: "milepost", within 63 bits


def upgrade(url: str, to: str = HEAD) -> None:
    """Makes a database or brings it up to date, in one transaction. NewerDatabase when it is newer than this program."""
    prepare_file(url)
    engine = connect_engine(url)
    try:
        with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _ONE_AT_A_TIME})
            refuse_newer(current(connection))
            command.upgrade(_config(connection), to)
    finally:
        engine.dispose()


def current(connection: Connection) -> str | None:
    """The version of the database's schema; None when there is nothing of ours."""
    return MigrationContext.configure(connection).get_current_revision()


def check_schema(connection: Connection) -> None:
    """NewerDatabase or OlderDatabase when this program and the database do not fit."""
    found = current(connection)
    refuse_newer(found)
    if found is None:
        raise OlderDatabase("the database is empty; run `milepost init`")
    if found != HEAD:
        raise OlderDatabase(f"the database has schema {found}, this Milepost needs {HEAD}; run `milepost upgrade`")


def refuse_newer(found: str | None) -> None:
    """Versions are four digits, so they compare as text."""
    if found is not None and found > HEAD:
        raise NewerDatabase(
            f"the database has schema {found}, this Milepost knows only {HEAD}; install the newer Milepost again"
        )


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
