"""The ports AuditLog and Seals."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from plugin.domain.audit import AuditEntry, AuditFilter
from plugin.domain.errors import UnknownName
from plugin.domain.seal import NOTHING, Unsealed, linked
from plugin.storage.unit_of_work import SqlDatabase
from plugin.usecases.ports import Database
from tests.contract.storage.databases import ReadableCipher
from tests.contract.storage.given import NOW
from tests.servers import PostgresServer

EVERYTHING = AuditFilter()


def an_entry(number: int, **changes: object) -> AuditEntry:
    """Written a minute after the one before."""
    given: dict[str, object] = {"at": NOW + timedelta(minutes=number), "who": "user:1", "action": "grant"}
    return AuditEntry(**{"record": f"person/{number}", **given, **changes})  # type: ignore[arg-type]  # keywords of all types


def written(database: Database, *entries: AuditEntry) -> None:
    """In one transaction."""
    with database.begin() as unit:
        unit.audit.write(entries)
        unit.commit()


def records(database: Database, of: AuditFilter = EVERYTHING, limit: int = 10) -> Sequence[str]:
    """What the newest page shows."""
    with database.begin(reading=True) as unit:
        return [row.entry.record for row in unit.audit_log.older(of, than=None, limit=limit)]


def test_rows_come_newest_first_by_their_time(any_database: Database) -> None:
    """Whatever the order in which they were written."""
    written(any_database, an_entry(2), an_entry(3))
    written(any_database, an_entry(1))

    assert records(any_database) == ["person/3", "person/2", "person/1"]


def test_pages_are_turned_both_ways(any_database: Database) -> None:
    """None is shown twice and none left out, also among rows of one moment."""
    written(any_database, *(an_entry(number, at=NOW) for number in range(1, 8)))

    with any_database.begin(reading=True) as unit:
        first = unit.audit_log.older(EVERYTHING, than=None, limit=3)
        second = unit.audit_log.older(EVERYTHING, than=first[-1].id, limit=3)
        third = unit.audit_log.older(EVERYTHING, than=second[-1].id, limit=3)
        assert [row.entry.record for row in (*first, *second, *third)] == [f"person/{n}" for n in range(7, 0, -1)]
        assert unit.audit_log.newer(EVERYTHING, than=third[0].id, limit=3) == second
        assert unit.audit_log.newer(EVERYTHING, than=first[0].id, limit=3) == []


@pytest.mark.parametrize(
    ("of", "found"),
    [
        (AuditFilter(who="user:2"), [3]),
        (AuditFilter(action="say:done"), [2]),
        (AuditFilter(record="person/1"), [1]),
        (AuditFilter(who="user:1", action="grant"), [4, 1]),
        (AuditFilter(who="user:2", action="say:done"), []),
        (AuditFilter(since=NOW + timedelta(minutes=2), until=NOW + timedelta(minutes=4)), [3, 2]),
        (AuditFilter(who="user:1", since=NOW + timedelta(minutes=4)), [4]),
    ],
)
def test_each_filter(any_database: Database, of: AuditFilter, found: list[int]) -> None:
    """Alone and together; the first moment is within, the last is not."""
    others = (an_entry(1), an_entry(2, action="say:done"), an_entry(3, who="user:2"), an_entry(4))
    written(any_database, *others)

    assert records(any_database, of) == [f"person/{number}" for number in found]


def test_one_row_and_the_actions_that_occur(any_database: Database) -> None:
    """By its number; a number that is nobody's is said."""
    written(any_database, an_entry(1), an_entry(2, action="say:done"), an_entry(3))

    with any_database.begin(reading=True) as unit:
        (row, *_) = unit.audit_log.older(EVERYTHING, than=None, limit=1)
        assert unit.audit_log.get(row.id) == row
        assert (row.entry, row.seal) == (an_entry(3), None)
        assert unit.audit_log.actions() == ["grant", "say:done"]
        for ask in (
            lambda: unit.audit_log.get(9_999),
            lambda: unit.audit_log.older(EVERYTHING, than=9_999, limit=1),
            lambda: unit.audit_log.newer(EVERYTHING, than=9_999, limit=1),
        ):
            with pytest.raises(UnknownName, match="no row 9999"):
                ask()


def test_somebodys_last_act(any_database: Database) -> None:
    """The newest by its time, of theirs, of these sorts, from a moment on; that moment is within."""
    written(any_database, an_entry(2, action="work:claim"), an_entry(1, action="say:done"), an_entry(3))
    written(any_database, an_entry(4, action="work:claim", who="user:2"), an_entry(5, action="read:work"))

    with any_database.begin(reading=True) as unit:
        (claim,) = unit.audit_log.older(AuditFilter(who="user:1", action="work:claim"), than=None, limit=5)

        assert unit.audit_log.last_act(["user:1"], ("work:", "say:"), since=claim.entry.at) == claim.id
        assert unit.audit_log.last_act(["user:1"], ("say:",), since=claim.entry.at) is None
        assert unit.audit_log.last_act(["user:1"], ("work:",), since=claim.entry.at + timedelta(seconds=1)) is None
        assert unit.audit_log.last_act(["user:3"], ("work:", "say:"), since=NOW) is None
        assert unit.audit_log.last_act(["user:3", "user:1"], ("work:", "say:"), since=NOW) == claim.id


def test_an_empty_log(any_database: Database) -> None:
    """Nothing waits, nothing is sealed, and nothing is shown."""
    with any_database.begin() as unit:
        assert unit.seals.turn()
        assert (unit.seals.last(), unit.seals.waiting(0, 5), unit.seals.waiting_count()) == (NOTHING, [], 0)
        assert (unit.seals.sealed(0, 5), unit.seals.unsealed(0, 5), unit.audit_log.actions()) == ([], [], [])


def test_what_waits_is_sealed_once(any_database: Database) -> None:
    """And is shown with its place; the links come back with the rows that they were made of."""
    written(any_database, an_entry(1), an_entry(2), an_entry(3))

    with any_database.begin() as unit:
        waiting = unit.seals.waiting(0, 2)
        links = linked(unit.seals.last(), waiting)
        unit.seals.add(links)
        unit.commit()

    with any_database.begin(reading=True) as unit:
        assert unit.seals.last() == links[-1]
        assert [link for link, _ in unit.seals.sealed(0, 10)] == links
        assert [row and row.record for _, row in unit.seals.sealed(1, 10)] == ["person/2"]
        assert [(row.record, waits) for row, waits in unit.seals.unsealed(0, 10)] == [("person/3", True)]
        assert unit.seals.waiting_count() == 1
        assert [row.seal for row in unit.audit_log.older(EVERYTHING, than=None, limit=3)] == [None, 2, 1]


def test_a_unit_that_fails_leaves_nothing_to_seal(any_database: Database) -> None:
    """A row and that it waits are of one transaction."""
    with any_database.begin() as unit:
        unit.audit.write([an_entry(1)])

    with any_database.begin() as unit:
        assert unit.seals.waiting(0, 5) == []


def test_a_row_that_is_committed_late_is_sealed_late(postgres: PostgresServer, postgres_template: str) -> None:
    """PostgreSQL gives ids before the commit: one with a lower id that comes after a sealing is not passed over."""
    with postgres.database(postgres_template) as url:
        database = SqlDatabase(url, ReadableCipher())
        with database.begin() as slow:
            slow.audit.write([an_entry(1)])
            written(database, an_entry(2))
            with database.begin() as unit:
                first = linked(NOTHING, unit.seals.waiting(0, 5))
                unit.seals.add(first)
                slow.commit()
                unit.commit()

        with database.begin() as unit:
            (late,) = unit.seals.waiting(0, 5)
        database.close()

    assert isinstance(late, Unsealed)
    assert late.audit_id < first[0].audit_id


def test_one_seals_at_a_time(postgres: PostgresServer, postgres_template: str) -> None:
    """The second is told at once, and may when the first is done."""
    with postgres.database(postgres_template) as url:
        database = SqlDatabase(url, ReadableCipher())
        with database.begin() as one, database.begin() as other:
            assert one.seals.turn()
            assert not other.seals.turn()
            one.commit()
            assert other.seals.turn()
        database.close()
