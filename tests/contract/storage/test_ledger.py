"""The port Ledger: an effect is done once, whatever crashes and whatever moves meanwhile."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from plugin.domain.assessment import Effect, EffectKind, Passed
from plugin.domain.ledger import EffectState, LedgerRow, content_digest
from plugin.domain.source import Source
from plugin.domain.tracking import PatientRow
from plugin.storage.ledger import LEASE
from plugin.usecases.ports import Database, UnitOfWork
from tests.contract.storage.given import LATER, NOW, a_write, an_effect, an_outcome, saved, tracked

ALL = tuple(EffectKind)
SECOND = timedelta(seconds=1)


@pytest.fixture
def patient(database: Database, source: Source) -> PatientRow:
    """A tracked patient."""
    return tracked(database, source, "Patient/p1")[0]


def only(unit: UnitOfWork, patient: PatientRow) -> LedgerRow:
    """The patient's one effect."""
    (row,) = unit.ledger.of_patients([patient.id])[patient.id]
    return row


def claimed(database: Database, *, at: object = NOW, kinds: Sequence[EffectKind] = ALL) -> list[LedgerRow]:
    """What a worker gets, and commits to."""
    with database.begin() as unit:
        rows = unit.ledger.claim(kinds, at, 10, "worker-1")  # type: ignore[arg-type]  # a datetime
        unit.commit()
    return list(rows)


def planned(database: Database, patient: PatientRow, *effects: Effect) -> None:
    """Effects created by an assessment."""
    saved(database, an_outcome(patient, unchanged=True, create=effects))


def test_planned_as_wanted(database: Database, patient: PatientRow) -> None:
    """The ledger has what was wanted; what was passed over stands there as skipped, with the reason."""
    wanted = an_effect("e1", plan="CarePlan/c1", at=LATER, role="coordinator", tier=2, content={"note": "ä"})
    passed = Passed(effect=an_effect("e2", at=NOW), why="tier 1 was passed over")
    saved(database, an_outcome(patient, create=(wanted,), skip=(passed,)))

    with database.begin() as unit:
        first, second = unit.ledger.of_patients([patient.id])[patient.id]
        assert unit.ledger.summary() == {"work": {"planned": 1, "skipped": 1}}

    assert first == LedgerRow(
        id=first.id,
        key="e1",
        kind=EffectKind.WORK,
        what="overdue",
        state=EffectState.PLANNED,
        patient_id=patient.id,
        source_id=patient.source_id,
        plan="CarePlan/c1",
        milestone="k1",
        at=LATER,
        role="coordinator",
        tier=2,
        digest=content_digest({"note": "ä"}),
    )
    assert (second.state, second.error) == (EffectState.SKIPPED, "tier 1 was passed over")


def test_created_twice_is_there_once(database: Database, patient: PatientRow) -> None:
    """The key is unique: two workers that want the same effect make it once."""
    planned(database, patient, an_effect("e1"))
    planned(database, patient, an_effect("e1", what="other"))

    with database.begin() as unit:
        assert only(unit, patient).what == "overdue"


def test_claimed_when_its_time_has_come(database: Database, patient: PatientRow) -> None:
    """At once without a time, else from then on; only the kinds that were asked for; with content; only once."""
    planned(database, patient, an_effect("e1"), an_effect("e2", at=LATER), a_write("one"))

    assert [row.key for row in claimed(database, kinds=[EffectKind.WORK])] == ["e1"]
    (write,) = claimed(database)
    assert (write.content, write.state, write.attempts) == ({"word": "one"}, EffectState.CLAIMED, 1)
    assert claimed(database) == []
    assert [row.key for row in claimed(database, at=LATER, kinds=[EffectKind.WORK])][-1] == "e2"


def test_crash_lease(database: Database, patient: PatientRow) -> None:
    """What a worker claimed and never answered is claimed again when the lease has run out, and not before."""
    planned(database, patient, an_effect("e1"))
    claimed(database)

    assert claimed(database, at=NOW + LEASE - SECOND) == []
    assert [row.attempts for row in claimed(database, at=NOW + LEASE)] == [2]


def test_notices_come_last(database: Database, patient: PatientRow) -> None:
    """A notice refers to its Task, which must stand first; work for people waits for no server."""
    notice = an_effect("n1", kind=EffectKind.NOTICE)
    planned(database, patient, notice, a_write(), an_effect("e1"))

    with database.begin() as unit:
        turns = [unit.ledger.claim(ALL, NOW, 1, "worker")[0].key for _ in range(3)]

    assert turns == ["e1", "w1", "n1"]


def test_worker_that_is_gone(database: Database, patient: PatientRow) -> None:
    """What a dead worker had claimed need not wait for its lease; another worker keeps its own."""
    planned(database, patient, an_effect("e1"))
    claimed(database)
    planned(database, patient, an_effect("e2"))
    with database.begin() as unit:
        unit.ledger.claim(ALL, NOW, 10, "worker-2")

        assert unit.ledger.claimants(ALL, NOW) == {"worker-1", "worker-2"}
        assert unit.ledger.release(ALL, ["worker-1", "worker-3"], NOW) == 1
        assert unit.ledger.claimants(ALL, NOW) == {"worker-2"}
        assert [row.key for row in unit.ledger.claim(ALL, NOW, 10, "worker-4")] == ["e1"]


def test_claim_that_is_rolled_back(database: Database, patient: PatientRow) -> None:
    """A worker that dies before its claim is stored has claimed nothing."""
    planned(database, patient, an_effect("e1"))
    with database.begin() as unit:
        unit.ledger.claim(ALL, NOW, 10, "worker-1")

    assert [row.key for row in claimed(database)] == ["e1"]


def test_contents_of_writes(database: Database, patient: PatientRow) -> None:
    """What the patient's writes of one sort are wanted to say, whatever became of them."""
    other = a_write("other", "w3", milestone="k2")
    planned(database, patient, a_write("one"), a_write("two", "w2"), other, an_effect("e1"))
    claimed(database, kinds=[EffectKind.WRITE])

    with database.begin() as unit:
        assert unit.ledger.contents(patient.id, "task") == [{"word": "one"}, {"word": "two"}, {"word": "other"}]
        assert unit.ledger.contents(patient.id, "flag") == []


def test_done_is_done(database: Database, patient: PatientRow) -> None:
    """What was carried out is never claimed again, however late, and however often it is said."""
    planned(database, patient, an_effect("e1"))
    (row,) = claimed(database)
    for _ in range(2):
        with database.begin() as unit:
            unit.ledger.done([row.id, 99], LATER)
            unit.commit()

    assert claimed(database, at=NOW + 2 * LEASE) == []
    with database.begin() as unit:
        assert only(unit, patient).state is EffectState.DONE


def test_write_that_moved_on_while_it_was_written(database: Database, patient: PatientRow) -> None:
    """A write is level-triggered: when other content was wanted meanwhile, it is written again with that."""
    planned(database, patient, a_write("one"))
    (row,) = claimed(database)
    saved(database, an_outcome(patient, unchanged=True, renew=((row.id, a_write("two")),)))
    assert claimed(database) == []

    with database.begin() as unit:
        unit.ledger.done([row.id], NOW, {row.id: row.digest})
        unit.commit()

    (again,) = claimed(database)
    assert (again.content, again.done_digest) == ({"word": "two"}, content_digest({"word": "one"}))
    with database.begin() as unit:
        unit.ledger.done([again.id], NOW, {again.id: again.digest})
        unit.commit()
        assert only(unit, patient).state is EffectState.DONE


def test_work_that_moved_on_while_it_was_done(database: Database, patient: PatientRow) -> None:
    """What acts once has acted, whatever it would say by now."""
    planned(database, patient, an_effect("e1", content={"word": "one"}))
    (row,) = claimed(database)
    saved(database, an_outcome(patient, unchanged=True, renew=((row.id, an_effect("e1", content={"word": "two"})),)))

    with database.begin() as unit:
        unit.ledger.done([row.id], NOW, {row.id: row.digest})
        unit.commit()

    assert claimed(database, at=NOW + 2 * LEASE) == []


def test_write_that_stands_already(database: Database, patient: PatientRow) -> None:
    """Wanted otherwise and then as before, without a write in between: nothing is to be written."""
    planned(database, patient, a_write("one"))
    (row,) = claimed(database)
    with database.begin() as unit:
        unit.ledger.done([row.id], NOW)
        unit.commit()
    saved(database, an_outcome(patient, unchanged=True, renew=((row.id, a_write("two")),)))
    saved(database, an_outcome(patient, unchanged=True, renew=((row.id, a_write("one")),)))

    assert claimed(database, at=NOW + 2 * LEASE) == []
    with database.begin() as unit:
        assert only(unit, patient).state is EffectState.DONE


def test_withdrawn_before_it_was_claimed(database: Database, patient: PatientRow) -> None:
    """What is resolved is not done any more; brought back, it is, with what is wanted now."""
    planned(database, patient, an_effect("e1", at=LATER))
    with database.begin() as unit:
        row = only(unit, patient)
    saved(database, an_outcome(patient, unchanged=True, withdraw=(row.id,)))
    assert claimed(database, at=LATER) == []

    saved(database, an_outcome(patient, unchanged=True, renew=((row.id, an_effect("e1", at=NOW, tier=3)),)))

    assert [(row.tier, row.state) for row in claimed(database)] == [(3, EffectState.CLAIMED)]


@pytest.mark.parametrize("ends", ["done", "failed", "never"])
def test_withdrawn_while_it_is_being_done(database: Database, patient: PatientRow, ends: str) -> None:
    """What is on its way may arrive, and then it is done; but it is not tried again."""
    planned(database, patient, an_effect("e1"))
    (row,) = claimed(database)
    saved(database, an_outcome(patient, unchanged=True, withdraw=(row.id,)))

    with database.begin() as unit:
        if ends == "done":
            unit.ledger.done([row.id], NOW)
        elif ends == "failed":
            unit.ledger.failed(row.id, NOW, "timed out", LATER)
        unit.commit()

    assert claimed(database, at=NOW + 2 * LEASE) == []
    with database.begin() as unit:
        assert only(unit, patient).state is (EffectState.DONE if ends == "done" else EffectState.WITHDRAWN)


def test_done_effect_stays_done(database: Database, patient: PatientRow) -> None:
    """What acts once is neither withdrawn nor brought back after it was done."""
    planned(database, patient, an_effect("e1"))
    (row,) = claimed(database)
    with database.begin() as unit:
        unit.ledger.done([row.id], NOW)
        unit.commit()

    saved(database, an_outcome(patient, unchanged=True, withdraw=(row.id,)))
    saved(database, an_outcome(patient, unchanged=True, renew=((row.id, an_effect("e1")),)))

    with database.begin() as unit:
        assert only(unit, patient).state is EffectState.DONE


def test_failed_and_tried_again(database: Database, patient: PatientRow) -> None:
    """A temporary failure is tried again from its time on; ``at`` stays what was wanted."""
    planned(database, patient, an_effect("e1", at=NOW))
    (row,) = claimed(database)
    with database.begin() as unit:
        unit.ledger.failed(row.id, NOW, "timed out", LATER)
        unit.commit()

    assert claimed(database, at=LATER - SECOND) == []
    (again,) = claimed(database, at=LATER)
    assert (again.attempts, again.at, again.error) == (2, NOW, "timed out")


def test_failed_for_good(database: Database, patient: PatientRow) -> None:
    """A permanent failure waits for a person."""
    planned(database, patient, an_effect("e1"))
    (row,) = claimed(database)
    with database.begin() as unit:
        unit.ledger.failed(row.id, NOW, "refused", None)
        unit.commit()
        assert (only(unit, patient).state, only(unit, patient).error) == (EffectState.FAILED, "refused")

    assert claimed(database, at=NOW + 2 * LEASE) == []


def test_tried_again_at_once(database: Database, source: Source, patient: PatientRow) -> None:
    """What stood in the way of writes and notices is gone: those that failed or wait are planned for now, as if never
    tried. Nothing of another patient, and no other work."""
    planned(database, patient, a_write(), an_effect("n1", kind=EffectKind.NOTICE), an_effect("e1"))
    for row in claimed(database):
        with database.begin() as unit:
            unit.ledger.failed(row.id, NOW, "refused", LATER if row.key == "n1" else None)
            unit.commit()

    with database.begin() as unit:
        assert unit.ledger.again(source, NOW, patients=["Patient/p2"]) == 0
        assert unit.ledger.again(source, NOW, patients=["Patient/p1"]) == 2
        assert unit.ledger.again(source, NOW) == 0
        unit.commit()

    assert [(row.key, row.attempts) for row in claimed(database)] == [("w1", 1), ("n1", 1)]


def test_paused_source_is_not_written_to(database: Database, source: Source, patient: PatientRow) -> None:
    """While a source is paused its writes and notices wait; work for people goes on."""
    planned(database, patient, a_write(), an_effect("e1"), an_effect("n1", kind=EffectKind.NOTICE))
    with database.begin() as unit:
        unit.sources.update(replace(source, paused=True), NOW)
        unit.commit()

    assert [row.key for row in claimed(database)] == ["e1"]

    with database.begin() as unit:
        unit.sources.update(source, NOW)
        unit.commit()
    assert [row.key for row in claimed(database)] == ["w1", "n1"]


def test_released(database: Database, patient: PatientRow) -> None:
    """Who is gone needs no lease: what that worker had claimed is free at once, and nobody else's is."""
    planned(database, patient, an_effect("e1"), a_write("one"))
    claimed(database, kinds=[EffectKind.WORK])

    with database.begin() as unit:
        names = unit.ledger.claimants(ALL, NOW), unit.ledger.claimants(ALL, NOW + LEASE)
        freed = unit.ledger.release(ALL, ["worker-2"], NOW), unit.ledger.release(ALL, ["worker-1"], NOW)
        unit.commit()

    assert names == (frozenset({"worker-1"}), frozenset[str]())
    assert freed == (0, 1)
    assert [row.attempts for row in claimed(database, kinds=[EffectKind.WORK])] == [2]


def test_claimed_for_one_patient(database: Database, source: Source) -> None:
    """Somebody waits for this one: the other's stay for the worker that has everybody's, and what another worker has in
    hand is left to it."""
    mine, other = tracked(database, source, "Patient/p1", "Patient/p2")
    planned(database, mine, a_write("one", key="w1"))
    planned(database, other, a_write("one", key="w2", patient="Patient/p2"))

    with database.begin() as unit:
        first = unit.ledger.claim(ALL, NOW, 10, "people-1", patient_id=mine.id)
        again = unit.ledger.claim(ALL, NOW, 10, "people-2", patient_id=mine.id)
        unit.commit()

    assert [row.key for row in first] == ["w1"]
    assert again == []
    assert [row.key for row in claimed(database)] == ["w2"]


def test_a_write_carries_who_acted_until_it_is_done(database: Database, patient: PatientRow) -> None:
    """A person's act wants it so; what time brings before it was written goes out with it, what comes after is not the
    person's. Other effects are nobody's."""
    by = "Practitioner/nurse"
    saved(database, an_outcome(patient, create=(a_write("one"), an_effect("e1")), by=by))
    with database.begin() as unit:
        rows = {row.key: row for row in unit.ledger.of_patients([patient.id])[patient.id]}
    renew = ((rows["w1"].id, a_write("two")),)
    saved(database, an_outcome(patient, renew=renew))

    written = {row.key: row for row in claimed(database)}
    with database.begin() as unit:
        unit.ledger.done([rows["w1"].id], NOW)
        unit.commit()
    saved(database, an_outcome(patient, renew=((rows["w1"].id, a_write("three")),)))
    (later,) = claimed(database)

    assert (written["w1"].by, written["e1"].by) == (by, None)
    assert (later.key, later.by) == ("w1", None)


def test_what_is_wanted_while_it_is_being_written_is_whose_act_it_was(database: Database, patient: PatientRow) -> None:
    """The write that is under way is not that person's, the next one is; and the other way round."""
    planned(database, patient, a_write("one"))
    (under_way,) = claimed(database)
    saved(database, an_outcome(patient, renew=((under_way.id, a_write("two")),), by="Practitioner/nurse"))
    with database.begin() as unit:
        unit.ledger.done([under_way.id], NOW, {under_way.id: under_way.digest})
        unit.commit()
    (hers,) = claimed(database)
    saved(database, an_outcome(patient, renew=((under_way.id, a_write("three")),)))
    with database.begin() as unit:
        unit.ledger.done([under_way.id], NOW, {under_way.id: hers.digest})
        unit.commit()
    (last,) = claimed(database)

    assert (under_way.by, hers.by, last.by) == (None, "Practitioner/nurse", None)
