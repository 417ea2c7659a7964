"""Sealing: every committed row once, and no seal without its head outside."""

from datetime import timedelta

import pytest

from plugin.domain.audit import AuditEntry
from plugin.domain.errors import TemporaryFailure
from plugin.domain.seal import Head
from plugin.usecases import seal as sealing
from plugin.usecases.seal import anything_waits, seal
from plugin.usecases.verify_audit import verify_audit
from tests.builders import World


def written(world: World, count: int) -> None:
    """So many rows."""
    entry = AuditEntry(at=world.clock(), who="user:1", action="grant", record="person/1")
    with world.database.begin() as uow:
        uow.audit.write([entry] * count)
        uow.commit()


def waiting(world: World) -> int:
    """How many rows are not sealed."""
    with world.look() as uow:
        return uow.seals.waiting_count()


def test_what_waits_is_sealed_and_its_head_kept() -> None:
    """The second time there is nothing to do, and nothing is kept."""
    world = World()
    written(world, 3)
    waited = waiting(world)

    assert anything_waits(world.services)
    assert seal(world.services) == waited
    assert seal(world.services) == 0

    (head,) = world.heads.kept
    assert isinstance(head, Head)
    assert (head.number, head.count, head.practice, head.at) == (waited, waited, 1, world.clock())
    assert not anything_waits(world.services)
    assert verify_audit(world.services).is_good


def test_many_rows_are_sealed_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each with its own head; progress is told after each."""
    monkeypatch.setattr(sealing, "BATCH", 4)
    world, told = World(), list[int]()
    seal(world.services)
    written(world, 10)

    assert seal(world.services, progress=told.append) == 10

    assert told == [4, 8, 10]
    assert [head.count for head in world.heads.kept if isinstance(head, Head)][-3:] == [4, 4, 2]
    assert verify_audit(world.services).is_good


def test_when_the_time_is_up_the_next_run_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """A log of years holds up nobody."""
    monkeypatch.setattr(sealing, "BATCH", 4)
    world = World()
    seal(world.services)
    written(world, 10)

    def slowly(done: int) -> None:
        world.clock.forward(seconds=2)

    assert seal(world.services, within=timedelta(seconds=2), progress=slowly) == 4
    assert seal(world.services) == 6
    assert waiting(world) == 0


def test_without_a_head_outside_nothing_is_sealed() -> None:
    """It waits until there is room for it."""
    world = World()
    waited = waiting(world)
    world.heads.is_full = True

    with pytest.raises(TemporaryFailure, match="no room"):
        seal(world.services)

    assert (waiting(world), world.heads.kept) == (waited, [])
    world.heads.is_full = False
    assert seal(world.services) == waited


def test_two_at_once_do_no_harm() -> None:
    """Who finds another at it leaves it to them."""
    world = World()

    class Busy(type(world.database.begin().seals)):  # type: ignore[misc]  # the fake's class
        def turn(self) -> bool:
            return False

    begin = world.database.begin

    def begin_busy(*, reading: bool = False) -> object:
        uow = begin(reading=reading)
        uow.seals = Busy(uow.tables)  # type: ignore[misc,attr-defined]  # the fake's
        return uow

    world.database.begin = begin_busy  # type: ignore[method-assign,assignment]  # another seals

    assert seal(world.services) == 0
    assert world.heads.kept == []
