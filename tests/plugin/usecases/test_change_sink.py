"""A source's Tasks go elsewhere: nothing makes us believe that they stand there, and the old ones are left or taken
back."""

from dataclasses import replace

import pytest

from plugin.domain.assessment import EffectKind
from plugin.domain.companion import LinkState, PatientLink
from plugin.domain.errors import CannotDo, RecordBusy, TemporaryFailure
from plugin.domain.source import Cursor, Source
from plugin.usecases.change_sink import change_sink
from plugin.usecases.remove_source import leave_source
from plugin.usecases.services import Services
from plugin.usecases.source_settings import Wanted
from tests.builders import World, a_patient, a_plan
from tests.fakes import FakeEhr, FakeServer

TO_STORE = Wanted(sink="companion", companion="store")
TO_INBOX = Wanted(sink="message", inbox={"coordinator": "front-desk"})


class Sinks(FakeEhr):
    """Reads one server, and writes to another."""

    def __init__(self, world: World, place: FakeServer) -> None:
        super().__init__(place)
        self._chart = FakeEhr(world.server)
        self.pages_of = self._chart.pages_of  # type: ignore[method-assign]  # what is read comes from the chart
        self.read = self._chart.read  # type: ignore[method-assign]


@pytest.fixture
def places() -> dict[str, FakeServer]:
    """By sink: what stands there."""
    return {"companion": FakeServer(), "message": FakeServer()}


@pytest.fixture
def services(world: World, places: dict[str, FakeServer]) -> Services:
    """An OpenEMR without a Task whose milestone Tasks go to a companion store."""
    with world.database.begin() as uow:
        uow.sources.add(Source(id=0, slug="store", base_url="http://127.0.0.1/store", use="store"), world.clock())
        was = uow.sources.by_id(world.source.id)
        openemr = replace(was, kind="openemr", sink="companion", companion="store", inbox={"coordinator": "desk"})
        uow.sources.update(openemr, world.clock())
        uow.commit()
    return replace(world.services, ehr=lambda source: Sinks(world, places[source.sink]))


@pytest.fixture
def written(world: World, services: Services, places: dict[str, FakeServer]) -> World:
    """One patient with one overdue step, whose Task stands in the store."""
    world.server.put(a_patient(1), a_plan(1, due="2026-06-10"))
    world.sweep(services)
    assert tasks(places["companion"])
    return world


def tasks(place: FakeServer) -> list[str]:
    """Those that stand there."""
    return [ref for ref in place.written if ref.startswith("Task/")]


def test_what_is_wanted_is_written_to_the_new_place(
    written: World, services: Services, places: dict[str, FakeServer]
) -> None:
    """Although nothing has changed for the patient; and what stands in the old place stays as it is."""
    before = dict(places["companion"].written)

    change_sink(services, written.now_source(), TO_INBOX, by="user:1")
    written.sweep(services)

    assert tasks(places["message"]) == tasks(places["companion"])
    assert places["companion"].written == before
    assert written.effects()["write"].keys() == {"done"}


def test_coming_back_adopts_what_was_left(written: World, services: Services, places: dict[str, FakeServer]) -> None:
    """It is found by its tag, and is not written a second time."""
    counts = dict(places["companion"].writes)
    change_sink(services, written.now_source(), TO_INBOX, by="user:1")
    written.sweep(services)

    change_sink(services, written.now_source(), TO_STORE, by="user:1")
    written.sweep(services)

    assert {ref: n for ref, n in places["companion"].writes.items() if ref.startswith("Task/")} == {
        ref: n for ref, n in counts.items() if ref.startswith("Task/")
    }


def test_what_was_written_is_taken_back_first(
    written: World, services: Services, places: dict[str, FakeServer]
) -> None:
    """Told by type, and in the audit log; the source goes on."""
    _, removed = change_sink(services, written.now_source(), TO_INBOX, left="delete", by="user:1")

    assert removed.done["Task"] == 1
    assert places["companion"].written == {}
    assert (written.now_source().sink, written.now_source().paused) == ("message", False)
    with written.look() as uow:
        told = [entry.detail for entry in uow.audit.entries() if "sink" in str(entry.detail.get("changed"))]
    assert told[0]["what_was_written"] == "delete"


def test_where_the_old_place_does_not_answer_nothing_changes(
    written: World, services: Services, places: dict[str, FakeServer]
) -> None:
    """And the source is not left paused."""
    places["companion"].down = True

    with pytest.raises(TemporaryFailure):
        change_sink(services, written.now_source(), TO_INBOX, left="cancel", by="user:1")

    assert (written.now_source().sink, written.now_source().paused) == ("companion", False)


def test_not_while_somebody_is_writing(written: World, services: Services) -> None:
    """What is on its way to the old place would be taken for standing in the new one."""
    written.server.put(a_patient(2), a_plan(2, due="2026-06-10"))
    written.clock.forward(minutes=1)
    written.sweep(services, write=False)
    with written.database.begin() as uow:
        assert uow.ledger.claim([EffectKind.WRITE], written.clock(), 1, "worker")
        uow.commit()

    with pytest.raises(RecordBusy, match="just being written"):
        change_sink(services, written.now_source(), TO_INBOX, by="user:1")

    assert written.now_source().sink == "companion"
    assert written.effects()["write"]["done"] > 0


def test_edits_are_looked_for_from_the_beginning(written: World, services: Services) -> None:
    """Another store's feed stands elsewhere: what was edited there while Tasks went to another place is read."""
    with written.database.begin() as uow:
        uow.sources.move(written.source, "Task", Cursor("2026-06-15T12:00:00Z", complete=True), written.clock())
        uow.commit()

    change_sink(services, written.now_source(), TO_INBOX, by="user:1")

    with written.look() as uow:
        assert uow.sources.cursor(written.source, "Task") == Cursor()


def test_links_belong_to_one_store(written: World, services: Services) -> None:
    """Another store has other patients under the same references."""
    link = PatientLink(patient="Patient/p1", state=LinkState.LINKED, store_ref="Patient/77", at=written.clock())
    with written.database.begin() as uow:
        uow.companion_links.save(written.source, [link])
        uow.commit()

    change_sink(services, written.now_source(), TO_INBOX, by="user:1")

    with written.look() as uow:
        assert uow.companion_links.of(written.source, ["Patient/p1"]) == {}


def test_another_inbox_changes_nothing_that_was_written(written: World, services: Services) -> None:
    """Only another place does."""
    with written.look() as uow:
        done = uow.ledger.summary()

    change_sink(services, written.now_source(), replace(TO_STORE, inbox={"coordinator": "other"}), by="user:1")

    assert written.effects() == done
    assert written.now_source().inbox == {"coordinator": "other"}


def test_another_zone_has_everything_read_anew(written: World, services: Services) -> None:
    """The server's wall-clock times are other moments then; what is stored stays until its new version comes."""
    change_sink(services, written.now_source(), replace(TO_STORE, zone="America/New_York"), by="user:1")

    with written.look() as uow:
        assert not uow.sources.begun(written.source) & {"Patient", "CarePlan", "Appointment"}
    assert "CarePlan/cp1" in written.kept()


def test_a_store_in_use_is_not_removed(written: World, services: Services) -> None:
    """Tasks would go nowhere from then on."""
    with written.look() as uow:
        store = uow.sources.get("store")

    with pytest.raises(CannotDo, match="Tasks of main go there"):
        leave_source(services, store, "keep", by="user:1")
