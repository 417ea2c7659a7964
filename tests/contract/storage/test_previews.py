"""The port Previews: attempts, parts that count once, and what everybody has before them."""

from dataclasses import replace

import pytest

from plugin.domain.assessment import EffectKind, Gap
from plugin.domain.configuration import ConfigDraft
from plugin.domain.errors import UnknownName
from plugin.domain.preview import PatientChange, PlannedEffect, Preview, PreviewPart, PreviewSums, StepGap
from plugin.domain.record import Patient
from plugin.domain.work import WorkItem
from plugin.usecases.ports import Database
from tests.contract.storage.given import (
    LATER,
    NOW,
    TODAY,
    a_plan,
    a_source,
    a_step,
    an_effect,
    an_outcome,
    kept,
    saved,
    tracked,
)

A, B = PreviewPart(1, 1, 100), PreviewPart(2, 101, 200)
SUMS = PreviewSums(
    caseload=3,
    changed=2,
    failed=1,
    gaps_opened=1,
    tier_moves={(1, 2): 4},
    work={("coordinator", TODAY): 2},
    work_before={("coordinator", TODAY): 9},
    messages={TODAY: -1},
    messages_before={TODAY: 5},
    begun={"work": 2},
    withdrawn={"message": 1},
    steps_added=1,
    writes=7,
    new_codes=2,
    claims_differ=True,
)
CHANGE = PatientChange(
    patient_id=7,
    patient="Patient/p7",
    gaps=(StepGap("k1", "HbA1c", None, 2),),
    begun=(PlannedEffect("e1", "work", "overdue", "coordinator", None, 2, TODAY, "HbA1c"),),
    work=(("coordinator", TODAY, 1),),
    steps_added=("HbA1c",),
    writes=2,
)


@pytest.fixture
def draft(any_database: Database) -> ConfigDraft:
    """Somebody works at a program."""
    with any_database.begin() as unit:
        draft = unit.drafts.open("program", "demo", base=None, body={}, by="user:1", now=NOW)
        unit.commit()
    return draft


@pytest.fixture
def asked(any_database: Database, draft: ConfigDraft) -> Preview:
    """A preview that waits."""
    return ask(any_database, draft)


@pytest.fixture
def running(any_database: Database, asked: Preview) -> Preview:
    """One that somebody works on, in two parts."""
    with any_database.begin() as unit:
        begun = unit.previews.begin(asked, "me:1", NOW, NOW)
        begun = unit.previews.divide(begun, [A, B], 5, snapshot="00-1")
        unit.commit()
    return begun


def ask(database: Database, draft: ConfigDraft) -> Preview:
    """One more of this draft."""
    wanted = Preview(
        id=0,
        draft_id=draft.id,
        revision=1,
        kind="program",
        code="demo",
        at=NOW,
        state="waiting",
        by="user:1",
        asked_at=NOW,
    )
    with database.begin() as unit:
        asked = unit.previews.ask(wanted)
        unit.commit()
    return asked


def work_item_of(patient_id: int) -> WorkItem:
    """An open item of one step."""
    return WorkItem(
        key="i1",
        kind="overdue",
        patient_id=patient_id,
        role="coordinator",
        owner=None,
        due_at=NOW,
        priority=2,
        milestones=(("k1", "HbA1c"),),
    )


def keep(database: Database, running: Preview, part: PreviewPart, *changes: PatientChange) -> bool:
    """A part is done."""
    with database.begin() as unit:
        is_wanted = unit.previews.keep(running, part, changes, SUMS, LATER)
        unit.commit()
    return is_wanted


def test_it_is_found_again_as_it_was_asked(any_database: Database, asked: Preview) -> None:
    """By its number, and as the latest of its draft."""
    with any_database.begin(reading=True) as unit:
        assert unit.previews.get(asked.id) == asked
        assert unit.previews.latest(asked.draft_id) == asked
        assert unit.previews.latest(asked.draft_id + 1) is None
        with pytest.raises(UnknownName):
            unit.previews.get(asked.id + 1)


def test_parts_are_taken_once_each(any_database: Database, running: Preview) -> None:
    """Whoever comes second gets the next; when none is free, only the first worker takes what another has not finished."""
    with any_database.begin() as unit:
        taken = [unit.previews.take(running, worker, also_taken=False) for worker in ("me:1", "me:2", "me:3")]
        again = unit.previews.take(running, "me:1", also_taken=True)
        unit.commit()

    assert taken == [A, B, None]
    assert again == A


def test_a_part_counts_once(any_database: Database, running: Preview) -> None:
    """Done twice, its result stands as the first one told it."""
    assert keep(any_database, running, A, CHANGE)
    assert keep(any_database, running, A, replace(CHANGE, patient_id=8))

    with any_database.begin(reading=True) as unit:
        found = unit.previews.get(running.id)
        assert (found.done, found.total, found.moved_at) == (3, 5, LATER)
        assert unit.previews.changes(running.id) == [CHANGE]
        assert unit.previews.kept(running) is None


def test_what_all_parts_brought_is_added_up(any_database: Database, running: Preview) -> None:
    """And comes back from storage as it was."""
    keep(any_database, running, A, CHANGE)
    keep(any_database, running, B)

    with any_database.begin() as unit:
        sums = unit.previews.kept(running)
        assert sums == SUMS + SUMS
        assert unit.previews.finish(running, sums, LATER)
        unit.commit()
    with any_database.begin(reading=True) as unit:
        found = unit.previews.get(running.id)
    assert (found.state, found.sums, found.finished_at) == ("done", SUMS + SUMS, LATER)


def test_another_attempt_begins_from_the_start(any_database: Database, running: Preview) -> None:
    """What was found before is gone, and whoever still works on the earlier attempt is not heard."""
    keep(any_database, running, A, CHANGE)

    with any_database.begin() as unit:
        again = unit.previews.begin(unit.previews.get(running.id, lock=True), "me:2", NOW, LATER)
        unit.previews.divide(again, [A], 5, snapshot=None)
        unit.commit()

    assert (again.attempt, again.done) == (2, 0)
    assert not keep(any_database, running, A, CHANGE)
    with any_database.begin() as unit:
        assert unit.previews.take(running, "me:1", also_taken=True) is None
        assert not unit.previews.finish(running, SUMS, LATER)
        assert unit.previews.changes(running.id) == []


def test_a_cancelled_one_is_worked_on_no_more(any_database: Database, running: Preview) -> None:
    """Its worker is told with the next part. What is over stays as it ended."""
    with any_database.begin() as unit:
        assert unit.previews.cancel(running.id, LATER)
        unit.commit()

    assert not keep(any_database, running, A, CHANGE)
    with any_database.begin() as unit:
        assert not unit.previews.cancel(running.id, LATER)
        assert unit.previews.get(running.id).state == "cancelled"


def test_a_failure_says_why(any_database: Database, running: Preview) -> None:
    """In words, for the page."""
    with any_database.begin() as unit:
        unit.previews.finish(running, None, LATER, failed="It cannot be read.")
        unit.commit()
        found = unit.previews.get(running.id)

    assert (found.state, found.failed, found.sums) == ("failed", "It cannot be read.", None)


def test_changes_come_in_pages(any_database: Database, running: Preview) -> None:
    """By patient, each once."""
    keep(any_database, running, A, *(replace(CHANGE, patient_id=number) for number in (3, 1, 2)))

    with any_database.begin(reading=True) as unit:
        first = unit.previews.changes(running.id, limit=2)
        rest = unit.previews.changes(running.id, after=first[-1].patient_id, limit=2)

    assert [[change.patient_id for change in page] for page in (first, rest)] == [[1, 2], [3]]


def test_patients_of_earlier_previews_are_forgotten(
    any_database: Database, draft: ConfigDraft, running: Preview
) -> None:
    """Of a draft's previews the newest three keep them; sums and states stay."""
    keep(any_database, running, A, CHANGE)

    for _ in range(2):
        ask(any_database, draft)
    with any_database.begin(reading=True) as unit:
        assert len(unit.previews.changes(running.id)) == 1
    ask(any_database, draft)

    with any_database.begin(reading=True) as unit:
        assert unit.previews.changes(running.id) == []
        assert unit.previews.get(running.id).state == "running"


def test_the_caseload_is_who_would_be_looked_at(any_database: Database) -> None:
    """Never assessed or assessed; not who waits for a reading, nor whoever's source was never read."""
    with any_database.begin() as unit:
        source = unit.sources.add(a_source(), NOW)
        unread = unit.sources.add(a_source(slug="other", base_url="https://other.example/fhir"), NOW)
        unit.sources.read_ok(source, NOW)
        unit.patients.track(unread, ["Patient/p9"], NOW, read_back=False)
        unit.commit()
    rows = tracked(any_database, source, "Patient/p1", "Patient/p2", "Patient/p3")
    saved(any_database, an_outcome(rows[0], backlog=True), an_outcome(rows[1]))
    with any_database.begin() as unit:
        unit.patients.want_read_back(source, ["Patient/p2"], NOW)
        unit.commit()

    with any_database.begin(reading=True) as unit:
        caseload = unit.previews.caseload()
        new = unit.previews.patients(PreviewPart(0))
        known = unit.previews.patients(PreviewPart(1, 1, 10_000))

    assert (caseload.never_assessed, caseload.patients, caseload.waiting, caseload.backlog) == (1, [rows[0].id], 2, 1)
    assert [one.row.ref for one in new] == ["Patient/p3"]
    assert [(one.row.ref, one.row.digest, one.row.backlog) for one in known] == [("Patient/p1", "d1", True)]


def test_whom_a_draft_can_concern(any_database: Database) -> None:
    """By the last assessment: who is in a program, who has an open gap."""
    with any_database.begin() as unit:
        source = unit.sources.add(a_source(), NOW)
        unit.sources.read_ok(source, NOW)
        unit.commit()
    rows = tracked(any_database, source, "Patient/p1", "Patient/p2", "Patient/p3")
    in_it = an_outcome(rows[0], a_plan(a_step(gap=Gap.CLOSED), program="demo"))
    late = an_outcome(rows[1], a_plan(a_step(), program="other"))
    saved(any_database, in_it, late, an_outcome(rows[2]))
    ids = [row.id for row in rows]

    with any_database.begin(reading=True) as unit:
        assert unit.previews.in_program(ids, "demo") == {ids[0]}
        assert unit.previews.in_program(ids[1:], "demo") == frozenset()
        assert unit.previews.with_gap(ids) == {ids[1]}


def test_what_people_have_before_them(any_database: Database) -> None:
    """Open items; work and messages that are planned. Not what was done, nor writes."""
    with any_database.begin() as unit:
        source = unit.sources.add(a_source(), NOW)
        unit.sources.read_ok(source, NOW)
        person = Patient(ref="Patient/p1", version="1", name="Demo-Case, Ana")
        unit.facts.store(source, kept(person), NOW)
        unit.commit()
    (row,) = tracked(any_database, source, "Patient/p1")
    made = (an_effect("e1", at=NOW), an_effect("e2", kind=EffectKind.MESSAGE, at=LATER), an_effect("e3", at=LATER))
    write = an_effect("w1", kind=EffectKind.WRITE, what="task", content={"word": "one"})
    saved(any_database, an_outcome(row, create=(*made, write)))
    with any_database.begin() as unit:
        (due,) = unit.ledger.claim([EffectKind.WORK], NOW, 10, "me")
        unit.work_items.open(work_item_of(row.id), NOW)
        unit.ledger.done([due.id], NOW)
        unit.commit()

    with any_database.begin(reading=True) as unit:
        items, planned = unit.previews.load()
        steps = unit.previews.items([row.id])[row.id]
        names = unit.previews.names([row.id])

    assert [(item.key, item.role, item.state) for item in items] == [("i1", "coordinator", "open")]
    assert sorted(row.key for row in planned) == ["e2", "e3"]
    assert [item.milestones for item in steps] == [(("k1", "HbA1c"),)]
    assert names == {row.id: "Demo-Case, Ana"}


def test_two_see_the_same_moment(database: Database) -> None:
    """Whoever has the snapshot's name sees what the first one sees, whatever came since; SQLite cannot, and says so."""
    with database.begin() as unit:
        unit.sources.add(a_source(), NOW)
        unit.commit()

    with database.begin(reading=True) as first:
        seen = len(first.sources.all())
        snapshot = first.previews.share()
        with database.begin() as unit:
            unit.sources.add(a_source(slug="other", base_url="https://other.example/fhir"), NOW)
            unit.commit()
        with database.begin(reading=True) as second:
            has_joined = second.previews.join(snapshot or "00-none")
            also_seen = len(second.sources.all()) if has_joined else seen

    assert (seen, also_seen) == (1, 1)
    assert has_joined == (snapshot is not None)


def test_a_snapshot_that_is_over_cannot_be_joined(database: Database) -> None:
    """Nor one that never was, whatever its name holds."""
    with database.begin(reading=True) as first:
        snapshot = first.previews.share() or "00000003-0000001B-1"

    for name in (snapshot, "00-1'; SELECT 1; --"):
        with database.begin(reading=True) as second:
            assert not second.previews.join(name)
