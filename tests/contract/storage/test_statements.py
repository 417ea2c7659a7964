"""The port Statements."""

from datetime import date, timedelta

from plugin.domain.record import Said, Statement
from plugin.domain.source import Source
from plugin.storage.codec import decode_statement
from plugin.usecases.ports import Database
from tests.contract.storage.given import LATER, NOW, an_outcome, saved, tracked

HOLD = Statement(
    id="s1",
    said=Said.HOLD,
    by="Practitioner/d1",
    at=NOW,
    milestone="k1",
    until=date(2026, 7, 1),
    reason="away",
    note="She is at her sister's.",
)


def test_said_once(database: Database, source: Source) -> None:
    """A statement marks its patient and leaves an audit row; said again under its id it is nothing new."""
    (row,) = tracked(database, source, "Patient/p1")
    saved(database, an_outcome(row, unchanged=True, next_change_at=None))

    with database.begin() as unit:
        assert unit.statements.add(source, "Patient/p1", HOLD, LATER) is True
        assert unit.statements.add(source, "Patient/p1", HOLD, LATER) is False

        assert unit.statements.of_patient(source, "Patient/p1") == [HOLD]
        assert unit.patients.due_count(LATER) == 1
        entry, *older = unit.audit.entries()
    assert (entry.who, entry.action, entry.record, entry.why) == (
        "Practitioner/d1",
        "say:hold",
        "clinic/Patient/p1",
        "away",
    )
    assert entry.detail["until"] == "2026-07-01"
    assert "say:hold" not in [row.action for row in older]


def test_audit_has_no_words(database: Database, source: Source) -> None:
    """A note is about a patient: the audit row has its hash instead."""
    with database.begin() as unit:
        unit.statements.add(source, "Patient/p1", HOLD, NOW)
        (entry, *_) = unit.audit.entries()

    assert "sister" not in entry.canonical
    assert "note_sha256" in entry.detail


def test_oldest_first(database: Database, source: Source) -> None:
    """In the order in which they were said, not in which they were stored."""
    earlier = Statement(id="s2", said=Said.NOTE, by="Practitioner/d1", at=NOW - timedelta(days=1))

    with database.begin() as unit:
        for statement in (HOLD, earlier):
            unit.statements.add(source, "Patient/p1", statement, NOW)

        assert unit.statements.of_patient(source, "Patient/p1") == [earlier, HOLD]
        assert unit.statements.of_patient(source, "Patient/p2") == []


def test_a_contact_keeps_its_outcome(database: Database, source: Source) -> None:
    """With the day of the next one; what was said before there were outcomes is read as it was."""
    contact = Statement(
        id="s3", said=Said.CONTACT, by="Practitioner/d1", at=NOW, outcome="reached-barrier", next_on=date(2026, 6, 20)
    )

    with database.begin() as unit:
        unit.statements.add(source, "Patient/p1", contact, NOW)
        assert unit.statements.of_patient(source, "Patient/p1") == [contact]
        (entry, *_) = unit.audit.entries()
    assert (entry.detail["outcome"], entry.detail["next_on"]) == ("reached-barrier", "2026-06-20")
    old = '{"id":"s1","said":"note","by":"x","at":"2026-06-16T12:00:00Z"}'
    assert decode_statement(old) == Statement(id="s1", said=Said.NOTE, by="x", at=NOW)


def test_the_audit_tells_where_it_was_said(database: Database, source: Source) -> None:
    """From which launch, over which version; said twice it is told once."""
    with database.begin() as unit:
        for _ in range(2):
            unit.statements.add(source, "Patient/p1", HOLD, NOW, told={"launch": "l1", "version": "v1"})
        told = [entry.detail for entry in unit.audit.entries() if entry.action == "say:hold"]

    assert [(detail["launch"], detail["version"]) for detail in told] == [("l1", "v1")]
