"""Whose page is opened: by our number, and those whom somebody looked at lately."""

from datetime import UTC, datetime

import pytest

from plugin.domain.account import SignedIn
from plugin.domain.errors import Forbidden, UnknownName
from plugin.domain.permissions import Role
from plugin.usecases.choose_patient import reader_of, seen_lately
from plugin.usecases.show_panel import show_panel
from tests.builders import World, a_patient, a_plan

AT = datetime(2026, 6, 15, 12, tzinfo=UTC)


def somebody(*roles: str, who: str = "user:7") -> SignedIn:
    """Signed in with these roles."""
    return SignedIn(
        session="session-1", person_id=7, who=who, name="Demo-Lee, Robin", roles=roles or (Role.COORDINATOR,),
        origin="192.0.2.7", signed_in_at=AT, proven_at=AT, ends_at=AT.replace(year=2027),
    )  # fmt: skip


@pytest.fixture
def practice(world: World) -> World:
    """With three patients."""
    for number in (1, 2, 3):
        world.server.put(a_patient(number), a_plan(number))
    world.sweep()
    return world


def number_of(world: World, ref: str) -> int:
    """Ours."""
    with world.look() as uow:
        tracked = uow.patients.look(world.source, ref)
    assert tracked is not None
    return tracked.row.id


def test_in_front_of_a_patient(practice: World) -> None:
    """By our number: source and reference, who reads and acts, and what each audit row is to say."""
    reader = reader_of(practice.services, somebody(), number_of(practice, "Patient/p2"))

    assert (reader.source_id, reader.patient, reader.who) == (practice.source.id, "Patient/p2", "user:7")
    assert (reader.seat, dict(reader.told)) == ("session-1", {"session": "session-1", "from": "192.0.2.7"})


def test_nobody(practice: World) -> None:
    """There is no such number; and whoever may not see plans is not told whether there is."""
    with pytest.raises(UnknownName):
        reader_of(practice.services, somebody(), 10**18)
    for number in (number_of(practice, "Patient/p1"), 10**18):
        with pytest.raises(Forbidden):
            reader_of(practice.services, somebody(Role.ADMINISTRATOR), number)


def test_whom_somebody_saw_lately(practice: World) -> None:
    """Each once, the newest first, nobody whom only others saw; that they were shown leaves a row."""
    for ref, who in (("p1", "user:7"), ("p2", "user:7"), ("p1", "user:7"), ("p3", "user:8")):
        reader = reader_of(practice.services, somebody(who=who), number_of(practice, f"Patient/{ref}"))
        show_panel(practice.services, reader, practice.clock())
        practice.clock.forward(minutes=1)

    found = seen_lately(practice.services, somebody())

    assert [choice.patient.ref for choice in found if choice.patient] == ["Patient/p1", "Patient/p2"]
    assert [choice.id for choice in found] == [number_of(practice, f"Patient/{ref}") for ref in ("p1", "p2")]
    with practice.look() as uow:
        row = uow.audit.entries(1)[0]
    assert (row.action, row.record, row.detail["patients"]) == (
        "read:list",
        "list/lately",
        sorted(choice.id for choice in found),
    )


def test_nobody_lately(practice: World) -> None:
    """Nothing was shown, and no row says so."""
    assert seen_lately(practice.services, somebody()) == []
    with practice.look() as uow:
        assert all(not entry.action.startswith("read:") for entry in uow.audit.entries())
