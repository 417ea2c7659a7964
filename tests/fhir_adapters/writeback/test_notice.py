"""Tests of fhir_adapters/writeback/notice.py: what the provider finds in the EHR's inbox."""

import pytest

from fhir_adapters.writeback.names import Names
from fhir_adapters.writeback.notice import provider_notice
from plugin.domain.writes import task_ref
from tests.fhir_adapters.writeback.contents import a_milestone, a_notice_content

NAMES = Names()


def test_a_notice_points_to_the_task_and_names_no_step() -> None:
    """Short, without diagnosis or result; found by the Task that it is based on."""
    body = provider_notice(a_notice_content(), NAMES)

    task = [{"reference": task_ref(a_milestone().key)}]
    assert (body["status"], body["sent"]) == ("completed", "2026-07-15T08:00:00-05:00")
    assert (body["basedOn"], body["about"]) == (task, task)
    assert body["recipient"] == [{"reference": "Practitioner/dr1"}]
    assert body["sender"] == {"reference": "Device/milepost"}
    assert body["category"][0]["coding"][0]["code"] == "notification"
    assert body["payload"] == [
        {"contentString": "A step of this patient's care plan is overdue (tier 3). It was due 2026-06-30."}
    ]


@pytest.mark.parametrize(("recipient", "expected"), [("provider", [{"display": "provider"}]), (None, None)])
def test_a_notice_to_a_role(recipient: str | None, expected: object) -> None:
    """R4 has no element for a role; its name stands in the display."""
    assert provider_notice(a_notice_content(recipient), NAMES).get("recipient") == expected
