"""Somebody changes the audit log by SQL, and `milepost audit verify` names the first row. On both databases."""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import Connection, Table, delete, insert, select, text

from plugin.domain.audit import content_hash
from plugin.domain.seal import BEFORE_ALL, Head, chained
from plugin.sessions.cipher import make_key_file, read_cipher
from plugin.sessions.heads import HeadsFile
from plugin.storage.audit_tables import audit_seal, audit_waiting
from plugin.storage.engine import connect_engine
from plugin.storage.tables import audit
from plugin.storage.unit_of_work import SqlDatabase
from plugin.usecases.seal import seal
from plugin.usecases.services import Services
from plugin.usecases.verify_audit import Kind, Verified, verify_audit
from tests.builders import World
from tests.contract.storage.databases import KINDS, ReadableCipher, migrated
from tests.contract.storage.test_audit import an_entry, written

Sql = Callable[..., None]


class CutShort:
    """The port ``Heads`` of a process that dies as soon as it has written a head."""

    def __init__(self, heads: HeadsFile) -> None:
        self._heads = heads
        self.place = heads.place
        self.is_there = heads.is_there
        self.lines = heads.lines

    def append(self, head: Head) -> None:
        self._heads.append(head)
        raise KeyboardInterrupt


@dataclass
class Scene:
    """A database with nine rows in three sealings and a tenth that waits, the file of its heads, and both as they were."""

    services: Services
    url: str
    heads: HeadsFile
    rows: Mapping[Table, Sequence[Mapping[str, object]]]
    lines: Sequence[str]

    @property
    def file(self) -> Path:
        """That of the heads."""
        return Path(self.heads.place)

    def put_back(self) -> None:
        """As it was before anybody touched it: faster than another database."""
        self.file.write_text("".join(self.lines))
        with begun(self.url) as connection:
            for table, rows in self.rows.items():
                connection.execute(delete(table))
                connection.execute(insert(table), rows)


@contextmanager
def begun(url: str) -> Iterator[Connection]:
    """Whoever can write the database."""
    engine = connect_engine(url)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


@pytest.fixture(scope="module", params=KINDS)
def scene(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """One of each kind for all tests."""
    folder = tmp_path_factory.mktemp("tampering")
    make_key_file(folder / "milepost.key")
    heads = HeadsFile(folder / "heads.log", read_cipher(folder / "milepost.key"), lambda head: None)
    with migrated(request.param, request, folder) as url:
        database = SqlDatabase(url, ReadableCipher())
        services = replace(World().services, database=database, heads=heads)
        for numbers in (range(1, 4), range(4, 7), range(7, 10)):
            written(database, *(an_entry(number) for number in numbers))
            seal(services)
        written(database, an_entry(10))
        with begun(url) as connection:
            rows = {
                table: [dict(row) for row in connection.execute(select(table)).mappings()]
                for table in (audit, audit_seal, audit_waiting)
            }
        yield Scene(services, url, heads, rows, (folder / "heads.log").read_text().splitlines(keepends=True))
        database.close()


@pytest.fixture
def services(scene: Scene) -> Services:
    """Nobody has touched anything yet."""
    scene.put_back()
    return scene.services


@pytest.fixture
def heads(scene: Scene) -> HeadsFile:
    """The real file."""
    return scene.heads


@pytest.fixture
def sql(scene: Scene, services: Services) -> Sql:
    """Whoever can write the database."""

    def run(*statements: str, **values: object) -> None:
        with begun(scene.url) as connection:
            for statement in statements:
                connection.execute(text(statement), values)

    return run


def first_of(found: Verified) -> tuple[str, int | None, int | None]:
    """The first fault: what, which row, which number in the chain."""
    assert not found.is_good
    first = found.faults[0]
    return first.kind, first.audit_id, first.number


def test_what_nobody_touched_is_good(services: Services) -> None:
    """Rows, heads and the row that waits are counted."""
    found = verify_audit(services)

    assert found.is_good, found.faults
    assert (found.sealed, found.unsealed, found.heads, found.head.number, found.notes) == (9, 1, 3, 9, ())


def test_a_changed_content(services: Services, sql: Sql) -> None:
    """Its hash tells."""
    sql("UPDATE audit SET content = replace(content, 'person/5', 'person/6') WHERE id = 5")

    assert first_of(verify_audit(services)) == (Kind.CHANGED, 5, 5)


@pytest.mark.parametrize("column", ["who", "action", "record"])
def test_a_changed_column(services: Services, sql: Sql, column: str) -> None:
    """What rows are searched by is compared with what they say."""
    sql(f"UPDATE audit SET {column} = 'other' WHERE id = 5")

    assert first_of(verify_audit(services)) == (Kind.CHANGED, 5, 5)


def test_a_changed_content_with_its_hash(services: Services, sql: Sql) -> None:
    """The chain tells."""
    content = an_entry(5, who="somebody").canonical
    sql("UPDATE audit SET content = :c, who = 'somebody', hash = :h WHERE id = 5", c=content, h=content_hash(content))

    assert first_of(verify_audit(services)) == (Kind.CHANGED, 5, 5)


@pytest.mark.parametrize("row", [1, 5])
def test_a_deleted_row(services: Services, sql: Sql, row: int) -> None:
    """Its place in the chain is empty."""
    sql(f"DELETE FROM audit WHERE id = {row}")

    assert first_of(verify_audit(services)) == (Kind.REMOVED, row, row)


def test_a_row_deleted_with_its_place(services: Services, sql: Sql) -> None:
    """The numbers have a hole."""
    sql("DELETE FROM audit WHERE id = 5", "DELETE FROM audit_seal WHERE number = 5")

    assert first_of(verify_audit(services)) == (Kind.REMOVED, None, 5)


def test_a_row_deleted_and_the_numbers_closed(services: Services, sql: Sql) -> None:
    """The next row does not stand on the one before."""
    sql("DELETE FROM audit WHERE id = 5", "DELETE FROM audit_seal WHERE number = 5")
    sql(
        "UPDATE audit_seal SET number = -number WHERE number > 5",
        "UPDATE audit_seal SET number = -number - 1 WHERE number < 0",
    )

    assert first_of(verify_audit(services)) == (Kind.CHANGED, 6, 5)


def test_a_row_that_was_put_in(services: Services, sql: Sql) -> None:
    """It has no place in the chain and waits for none."""
    sql(
        "INSERT INTO audit (id, practice_id, at, who, action, record, content, hash) "
        "SELECT 50, practice_id, at, who, action, record, content, hash FROM audit WHERE id = 5"
    )

    assert first_of(verify_audit(services)) == (Kind.INSERTED, 50, None)


def test_two_rows_that_changed_places(services: Services, sql: Sql) -> None:
    """The first of the two is named."""
    for now, then in ((4, -4), (6, 4), (-4, 6)):
        sql(f"UPDATE audit SET id = {then} WHERE id = {now}")

    assert first_of(verify_audit(services)) == (Kind.CHANGED, 4, 4)


def test_the_end_cut_off(services: Services, sql: Sql) -> None:
    """The last head outside lies beyond the end."""
    sql("DELETE FROM audit WHERE id > 6", "DELETE FROM audit_seal WHERE number > 6", "DELETE FROM audit_waiting")

    assert first_of(verify_audit(services)) == (Kind.CUT_OFF, None, 7)


def test_everything_emptied(services: Services, sql: Sql) -> None:
    """From the first row on."""
    sql("DELETE FROM audit", "DELETE FROM audit_seal", "DELETE FROM audit_waiting")

    found = verify_audit(services)

    assert first_of(found) == (Kind.CUT_OFF, None, 1)
    assert found.sealed == 0


def test_the_whole_chain_written_anew(services: Services, sql: Sql) -> None:
    """It holds in itself, and its heads are not those outside."""
    content = an_entry(5, who="somebody").canonical
    sql("UPDATE audit SET content = :c, who = 'somebody', hash = :h WHERE id = 5", c=content, h=content_hash(content))
    before = BEFORE_ALL
    for number in range(1, 10):
        hash_ = content_hash(an_entry(number, **({"who": "somebody"} if number == 5 else {})).canonical)
        before = chained(before, number, number, hash_)
        sql("UPDATE audit_seal SET chain = :c WHERE number = :n", c=before, n=number)

    found = verify_audit(services)

    assert first_of(found) == (Kind.REWRITTEN, 6, 6)
    assert "rows 4 to 6" in found.faults[0].words


def test_a_row_that_waits_is_checked_by_its_own_hash(services: Services, sql: Sql) -> None:
    """More is not promised of it."""
    sql("UPDATE audit SET content = content || ' ' WHERE id = 10")

    assert first_of(verify_audit(services)) == (Kind.CHANGED, 10, None)


def test_an_older_database_put_back(services: Services, sql: Sql, heads: HeadsFile) -> None:
    """As with an end that was cut off; with the heads that were kept with it, it is good."""
    path = Path(heads.place)
    older = path.read_text().splitlines(keepends=True)[:2]
    sql("DELETE FROM audit WHERE id > 6", "DELETE FROM audit_seal WHERE number > 6", "DELETE FROM audit_waiting")

    assert first_of(verify_audit(services))[0] == Kind.CUT_OFF
    path.write_text("".join(older))
    assert verify_audit(services).is_good


@pytest.mark.parametrize(
    ("kept", "number"), [(slice(0, 2), 7), (slice(1, 3), 1), (slice(0, 3, 2), 4), (slice(0, 0), 1)]
)
def test_heads_that_were_taken_away(services: Services, heads: HeadsFile, kept: slice, number: int) -> None:
    """At the end, at the beginning, in the middle, all of them: from which row on nothing vouches."""
    path = Path(heads.place)
    path.write_text("".join(path.read_text().splitlines(keepends=True)[kept]))

    assert first_of(verify_audit(services)) == (Kind.HEADS, None, number)


def test_without_a_file_of_heads(services: Services, heads: HeadsFile, tmp_path: Path) -> None:
    """Which file is missing is said."""
    shutil.move(heads.place, tmp_path / "elsewhere")

    found = verify_audit(services)

    assert first_of(found)[0] == Kind.HEADS
    assert heads.place in found.faults[0].words


def test_a_sealing_that_a_crash_cut_short(services: Services, heads: HeadsFile) -> None:
    """Its head is outside and its seals are not: that is a note, and the next sealing settles it."""
    with pytest.raises(KeyboardInterrupt):
        seal(replace(services, heads=CutShort(heads)))

    found = verify_audit(services)
    assert found.is_good, found.faults
    assert "cut short" in found.notes[0]
    seal(services)
    after = verify_audit(services)
    assert (after.is_good, after.sealed, after.notes) == (True, 10, ())
