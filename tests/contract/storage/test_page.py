"""What a page about one patient reads of the ports of storage, and of the fakes that stand for them."""

from dataclasses import replace

import pytest

from plugin.domain.assessment import EffectKind, Gap, Status
from plugin.domain.launch import Identity
from plugin.domain.ledger import EffectState
from plugin.domain.record import Said, Statement
from plugin.domain.source import Source
from plugin.domain.tracking import Move, PatientRow
from plugin.domain.work import WorkItem
from plugin.usecases.ports import Database
from tests.contract.storage.given import (
    LATER,
    NOW,
    TODAY,
    a_plan,
    a_result,
    a_source,
    a_step,
    a_write,
    an_effect,
    an_issuer,
    an_outcome,
    kept,
    saved,
    tracked,
)


@pytest.fixture
def clinic(any_database: Database) -> Source:
    """A stored source, read completely."""
    with any_database.begin() as unit:
        source = unit.sources.add(a_source(), NOW)
        unit.sources.read_ok(source, NOW)
        unit.commit()
    return source


@pytest.fixture
def patient(any_database: Database, clinic: Source) -> PatientRow:
    """Somebody who is tracked."""
    return tracked(any_database, clinic, "Patient/p1")[0]


def test_a_patient_as_a_page_looks(any_database: Database, clinic: Source, patient: PatientRow) -> None:
    """When something was last assessed, and why not; a replaced record leads to its survivor; others are not there."""
    saved(any_database, an_outcome(patient), now=LATER)
    with any_database.begin() as unit:
        unit.patients.merge(clinic, {"Patient/old": "Patient/p1"}, NOW)
        unit.commit()

    with any_database.begin(reading=True) as unit:
        found = unit.patients.look(clinic, "Patient/p1")
        assert found is not None
        assert (found.row.ref, found.assessed_at, found.failed, found.waits_since) == ("Patient/p1", LATER, None, None)
        assert unit.patients.look(clinic, "Patient/old") == found
        assert unit.patients.look(clinic, "Patient/p9") is None


def test_an_assessment_that_failed(any_database: Database, clinic: Source, patient: PatientRow) -> None:
    """Its reason is there until the next one."""
    saved(any_database, an_outcome(patient, failed="ValueError", retry_at=LATER))

    with any_database.begin(reading=True) as unit:
        found = unit.patients.look(clinic, "Patient/p1")

    assert found is not None
    assert found.failed == "ValueError"


def test_a_record(any_database: Database, clinic: Source, patient: PatientRow) -> None:
    """Facts and statements, those of a replaced record too; not what is somebody else's."""
    said = Statement(id="s1", said=Said.NOTE, by="nurse", at=NOW)
    with any_database.begin() as unit:
        unit.patients.merge(clinic, {"Patient/old": "Patient/p1"}, NOW)
        unit.facts.store(clinic, kept(a_result(1)), NOW)
        unit.facts.store(clinic, kept(a_result(2), patients=("Patient/old",)), NOW)
        unit.facts.store(clinic, kept(a_result(3), patients=("Patient/p2",)), NOW)
        unit.statements.add(clinic, "Patient/p1", said, NOW)
        unit.commit()

    with any_database.begin(reading=True) as unit:
        record = unit.patients.record(clinic, patient)

    assert (record.ref, record.source, set(record.facts)) == (
        "Patient/p1",
        "clinic",
        {"Observation/o1", "Observation/o2"},
    )
    assert (tuple(record.statements), tuple(record.known)) == ((said,), ())


def test_plans_with_the_versions_of_their_milestones(
    any_database: Database, clinic: Source, patient: PatientRow
) -> None:
    """As the assessment said them; a milestone's version is another as soon as it is, and only then."""
    saved(any_database, an_outcome(patient, a_plan(a_step(), a_step("k2"))))
    with any_database.begin(reading=True) as unit:
        plans, before = unit.plans.shown(patient.id, TODAY)

    saved(any_database, an_outcome(patient, a_plan(a_step(), a_step("k2", title="Other")), digest="d2"), now=LATER)
    with any_database.begin(reading=True) as unit:
        _, after = unit.plans.shown(patient.id, TODAY)
        assert unit.plans.versions(patient.id) == after

    assert [step.key for plan in plans for step in plan.milestones] == ["k1", "k2"]
    assert before["k1"] == after["k1"]
    assert before["k2"] != after["k2"]


def test_moves(any_database: Database, clinic: Source, patient: PatientRow) -> None:
    """Newest first, as many as are asked for; that a milestone came to be is no move."""
    done = a_step(status=Status.COMPLETED, gap=Gap.CLOSED)
    saved(any_database, an_outcome(patient, a_plan(a_step())))
    saved(any_database, an_outcome(patient, a_plan(done), digest="d2"), now=LATER)
    saved(any_database, an_outcome(patient, a_plan(a_step()), digest="d3"), now=LATER)

    with any_database.begin(reading=True) as unit:
        assert unit.plans.moves(patient.id, 10) == [
            Move("k1", "completed", "ready", LATER),
            Move("k1", "ready", "completed", LATER),
        ]
        assert len(unit.plans.moves(patient.id, 1)) == 1


def test_effects_that_are_told(any_database: Database, clinic: Source, patient: PatientRow) -> None:
    """With when they came to their state; of the writes only those that failed for good."""
    wanted = (an_effect("e1", tier=2), a_write("one", "w1"), a_write("two", "w2"))
    saved(any_database, an_outcome(patient, create=wanted))
    with any_database.begin() as unit:
        rows = {row.key: row for row in unit.ledger.claim(list(EffectKind), NOW, 10, "worker")}
        unit.ledger.done([rows["e1"].id, rows["w1"].id], LATER)
        unit.ledger.failed(rows["w2"].id, LATER, "refused", None)
        unit.commit()

    with any_database.begin(reading=True) as unit:
        told = {row.key: (row.state, row.changed_at, row.tier) for row in unit.ledger.told(patient.id)}

    assert told == {"e1": (EffectState.DONE, LATER, 2), "w2": (EffectState.FAILED, LATER, None)}


def test_work_of_one_patient(any_database: Database, clinic: Source, patient: PatientRow) -> None:
    """Each item with the steps that it lists now, and when it was opened and changed."""
    item = WorkItem(
        key="w1",
        kind="overdue",
        patient_id=patient.id,
        role="coordinator",
        owner=None,
        due_at=LATER,
        priority=1,
        milestones=(("k1", "HbA1c"), ("k2", "Referral")),
    )
    with any_database.begin() as unit:
        unit.work_items.open(item, NOW)
        unit.work_items.withdraw_step(patient.id, "k1", ["overdue"], LATER)
        unit.commit()

    with any_database.begin(reading=True) as unit:
        (found,) = unit.work_items.of_patient(patient.id)
        assert unit.work_items.of_patient(patient.id + 1) == []

    assert (found.key, found.state, found.opened_at) == ("w1", "open", NOW)
    assert found.milestones == (("k2", "Referral"),)


def test_an_item_without_steps(any_database: Database, clinic: Source, patient: PatientRow) -> None:
    """It was withdrawn, and is still told."""
    item = WorkItem(
        key="w1", kind="overdue", patient_id=patient.id, role="coordinator", owner=None, due_at=LATER, priority=1,
        milestones=(("k1", "HbA1c"),),
    )  # fmt: skip
    with any_database.begin() as unit:
        unit.work_items.open(item, NOW)
        unit.work_items.withdraw_step(patient.id, "k1", ["overdue"], LATER)
        unit.commit()

    with any_database.begin(reading=True) as unit:
        (found,) = unit.work_items.of_patient(patient.id)

    assert (found.state, found.milestones, found.changed_at) == ("withdrawn", (), LATER)


def test_names_of_people(any_database: Database, clinic: Source) -> None:
    """By number, and by the reference that an issuer of this source gave; elsewhere it is another person's."""
    nurse = Identity(
        oidc_issuer="https://ehr.example", subject="s-1", fhir_user="Practitioner/n1", name="Demo-Nurse, Nora"
    )
    with any_database.begin() as unit:
        unit.issuers.add(replace(an_issuer(), source="clinic", oidc_issuer="https://ehr.example"), NOW)
        person = unit.people.seen(nurse, NOW)
        other = unit.people.seen(replace(nurse, oidc_issuer="https://other.example", name="Demo-Other"), NOW)
        unnamed = unit.people.seen(Identity(oidc_issuer="https://ehr.example", subject="s-2"), NOW)

        found = unit.people.names(
            clinic,
            ["Practitioner/n1", f"user:{person.id}", f"user:{other.id}", f"user:{unnamed.id}", "user:x", "nurse"],
        )

    assert found == {
        "Practitioner/n1": "Demo-Nurse, Nora",
        f"user:{person.id}": "Demo-Nurse, Nora",
        f"user:{other.id}": "Demo-Other",
    }
