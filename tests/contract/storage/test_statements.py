"""The port Statements."""

from datetime import date, timedelta

from plugin.domain.record import Said, Statement
from plugin.domain.source import Source
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
