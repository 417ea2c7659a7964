"""Earlier days from what is kept of them: SQLite, PostgreSQL, and the fake that stands for them."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from plugin.domain.assessment import EffectKind, Gap, Status
from plugin.domain.ledger import EffectState
from plugin.domain.past import Past
from plugin.domain.record import Fact, Patient, Said, Statement
from plugin.domain.source import Source
from plugin.domain.tracking import Move, PatientRow
from plugin.domain.work import WorkItem
from plugin.usecases.ports import Database
from tests.contract.storage.given import (
    LATER,
    NOW,
    a_care_plan,
    a_plan,
    a_result,
    a_source,
    a_step,
    a_write,
    an_effect,
    an_outcome,
    kept,
    saved,
    tracked,
)

EARLIER, MUCH_LATER = NOW - timedelta(days=1), NOW + timedelta(days=2)
ANA = "Patient/p1"


@pytest.fixture
def clinic(any_database: Database) -> Source:
    """A stored source, read completely."""
    with any_database.begin() as unit:
        source = unit.sources.add(a_source(), NOW)
        unit.sources.read_ok(source, NOW)
        unit.commit()
    return source


@pytest.fixture
def ana(any_database: Database, clinic: Source) -> PatientRow:
    """Somebody who is tracked."""
    return tracked(any_database, clinic, ANA)[0]


def seen(database: Database, source: Source, *facts: Fact, at: datetime = NOW, whose: str = ANA) -> None:
    """Facts that were seen then."""
    with database.begin() as unit:
        unit.facts.store(source, kept(*facts, patients=(whose,)), at)
        unit.commit()


def then(database: Database, source: Source, moment: datetime, ref: str = ANA) -> Past:
    """Of one patient; something was known."""
    with database.begin(reading=True) as unit:
        past = unit.history.of_patient(source, ref, moment)
    assert past is not None
    return past


def versions(past: Past) -> dict[str, str]:
    """The facts, each with the version that stood."""
    return {ref: fact.version for ref, fact in past.record.facts.items()}


def test_the_version_that_stood(any_database: Database, clinic: Source, ana: PatientRow) -> None:
    """From the moment at which it was seen until the one at which the next was: of three, each in its time."""
    for version, at in (("1", EARLIER), ("2", NOW), ("3", LATER)):
        seen(any_database, clinic, a_result(version=version, seen=at), at=at)

    instant = timedelta(microseconds=1)
    found = [
        versions(then(any_database, clinic, at))["Observation/o1"]
        for at in (EARLIER, NOW - instant, NOW, LATER - instant, LATER, MUCH_LATER)
    ]

    assert found == ["1", "1", "2", "2", "3", "3"]


def test_what_was_deleted_and_came_back(any_database: Database, clinic: Source, ana: PatientRow) -> None:
    """It stood, it was gone, it stands again."""
    seen(any_database, clinic, a_care_plan(), at=EARLIER)
    seen(any_database, clinic, a_result(), at=EARLIER)
    with any_database.begin() as unit:
        unit.facts.delete(clinic, ["Observation/o1"], NOW)
        unit.commit()
    seen(any_database, clinic, a_result(version="2"), at=LATER)

    there = ["Observation/o1" in versions(then(any_database, clinic, at)) for at in (EARLIER, NOW, LATER)]

    assert there == [True, False, True]


def test_a_fact_that_came_late(any_database: Database, clinic: Source, ana: PatientRow) -> None:
    """What it is about lies before that day; it was not known on it all the same."""
    seen(any_database, clinic, a_care_plan(), at=EARLIER)
    seen(any_database, clinic, a_result(seen=EARLIER), at=LATER)

    assert set(versions(then(any_database, clinic, NOW))) == {"CarePlan/c1"}


def test_a_fact_that_went_to_another_patient(any_database: Database, clinic: Source, ana: PatientRow) -> None:
    """It was this patient's until it was known to be another's."""
    tracked(any_database, clinic, "Patient/p2")
    seen(any_database, clinic, a_care_plan(), a_result(), at=EARLIER)
    seen(any_database, clinic, a_result(version="2", subject="Patient/p2"), at=LATER, whose="Patient/p2")

    assert "Observation/o1" in versions(then(any_database, clinic, NOW))
    assert "Observation/o1" not in versions(then(any_database, clinic, LATER))
    assert "Observation/o1" in versions(then(any_database, clinic, LATER, "Patient/p2"))


def test_before_the_first_sight(any_database: Database, clinic: Source, ana: PatientRow) -> None:
    """Nothing was known; nor of somebody whom nobody ever saw."""
    seen(any_database, clinic, a_care_plan(), at=NOW)

    with any_database.begin(reading=True) as unit:
        assert unit.history.of_patient(clinic, ANA, EARLIER) is None
        assert unit.history.of_patient(clinic, "Patient/p9", MUCH_LATER) is None
        assert unit.history.of_patient(clinic, ANA, NOW) is not None


def test_what_had_been_said(any_database: Database, clinic: Source, ana: PatientRow) -> None:
    """By when it was stored, whenever it was said: a statement can be about an earlier moment."""
    seen(any_database, clinic, a_care_plan(), at=EARLIER)
    with any_database.begin() as unit:
        for id_, stored_at in (("s1", NOW), ("s2", LATER)):
            unit.statements.add(clinic, ANA, Statement(id=id_, said=Said.NOTE, by="nurse", at=EARLIER), stored_at)
        unit.commit()

    said = [[one.id for one in then(any_database, clinic, at).record.statements] for at in (EARLIER, NOW, LATER)]

    assert said == [[], ["s1"], ["s1", "s2"]]


def test_steps_that_were_known(any_database: Database, clinic: Source, ana: PatientRow) -> None:
    """Those that had their keys by then, with the status that they had; and the moves up to then, newest first."""
    seen(any_database, clinic, a_care_plan(), at=EARLIER)
    done = a_step(status=Status.COMPLETED, gap=Gap.CLOSED)
    saved(any_database, an_outcome(ana, a_plan(a_step())), now=EARLIER)
    saved(any_database, an_outcome(ana, a_plan(done), digest="d2"), now=NOW)
    saved(any_database, an_outcome(ana, a_plan(a_step(), a_step("k2")), digest="d3"), now=LATER)

    found = [then(any_database, clinic, at) for at in (EARLIER, NOW, LATER)]

    assert [{step.key: step.status for step in past.record.known} for past in found] == [
        {"k1": "ready"},
        {"k1": "completed"},
        {"k1": "ready", "k2": "ready"},
    ]
    closed, opened = Move("k1", "ready", "completed", NOW), Move("k1", "completed", "ready", LATER)
    assert [list(past.moves) for past in found] == [[], [closed], [opened, closed]]


def test_effects_as_they_stood(any_database: Database, clinic: Source, ana: PatientRow) -> None:
    """What came to its state later was planned until then; what was wanted later was not there; of writes only those that
    had failed are told."""
    seen(any_database, clinic, a_care_plan(), at=EARLIER)
    saved(
        any_database, an_outcome(ana, create=(an_effect("e1", plan="CarePlan/c1"), a_write("one", "w1"))), now=EARLIER
    )
    with any_database.begin() as unit:
        rows = {row.key: row for row in unit.ledger.claim(list(EffectKind), NOW, 10, "worker")}
        unit.ledger.done([rows["e1"].id], NOW)
        unit.ledger.failed(rows["w1"].id, LATER, "refused", None)
        unit.commit()
    saved(any_database, an_outcome(ana, create=(an_effect("e2"),), digest="d2"), now=LATER)

    found = [
        {row.key: (row.state, row.changed_at) for row in then(any_database, clinic, at).effects}
        for at in (EARLIER, NOW, LATER)
    ]

    assert found == [
        {"e1": (EffectState.PLANNED, None)},
        {"e1": (EffectState.DONE, NOW)},
        {
            "e1": (EffectState.DONE, NOW),
            "w1": (EffectState.FAILED, LATER),
            "e2": (EffectState.PLANNED, LATER),
        },
    ]


def test_work_as_it_stood(any_database: Database, clinic: Source, ana: PatientRow) -> None:
    """Its state by its transitions, the steps that it listed; who had it and what came of it where that has not changed
    since."""
    seen(any_database, clinic, a_care_plan(), at=EARLIER)
    item = WorkItem(
        key="w1", kind="overdue", patient_id=ana.id, role="coordinator", owner=None, due_at=LATER, priority=1,
        milestones=(("k1", "HbA1c"), ("k2", "Referral")),
    )  # fmt: skip
    with any_database.begin() as unit:
        unit.work_items.open(item, EARLIER)
        (opened,) = unit.work_items.of_patient(ana.id)
        claimed = unit.work_items.move(opened, replace(opened, state="claimed", owner="nurse", by="nurse"), NOW)
        unit.work_items.withdraw_step(ana.id, "k1", ["overdue"], LATER)
        (claimed,) = unit.work_items.of_patient(ana.id)
        unit.work_items.move(claimed, replace(claimed, state="done", outcome="seen-to"), MUCH_LATER)
        unit.commit()

    found = [then(any_database, clinic, at).work for at in (EARLIER, NOW, LATER, MUCH_LATER)]
    told = [[(one.state, one.owner, one.outcome, len(one.milestones)) for one in items] for items in found]

    assert told == [
        [("open", None, None, 2)],
        [("claimed", None, None, 2)],
        [("claimed", None, None, 1)],
        [("done", "nurse", "seen-to", 1)],
    ]


def test_patients_who_were_merged_later(any_database: Database, clinic: Source) -> None:
    """Before the charts said so they were two, each with their own; from then on one, whichever is asked for."""
    old = "Patient/old"
    ana, other = tracked(any_database, clinic, ANA, old)
    seen(any_database, clinic, Patient(ref=ANA, version="1"), a_care_plan(), at=EARLIER)
    plan = a_care_plan(2, subject=old)
    seen(any_database, clinic, Patient(ref=old, version="1"), plan, at=EARLIER, whose=old)
    saved(any_database, an_outcome(other, create=(an_effect("e2", plan=plan.ref, patient=old),)), now=EARLIER)
    with any_database.begin() as unit:
        unit.statements.add(clinic, old, Statement(id="s1", said=Said.NOTE, by="nurse", at=EARLIER), EARLIER)
        unit.commit()
    with any_database.begin() as unit:
        merged = Patient(ref=old, version="2", replaced_by=ANA)
        unit.patients.merge(clinic, {old: ANA}, LATER)
        unit.facts.store(clinic, kept(merged, patients=(old,)), LATER)
        unit.commit()

    hers, theirs = then(any_database, clinic, NOW), then(any_database, clinic, NOW, old)
    assert (hers.record.ref, set(hers.record.facts)) == (ANA, {ANA, "CarePlan/c1"})
    assert (theirs.record.ref, set(theirs.record.facts)) == (old, {old, "CarePlan/c2"})
    assert (list(hers.effects), [said.id for said in theirs.record.statements]) == ([], ["s1"])
    assert [row.key for row in theirs.effects] == ["e2"]
    both = {ref: then(any_database, clinic, LATER, ref).record for ref in (ANA, old)}
    assert {record.ref for record in both.values()} == {ANA}
    assert set(both[old].facts) == {ANA, old, "CarePlan/c1", "CarePlan/c2"}
    assert ana.id != other.id


def test_a_patient_by_our_number(any_database: Database, clinic: Source, ana: PatientRow) -> None:
    """Source and reference; nobody's number is nobody."""
    with any_database.begin(reading=True) as unit:
        assert unit.patients.by_number(ana.id) == (clinic.id, ANA)
        assert unit.patients.by_number(ana.id + 100) is None
