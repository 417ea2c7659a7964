"""Whom the feed has gone past is read back before being assessed."""

import pytest

from plugin.domain.errors import PermanentFailure, TemporaryFailure
from plugin.usecases.sync import read_source
from plugin.usecases.tick import tick
from tests.builders import WEIGHT, World, a_goal, a_patient, a_plan, a_result, an_activity


def test_a_patient_whose_first_plan_comes_late_is_read_back(world: World) -> None:
    """The evidence was there before the plan, and was passed by: it is read before the plan is assessed."""
    world.server.put(a_patient(1), a_plan(1), a_patient(2), a_result(2, patient=2))
    world.sweep()

    world.server.put(a_plan(2))
    world.clock.forward(minutes=1)
    swept = world.sweep()

    assert swept.reading.read_back == 1
    assert {"Patient/p2", "Observation/o2"} <= world.kept()
    assert world.statuses("Patient/p2") == ["completed"]


def test_nobody_is_assessed_before_the_read_back(world: World) -> None:
    """Half a chart would make gaps that are none: until it is complete, no tick looks at the patient."""
    world.server.put(a_plan(1))
    world.sweep()
    world.server.put(a_plan(2), a_result(2, patient=2))
    world.clock.forward(minutes=1)

    with world.database.begin() as uow:
        uow.patients.track(world.source, ["Patient/p2"], world.clock(), True)
        uow.commit()
    done = tick(world.services)

    assert done.claimed == 0


def test_nobody_is_assessed_before_a_source_was_read_once(world: World) -> None:
    """A first sweep that is cut off leaves nobody with half a chart to a tick of somebody else."""
    world.server.put(a_plan(1))
    with world.database.begin() as uow:
        uow.patients.track(world.source, ["Patient/p1"], world.clock(), False)
        uow.commit()

    assert tick(world.services).claimed == 0


def test_a_code_that_is_newly_named_reads_its_patient_back(world: World) -> None:
    """The weight was passed by while nobody named it; a new goal names it, and it is found."""
    world.server.put(a_plan(1), a_result(1, code=WEIGHT), a_plan(2), a_result(2, patient=2, code=WEIGHT))
    world.sweep()
    before = world.kept()

    world.server.put(a_goal(1))
    world.clock.forward(minutes=1)
    swept = world.sweep()

    assert not {"Observation/o1", "Observation/o2"} & before
    assert swept.reading.read_back == 1
    assert "Observation/o1" in world.kept()
    assert "Observation/o2" not in world.kept()


def test_a_code_that_another_patient_named_late_still_reads_back(world: World) -> None:
    """That a code is named already does not help who was passed by before it was."""
    world.server.put(a_plan(1), a_result(1, code=WEIGHT), a_plan(2), a_result(2, patient=2, code=WEIGHT))
    world.sweep()
    world.server.put(a_goal(1))
    world.clock.forward(minutes=1)
    world.sweep()

    world.server.put(a_plan(2, activities=[an_activity(), an_activity(1, code=WEIGHT)]))
    world.clock.forward(minutes=1)
    world.sweep()

    assert "Observation/o2" in world.kept()


def test_an_edit_that_names_nothing_new_reads_nobody_back(world: World) -> None:
    """Moving a due date is the commonest edit there is."""
    world.server.put(a_plan(1))
    world.sweep()
    world.server.put(a_goal(1))
    world.clock.forward(minutes=1)
    world.sweep()

    world.server.put(a_goal(1), a_plan(1, due="2026-07-15"))
    world.clock.forward(minutes=1)
    swept = world.sweep()

    assert swept.reading.read_back == 0


def test_a_first_sweep_reads_nobody_back_for_a_code(world: World) -> None:
    """Steps and goals come before the Observations that they name."""
    world.server.put(a_plan(1), a_goal(1), a_result(1, code=WEIGHT))

    swept = world.sweep()

    assert swept.reading.read_back == 0
    assert "Observation/o1" in world.kept()


def test_a_read_back_that_is_refused_waits_and_stops_nobody(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The patient is set aside with the reason and stays unassessed; the others go on; later it is tried again."""
    world.server.put(a_plan(1))
    world.sweep()
    world.server.put(a_plan(2), a_plan(3))
    world.clock.forward(minutes=1)
    read = world.ehr.read_patient

    def refused(patient: str, since: object) -> object:
        if patient == "Patient/p2":
            raise PermanentFailure("The server refuses this patient.")
        return read(patient, None)

    with monkeypatch.context() as patched:
        patched.setattr(world.ehr, "read_patient", refused)
        world.sweep()
    before = (world.milestones("Patient/p2"), world.statuses("Patient/p3"))
    world.sweep()

    assert before == ([], ["ready"])
    assert world.statuses("Patient/p2") == ["ready"]


def test_a_source_that_does_not_answer_says_so_and_goes_on_later(world: World) -> None:
    """The failure is kept in words for status and readyz; the next reading clears it."""
    world.server.put(a_plan(1))
    world.server.down = True

    with pytest.raises(TemporaryFailure):
        read_source(world.services, world.source)
    words = world.now_source().last_error
    world.server.down = False
    read_source(world.services, world.now_source())

    assert words == "The server does not answer."
    assert world.now_source().last_error is None
    assert world.metrics.counters["feed_failures"] == 1
