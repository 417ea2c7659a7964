"""The port WorkItems."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from plugin.domain.errors import RecordBusy, Stale, UnknownName
from plugin.domain.source import Source
from plugin.domain.work import WorkItem, claimed
from plugin.storage import tables
from plugin.storage.engine import connect_engine
from plugin.usecases.ports import Database
from tests.contract.storage.databases import Rows
from tests.contract.storage.given import LATER, NOW, tracked


@pytest.fixture
def item(database: Database, source: Source) -> WorkItem:
    """An item that lists one step."""
    (row,) = tracked(database, source, "Patient/p1")
    return WorkItem(
        key="p1|coordinator|2026-06-16",
        kind="overdue",
        patient_id=row.id,
        role="coordinator",
        owner=None,
        due_at=LATER,
        priority=1,
        milestones=(("k1", "HbA1c"),),
    )


def opened(database: Database, *items: WorkItem) -> None:
    """Opens items, each in a unit of its own, as deliveries do."""
    for item in items:
        with database.begin() as unit:
            unit.work_items.open(item, NOW)
            unit.commit()


def finished(database_url: str) -> None:
    """Somebody has done all items (the use case for it comes with the queues)."""
    engine = connect_engine(database_url)
    with engine.begin() as connection:
        connection.execute(update(tables.work_item).values(state="done"))
    engine.dispose()


def test_one_item_for_a_morning(database: Database, item: WorkItem, rows: Rows) -> None:
    """Steps of one patient for one role on one morning are one item that lists them, due when the first of them is."""
    second = replace(item, milestones=(("k2", "Referral"),), priority=2, due_at=LATER - timedelta(minutes=5))

    opened(database, item, second)

    (row,) = rows(tables.work_item)
    assert (row["state"], row["priority"], row["due_at"]) == ("open", 2, LATER - timedelta(minutes=5))
    steps = sorted((step["place"], step["milestone"], step["title"]) for step in rows(tables.work_item_step))
    assert steps == [(1, "k1", "HbA1c"), (2, "k2", "Referral")]
    with database.begin(reading=True) as unit:
        assert unit.work_items.summary() == {"coordinator": {"overdue": 1}}


def test_opened_twice_is_one(database: Database, item: WorkItem, rows: Rows) -> None:
    """A delivery that is repeated after a crash changes nothing."""
    opened(database, item, item)

    assert len(rows(tables.work_item)) == len(rows(tables.work_item_step)) == len(rows(tables.transition)) == 1


def test_item_that_was_done_stays_done(database: Database, database_url: str, item: WorkItem, rows: Rows) -> None:
    """Opened again it stays done; a step that it did not list opens a second one."""
    opened(database, item)
    finished(database_url)

    opened(database, item, replace(item, milestones=(*item.milestones, ("k2", "Referral"))))

    assert [(row["turn"], row["state"]) for row in rows(tables.work_item)] == [(1, "done"), (2, "open")]
    assert [step["milestone"] for step in rows(tables.work_item_step)] == ["k1", "k2"]


def test_resolved_step_is_taken_off(database: Database, item: WorkItem, rows: Rows) -> None:
    """An item loses a resolved step; with its last step it is withdrawn. Other kinds keep theirs."""
    opened(database, replace(item, milestones=(("k1", "HbA1c"), ("k2", "Referral"))))

    with database.begin() as unit:
        unit.work_items.withdraw_step(item.patient_id, "k1", ["rebook"], LATER)
        unit.work_items.withdraw_step(item.patient_id, "k1", ["overdue", "rebook"], LATER)
        assert unit.work_items.summary() == {"coordinator": {"overdue": 1}}
        unit.work_items.withdraw_step(item.patient_id, "k2", ["overdue"], LATER)
        assert unit.work_items.summary() == {}
        unit.commit()

    moves = [(move["kind"], move["key"], move["before"], move["after"], move["at"]) for move in rows(tables.transition)]
    assert moves == [
        ("work-item", item.key, None, "open", NOW),
        ("work-item", item.key, "open", "withdrawn", LATER),
    ]


def test_step_that_comes_back(database: Database, item: WorkItem, rows: Rows) -> None:
    """A step that was taken off is listed again: on the open item, or on a new one."""
    two = replace(item, milestones=(*item.milestones, ("k2", "Referral")))
    opened(database, two)
    with database.begin() as unit:
        unit.work_items.withdraw_step(item.patient_id, "k1", ["overdue"], LATER)
        unit.commit()

    opened(database, item)

    assert [step["withdrawn_at"] for step in rows(tables.work_item_step)] == [None, None]
    with database.begin() as unit:
        for key, _ in two.milestones:
            unit.work_items.withdraw_step(item.patient_id, key, ["overdue"], LATER)
        unit.commit()

    opened(database, item)

    assert [(row["turn"], row["state"]) for row in rows(tables.work_item)] == [(1, "withdrawn"), (2, "open")]


def test_two_who_take_the_same(database: Database, item: WorkItem) -> None:
    """Whoever locks it first has it; the other finds it taken. What was read before cannot be written over it."""
    opened(database, item)
    with database.begin(reading=True) as unit:
        (known,) = unit.work_items.of_patient(item.patient_id)
    together = threading.Barrier(2)

    def take(who: str) -> bool:
        together.wait(timeout=30)
        with database.begin() as unit:
            found = unit.work_items.lock(known.id, timedelta(seconds=5))
            if found.state == "open":
                unit.work_items.move(found, claimed(found, who), LATER)
            unit.commit()
        return found.state == "open"

    with ThreadPoolExecutor(2) as pool:
        won = list(pool.map(take, ("user:1", "user:2")))

    assert sorted(won) == [False, True]
    with database.begin() as unit, pytest.raises(Stale):
        unit.work_items.move(known, claimed(known, "user:3"), LATER)


def test_a_lock_is_not_waited_for_long(database: Database, item: WorkItem) -> None:
    """A person is told that somebody else is at it, and when there is no such item."""
    opened(database, item)
    with database.begin(reading=True) as unit:
        (known,) = unit.work_items.of_patient(item.patient_id)

    with database.begin() as first:
        first.work_items.lock(known.id, timedelta(seconds=1))
        with database.begin() as second, pytest.raises(RecordBusy):
            second.work_items.lock(known.id, timedelta(milliseconds=50))
    with database.begin() as unit, pytest.raises(UnknownName):
        unit.work_items.lock(4711, timedelta(seconds=1))
