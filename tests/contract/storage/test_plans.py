"""The port Plans: what an assessment leaves behind."""

from dataclasses import replace
from datetime import date, timedelta

from plugin.domain.assessment import Evidence, Gap, Missed, Owner, Status, Strength
from plugin.domain.source import Source
from plugin.storage import tables
from plugin.storage.transaction import MANY
from plugin.usecases.ports import Database
from tests.contract.storage.databases import Rows
from tests.contract.storage.given import (
    LATER,
    NOW,
    TODAY,
    a_plan,
    a_step,
    an_effect,
    an_outcome,
    saved,
    tracked,
)


def test_comes_back_as_it_was(database: Database, source: Source) -> None:
    """What is stored is what ``assess`` said, to the last field and in its order."""
    (row,) = tracked(database, source, "Patient/p1")
    full = a_step(
        "k2",
        status=Status.COMPLETED,
        gap=Gap.CLOSED,
        days_past_due=0,
        owner=Owner("Practitioner/d1", None, "Task.owner"),
        evidence=(Evidence("Observation/o1", Strength.EXACT, date(2026, 6, 14), "3"),),
        missed=(Missed("Appointment/a1", "noshow", "2026-06-10T09:00:00-05:00"),),
        completed_on=date(2026, 6, 14),
        refs=("ServiceRequest/r1", "Task/t1"),
        hold_until=date(2026, 7, 1),
        to_write=False,
    )
    plan = a_plan(full, a_step("k1"), a_step("k0", due=None, days_past_due=None, gap=Gap.NONE), flags=("two-missed",))

    saved(database, an_outcome(row, plan))

    with database.begin(reading=True) as unit:
        assert unit.plans.of_patient(source, "Patient/p1", TODAY) == [plan]
        assert unit.plans.of_patient(source, "Patient/p9", TODAY) == []


def test_days_past_due_are_those_of_the_day(database: Database, source: Source) -> None:
    """Nothing is written because a day has passed: the days are counted when they are read."""
    (row,) = tracked(database, source, "Patient/p1")
    saved(database, an_outcome(row, a_plan(a_step())))

    with database.begin(reading=True) as unit:
        (plan,) = unit.plans.of_patient(source, "Patient/p1", TODAY + timedelta(days=3))

    assert plan.milestones[0].days_past_due == 4


def test_next_change_and_digest(database: Database, source: Source) -> None:
    """After an assessment the patient sleeps until the next change, and carries the digest of what was said."""
    row, quiet = tracked(database, source, "Patient/p1", "Patient/p2")

    saved(
        database,
        an_outcome(row, next_change_at=LATER, backlog=True),
        an_outcome(quiet, unchanged=True, digest="", next_change_at=None),
    )

    with database.begin() as unit:
        assert unit.patients.due_count(NOW) == 0
        (due,) = unit.patients.claim_due(LATER, 10)
    assert (due.ref, due.next_change_at, due.digest, due.backlog) == ("Patient/p1", LATER, "d1", True)


def test_unchanged_writes_nothing_else(database: Database, source: Source, rows: Rows) -> None:
    """Nobody reads an audit row or a transition for a patient for whom nothing changed."""
    (row,) = tracked(database, source, "Patient/p1")

    saved(database, an_outcome(row, a_plan(a_step()), unchanged=True))

    assert [rows(table) for table in (tables.plan, tables.milestone, tables.transition)] == [[], [], []]
    assert [row["action"] for row in rows(tables.audit)] == ["add-source"]


def test_only_changed_milestones_are_written(database: Database, source: Source, rows: Rows) -> None:
    """A step that stays as it was keeps the time of its last change."""
    (row,) = tracked(database, source, "Patient/p1")
    saved(database, an_outcome(row, a_plan(a_step("k1"), a_step("k2"))))

    saved(database, an_outcome(row, a_plan(a_step("k1", days_past_due=2), a_step("k2", tier=2))), now=LATER)

    assert {step["key"]: step["changed_at"] for step in rows(tables.milestone)} == {"k1": NOW, "k2": LATER}


def test_transitions(database: Database, source: Source, rows: Rows) -> None:
    """Each change of a milestone's status leaves a row, the first sight of it too."""
    (row,) = tracked(database, source, "Patient/p1")
    saved(database, an_outcome(row, a_plan(a_step("k1"), a_step("k2"))))

    done = a_step("k1", status=Status.COMPLETED, gap=Gap.CLOSED)
    saved(database, an_outcome(row, a_plan(done, a_step("k2"))), now=LATER)

    moves = [(move["key"], move["before"], move["after"], move["at"]) for move in rows(tables.transition)]
    assert moves == [
        ("k1", None, "ready", NOW),
        ("k2", None, "ready", NOW),
        ("k1", "ready", "completed", LATER),
    ]


def test_one_audit_row_for_a_changed_patient(database: Database, source: Source) -> None:
    """Who, what, which record, when and why, without anything that names the patient but the reference."""
    (row,) = tracked(database, source, "Patient/p1")

    saved(database, an_outcome(row, a_plan(a_step("k1")), create=(an_effect(),)))

    with database.begin(reading=True) as unit:
        entry = unit.audit.entries(1)[0]
    assert (entry.at, entry.who, entry.action, entry.record) == (NOW, "milepost", "assess", "clinic/Patient/p1")
    assert entry.detail == {
        "digest": ["", "d1"],
        "milestones": {"k1": [None, "ready"]},
        "effects": {"created": 1},
    }


def test_plan_that_is_gone(database: Database, source: Source) -> None:
    """A plan that the assessment no longer has is neither shown nor counted, until it comes back."""
    (row,) = tracked(database, source, "Patient/p1")
    first, second = a_plan(a_step("k1")), a_plan(a_step("k2", plan="CarePlan/c2"), plan="CarePlan/c2")
    saved(database, an_outcome(row, first, second))

    saved(database, an_outcome(row, second))

    with database.begin(reading=True) as unit:
        assert unit.plans.of_patient(source, "Patient/p1", TODAY) == [second]
        assert (unit.plans.summary()["plans"], unit.plans.summary()["milestones"]) == (1, 1)

    saved(database, an_outcome(row, first, second))

    with database.begin(reading=True) as unit:
        assert unit.plans.of_patient(source, "Patient/p1", TODAY) == [first, second]


def test_failed_assessment_is_tried_again(database: Database, source: Source, rows: Rows) -> None:
    """A patient whose assessment fails keeps what was said before, with the reason, and is due again later."""
    (row,) = tracked(database, source, "Patient/p1")
    saved(database, an_outcome(row, a_plan(a_step())))
    before = replace(row, digest="d1")

    saved(database, an_outcome(before, digest="", failed="ValueError in assess", retry_at=LATER))

    with database.begin() as unit:
        assert unit.patients.claim_due(NOW, 10) == []
        assert unit.patients.claim_due(LATER, 10) == [replace(before, next_change_at=LATER)]
        assert unit.plans.summary()["failed"] == 1
        assert len(unit.plans.of_patient(source, "Patient/p1", TODAY)) == 1

    saved(database, an_outcome(before, a_plan(a_step())))

    assert [patient["failed"] for patient in rows(tables.patient)] == [None]


def test_summary_counts(database: Database, source: Source) -> None:
    """Patients, plans by status and stage, milestones by status and owner, gaps, flags; of all or of one source."""
    one, other = tracked(database, source, "Patient/p1", "Patient/p2")
    closed = a_step("k3", status=Status.COMPLETED, gap=Gap.CLOSED, tier=0)
    saved(
        database,
        an_outcome(one, a_plan(a_step("k1"), a_step("k2", tier=3), closed, flags=("a", "b"))),
        an_outcome(other, a_plan(a_step("k1", tier=3), flags=("b",), status="on-hold")),
    )
    with database.begin() as unit:
        empty = unit.sources.add(replace(source, slug="other", base_url="https://other.example/fhir"), NOW)
        unit.commit()

    with database.begin(reading=True) as unit:
        assert unit.plans.summary() == unit.plans.summary(source)
        assert unit.plans.summary(source) == {
            "patients": 2,
            "waiting_for_read_back": 0,
            "failed": 0,
            "backlog": 0,
            "plans": 2,
            "plans_by_status": {"active": 1, "on-hold": 1},
            "plans_by_stage": {"assignment": 2},
            "milestones": 4,
            "milestones_by_status": {"completed": 1, "ready": 3},
            "open_milestones_by_owner": {"coordinator": 3},
            "open_gaps_by_tier": {"1": 1, "3": 2},
            "patients_with_open_gap": 2,
            "flags": {"a": 1, "b": 2},
        }
        assert unit.plans.summary(empty)["patients"] == 0


def test_plans_that_follow_a_program(database: Database, source: Source) -> None:
    """Those that go on: not those that have ended, nor those that are gone."""
    rows = tracked(database, source, "Patient/p1", "Patient/p2", "Patient/p3")
    of_program = a_plan(program="chronic-care", program_version="1")
    saved(database, an_outcome(rows[0], of_program), an_outcome(rows[1], of_program, a_plan(plan="CarePlan/own")))
    saved(database, an_outcome(rows[2], replace(of_program, status="completed")))
    saved(database, an_outcome(rows[1], a_plan(plan="CarePlan/own")), now=LATER)

    with database.begin(reading=True) as unit:
        assert unit.plans.following() == {("chronic-care", "1"): 1}


def test_many_at_once_are_stored_as_one_is(database: Database, source: Source, rows: Rows) -> None:
    """A batch takes another way into PostgreSQL than a few rows do; stored again, it changes nothing but its times."""
    (row,) = tracked(database, source, "Patient/p1")
    steps = [a_step(f"k{number}") for number in range(MANY)]
    effects = tuple(an_effect(f"e{number}", at=LATER, content={"title": "HbA1c: \t „x“"}) for number in range(MANY))
    outcome = an_outcome(row, a_plan(*steps), create=effects)

    saved(database, outcome)
    saved(database, outcome, now=LATER)

    with database.begin(reading=True) as unit:
        assert unit.plans.of_patient(source, "Patient/p1", TODAY) == [a_plan(*steps)]
    stored = rows(tables.effect)
    assert len(stored) == MANY
    assert {effect["at"] for effect in stored} == {LATER}
    assert len({effect["key"]: effect["content"] for effect in stored}) == MANY
