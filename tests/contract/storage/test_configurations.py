"""The port Configurations: versions, when each is in force, and the audit log that stands beside every change."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from plugin.domain.audit import AuditEntry, content_hash
from plugin.domain.configuration import ConfigVersion, Enactment, body_hash
from plugin.domain.errors import BadInput, Stale, UnknownName
from plugin.storage import tables
from plugin.usecases.ports import Database, UnitOfWork
from tests.contract.storage.databases import Rows
from tests.contract.storage.given import LATER, NOW

FIRST = ConfigVersion(kind="program", code="chronic-care", version="1", body={"title": "Chronic care"}, why="shipped")
SECOND = replace(FIRST, version="2", body={"title": "Sooner"}, published_from=LATER, by="user:1", why="sooner")
MOMENT = timedelta(microseconds=1)
DAY = timedelta(days=1)


def _enacted(version: str | None, from_: datetime | None, *, decided_at: datetime = NOW) -> Enactment:
    return Enactment(
        kind="program", code="chronic-care", version=version, from_=from_, decided_at=decided_at, by="user:1", why="so"
    )


def _in_force(unit: UnitOfWork, moment: datetime) -> list[str]:
    return [version.version for version in unit.configurations.in_force_at(moment)]


def test_published_once(any_database: Database) -> None:
    """The same body under the same version is nothing new; what was the first of its code is in force since ever."""
    with any_database.begin() as unit:
        assert unit.configurations.publish(FIRST, NOW) is True
        assert unit.configurations.publish(FIRST, LATER) is False

        assert unit.configurations.current(NOW) == [FIRST]
        assert unit.configurations.in_force_at(NOW - 365 * DAY) == [FIRST]
        (entry,) = unit.audit.entries()
        assert (entry.action, entry.record, entry.why) == ("configure:published", "program/chronic-care", "shipped")
        assert entry.detail["body_sha256"] == body_hash(FIRST.body)


def test_published_version_does_not_change(any_database: Database) -> None:
    """Yesterday's decision can still be explained: what changed gets a new version."""
    with any_database.begin() as unit:
        unit.configurations.publish(FIRST, NOW)

        with pytest.raises(BadInput, match="program chronic-care 1 is published already"):
            unit.configurations.publish(replace(FIRST, body={"title": "Other"}), LATER)


def test_in_force_from_its_moment(any_database: Database) -> None:
    """The moment before it is still the one before; a later one without a moment of its own holds from when it came."""
    third = replace(FIRST, version="3", body={"title": "Third"})

    with any_database.begin() as unit:
        unit.configurations.publish(FIRST, NOW)
        unit.configurations.publish(SECOND, NOW)
        unit.configurations.publish(third, LATER + DAY)

        assert _in_force(unit, LATER - MOMENT) == ["1"]
        assert _in_force(unit, LATER) == ["2"]
        assert _in_force(unit, LATER + DAY - MOMENT) == ["2"]
        assert _in_force(unit, LATER + DAY) == ["3"]
        assert unit.configurations.current(LATER) == unit.configurations.in_force_at(LATER + DAY)


def test_back_and_forth(any_database: Database) -> None:
    """An earlier version comes into force again, twice; what was in force on a past day stays as it was."""
    with any_database.begin() as unit:
        unit.configurations.publish(FIRST, NOW)
        unit.configurations.publish(SECOND, LATER)
        for days, version in ((1, "1"), (2, "2"), (3, "1")):
            moment = LATER + days * DAY
            unit.configurations.enact(_enacted(version, moment, decided_at=moment))

        found = [_in_force(unit, LATER + timedelta(days=days)) for days in (-1, 0, 1, 2, 3)]
        assert found == [["1"], ["2"], ["1"], ["2"], ["1"]]
        history = unit.configurations.history("program", "chronic-care")
        assert [made.version for made in history] == ["1", "2", "1", "2", "1"]
        assert [version.version for version in unit.configurations.versions("program", "chronic-care")] == ["1", "2"]


def test_retired(any_database: Database) -> None:
    """Nothing is in force from then on, and everything before stays known; it can come back."""
    with any_database.begin() as unit:
        unit.configurations.publish(FIRST, NOW)
        unit.configurations.enact(_enacted(None, LATER, decided_at=LATER))

        assert _in_force(unit, LATER - MOMENT) == ["1"]
        assert unit.configurations.in_force_at(LATER) == unit.configurations.current(LATER) == []
        assert unit.configurations.codes("program") == ["chronic-care"]
        unit.configurations.enact(_enacted("1", LATER + DAY, decided_at=LATER + DAY))
        assert _in_force(unit, LATER + DAY) == ["1"]
        assert [entry.action for entry in unit.audit.entries()][1] == "configure:retired"


def test_comes_into_force_once(any_database: Database) -> None:
    """What is to come is listed until its moment, then once to be applied, then no more."""
    with any_database.begin() as unit:
        unit.configurations.publish(FIRST, NOW)
        unit.configurations.publish(SECOND, NOW)

        (ahead,) = unit.configurations.scheduled(NOW)
        assert (ahead.version, ahead.from_, ahead.applied_at) == ("2", LATER, None)
        assert unit.configurations.come(LATER - MOMENT) == []
        assert unit.configurations.come(LATER) == [ahead]
        unit.configurations.applied([ahead], LATER)
        assert unit.configurations.come(LATER) == unit.configurations.scheduled(NOW) == []
        assert unit.configurations.enactment(ahead.id).applied_at == LATER
        assert unit.audit.entries()[0].action == "configure:in-force"


def test_applied_holds_for_a_clock_that_is_behind(any_database: Database) -> None:
    """A worker whose clock is behind works by what was applied, or the mark on its patients would be lost."""
    with any_database.begin() as unit:
        unit.configurations.publish(FIRST, NOW)
        unit.configurations.publish(replace(SECOND, published_from=None), LATER)

        assert [version.version for version in unit.configurations.current(LATER - DAY)] == ["2"]
        assert _in_force(unit, LATER - DAY) == ["1"]


def test_taken_back_before_its_moment(any_database: Database) -> None:
    """Then it never holds; at its moment it is too late."""
    with any_database.begin() as unit:
        unit.configurations.publish(FIRST, NOW)
        unit.configurations.publish(SECOND, NOW)
        (ahead,) = unit.configurations.scheduled(NOW)

        with pytest.raises(Stale):
            unit.configurations.take_back(ahead.id, by="user:2", why="no", now=LATER)
        taken = unit.configurations.take_back(ahead.id, by="user:2", why="no", now=LATER - MOMENT)

        assert (taken.taken_back_at, taken.taken_back_by) == (LATER - MOMENT, "user:2")
        assert _in_force(unit, LATER) == ["1"]
        assert unit.configurations.come(LATER) == []
        with pytest.raises(Stale):
            unit.configurations.take_back(ahead.id, by="user:2", why="no", now=NOW)
        assert unit.configurations.last_decided() == LATER - MOMENT


def test_offer(any_database: Database) -> None:
    """What is only stored is in force never, and can be enacted later."""
    offer = replace(FIRST, version="shipped-2", state="offered")
    with any_database.begin() as unit:
        unit.configurations.publish(FIRST, NOW)
        assert unit.configurations.store(offer, NOW) is True
        assert unit.configurations.store(offer, NOW) is False

        assert [v.state for v in unit.configurations.versions("program", "chronic-care")] == ["published", "offered"]
        assert _in_force(unit, LATER) == ["1"]
        unit.configurations.enact(_enacted("shipped-2", LATER))
        assert [v.state for v in unit.configurations.versions("program", "chronic-care")] == ["published"] * 2
        with pytest.raises(UnknownName):
            unit.configurations.enact(_enacted("9", LATER))


def test_kinds_do_not_meet(any_database: Database) -> None:
    """A ladder may have a program's code."""
    ladder = replace(FIRST, kind="ladder")

    with any_database.begin() as unit:
        for version in (FIRST, ladder):
            unit.configurations.publish(version, NOW)

        assert unit.configurations.current(NOW) == [ladder, FIRST]


def test_one_applies_it(database: Database) -> None:
    """Of two workers who see that its moment has come, one applies it."""
    with database.begin() as unit:
        unit.configurations.publish(FIRST, NOW)
        unit.configurations.publish(SECOND, NOW)
        unit.commit()
    together = threading.Barrier(2)

    def apply() -> int:
        together.wait(timeout=30)
        with database.begin() as unit:
            unit.configurations.lock()
            made = unit.configurations.come(LATER)
            unit.configurations.applied(made, LATER)
            unit.commit()
        return len(made)

    with ThreadPoolExecutor(2) as pool:
        shares = [done.result(timeout=60) for done in [pool.submit(apply), pool.submit(apply)]]

    assert sorted(shares) == [0, 1]


def test_audit_rows_carry_their_hash(database: Database, rows: Rows) -> None:
    """The hash is of the canonical content, so a changed row gives itself away."""
    entries = [AuditEntry(at=NOW, who="Ana", action="test", record=f"r/{n}", why="ä", detail={"n": n}) for n in (1, 2)]

    with database.begin() as unit:
        unit.audit.write(entries)
        unit.commit()
        assert unit.audit.entries() == entries[::-1]
        assert unit.audit.entries(limit=1) == entries[1:]

    for row, entry in zip(rows(tables.audit), entries, strict=True):
        assert row["content"] == entry.canonical
        assert row["hash"] == content_hash(entry.canonical)


JULY, AUGUST = date(2026, 7, 1), date(2026, 8, 1)


def _standing(unit: UnitOfWork, moment: datetime) -> list[tuple[str, date | None]]:
    found = unit.configurations.in_force_at(moment)
    assert [version.code for version in found] in ([], ["chronic-care"])
    return [(each.version, each.plans_from) for version in found for each in version.standing]


def test_for_new_plans_only(any_database: Database) -> None:
    """The others keep what is beneath, down to what is for everybody; the audit row says for whom; past days stay."""
    third, other = replace(FIRST, version="3", body={"title": "Third"}), replace(FIRST, code="other")

    with any_database.begin() as unit:
        for version in (FIRST, third):
            unit.configurations.publish(version, NOW)
        for version in (SECOND, other):
            unit.configurations.store(version, NOW)
        made = unit.configurations.enact(replace(_enacted("2", LATER), plans_from=JULY))
        unit.configurations.enact(replace(_enacted("1", LATER + DAY), plans_from=AUGUST))

        assert _standing(unit, LATER - MOMENT) == [("3", None)]
        assert _standing(unit, LATER) == [("2", JULY), ("3", None)]
        assert _standing(unit, LATER + DAY) == [("1", AUGUST), ("2", JULY), ("3", None)]
        assert unit.configurations.enactment(made.id).plans_from == JULY
        assert [version.version for version in unit.configurations.current(LATER + DAY)] == ["1"]
        assert [entry.detail.get("plans_from") for entry in unit.audit.entries(2)] == ["2026-08-01", "2026-07-01"]

        moved = unit.configurations.enact(_enacted("1", LATER + 2 * DAY))

        assert _standing(unit, LATER + 2 * DAY) == [("1", None)]
        assert _standing(unit, LATER + DAY) == [("1", AUGUST), ("2", JULY), ("3", None)]
        unit.configurations.take_back(moved.id, by="user:1", why="no", now=NOW)
        assert _standing(unit, LATER + 2 * DAY) == [("1", AUGUST), ("2", JULY), ("3", None)]


def test_for_new_plans_where_nothing_is_for_the_others(any_database: Database) -> None:
    """What was retired is nobody's, and what is for new plans only then is theirs alone; retired again, all of it ends."""
    with any_database.begin() as unit:
        unit.configurations.publish(FIRST, NOW)
        unit.configurations.enact(_enacted(None, LATER))
        unit.configurations.enact(replace(_enacted("1", LATER + DAY), plans_from=JULY))
        unit.configurations.enact(_enacted(None, LATER + 2 * DAY))

        found = [_standing(unit, LATER + days * DAY) for days in range(3)]

    assert found == [[], [("1", JULY)], []]
