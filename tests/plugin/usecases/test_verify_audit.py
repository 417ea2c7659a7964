"""Verifying: what the heads outside say, in every order in which they can be wrong. (Rows:
contract/storage/test_tampering.)"""

from dataclasses import replace
from datetime import timedelta

import pytest

from plugin.domain.audit import AuditEntry
from plugin.domain.seal import Head, HeadLine, UnreadableHead
from plugin.usecases import verify_audit as verifying
from plugin.usecases.seal import seal
from plugin.usecases.verify_audit import Kind, verify_audit
from tests.builders import World


@pytest.fixture
def world() -> World:
    """Two rows sealed one by one, after those that a new practice has."""
    made = World()
    seal(made.services)
    for number in (1, 2):
        entry = AuditEntry(at=made.clock(), who="user:1", action="grant", record=f"person/{number}")
        with made.database.begin() as uow:
            uow.audit.write([entry])
            uow.commit()
        seal(made.services)
    return made


def head(world: World, place: int) -> Head:
    """One of those that are kept."""
    kept = world.heads.kept[place]
    assert isinstance(kept, Head)
    return kept


def kinds(world: World, *lines: HeadLine) -> list[str]:
    """The faults when these are the heads outside."""
    world.heads.kept = list(lines)
    return [fault.kind for fault in verify_audit(world.services).faults]


def test_heads_of_another_practice_say_nothing(world: World) -> None:
    """They stand in the same file."""
    one, two, three = (head(world, place) for place in range(3))

    assert kinds(world, one, replace(one, practice=2, chain="x"), two, three) == []


def test_a_line_that_cannot_be_read_is_a_note(world: World) -> None:
    """What a crash tore; if it was a head, the hole says so."""
    one, two, three = (head(world, place) for place in range(3))

    assert kinds(world, one, UnreadableHead(2, "was torn"), two, three) == []
    assert verify_audit(world.services).notes == ("memory, line 2: was torn.",)
    assert kinds(world, one, UnreadableHead(2, "was changed"), three) == [Kind.HEADS]


def test_a_sealing_that_was_done_again_counts_once(world: World) -> None:
    """It began where the one before it had begun, and took at least as many rows. One with fewer replaces nothing."""
    one, two, three = (head(world, place) for place in range(3))
    short = replace(two, chain="never stored")
    longer = replace(two, number=two.number + 5, count=two.count + 5, chain="never stored")

    assert kinds(world, one, short, two, three) == []
    assert Kind.HEADS in kinds(world, one, longer, two, three)


def test_a_head_behind_the_end_is_the_end_cut_off(world: World) -> None:
    """Unless it is the last, and as many rows wait as it has sealed: then a crash, or a sealing at this moment."""
    heads = [head(world, place) for place in range(3)]
    beyond = replace(heads[-1], number=heads[-1].number + 1, count=1)

    assert kinds(world, *heads, beyond) == [Kind.CUT_OFF]
    with world.database.begin() as uow:
        uow.audit.write([AuditEntry(at=world.clock(), who="user:1", action="grant", record="person/3")])
        uow.commit()
    assert kinds(world, *heads, beyond) == []
    assert kinds(world, *heads, replace(beyond, number=beyond.number + 1, count=2)) == [Kind.CUT_OFF]


def test_rows_that_nobody_seals_are_told(world: World) -> None:
    """After ten minutes; before, they are usual."""
    with world.database.begin() as uow:
        uow.audit.write([AuditEntry(at=world.clock(), who="user:1", action="grant", record="person/3")])
        uow.commit()

    world.clock.forward(minutes=10)
    assert verify_audit(world.services).notes == ()
    world.clock.now += timedelta(microseconds=1)
    assert "does a worker seal?" in verify_audit(world.services).notes[0]


def test_of_many_faults_the_first_are_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """And all are counted."""
    monkeypatch.setattr(verifying, "MOST_TOLD", 1)
    heads = [replace(head(world, place), chain="another") for place in range(3)]
    world.heads.kept = list(heads)

    found = verify_audit(world.services)

    assert (len(found.faults), found.fault_count) == (1, 3)
    assert found.faults[0].kind == Kind.REWRITTEN


def test_pages_are_read_to_the_end(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """However small, and progress is told after each."""
    monkeypatch.setattr(verifying, "PAGE", 2)
    told: list[int] = []

    found = verify_audit(world.services, progress=told.append)

    assert found.is_good
    assert told == list(range(2, found.sealed + 1, 2))
