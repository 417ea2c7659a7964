"""A source is removed: what we wrote there is taken back, then its chart is forgotten here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from plugin.domain.errors import BadInput, CannotDo, TemporaryFailure, UnknownName
from plugin.domain.source import Cursor, HowToTakeBack, Leaving, TakenBack
from plugin.usecases.deliver import deliver
from plugin.usecases.ingest import ingest
from plugin.usecases.poll import reconcile_all
from plugin.usecases.remove_source import carry_out_leaving, checked_leaving, leave_source, stay, written_there
from tests.builders import World, a_patient, a_plan
from tests.fakes import FakeEhr, FakeServer

WHO = "user:1"


@pytest.fixture
def stage(world: World) -> World:
    """A swept practice of which something was written to the server."""
    world.server.put(a_patient(), a_plan())
    world.sweep()
    deliver(world.services)
    assert world.server.written
    return world


@pytest.mark.parametrize("how", ["keep", "cancel", "delete"])
def test_what_was_written_there_becomes_what_was_wished(stage: World, how: Leaving) -> None:
    """It stays, says that it counts no more, or is gone; here nothing of the chart is left in any case."""
    before = dict(stage.server.written)

    leave_source(stage.services, stage.source, how, by=WHO)
    removed = carry_out_leaving(stage.services, stage.source.id, by=WHO)

    assert removed.is_complete
    assert stage.server.taken_back == (None if how == "keep" else how)
    assert stage.server.written == ({} if how == "delete" else before)
    assert stage.kept() == set()
    with stage.look() as uow:
        assert uow.sources.all() == []
        assert uow.patients.tracked(stage.source, ["Patient/p1"]) == frozenset()
        assert uow.patients.look(stage.source, "Patient/p1") is None


def test_the_wish_alone_stops_reading_and_writing(stage: World) -> None:
    """A worker does the rest; until then the source is paused and still there."""
    leave_source(stage.services, stage.source, "delete", by=WHO)

    assert stage.jobs.asked[-1] == f"leave {stage.source.id}"
    source = stage.now_source()
    assert (source.leaving, source.paused) == ("delete", True)
    assert stage.server.taken_back is None


def test_a_reading_that_is_under_way_brings_nothing_back(stage: World) -> None:
    """The sweep knows the source as it was before somebody wanted it removed."""
    before = stage.now_source()
    leave_source(stage.services, before, "keep", by=WHO)
    carry_out_leaving(stage.services, before.id)
    stage.server.put(a_patient(2), a_plan(2))
    (page,) = (page for page in stage.ehr.pages("Patient", Cursor()) if page.facts)

    with pytest.raises(CannotDo):
        ingest(stage.services, before, page)

    assert stage.kept() == set()


def test_a_wish_whose_job_was_lost_is_asked_for_again(stage: World) -> None:
    """Each night, with the comparisons."""
    leave_source(stage.services, stage.source, "keep", by=WHO)
    stage.jobs.asked.clear()

    reconcile_all(stage.services)

    assert stage.jobs.asked == [f"leave {stage.source.id}"]


def test_somebody_thinks_again(stage: World) -> None:
    """Before it is carried out the source can stay, paused; what is carried out later finds no wish."""
    leave_source(stage.services, stage.source, "delete", by=WHO)

    stay(stage.services, stage.source, by=WHO)
    removed = carry_out_leaving(stage.services, stage.source.id)

    assert removed.done == {}
    assert stage.server.written
    assert stage.now_source().paused


def test_a_source_that_is_gone_does_not_come_back_by_staying(stage: World) -> None:
    """The wish was carried out already."""
    leave_source(stage.services, stage.source, "keep", by=WHO)
    carry_out_leaving(stage.services, stage.source.id)

    with pytest.raises(UnknownName):
        stay(stage.services, stage.source, by=WHO)


def test_a_server_that_does_not_answer_forgets_nothing(stage: World) -> None:
    """The wish stands, and is carried out when it answers again."""
    leave_source(stage.services, stage.source, "cancel", by=WHO)
    stage.server.down = True

    with pytest.raises(TemporaryFailure):
        carry_out_leaving(stage.services, stage.source.id)

    stage.server.down = False
    assert carry_out_leaving(stage.services, stage.source.id).is_complete
    assert stage.server.taken_back == "cancel"


class _Refusing(FakeEhr):
    """A server that lets one Task not go."""

    def take_back(self, how: HowToTakeBack) -> Iterator[TakenBack]:
        yield TakenBack("Task", 0, ("Task/mp-1: it is referred to",))


def test_what_cannot_be_taken_back_is_told_and_nothing_is_forgotten(stage: World) -> None:
    """Otherwise nobody would know any more what stands there."""
    refusing = replace(stage.services, ehr=lambda _: _Refusing(stage.server))
    leave_source(refusing, stage.source, "delete", by=WHO)

    removed = carry_out_leaving(refusing, stage.source.id)

    assert removed.refused == ["Task/mp-1: it is referred to"]
    source = stage.now_source()
    assert source.leaving == "delete"
    assert "1 of our resources could not be taken back" in (source.last_error or "")


class _Busy(FakeEhr):
    """Whatever is taken back, somebody writes again."""

    def __init__(self, server: FakeServer) -> None:
        super().__init__(server)
        self.rounds = 0

    def take_back(self, how: HowToTakeBack) -> Iterator[TakenBack]:
        self.rounds += 1
        yield TakenBack("Task", 1)


def test_what_comes_back_while_it_is_taken_back_is_no_endless_loop(stage: World) -> None:
    """After some rounds it is said, and tried again later."""
    busy = _Busy(stage.server)
    services = replace(stage.services, ehr=lambda _: busy)
    leave_source(services, stage.source, "cancel", by=WHO)

    with pytest.raises(TemporaryFailure, match="comes back"):
        carry_out_leaving(services, stage.source.id)

    assert busy.rounds == 5


def test_a_removed_server_comes_back_under_its_own_name_only(stage: World) -> None:
    """The slug is part of every key that still stands on the server."""
    leave_source(stage.services, stage.source, "keep", by=WHO)
    carry_out_leaving(stage.services, stage.source.id)

    with stage.database.begin() as uow:
        back = uow.sources.add(stage.source, stage.clock())

    assert back.id == stage.source.id


def test_how_much_of_ours_is_there(stage: World) -> None:
    """By type, as the server has it now."""
    assert written_there(stage.services, stage.source)["Task"] >= 1


def test_another_word_is_refused() -> None:
    """Nothing is removed by a misspelling."""
    with pytest.raises(BadInput, match="keep, cancel, delete"):
        checked_leaving("destroy")
