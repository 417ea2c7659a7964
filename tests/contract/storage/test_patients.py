"""The port Patients: tracking, marks, read-backs, merges and records."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from plugin.domain.errors import UnknownName
from plugin.domain.record import Coding, Moment, Said, Statement
from plugin.domain.source import Source
from plugin.storage import tables
from plugin.usecases.ports import Database
from tests.contract.storage.databases import Rows
from tests.contract.storage.given import (
    HBA1C,
    LATER,
    NOW,
    a_care_plan,
    a_plan,
    a_result,
    a_step,
    a_write,
    an_effect,
    an_outcome,
    kept,
    saved,
    tracked,
)

SOON = NOW + timedelta(minutes=1)


def test_tracked_once(database: Database, source: Source) -> None:
    """Only who was not tracked before is answered and marked."""
    with database.begin() as unit:
        first = unit.patients.track(source, ["Patient/p2", "Patient/p1"], NOW, read_back=False)
        second = unit.patients.track(source, ["Patient/p1", "Patient/p3"], SOON, read_back=False)

        assert (first, second) == (["Patient/p1", "Patient/p2"], ["Patient/p3"])
        assert unit.patients.tracked(source, ["Patient/p1", "Patient/p9", ""]) == {"Patient/p1"}
        assert unit.patients.due_count(NOW) == 2


def test_due_in_order(database: Database, source: Source) -> None:
    """Who has been due longest comes first, no more than asked for, and nobody before the time."""
    with database.begin() as unit:
        unit.patients.track(source, ["Patient/p3"], NOW, read_back=False)
        unit.patients.track(source, ["Patient/p2"], SOON, read_back=False)
        unit.patients.track(source, ["Patient/p1"], LATER, read_back=False)

        assert [row.ref for row in unit.patients.claim_due(SOON, 10)] == ["Patient/p3", "Patient/p2"]
        assert [row.ref for row in unit.patients.claim_due(LATER, 2)] == ["Patient/p3", "Patient/p2"]
        assert unit.patients.claim_due(NOW - timedelta(seconds=1), 10) == []


def test_mark_only_moves_forward(database: Database, source: Source) -> None:
    """A mark makes a patient due now, unless due already; who is not tracked is not marked."""
    row, _ = tracked(database, source, "Patient/p1", "Patient/p2")
    saved(database, an_outcome(row, next_change_at=LATER + timedelta(days=9)))

    with database.begin() as unit:
        assert unit.patients.mark(source, ["Patient/p2", "Patient/p1", "Patient/p9"], LATER) == 1

        due = unit.patients.claim_due(LATER, 10)
        assert [(row.ref, row.next_change_at) for row in due] == [("Patient/p2", NOW), ("Patient/p1", LATER)]


def test_mark_who_waits_for_news_only(database: Database, source: Source) -> None:
    """Who has no next change is marked like everybody else; so are all, for a new program version."""
    (row,) = tracked(database, source, "Patient/p1")
    saved(database, an_outcome(row, next_change_at=None))

    with database.begin() as unit:
        assert unit.patients.due_count(LATER) == 0
        assert unit.patients.mark_all(LATER) == 1
        assert unit.patients.mark_all(LATER, source) == 0
        assert unit.patients.due_count(LATER) == 1


def test_waits_for_its_read_back(database: Database, source: Source) -> None:
    """A patient first seen is read back from the plan's start before being assessed."""
    with database.begin() as unit:
        unit.patients.track(source, ["Patient/p1", "Patient/p2"], NOW, read_back=True)
        plans = [a_care_plan(1, start=Moment("2026-03-05T10:00:00Z")), a_care_plan(2, start=Moment("2025"))]
        unit.facts.store(source, kept(*plans), NOW)

        assert unit.patients.claim_due(NOW, 10) == []
        waiting = unit.patients.waiting_for_read_back(source, 10)
        assert waiting == [("Patient/p1", date(2025, 1, 1)), ("Patient/p2", None)]

        unit.patients.read_back_done(source, "Patient/p1", began=NOW, now=SOON)

        assert [row.ref for row in unit.patients.claim_due(SOON, 10)] == ["Patient/p1"]
        assert unit.patients.waiting_for_read_back(source, 10) == [("Patient/p2", None)]


def test_read_back_wanted_while_one_runs(database: Database, source: Source) -> None:
    """A code that was named after the read-back began needs another one."""
    with database.begin() as unit:
        unit.patients.track(source, ["Patient/p1"], NOW, read_back=True)
        unit.patients.want_read_back(source, ["Patient/p1", "Patient/p9"], SOON)
        unit.patients.read_back_done(source, "Patient/p1", began=NOW, now=LATER)

        assert unit.patients.claim_due(LATER, 10) == []

        unit.patients.read_back_done(source, "Patient/p1", began=SOON, now=LATER)

        assert [row.ref for row in unit.patients.claim_due(LATER, 10)] == ["Patient/p1"]


def test_lock_of_somebody_unknown(database: Database, source: Source) -> None:
    """A person's act on a patient without a plan says so."""
    with database.begin() as unit, pytest.raises(UnknownName, match="Patient/p9 of source clinic is not tracked"):
        unit.patients.lock(source, "Patient/p9", timedelta(milliseconds=10))


def test_record_of_a_patient(database: Database, source: Source) -> None:
    """A record has the facts, statements and known steps of its patient and of nobody else."""
    first, second = tracked(database, source, "Patient/p1", "Patient/p2")
    saved(database, an_outcome(first, a_plan(a_step("k1"), a_step("k2", iteration=2))))
    said = Statement(id="s1", said=Said.COMPLETED, by="Practitioner/d1", at=NOW, milestone="k1")
    with database.begin() as unit:
        unit.facts.store(source, kept(a_care_plan(1), a_result(1)), NOW)
        unit.facts.store(source, kept(a_result(2, subject="Patient/p2"), patients=["Patient/p2"]), NOW)
        unit.statements.add(source, "Patient/p1", said, NOW)

        one, other = unit.patients.records([first, second])

    assert (one.ref, one.source, list(one.facts)) == ("Patient/p1", "clinic", ["CarePlan/c1", "Observation/o1"])
    assert list(one.statements) == [said]
    assert [(step.key, step.iteration, step.codes, step.due) for step in one.known] == [
        ("k1", 1, ("http://loinc.org|4548-4",), date(2026, 6, 15)),
        ("k2", 2, ("http://loinc.org|4548-4",), date(2026, 6, 15)),
    ]
    assert (list(other.facts), other.statements, other.known) == (["Observation/o2"], (), ())


def test_merged_record_is_read_under_its_survivor(database: Database, source: Source) -> None:
    """Facts and statements of the replaced record are the survivor's, plans and pending effects too (S7)."""
    (old,) = tracked(database, source, "Patient/old")
    saved(database, an_outcome(old, a_plan(a_step()), create=(an_effect(),)))
    said = Statement(id="s1", said=Said.NOTE, by="Practitioner/d1", at=NOW)
    with database.begin() as unit:
        unit.facts.store(source, kept(a_care_plan(1), patients=["Patient/old"]), NOW)
        unit.statements.add(source, "Patient/old", said, NOW)
        unit.patients.merge(source, {"Patient/old": "Patient/new"}, LATER)
        unit.patients.merge(source, {"Patient/old": "Patient/new"}, LATER)

        assert unit.patients.tracked(source, ["Patient/old", "Patient/new"]) == {"Patient/old", "Patient/new"}
        assert [ref for ref, _ in unit.patients.waiting_for_read_back(source, 10)] == ["Patient/new"]
        unit.patients.read_back_done(source, "Patient/new", began=LATER, now=LATER)
        unit.patients.mark(source, ["Patient/old"], LATER)
        (row,) = unit.patients.claim_due(LATER, 10)
        (record,) = unit.patients.records([row])
        assert unit.patients.lock(source, "Patient/old", timedelta(seconds=1)) == row
        assert [effect.key for effect in unit.ledger.of_patients([row.id])[row.id]] == ["e1"]
        assert [plan.plan for plan in unit.plans.of_patient(source, "Patient/old", NOW.date())] == ["CarePlan/c1"]
        assert list(unit.statements.of_patient(source, "Patient/old")) == [said]

    assert (row.ref, record.ref, list(record.facts), list(record.statements)) == (
        "Patient/new",
        "Patient/new",
        ["CarePlan/c1"],
        [said],
    )
    assert [step.key for step in record.known] == ["k1"]


def test_merge_where_both_have_the_same(database: Database, source: Source, rows: Rows) -> None:
    """Of plans and milestones that both records have, the survivor's count."""
    old, new = tracked(database, source, "Patient/old", "Patient/new")
    saved(database, an_outcome(old, a_plan(a_step(title="old"), a_step("k2"))))
    saved(database, an_outcome(new, a_plan(a_step(title="new")), create=(a_write(),)))

    with database.begin() as unit:
        unit.patients.merge(source, {"Patient/old": "Patient/new"}, LATER)
        unit.commit()

    assert {(row["patient_id"], row["key"], row["title"]) for row in rows(tables.milestone)} == {
        (new.id, "k1", "new"),
        (new.id, "k2", "HbA1c"),
    }
    assert [row["patient_id"] for row in rows(tables.plan)] == [new.id]


def test_merged_again_and_back(database: Database, source: Source) -> None:
    """A chain of merges leads to the last survivor; a merge that is turned round leads the other way."""
    tracked(database, source, "Patient/a")
    with database.begin() as unit:
        unit.patients.merge(source, {"Patient/a": "Patient/b"}, NOW)
        unit.patients.merge(source, {"Patient/b": "Patient/c"}, NOW)
        assert unit.patients.replaced_by(source, "Patient/c") == ["Patient/a", "Patient/b"]
        unit.patients.want_read_back(source, ["Patient/a"], NOW)
        assert [ref for ref, _ in unit.patients.waiting_for_read_back(source, 10)] == ["Patient/c"]

        unit.patients.merge(source, {"Patient/c": "Patient/a"}, LATER)

        assert [ref for ref, _ in unit.patients.waiting_for_read_back(source, 10)] == ["Patient/a"]
        assert unit.patients.tracked(source, ["Patient/a", "Patient/b", "Patient/c"]) == {
            "Patient/a",
            "Patient/b",
            "Patient/c",
        }


def test_many_merges_at_once(database: Database, source: Source) -> None:
    """A first reading brings them together: of records never assessed, of one that was, of a chain, of nobody tracked."""
    (_, assessed, *_) = tracked(database, source, "Patient/old1", "Patient/old2", "Patient/new1", "Patient/new2")
    saved(database, an_outcome(assessed, a_plan(a_step()), create=(an_effect(),)))
    chain = {"Patient/a": "Patient/b", "Patient/b": "Patient/new1"}
    pairs = {"Patient/old1": "Patient/new1", "Patient/old2": "Patient/new2", "Patient/x": "Patient/new1", **chain}
    with database.begin() as unit:
        unit.patients.merge(source, pairs, LATER)
        unit.patients.merge(source, pairs, LATER)

        assert unit.patients.tracked(source, [*pairs]) == pairs.keys()
        assert sorted(unit.patients.replaced_by(source, "Patient/new1")) == [
            "Patient/a",
            "Patient/b",
            "Patient/old1",
            "Patient/x",
        ]
        assert [row.ref for row in unit.patients.claim_due(LATER, 10)] == ["Patient/new1", "Patient/new2"]
        assert [plan.plan for plan in unit.plans.of_patient(source, "Patient/new2", NOW.date())] == ["CarePlan/c1"]


def test_merge_of_who_is_not_tracked_is_remembered(database: Database, source: Source) -> None:
    """A plan that comes later under the replaced reference makes the survivor tracked."""
    with database.begin() as unit:
        unit.patients.merge(source, {"Patient/old": "Patient/new"}, NOW)
        assert unit.patients.tracked(source, ["Patient/old", "Patient/new"]) == frozenset()

        assert unit.patients.track(source, ["Patient/old"], NOW, read_back=False) == ["Patient/new"]


def test_named_codes(database: Database, source: Source) -> None:
    """A code that was named late is answered each time it is named; the display makes no difference."""
    early, late = HBA1C, Coding("urn:x", "2")

    with database.begin() as unit:
        assert unit.patients.names_codes(source, [early, early]) == frozenset()
        assert unit.patients.names_codes(source, [early._replace(display=None), late], late=True) == {late}
        assert unit.patients.names_codes(source, [early, late]) == {late}
        assert unit.patients.named_codes(source) == {("http://loinc.org", "4548-4"), ("urn:x", "2")}


def test_half_read_source(database: Database, source: Source) -> None:
    """Half a chart would make gaps that are none: nobody is due before a source was read completely once."""
    with database.begin() as unit:
        new = unit.sources.add(replace(source, slug="new", base_url="https://new.example/fhir"), NOW)
        unit.patients.track(new, ["Patient/p1"], NOW, read_back=False)
        assert (unit.patients.claim_due(NOW, 10), unit.patients.due_count(NOW)) == ([], 0)

        unit.sources.read_ok(new, NOW)

        assert (len(unit.patients.claim_due(NOW, 10)), unit.patients.due_count(NOW)) == (1, 1)


def test_one_patient_is_claimed_where_it_is_due(database: Database, source: Source) -> None:
    """Nobody else comes with it; who waits for a reading, or is not due, does not come."""
    mine, other = tracked(database, source, "Patient/p1", "Patient/p2")
    with database.begin() as unit:
        unit.patients.want_read_back(source, ["Patient/p2"], NOW)

        assert [row.ref for row in unit.patients.claim_due(NOW, 10, patient_id=mine.id)] == ["Patient/p1"]
        assert unit.patients.claim_due(NOW, 10, patient_id=other.id) == []
        assert unit.patients.claim_due(NOW - timedelta(days=1), 10, patient_id=mine.id) == []


def test_what_is_needed_to_read_one_patient(database: Database, source: Source) -> None:
    """By number: source and reference. Nothing for a number that is nobody's, or a record that is not tracked."""
    (row,) = tracked(database, source, "Patient/p1")
    with database.begin() as unit:
        unit.patients.merge(source, {"Patient/p7": "Patient/p8"}, NOW)

        assert unit.patients.reading_of(row.id) == (source.id, "Patient/p1", None)
        assert [unit.patients.reading_of(id_) for id_ in (0, row.id + 1, 4711)] == [None] * 3


def test_when_a_patient_was_last_read_alone(database: Database, source: Source) -> None:
    """After every such reading, whether it was waited for or not; a replaced record is asked under its survivor."""
    with database.begin() as unit:
        unit.patients.track(source, ["Patient/p1"], NOW, read_back=True)
        unit.patients.track(source, ["Patient/p2"], NOW, read_back=False)
        unit.patients.merge(source, {"Patient/p7": "Patient/p2"}, NOW)
        never = [unit.patients.read_at(source, ref) for ref in ("Patient/p1", "Patient/p2", "Patient/p9")]
        (before,) = unit.patients.claim_due(LATER, 10)
        unit.patients.read_back_done(source, "Patient/p1", began=NOW, now=SOON)
        unit.patients.read_back_done(source, "Patient/p2", began=NOW, now=LATER)

        assert never == [None] * 3
        read_at = [unit.patients.read_at(source, ref) for ref in ("Patient/p1", "Patient/p2", "Patient/p7")]
        assert read_at == [SOON, LATER, LATER]
        assert before in unit.patients.claim_due(LATER, 10)
