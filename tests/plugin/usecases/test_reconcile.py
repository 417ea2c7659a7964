"""What no feed by time can show: deletions, and what came to light after the feed had gone past it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from plugin.usecases.reconcile import reconcile
from tests.builders import World, a_booking, a_patient, a_plan, a_result
from tests.fakes import START


def test_a_deleted_appointment_is_as_if_it_had_never_been(world: World) -> None:
    """The booking goes, and the patient is assessed again."""
    world.server.put(a_plan(1), a_booking(1))
    world.sweep()

    world.server.delete("Appointment/a1")
    world.clock.forward(minutes=1)
    done = reconcile(world.services, world.source.id)

    assert [(r.type, r.deleted) for r in done if r.deleted] == [("Appointment", 1)]
    assert "Appointment/a1" not in world.kept()
    assert "tick" in world.jobs.asked
    with world.look() as uow:
        assert uow.patients.due_count(world.clock()) == 1


def test_a_transaction_that_committed_late_is_found(world: World) -> None:
    """Its stamp lies behind the cursor, so the feed never shows it; the next comparison does."""
    world.server.put(a_plan(1), a_result(2, patient=9))
    world.sweep()
    reconcile(world.services, world.source.id)
    world.server.put_late(a_result(1), START - timedelta(minutes=20))

    world.clock.forward(minutes=1)
    by_feed = world.sweep()
    done = reconcile(world.services, world.source.id)

    assert by_feed.reading.new == 0
    assert [(r.type, r.missed) for r in done if r.missed] == [("Observation", 1)]
    assert "Observation/o1" in world.kept()


def test_a_plan_that_was_missed_is_found_at_any_time(world: World) -> None:
    """Plans are all known, so that one which is neither stored nor set aside was missed, however old."""
    world.server.put(a_plan(1))
    world.sweep()
    world.server.put_late(a_plan(2), START - timedelta(days=90))

    world.clock.forward(minutes=1)
    reconcile(world.services, world.source.id)

    assert world.is_tracked("Patient/p2")


def test_what_is_not_kept_is_not_missed(world: World) -> None:
    """Facts of untracked patients are on the server and not in storage, night after night; that is right."""
    world.server.put(a_plan(1), a_patient(2), a_booking(2, patients=[2]))
    world.sweep()

    done = [reconcile(world.services, world.source.id) for _ in range(2)]

    assert [result for results in done for result in results if result.missed or result.deleted] == []


def test_comparing_twice_finds_nothing_new(world: World) -> None:
    """It is harmless at any time."""
    world.server.put(a_patient(1), a_plan(1), a_result(1))
    world.sweep()
    world.server.delete("Observation/o1")
    reconcile(world.services, world.source.id)

    again = reconcile(world.services, world.source.id)

    assert sum(result.deleted for result in again) == 0


def test_our_own_tasks_are_none_of_its_business(world: World) -> None:
    """They stand on the server and are no facts."""
    world.server.put(a_patient(1), a_plan(1))
    world.sweep()

    done = reconcile(world.services, world.source.id)

    assert [(r.on_server, r.deleted, r.missed) for r in done if r.type == "Task"] == [(1, 0, 0)]


def test_a_deleted_plan_that_was_set_aside_is_forgotten(world: World) -> None:
    """The account of CarePlans follows the server."""
    world.server.put(a_plan(1), a_plan(2))
    world.server.broken.add("CarePlan/cp2")
    world.sweep()

    world.server.delete("CarePlan/cp2")
    reconcile(world.services, world.source.id)

    with world.look() as uow:
        assert uow.sources.care_plans(world.source) == {"tracked": 1}


# --------------------------------------------------------------------------------- an EHR that stores what it is asked for
@pytest.fixture
def openemr(world: World) -> World:
    """Two patients on file, one of them tracked, with a booking; and a plan that could not be mapped."""
    with world.database.begin() as uow:
        uow.sources.update(replace(world.source, kind="openemr"), world.clock())
        uow.on_file.add(world.source, ["Patient/p1", "Patient/p2", "Patient/p3"])
        uow.commit()
    world.server.put(a_patient(1), a_patient(2), a_patient(3), a_plan(1), a_booking(1), a_plan(3))
    world.server.broken.add("CarePlan/cp3")
    world.sweep()
    return world


def test_of_an_openemr_only_patients_are_compared(openemr: World) -> None:
    """Whoever is gone is not on file any more; all other types its polls compare themselves."""
    asked: list[str] = []
    references = openemr.ehr.references

    def told(type_: str) -> Iterator[Sequence[tuple[str, str]]]:
        asked.append(type_)
        return references(type_)

    openemr.ehr.references = told  # type: ignore[method-assign]  # it says what it was asked
    openemr.server.delete("Patient/p2")
    openemr.server.delete("Appointment/a1")

    reconcile(openemr.services, openemr.source.id)

    assert asked == ["Patient"]
    assert "Appointment/a1" in openemr.kept()
    with openemr.look() as uow:
        assert uow.on_file.patients(openemr.source) == ["Patient/p1", "Patient/p3"]


def test_of_an_openemr_whom_the_polls_have_missed_is_on_file(openemr: World) -> None:
    """So that plans are asked for of everybody."""
    openemr.server.put(a_patient(4))

    reconcile(openemr.services, openemr.source.id)

    with openemr.look() as uow:
        assert "Patient/p4" in uow.on_file.patients(openemr.source)


def test_of_an_openemr_what_was_set_aside_is_asked_for_by_name(openemr: World) -> None:
    """As long as it is there it stays set aside; gone, it is forgotten."""
    reconcile(openemr.services, openemr.source.id)
    with openemr.look() as uow:
        assert [record.ref for record in uow.sources.aside(openemr.source)] == ["CarePlan/cp3"]
    openemr.server.delete("CarePlan/cp3")

    done = reconcile(openemr.services, openemr.source.id)

    assert [(each.type, each.deleted) for each in done if each.deleted] == [("CarePlan", 1)]
    with openemr.look() as uow:
        assert uow.sources.aside(openemr.source) == []


def test_a_companion_store_is_not_compared(world: World) -> None:
    """It is no EHR."""
    with world.database.begin() as uow:
        uow.sources.update(replace(world.source, use="store"), world.clock())
        uow.commit()

    assert reconcile(world.services, world.source.id) == []
