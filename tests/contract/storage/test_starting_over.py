"""What is written for a source goes elsewhere from now on: nothing of it stands there."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from plugin.domain.assessment import EffectKind
from plugin.domain.companion import LinkState, PatientLink
from plugin.domain.ledger import EffectState, LedgerRow
from plugin.domain.source import Cursor, Draft, Source, Standing, Written
from plugin.domain.tracking import PatientRow
from plugin.usecases.ports import Database
from tests.contract.storage.given import LATER, NOW, a_source, a_write, an_effect, an_outcome, saved, tracked

WRITE = [EffectKind.WRITE]


@pytest.fixture
def patient(database: Database, source: Source) -> PatientRow:
    """With a write that was carried out, one that failed, one that waits; a notice that was given, and open work."""
    (row,) = tracked(database, source, "Patient/p1")
    notice = an_effect("n1", kind=EffectKind.NOTICE)
    writes = [a_write(key=key) for key in ("done", "failed", "waits")]
    saved(database, an_outcome(row, create=(*writes, notice, an_effect("work"))))
    with database.begin() as unit:
        ids = {one.key: one.id for one in unit.ledger.claim([*WRITE, EffectKind.NOTICE], NOW, 10, "worker")}
        unit.ledger.done([ids["done"], ids["n1"]], NOW)
        unit.ledger.failed(ids["failed"], NOW, "no", None)
        unit.ledger.failed(ids["waits"], NOW, "not now", LATER)
        unit.commit()
    return row


def rows_of(database: Database, patient: PatientRow) -> dict[str, LedgerRow]:
    """By key."""
    with database.begin() as unit:
        rows: Sequence[LedgerRow] = unit.ledger.of_patients([patient.id])[patient.id]
    return {row.key: row for row in rows}


def test_writes_are_as_if_never_carried_out(database: Database, source: Source, patient: PatientRow) -> None:
    """Whatever became of them; notices and work are as they were."""
    before = rows_of(database, patient)
    with database.begin() as unit:
        assert unit.ledger.start_over(source, LATER)
        unit.commit()

    after = rows_of(database, patient)

    for key in ("done", "failed", "waits"):
        assert (after[key].state, after[key].done_digest, after[key].attempts, after[key].error) == (
            EffectState.WITHDRAWN,
            "",
            0,
            None,
        )
    assert (after["n1"], after["work"]) == (before["n1"], before["work"])
    with database.begin() as unit:
        assert unit.ledger.claim(WRITE, LATER, 10, "worker") == []


def test_another_sources_writes_stand(database: Database, source: Source, patient: PatientRow) -> None:
    """With patients of its own."""
    with database.begin() as unit:
        other = unit.sources.add(replace(source, slug="other", base_url="https://other.example/fhir"), NOW)
        assert unit.ledger.start_over(other, LATER)
        unit.commit()

    assert rows_of(database, patient)["done"].state is EffectState.DONE


def test_not_while_somebody_is_writing(database: Database, source: Source, patient: PatientRow) -> None:
    """The caller gives up, without a commit."""
    saved(database, an_outcome(patient, create=(a_write(key="more"),)))
    with database.begin() as unit:
        assert len(unit.ledger.claim(WRITE, NOW, 10, "worker")) == 1
        unit.commit()

    with database.begin() as unit:
        assert not unit.ledger.start_over(source, LATER)

    assert rows_of(database, patient)["done"].state is EffectState.DONE


def test_nothing_is_known_of_what_stands_there(database: Database, source: Source) -> None:
    """But every body that was ever sent is still known as ours."""
    draft = Draft(ref="Task/t1", body={}, digest="d1", owned="o1")
    with database.begin() as unit:
        unit.sent.remember(source, [draft], NOW)
        unit.sent.written(source, [Written("Task/t1", "3")], NOW)
        unit.sent.adopt(source, Standing("Device/milepost", "1", "d0"), NOW)
        unit.sent.start_over(source)

        refs = ["Task/t1", "Device/milepost"]
        assert (unit.sent.versions(source, refs), unit.sent.last_digests(source, refs)) == ({}, {})
        assert unit.sent.owned(source, refs) == {"Task/t1": frozenset({"o1"})}


def test_whoever_was_assessed_is_weighed_anew(database: Database, source: Source, patient: PatientRow) -> None:
    """Due now, with a digest that no assessment has; somebody who never was assessed is only due."""
    with database.begin() as unit:
        unit.patients.track(source, ["Patient/p2"], NOW, read_back=False)
        unit.patients.weigh_anew(source, LATER)
        unit.commit()
        due = {row.ref: row for row in unit.patients.claim_due(LATER, 10)}

    assert due["Patient/p1"].digest not in ("", "d1")
    assert due["Patient/p2"].digest == ""


def test_links_are_forgotten(database: Database, source: Source) -> None:
    """They are of one store."""
    link = PatientLink(patient="Patient/p1", state=LinkState.LINKED, store_ref="Patient/77", at=NOW)
    with database.begin() as unit:
        unit.companion_links.save(source, [link])
        unit.companion_links.forget(source)

        assert unit.companion_links.of(source, ["Patient/p1"]) == {}


def test_when_each_type_was_read(any_database: Database) -> None:
    """A cursor that was put back to the beginning says nothing."""
    with any_database.begin() as unit:
        source = unit.sources.add(a_source(), NOW)
        unit.sources.move(source, "Patient", Cursor("1"), NOW)
        unit.sources.move(source, "Patient", Cursor("2"), LATER)
        unit.sources.move(source, "Goal", Cursor("1"), NOW)
        unit.sources.move(source, "Goal", Cursor(), LATER)

        assert unit.sources.moved(source) == {"Patient": LATER}
