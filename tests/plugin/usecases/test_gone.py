"""What did not come in an answer that was complete: asked for by name, and only then forgotten (row 36)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import cast

import pytest

from plugin.domain.errors import NotFhir, TemporaryFailure
from plugin.domain.record import Appointment, Moment
from plugin.domain.source import Cursor, Extent, Page, SetAside
from plugin.usecases.ingest import Ingested, ingest
from plugin.usecases.services import Services
from plugin.usecases.sync import sync
from tests.builders import World, a_booking, a_patient, a_plan
from tests.fake_storage import FakeDatabase
from tests.fakes import FakeEhr

NOVEMBER = Extent(first=date(2026, 11, 1), last=date(2026, 11, 30))
REACHED = Cursor("november", complete=True)


def booked(number: int, start: str) -> Appointment:
    """In New York's or Chicago's time, as the offset says."""
    return replace(a_booking(number), start=Moment(start))


@pytest.fixture
def read(world: World) -> World:
    """A patient with a plan and bookings around and within a November in Chicago, all stored."""
    world.server.put(a_patient(1), a_plan(1))
    world.server.put(
        booked(1, "2026-10-31T23:59:00-05:00"),
        booked(2, "2026-11-01T00:00:00-05:00"),
        booked(3, "2026-11-30T23:59:00-06:00"),
        booked(4, "2026-12-01T00:00:00-06:00"),
    )
    world.sweep()
    world.clock.forward(minutes=1)
    return world


def appointments(world: World, *numbers: int, extent: Extent | None = NOVEMBER) -> Page:
    """An answer that has these."""
    facts = tuple(world.server.facts[f"Appointment/a{number}"] for number in numbers)
    return Page(type="Appointment", facts=facts, read=len(facts), cursor=REACHED, extent=extent)


def stored(world: World) -> set[str]:
    """The appointments that are."""
    return {ref for ref in world.kept() if ref.startswith("Appointment/")}


def due(world: World) -> int:
    """How many patients are to be assessed."""
    with world.look() as uow:
        return uow.patients.due_count(world.clock())


def test_what_is_gone_is_forgotten_and_its_patient_marked(read: World) -> None:
    """Of what lies within the extent, to the minute, in the clinic's zone; the rest stands."""
    for number in (1, 2, 3, 4):
        read.server.delete(f"Appointment/a{number}")

    done = ingest(read.services, read.source, appointments(read))

    assert (done.gone, done.new) == (2, 0)
    assert stored(read) == {"Appointment/a1", "Appointment/a4"}
    assert due(read) == 1
    with read.look() as uow:
        assert uow.sources.cursor(read.source, "Appointment") == REACHED


def test_history_is_kept(read: World) -> None:
    """Yesterday's picture has the booking still."""
    before = read.clock()
    read.clock.forward(minutes=1)
    read.server.delete("Appointment/a2")

    ingest(read.services, read.source, appointments(read, 3))

    with read.look() as uow:
        past = uow.history.of_patient(read.source, "Patient/p1", before)
    assert past is not None
    assert "Appointment/a2" in past.record.facts


def test_the_clinics_own_zone_counts(read: World) -> None:
    """In New York's zone its first of December began an hour before the practice's did."""
    source = replace(read.source, zone="America/New_York")
    for number in (2, 3):
        read.server.delete(f"Appointment/a{number}")

    ingest(read.services, source, appointments(read, 1))

    assert stored(read) == {"Appointment/a1", "Appointment/a3", "Appointment/a4"}


def test_what_was_moved_is_asked_for_by_name(read: World) -> None:
    """From November into January: it stands, in its new version, and its patient is assessed."""
    read.server.put(booked(2, "2027-01-07T09:00:00-06:00"))

    done = ingest(read.services, read.source, appointments(read, 3))

    assert (done.gone, done.new) == (0, 1)
    assert due(read) == 1
    with read.look() as uow:
        moved = next(iter(uow.facts.get(read.source, ["Appointment/a2"])))
        assert cast(Appointment, moved).start == "2027-01-07T09:00:00-06:00"


@pytest.mark.parametrize("order", [(11, 1), (1, 11)], ids=["november first", "january first"])
def test_moved_between_pages(read: World, order: tuple[int, int]) -> None:
    """In whichever order the months are read, it is there afterwards, and nobody else is gone."""
    read.server.put(booked(2, "2027-01-07T09:00:00-06:00"))
    january = Extent(first=date(2027, 1, 1), last=date(2027, 1, 31))
    pages = {11: appointments(read, 3), 1: appointments(read, 2, extent=january)}

    done = [ingest(read.services, read.source, pages[month]) for month in order]

    assert sum(each.gone for each in done) == 0
    assert sum(each.new for each in done) == 1
    assert len(stored(read)) == 4


def test_what_came_and_could_not_be_mapped_is_there(read: World) -> None:
    """It stays as it was stored last; the server is not asked about it."""
    page = replace(appointments(read, 3), set_aside=(SetAside("Appointment/a2", "2", "no status"),))
    read.server.delete("Appointment/a2")

    ingest(read.services, read.source, page)

    assert "Appointment/a2" in stored(read)


def test_a_page_that_is_complete_asks_nothing(read: World) -> None:
    """Poll after poll, as nothing is gone."""
    read.server.down = True

    ingest(read.services, read.source, replace(appointments(read), extent=Extent(patients=frozenset({"Patient/p9"}))))

    assert len(stored(read)) == 4


def test_plans_of_these_patients(read: World) -> None:
    """A deleted form is gone for its patient; a patient who was not asked for keeps theirs."""
    read.server.put(a_patient(2), a_plan(2))
    read.sweep()
    for number in (1, 2):
        read.server.delete(f"CarePlan/cp{number}")

    ingest(read.services, read.source, Page(type="CarePlan", extent=Extent(patients=frozenset({"Patient/p1"}))))

    assert {"CarePlan/cp1", "CarePlan/cp2"} & read.kept() == {"CarePlan/cp2"}


def test_whoever_is_gone_is_not_on_file(read: World) -> None:
    """A page of all patients tells it."""
    everybody = tuple(read.server.facts[ref] for ref in ("Patient/p1",))
    page = Page(type="Patient", facts=everybody, extent=Extent(), on_file=("Patient/p1", "Patient/p2"))
    ingest(read.services, read.source, page)
    read.server.delete("Patient/p1")

    ingest(read.services, read.source, Page(type="Patient", extent=Extent(), on_file=("Patient/p2",)))

    with read.look() as uow:
        assert uow.on_file.patients(read.source) == ["Patient/p2"]
    assert "Patient/p1" not in read.kept()


def test_while_it_cannot_be_asked_nothing_is_forgotten(read: World) -> None:
    """Nor is the cursor moved: the page comes again."""
    page = appointments(read)
    read.server.down = True

    with pytest.raises(TemporaryFailure):
        ingest(read.services, read.source, page)

    assert len(stored(read)) == 4
    with read.look() as uow:
        assert uow.sources.cursor(read.source, "Appointment") != REACHED


def test_an_empty_answer_about_what_is_there_is_none(read: World) -> None:
    """It says that there is nothing, and the first that is asked for by name is there: it is told, and nothing is done."""
    empty = appointments(read)

    with pytest.raises(NotFhir, match="still there"):
        ingest(read.services, read.source, empty)

    assert len(stored(read)) == 4
    with read.look() as uow:
        assert uow.sources.cursor(read.source, "Appointment") != REACHED


class Meanwhile(FakeEhr):
    """While it is asked by name, something happens; and no transaction is open."""

    def __init__(self, world: World, happens: Callable[[], object]) -> None:
        super().__init__(world.server)
        self._world, self._happens = world, happens

    def read(self, refs: Sequence[str]) -> Iterator[Page]:
        found = list(super().read(refs))
        if isinstance(self._world.database, FakeDatabase):
            assert self._world.database.open == 0
        self._happens()
        return iter(found)


def meanwhile(world: World, happens: Callable[[Services], Ingested]) -> Services:
    """The services of a worker beside whom another works."""
    ehr = Meanwhile(world, lambda: happens(world.services))
    return replace(world.services, ehr=lambda source: ehr)


def test_what_another_worker_stored_meanwhile_stands(read: World) -> None:
    """It was deleted when we asked, and was entered again, otherwise, before we could forget it."""
    gone = cast(Appointment, read.server.facts["Appointment/a2"])
    read.server.delete("Appointment/a2")

    def restored(services: Services) -> Ingested:
        again = replace(gone, version="7", status="pending")
        return ingest(services, read.source, Page(type="Appointment", facts=(again,)))

    done = ingest(meanwhile(read, restored), read.source, appointments(read, 3))

    assert done.gone == 0
    assert "Appointment/a2" in stored(read)


def test_what_another_worker_forgot_meanwhile_is_not_forgotten_twice(read: World) -> None:
    """Two read the same month."""
    read.server.delete("Appointment/a2")

    def as_we_do(services: Services) -> Ingested:
        return ingest(services, read.source, appointments(read, 3))

    done = ingest(meanwhile(read, as_we_do), read.source, appointments(read, 3))

    assert done.gone == 0
    assert "Appointment/a2" not in stored(read)


def test_a_booking_made_after_the_answer_is_not_missed(read: World) -> None:
    """Another worker stored it between the answer and our look: it is asked for by name, and is there."""
    page = appointments(read, 2, 3)
    read.server.put(booked(5, "2026-11-10T09:00:00-06:00"))
    ingest(read.services, read.source, Page(type="Appointment", facts=(read.server.facts["Appointment/a5"],)))

    done = ingest(read.services, read.source, page)

    assert (done.gone, done.new) == (0, 0)
    assert "Appointment/a5" in stored(read)


def test_sync_asks_for_a_tick_when_something_is_gone(read: World) -> None:
    """A deletion alone is news: the gap may be open again."""
    read.server.delete("Appointment/a2")
    page = appointments(read, 3)

    class Told(FakeEhr):
        def pages_of(self, cursors: object) -> Iterator[Page]:
            yield page

    told = Told(read.server)
    read.jobs.asked.clear()

    reading = sync(replace(read.services, ehr=lambda source: told), read.source.id)

    assert reading is not None
    assert reading.gone == 1
    assert read.jobs.asked == ["tick"]
