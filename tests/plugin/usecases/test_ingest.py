"""What of a page is kept, for whom, and what follows from it."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from plugin.domain.record import CarePlan, Link, Order
from plugin.domain.source import Cursor
from plugin.usecases.ingest import IN_ERROR, NO_PATIENT
from plugin.usecases.publish import publish_shipped
from plugin.usecases.reconcile import reconcile
from tests.builders import (
    HBA1C,
    SELF_CARE,
    WEIGHT,
    World,
    a_booking,
    a_goal,
    a_patient,
    a_plan,
    a_program,
    a_result,
    a_step,
    an_activity,
    an_order,
)
from tests.fakes import START


def test_facts_are_kept_for_patients_with_a_plan_only(world: World) -> None:
    """Minimum necessary: of a patient without a plan nothing is stored, whatever the server has."""
    world.server.put(
        a_patient(1), a_plan(1), a_booking(1), a_patient(2), a_booking(2, patients=[2]), a_result(2, patient=2)
    )

    world.sweep()

    assert world.kept() == {"Patient/p1", "CarePlan/cp1", "Appointment/a1"}
    assert world.is_tracked("Patient/p1")
    assert not world.is_tracked("Patient/p2")


def test_a_group_appointment_is_kept_for_those_who_are_tracked(world: World) -> None:
    """Of several patients in one appointment each tracked one has it, and the others leave no trace."""
    world.server.put(a_plan(1), a_plan(2), a_booking(1, patients=[1, 2, 3]))

    world.sweep()

    assert "Appointment/a1" in world.kept()
    assert not world.is_tracked("Patient/p3")
    with world.look() as uow:
        rows = [uow.patients.lock(world.source, ref, timedelta()) for ref in ("Patient/p1", "Patient/p2")]
        assert ["Appointment/a1" in record.facts for record in uow.patients.records(rows)] == [True, True]


def test_observations_are_kept_when_something_names_their_code(world: World) -> None:
    """A step's or a goal's code keeps an Observation; a vital sign that nobody asks for is passed by."""
    pulse = WEIGHT._replace(code="8867-4")
    world.server.put(a_plan(1), a_goal(1), a_result(1), a_result(2, code=WEIGHT), a_result(3, code=pulse))

    world.sweep()

    assert {ref for ref in world.kept() if ref.startswith("Observation/")} == {"Observation/o1", "Observation/o2"}


def test_an_observation_that_points_to_an_order_is_kept(world: World) -> None:
    """A link makes exact evidence, whatever the code."""
    world.server.put(a_plan(1, activities=[a_step("ServiceRequest/sr1")]), an_order(1))
    world.server.put(a_result(1, code=WEIGHT, based_on="ServiceRequest/sr1"))

    world.sweep()

    assert world.statuses() == ["completed"]


def test_evidence_without_a_patient_belongs_to_whom_it_points(world: World) -> None:
    """E8: exact evidence needs no patient of its own."""
    world.server.put(a_plan(1, activities=[a_step("ServiceRequest/sr1")]), an_order(1))
    world.server.put(a_result(1, patient=None, based_on="ServiceRequest/sr1"))

    world.sweep()

    assert world.statuses() == ["completed"]


def test_plans_that_cannot_be_tracked_are_set_aside_with_the_reason(world: World) -> None:
    """Every CarePlan is accounted for: without a patient, or entered in error, it is named and counted."""
    world.server.put(CarePlan(ref="CarePlan/cp1", status="active"), a_plan(2, status="entered-in-error"))

    world.sweep()

    with world.look() as uow:
        assert uow.sources.care_plans(world.source) == {NO_PATIENT: 1, IN_ERROR: 1}
    assert not world.is_tracked("Patient/p2")


def test_a_tracked_plan_that_turns_out_to_be_an_error_cancels_its_steps(world: World) -> None:
    """Entered in error later: the plan stays known, so that what was begun can be ended."""
    world.server.put(a_plan(1))
    world.sweep()

    world.server.put(a_plan(1, status="entered-in-error"))
    world.clock.forward(minutes=1)
    world.sweep()

    assert world.statuses() == ["cancelled"]


def test_one_bad_record_among_many_harms_nothing_else(world: World) -> None:
    """What cannot be mapped is set aside, and cleared when a good version comes."""
    world.server.put(*(a_plan(number) for number in range(20)))
    world.server.broken.add("CarePlan/cp7")

    world.sweep()
    with world.look() as uow:
        counted = dict(uow.sources.care_plans(world.source))
    world.server.broken.clear()
    world.server.put(a_plan(7))
    world.sweep()

    assert counted == {"tracked": 19, "no status": 1}
    with world.look() as uow:
        assert uow.sources.care_plans(world.source) == {"tracked": 20}


def test_requests_that_no_feed_brings_are_read_with_the_plan(world: World) -> None:
    """A MedicationRequest and what it builds on: read by reference, before the plan is assessed."""
    group = Order(ref="RequestGroup/g1", subject="Patient/p1", status="active", focus=Link("MedicationRequest/m2"))
    world.server.put(
        an_order("m", type_="MedicationRequest"), group, Order(ref="MedicationRequest/m2", subject="Patient/p1")
    )
    world.server.put(a_plan(1, activities=[a_step("MedicationRequest/srm"), a_step("RequestGroup/g1", 1)]))

    world.sweep()

    assert {"MedicationRequest/srm", "RequestGroup/g1", "MedicationRequest/m2"} <= world.kept()


def test_what_a_plan_refers_to_is_followed(world: World) -> None:
    """A change of a MedicationRequest that a plan refers to comes with the next poll; those of nobody's plan do not."""
    world.server.put(an_order("m", type_="MedicationRequest"), an_order("n", type_="MedicationRequest"))
    world.server.put(a_plan(1, activities=[a_step("MedicationRequest/srm")]))
    world.sweep()

    world.server.put(an_order("m", type_="MedicationRequest", status="completed"))
    world.server.put(an_order("n", type_="MedicationRequest", status="completed"))
    world.sweep()

    assert world.statuses() == ["completed"]
    assert "MedicationRequest/srn" not in world.kept()


def test_a_deleted_medication_request_is_forgotten(world: World) -> None:
    """Reconciliation asks by name for what is followed."""
    world.server.put(an_order("m", type_="MedicationRequest"))
    world.server.put(a_plan(1, activities=[a_step("MedicationRequest/srm")]))
    world.sweep()

    world.server.delete("MedicationRequest/srm")
    reconcile(world.services, world.source.id)

    assert "MedicationRequest/srm" not in world.kept()
    assert "reference-unread" not in str(world.milestones())


def test_an_outcome_is_read_whatever_its_code(world: World) -> None:
    """What a plan names as an outcome is exact evidence, also when no code would have kept it."""
    done = an_activity(code=HBA1C)
    activity = type(done)(place=0, detail=done.detail, outcomes=(Link("Observation/o9"),))
    world.server.put(a_plan(1, activities=[activity]), a_result(9, code=WEIGHT))

    world.sweep()

    assert world.statuses() == ["completed"]


def test_a_reference_to_nothing_is_a_milestone_all_the_same(world: World) -> None:
    """O10: what cannot be read stays a step."""
    world.server.put(a_plan(1, activities=[a_step("DeviceRequest/gone")]))

    world.sweep()

    assert world.statuses() == ["ready"]


def test_an_order_that_a_program_claims_starts_a_plan(world: World) -> None:
    """An order placed in the EHR is how most practices begin. In a first sweep it is looked for before the rest comes, so
    that nobody has to be read back."""
    world.catalog.programs = {"chronic-care": a_program()}
    publish_shipped(world.services)
    world.server.put(a_patient(1), a_result(1), an_order(1, code=SELF_CARE))

    swept = world.sweep()

    assert swept.reading.first_seen == 1
    assert swept.reading.read_back == 0
    assert swept.reading.read["ServiceRequest"] == 1
    assert {"Patient/p1", "ServiceRequest/sr1", "Observation/o1"} <= world.kept()
    assert world.milestones() != []


def test_the_patient_of_a_later_order_is_read_back(world: World) -> None:
    """By then the feed has gone past the rest of the chart."""
    world.catalog.programs = {"chronic-care": a_program()}
    publish_shipped(world.services)
    world.server.put(a_patient(1), a_result(1))
    world.sweep()

    world.server.put(an_order(1, code=SELF_CARE))
    world.clock.forward(minutes=1)
    swept = world.sweep()

    assert swept.reading.read_back == 1
    assert {"Patient/p1", "ServiceRequest/sr1", "Observation/o1"} <= world.kept()


def test_a_fact_that_moves_to_another_patient_leaves_the_first(world: World) -> None:
    """A corrected subject: the evidence is taken from the one and given to the other."""
    world.server.put(a_plan(1), a_plan(2), a_result(1, patient=1))
    world.sweep()

    world.server.put(a_result(1, patient=2))
    world.clock.forward(minutes=1)
    world.sweep()

    assert (world.statuses("Patient/p1"), world.statuses("Patient/p2")) == (["ready"], ["completed"])


def test_a_fact_that_moves_to_an_untracked_patient_is_gone(world: World) -> None:
    """Nothing of the other patient is kept."""
    world.server.put(a_plan(1), a_result(1, patient=1))
    world.sweep()

    world.server.put(a_result(1, patient=3))
    world.clock.forward(minutes=1)
    world.sweep()

    assert world.statuses() == ["ready"]
    assert "Observation/o1" not in world.kept()


def test_a_merged_record_is_read_under_its_survivor(world: World) -> None:
    """S7: the plan of the replaced record is the survivor's from then on, and so is the evidence of both."""
    world.server.put(a_patient(1), a_plan(1), a_patient(2), a_result(1, patient=2))
    world.sweep()
    before = world.statuses("Patient/p1")

    world.server.put(a_patient(1, replaced_by="Patient/p2"))
    world.clock.forward(minutes=1)
    world.sweep()

    assert before == ["ready"]
    assert world.is_tracked("Patient/p2")
    assert world.statuses("Patient/p2") == ["completed"]


def test_a_record_that_was_merged_before_the_first_sweep_needs_no_read_back(world: World) -> None:
    """Patients come right after plans, so nothing of the replaced record has been passed by."""
    world.server.put(a_patient(1), a_plan(1), a_patient(2, replaced_by="Patient/p1"), a_result(1, patient=2))

    swept = world.sweep()

    assert swept.reading.read_back == 0
    assert {"Patient/p2", "Observation/o1"} <= world.kept()
    assert world.statuses("Patient/p1") == ["completed"]


def test_a_survivor_without_a_plan_is_read_back(world: World) -> None:
    """Its own record may have been passed by, before anybody knew that it matters."""
    world.server.put(a_patient(2), a_patient(1, replaced_by="Patient/p2"), a_plan(1), a_result(1, patient=2))

    swept = world.sweep()

    assert swept.reading.read_back == 1
    assert {"Patient/p2", "Observation/o1"} <= world.kept()
    assert world.statuses("Patient/p2") == ["completed"]


def test_the_same_page_twice_changes_nothing(world: World) -> None:
    """A page that was cut off after its commit comes again."""
    world.server.put(a_patient(1), a_plan(1), a_result(1))
    world.sweep()
    before = (world.kept(), world.statuses(), world.effects())

    with world.database.begin() as uow:
        for type_ in world.ehr.types:
            uow.sources.move(world.source, type_, Cursor(), START)
        uow.commit()
    swept = world.sweep()

    assert swept.reading.new == 0
    assert (world.kept(), world.statuses(), world.effects()) == before


def test_without_a_change_stamp_our_first_sight_counts(world: World) -> None:
    """DESIGN §1: a version was seen when it first came to us, however often it comes again."""
    world.server.stamps_changes = False
    world.server.put(a_plan(1), a_booking(1))
    world.sweep()
    first = world.clock()
    world.clock.forward(days=1)
    with world.database.begin() as uow:
        uow.sources.move(world.source, "Appointment", Cursor(), world.clock())
        uow.commit()
    world.sweep()

    with world.look() as uow:
        (booking,) = uow.facts.get(world.source, ["Appointment/a1"])

    assert booking.seen == first


def test_an_appointment_without_a_tracked_patient_is_no_fact(world: World) -> None:
    """A slot that nobody has booked concerns no patient."""
    world.server.put(a_plan(1), a_booking(1, patients=[]))

    world.sweep()

    assert "Appointment/a1" not in world.kept()


def test_plans_are_read_before_everything_else(world: World) -> None:
    """In a first sweep nobody has to be read back: whoever has a plan is known before the rest comes."""
    world.server.put(a_result(1), a_patient(1), an_order(1), a_plan(1))

    swept = world.sweep()

    assert next(iter(swept.reading.read)) == "CarePlan"
    assert swept.reading.read_back == 0
    assert {"Observation/o1", "Patient/p1", "ServiceRequest/sr1"} <= world.kept()


@pytest.mark.parametrize("stamps_changes", [True, False])
def test_a_plan_that_had_ended_when_it_was_first_read_says_so(world: World, stamps_changes: bool) -> None:
    """In its later versions as well; read again unchanged it stays, and an end that Milepost lived to see is none such."""
    world.server.stamps_changes = stamps_changes
    over, tracked = a_plan(1, status="completed"), a_plan(2)
    world.server.put(over, tracked)
    world.sweep()
    first = world.clock()

    world.clock.forward(days=1)
    world.server.put(replace(over, title="Reworded"), replace(tracked, status="revoked"))
    world.sweep()
    world.clock.forward(days=1)
    world.sweep()

    assert met_ended(world) == {"CarePlan/cp1": first, "CarePlan/cp2": None}


def test_a_plan_that_was_opened_again_has_an_end_that_we_see(world: World) -> None:
    """It had ended when it was first read; what ends it later is news."""
    for status in ("completed", "active", "completed"):
        world.server.put(a_plan(1, status=status))
        world.sweep()
        world.clock.forward(days=1)

    assert met_ended(world) == {"CarePlan/cp1": None}


def met_ended(world: World) -> dict[str, datetime | None]:
    """Of the plans that are stored."""
    with world.look() as uow:
        plans = uow.facts.get(world.source, ["CarePlan/cp1", "CarePlan/cp2"])
    return {plan.ref: plan.met_ended for plan in plans if isinstance(plan, CarePlan)}
