"""The port StaffMessages."""

from dataclasses import replace

from plugin.domain.source import Source
from plugin.domain.staff_message import ChartNumber, StaffMessage
from plugin.usecases.ports import Database
from tests.contract.storage.given import LATER, NOW

GAP = StaffMessage(ref="DetectedIssue/mg-1", patient="Patient/p1", step="step-1", at=NOW)
NOTICE = replace(GAP, ref="Communication/mc-1", chart=ChartNumber(7), mid=12, to="nurse", is_open=True)


def test_messages_come_back_as_they_were_saved(any_database: Database, any_source: Source) -> None:
    """By what they stand for, by step, and all; the last one saved stands."""
    with any_database.begin() as unit:
        for message in (GAP, NOTICE, replace(GAP, ref="DetectedIssue/mg-2", step="step-2")):
            unit.staff_messages.save(any_source, message)
        said = replace(GAP, chart=ChartNumber(7), mid=13, said="a", asked="b", revision=2, at=LATER)
        unit.staff_messages.save(any_source, said)

        assert unit.staff_messages.of(any_source, [GAP.ref, "DetectedIssue/mg-9"]) == {GAP.ref: said}
        assert unit.staff_messages.of_step(any_source, "step-1") == [NOTICE, said]
        assert [message.ref for message in unit.staff_messages.all(any_source)] == [
            "Communication/mc-1",
            "DetectedIssue/mg-1",
            "DetectedIssue/mg-2",
        ]


def test_a_deleted_message_is_forgotten(any_database: Database, any_source: Source) -> None:
    """And so are those of a source that is removed."""
    with any_database.begin() as unit:
        unit.staff_messages.save(any_source, GAP)
        unit.staff_messages.save(any_source, NOTICE)
        unit.staff_messages.forget(any_source, GAP.ref)

        assert unit.staff_messages.all(any_source) == [NOTICE]

        unit.sources.forget(any_source, LATER, by="user:1", told={})

        assert unit.staff_messages.all(any_source) == []
