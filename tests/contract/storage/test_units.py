"""The ports UnitOfWork and Database."""

import pytest

from plugin.domain.errors import MilepostError
from plugin.domain.source import Source
from plugin.usecases.ports import Database, UnitOfWork
from tests.contract.storage.given import NOW, a_plan, a_result, a_step, an_effect, an_outcome, kept, tracked


def test_without_commit_nothing_happened(database: Database, source: Source) -> None:
    """Facts, marks, plans, effects, audit: all of a unit or none of it."""
    (row,) = tracked(database, source, "Patient/p1")

    with database.begin() as unit:
        unit.facts.store(source, kept(a_result(1)), NOW)
        unit.plans.save([an_outcome(row, a_plan(a_step()), create=(an_effect(),))], NOW)

    with database.begin(reading=True) as unit:
        assert unit.facts.known(source, ["Observation/o1"]) == {}
        assert unit.plans.summary()["plans"] == 0
        assert unit.ledger.summary() == {}
        assert unit.patients.due_count(NOW) == 1
        assert [entry.action for entry in unit.audit.entries()] == ["add-source"]


def test_an_error_rolls_back(database: Database, source: Source) -> None:
    """Whatever leaves the block undoes it, and goes on."""

    def fail() -> None:
        with database.begin() as unit:
            unit.patients.track(source, ["Patient/p1"], NOW, read_back=False)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    with database.begin(reading=True) as unit:
        assert unit.patients.tracked(source, ["Patient/p1"]) == frozenset()


def test_a_part_can_fail_alone(database: Database, source: Source) -> None:
    """What a savepoint undoes leaves the rest of the unit as it was."""

    def fail(unit: UnitOfWork) -> None:
        with unit.savepoint():
            unit.patients.track(source, ["Patient/p2"], NOW, read_back=False)
            raise ZeroDivisionError

    with database.begin() as unit:
        unit.patients.track(source, ["Patient/p1"], NOW, read_back=False)
        with pytest.raises(ZeroDivisionError):
            fail(unit)
        with unit.savepoint():
            unit.patients.track(source, ["Patient/p3"], NOW, read_back=False)
        unit.commit()

    with database.begin(reading=True) as unit:
        everybody = ["Patient/p1", "Patient/p2", "Patient/p3"]
        assert unit.patients.tracked(source, everybody) == {"Patient/p1", "Patient/p3"}


def test_reading_may_not_write(database: Database, source: Source) -> None:
    """A unit that only reads cannot change anything by mistake."""
    with database.begin(reading=True) as unit, pytest.raises(MilepostError):
        unit.patients.track(source, ["Patient/p1"], NOW, read_back=False)

    with database.begin() as unit:
        assert unit.patients.track(source, ["Patient/p1"], NOW, read_back=False) == ["Patient/p1"]


def test_check_of_a_good_database(database: Database) -> None:
    """A database that was migrated by this version is in order."""
    database.check()
