"""Messages to staff: whose chart, whose inbox, which number."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from plugin.domain.staff_message import ChartNumber, StaffMessage, inbox_of

MESSAGE = StaffMessage(ref="DetectedIssue/mg-1", patient="Patient/p1", step="s", at=datetime(2026, 11, 26, tzinfo=UTC))
INBOX = {"Practitioner/n1": "nurse", "scheduler": "desk", "provider": " ", "coordinator": "coordinator-1"}


@pytest.mark.parametrize("value", ["2", "2b1b2c3d-0000-4000-8000-0000000000e1", 2.0, True, 0, -1, None])
def test_nothing_else_is_a_chart_number(value: object) -> None:
    """An id in its place cannot be made into one."""
    with pytest.raises(TypeError):
        ChartNumber(value)  # type: ignore[arg-type]  # that is what is tried


@pytest.mark.parametrize(
    ("owner", "role", "to"),
    [
        ("Practitioner/n1", "scheduler", "nurse"),
        ("Practitioner/n9", "scheduler", "desk"),
        ("Practitioner/n9", "provider", "coordinator-1"),
        (None, None, "coordinator-1"),
    ],
)
def test_whose_inbox(owner: str | None, role: str | None, to: str) -> None:
    """The owner's, else the role's, else the coordinator's; a name that is left blank is none."""
    assert inbox_of(INBOX, owner, role) == to


def test_nobodys_inbox() -> None:
    """Where none is named, it is not made up."""
    assert inbox_of({"scheduler": "desk"}, "Practitioner/n1", "provider") is None


def test_the_number_is_the_gaps() -> None:
    """The same whenever it is asked for, in whatever database; another gap has another."""
    assert MESSAGE.number == replace(MESSAGE, mid=7, revision=3).number
    assert MESSAGE.number != replace(MESSAGE, ref="DetectedIssue/mg-2").number
    assert len(MESSAGE.number) == len("MP-ABCDEF")
