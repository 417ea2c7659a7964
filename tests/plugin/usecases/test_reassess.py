"""A batch of due patients: who changed, who did not, and who fails alone."""

from datetime import timedelta

import pytest

from plugin.domain.assess import assess
from plugin.domain.errors import TemporaryFailure
from plugin.domain.record import Record
from plugin.domain.rules import Rules
from plugin.usecases import decide as module
from plugin.usecases.reassess import Reassessed, reassess
from plugin.usecases.tick import tick, tick_together
from tests.builders import World, a_patient, a_plan
from tests.fake_storage import FakeDatabase


def test_nobody_due_is_nothing_done(world: World) -> None:
    """An idle tick stores nothing."""
    assert tick(world.services).claimed == 0


def test_an_unchanged_patient_is_recognised(world: World) -> None:
    """Assessed again with the same answer: nothing of it is stored anew."""
    world.server.put(a_patient(1), a_plan(1))
    world.sweep()
    with world.database.begin() as uow:
        uow.patients.mark_all(world.clock())
        uow.commit()

    done = tick(world.services)

    assert (done.changed, done.unchanged) == (0, 1)


def test_time_alone_makes_a_step_overdue(world: World) -> None:
    """The due date passes, nobody says anything, and the tick finds the gap."""
    world.server.put(a_plan(1, due="2026-06-20"))
    world.sweep()
    before = [m.tier for m in world.milestones()]

    world.clock.forward(days=6)
    done = tick(world.services)

    assert before == [0]
    assert done.changed == 1
    assert [m.tier for m in world.milestones()] == [1]


def test_a_thousand_quiet_patients_cost_one_look(world: World) -> None:
    """Nobody is due before something can change."""
    world.server.put(*(a_plan(number) for number in range(300)))
    first = world.sweep()

    world.clock.forward(minutes=5)

    assert first.reassessed.claimed == 300
    assert tick(world.services).claimed == 0


def test_one_patient_who_cannot_be_assessed_fails_alone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are stored; this one is tried again later, with the kind of error and nothing of the chart."""
    world.server.put(*(a_plan(number) for number in range(5)))

    def failing(record: Record, rules: Rules, now: object) -> object:
        if record.ref == "Patient/p3":
            raise ZeroDivisionError("a chart's own words")
        return assess(record, rules, world.clock())

    with monkeypatch.context() as patched:
        patched.setattr(module, "assess", failing)
        swept = world.sweep()
    world.clock.forward(hours=2)
    later = tick(world.services)

    assert (swept.reassessed.changed, swept.reassessed.failed) == (4, 1)
    assert later.changed == 1
    assert world.statuses("Patient/p3") == ["ready"]


def test_one_patient_who_cannot_be_stored_fails_alone() -> None:
    """A set that fails as a whole is stored one by one, so that the culprit stands alone."""
    database = FakeDatabase()
    world = World(database)
    world.server.put(*(a_plan(number) for number in range(5)))
    database.poison.add("Patient/p3")

    swept = world.sweep()

    assert (swept.reassessed.changed, swept.reassessed.failed) == (4, 1)
    assert database.tables.patients[world.source.id, "Patient/p3"].failed == "ValueError"


def test_what_will_pass_is_no_patients_failure(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that is busy fails the batch, which is done again; nobody is put off for an hour."""
    world.server.put(a_plan(1))
    world.sweep()
    with world.database.begin() as uow:
        uow.patients.mark_all(world.clock())
        uow.commit()

    def busy(*_: object) -> None:
        raise TemporaryFailure("busy")

    with monkeypatch.context() as patched:
        patched.setattr(module, "assess", busy)
        with pytest.raises(TemporaryFailure):
            reassess(world.services, world.clock())

    assert tick(world.services).unchanged == 1


def test_a_tick_stops_between_two_batches_when_its_time_is_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left is the next one's."""
    world.server.put(*(a_plan(number) for number in range(6)))
    world.sweep()
    with world.database.begin() as uow:
        uow.patients.mark_all(world.clock())
        uow.commit()
    monkeypatch.setattr("plugin.usecases.tick.BATCH", 2)  # by name: a smaller batch than anybody would want

    done = tick(world.services, within=timedelta())

    assert done.claimed == 2


def test_another_worker_is_asked_to_join_when_one_batch_is_not_enough(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once in a tick: the other asks for a third, if need be."""
    world.server.put(*(a_plan(number) for number in range(6)))
    world.sweep()
    with world.database.begin() as uow:
        uow.patients.mark_all(world.clock())
        uow.commit()
    world.jobs.asked.clear()
    monkeypatch.setattr("plugin.usecases.tick.BATCH", 2)  # by name: a smaller batch than anybody would want

    assert tick(world.services).claimed == 6
    assert world.jobs.asked == ["tick"]


class OtherHand:
    """Takes so many of those who are due, and dies or tells what it did."""

    def __init__(self, world: World, takes: int) -> None:
        self._world, self._takes, self._done = world, takes, Reassessed()

    def begin(self) -> None:
        if self._takes:
            self._done = reassess(self._world.services, self._world.clock(), self._takes)

    def finish(self) -> Reassessed:
        return self._done


@pytest.mark.parametrize("takes", [0, 4])
def test_two_hands_reassess_everybody_once(world: World, takes: int) -> None:
    """Whatever the other has done is counted, and whatever it has not is done here."""
    world.server.put(*(a_plan(number) for number in range(6)))
    world.sweep()
    with world.database.begin() as uow:
        uow.patients.mark_all(world.clock())
        uow.commit()

    done = tick_together(world.services, OtherHand(world, takes))

    assert (done.claimed, done.unchanged) == (6, 6)
