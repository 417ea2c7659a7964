"""A batch of due patients: who changed, who did not, and who fails alone."""

from datetime import timedelta

import pytest

from plugin.domain.assess import assess
from plugin.domain.errors import TemporaryFailure
from plugin.domain.record import Record
from plugin.domain.rules import Rules
from plugin.usecases import reassess as module
from plugin.usecases.reassess import reassess
from plugin.usecases.tick import tick
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
