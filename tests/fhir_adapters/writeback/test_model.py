"""Tests of fhir_adapters/writeback/model.py: nothing goes out that R4 would not take."""

import pytest

from fhir_adapters.writeback.model import checked
from plugin.domain.errors import PermanentFailure

SECRET = "Rivera, Ana"
TASK = {"id": "mp-1", "status": "ready", "intent": "order", "for": {"reference": "Patient/p1"}}


def test_empty_parts_are_left_out() -> None:
    """FHIR has no null, no empty list and no empty object."""
    assert checked("Task", {**TASK, "owner": None, "basedOn": [], "restriction": {}}) == {
        "resourceType": "Task",
        **TASK,
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": "overdue"},
        {"intent": "wish"},
        {"owner": [{"reference": "Practitioner/1"}]},
        {"restriction": {"period": {"end": SECRET}}},
        {"executionPeriod": {"end": "2026-13-01"}},
        {"dueDate": "2026-06-30"},
        {"description": 7},
        {"intent": None},
        {"code": {"coding": [{"system": "https://x.example", "kode": SECRET}]}},
    ],
)
def test_what_r4_does_not_know_is_refused(wrong: dict[str, object]) -> None:
    """Unknown codes and elements, wrong types, broken dates, missing parts: named, and never with their value."""
    with pytest.raises(PermanentFailure) as failure:
        checked("Task", {**TASK, **wrong})

    assert "Task/mp-1" in str(failure.value)
    assert SECRET not in str(failure.value)
    assert failure.value.__cause__ is None


@pytest.mark.parametrize(
    "end", ["2026", "2026-06", "2026-06-30", "2026-06-30T10:00:00Z", "2026-06-30T10:00:00.5-05:00"]
)
def test_dates_of_every_precision_are_taken(end: str) -> None:
    """As FHIR has them."""
    assert checked("Task", {**TASK, "restriction": {"period": {"end": end}}})["restriction"]["period"]["end"] == end
