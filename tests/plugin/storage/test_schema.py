"""Migrations: on both databases, on full ones, step by step, and refused where they do not fit."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, Table, insert, select, text, update
from sqlalchemy.types import TypeEngine

from plugin.domain.assessment import EffectKind
from plugin.domain.errors import NewerDatabase, OlderDatabase
from plugin.domain.ledger import EffectState
from plugin.domain.queue import LAST
from plugin.storage import tables
from plugin.storage.column_types import Instant
from plugin.storage.engine import connect_engine
from plugin.storage.schema import HEAD, MIGRATIONS, current, upgrade
from plugin.storage.unit_of_work import SqlDatabase
from tests.contract.storage.databases import KINDS, ReadableCipher

NOW = datetime(2026, 6, 16, 12, tzinfo=UTC)
REVISIONS = [revision.revision for revision in reversed(list(ScriptDirectory(str(MIGRATIONS)).walk_revisions()))]
PATIENTS = 500


@pytest.fixture(params=KINDS)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a database is to be made."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/milepost.db"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def ask(empty_url: str) -> Iterator[Callable[[Callable[[Connection], object]], object]]:
    """Runs something on a connection to that database, and stores what it did."""
    engine = connect_engine(empty_url)

    def run(question: Callable[[Connection], object]) -> object:
        with engine.begin() as connection:
            return question(connection)

    yield run
    engine.dispose()


Ask = Callable[[Callable[[Connection], object]], object]
Counts = Mapping[str, int]


def test_one_line_of_migrations() -> None:
    """Four digits each, without a gap or a fork, and the last is the one that this version works with."""
    assert [f"{number:04}" for number in range(1, len(REVISIONS) + 1)] == REVISIONS
    assert REVISIONS[-1] == HEAD
    files = sorted(path.name for path in (MIGRATIONS / "versions").glob("*.py"))
    assert [name[:4] for name in files] == REVISIONS
    assert all(re.fullmatch(r"\d{4}_[a-z_]+\.py", name) for name in files)


def test_migrations_make_the_tables(empty_url: str, ask: Ask) -> None:
    """A database that was migrated has what tables.py says: columns, keys, indexes."""
    upgrade(empty_url)

    def differences(connection: Connection) -> object:
        options = {"compare_type": True, "target_metadata": tables.metadata}
        return compare_metadata(MigrationContext.configure(connection, opts=options), tables.metadata)

    assert ask(differences) == []
    assert ask(current) == HEAD


def test_upgrade_twice(empty_url: str, ask: Ask) -> None:
    """A database that is up to date stays as it is."""
    upgrade(empty_url)
    upgrade(empty_url)

    assert ask(lambda connection: connection.execute(tables.practice.select()).all()) == [(1, "practice")]


@pytest.mark.parametrize("begin", REVISIONS[:-1])
def test_full_database_of_each_schema_before(empty_url: str, ask: Ask, begin: str) -> None:
    """Every row is there afterwards, and what was planned before is carried out after it."""
    upgrade(empty_url, begin)
    before = cast(Counts, ask(_fill))

    upgrade(empty_url)

    after = cast(Counts, ask(_counts))
    assert {name: after[name] for name in before} == before
    assert after["audit_waiting"] == PATIENTS  # what was written before the log had a chain gets its place in it
    database = SqlDatabase(empty_url, ReadableCipher())
    database.check()
    with database.begin() as unit:
        claimed = unit.ledger.claim([EffectKind.WORK], NOW, 2 * PATIENTS, "worker")
        assert len(claimed) == PATIENTS
        assert {row.state for row in claimed} == {EffectState.CLAIMED}
    database.close()


def test_facts_of_which_more_is_kept_are_read_anew(empty_url: str, ask: Ask) -> None:
    """A goal without a version differs from the source's; an order is as it was. Care teams are swept again."""
    upgrade(empty_url, "0003")
    ask(_fill)
    ask(lambda connection: connection.execute(text("UPDATE fact SET ref = 'Goal/' || ref WHERE ref = '7'")))
    ask(lambda connection: connection.execute(text("UPDATE cursor SET type = 'CareTeam' WHERE type = '7'")))

    upgrade(empty_url)

    unread = ask(lambda connection: connection.execute(text("SELECT ref FROM fact WHERE version = ''")).all())
    assert unread == [("Goal/7",)]
    assert ask(lambda c: c.execute(text("SELECT count(*) FROM cursor")).scalar_one()) == PATIENTS - 1


def test_whoever_was_assessed_is_assessed_once_again(empty_url: str, ask: Ask) -> None:
    """What the lists show follows from the record: an assessment that says the same as before is stored all the same."""
    upgrade(empty_url, "0008")
    ask(_fill)
    ask(lambda c: c.execute(update(tables.patient).where(tables.patient.c.id == 7).values(assessed_at=NOW)))

    upgrade(empty_url)

    due = select(tables.patient.c.id, tables.patient.c.digest, tables.patient.c.rank)
    found = ask(lambda c: c.execute(due.where(tables.patient.c.next_change_at == NOW)).all())
    assert found == [(7, "7+", LAST)]


def test_plans_say_which_version_they_follow(empty_url: str, ask: Ask) -> None:
    """As their stored assessment does; of a plan without a program there is nothing to say."""
    upgrade(empty_url, "0013")
    ask(_fill)
    follows = {"program": "care", "body": '{"plan":"CarePlan/c1","program":"care","program_version":"3"}'}
    ask(lambda c: c.execute(update(tables.plan).where(tables.plan.c.patient_id == 7).values(follows)))

    upgrade(empty_url)

    said = select(tables.plan.c.patient_id, tables.plan.c.program_version).order_by(tables.plan.c.patient_id)
    found = cast("list[tuple[int, str | None]]", ask(lambda c: c.execute(said).all()))
    assert len(found) == PATIENTS
    assert [row for row in found if row[1] is not None] == [(7, "3")]


def _fill(connection: Connection) -> Mapping[str, int]:
    """Rows in every table that there is, written as that schema knows them: columns without a default get a value."""
    found = MetaData()
    found.reflect(connection)
    for table in found.sorted_tables:
        if table.name in ("alembic_version", "practice"):
            continue
        number = 1 if table.name in ("source", "staff_account") else PATIENTS
        connection.execute(insert(tables.metadata.tables[table.name]), [_row(table, n) for n in range(1, number + 1)])
    return _counts(connection)


def _row(table: Table, number: int) -> dict[str, object]:
    given: dict[str, object] = {"practice_id": 1, "source_id": 1, "patient_id": number, "work_item_id": number}
    given |= {"issuer_id": number, "person_id": number, "kind": "work", "state": "planned", "ready_at": NOW}
    row: dict[str, object] = {}
    for column in table.columns:
        type_ = tables.metadata.tables[table.name].c[column.name].type
        if column.name in given:
            row[column.name] = given[column.name]
        elif column.nullable or (column.name == "id" and type_.python_type is int):
            continue
        else:
            row[column.name] = _value(type_, number)
    return row


def _value(type_: TypeEngine[Any], number: int) -> object:  # Any: of whatever the column holds
    if isinstance(type_, Instant):
        return NOW
    return date.fromordinal(number) if type_.python_type is date else type_.python_type(number)


def _counts(connection: Connection) -> Mapping[str, int]:
    """Rows by table, of tables that have any."""
    found = MetaData()
    found.reflect(connection)
    counts = {name: connection.execute(text(f'SELECT count(*) FROM "{name}"')).scalar_one() for name in found.tables}
    return {name: count for name, count in counts.items() if count}


def test_failed_migration_leaves_nothing(empty_url: str, ask: Ask) -> None:
    """An upgrade happens whole or not at all, on SQLite too."""
    upgrade(empty_url, REVISIONS[0])
    ask(lambda connection: connection.execute(text("CREATE TABLE work_item (id INTEGER)")))

    with pytest.raises(Exception, match="refused a statement"):
        upgrade(empty_url)

    assert ask(current) == REVISIONS[0]
    assert "sent" not in ask(_counts_of_tables)  # type: ignore[operator]  # a set


def _counts_of_tables(connection: Connection) -> set[str]:
    found = MetaData()
    found.reflect(connection)
    return set(found.tables)


def test_newer_database_is_left_alone(empty_url: str, ask: Ask) -> None:
    """A database from a newer version is refused by the check and by the upgrade, and is not touched."""
    upgrade(empty_url)
    ask(lambda connection: connection.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    database = SqlDatabase(empty_url, ReadableCipher())

    for attempt in (database.check, lambda: upgrade(empty_url)):
        with pytest.raises(NewerDatabase, match=f"has schema 9999, this Milepost knows only {HEAD}"):
            attempt()

    assert ask(current) == "9999"
    database.close()


def test_older_database_is_told_what_to_do(empty_url: str) -> None:
    """The check says which schema it found and how to go on."""
    upgrade(empty_url, REVISIONS[0])
    database = SqlDatabase(empty_url, ReadableCipher())

    with pytest.raises(OlderDatabase, match=r"has schema 0001, .*milepost upgrade"):
        database.check()

    database.close()


def test_empty_database_is_told_what_to_do(postgres_url: str) -> None:
    """A PostgreSQL database in which nothing was made yet."""
    database = SqlDatabase(postgres_url, ReadableCipher())

    with pytest.raises(OlderDatabase, match="is empty; run `milepost init`"):
        database.check()

    database.close()
