"""Tests of fhir_adapters/writeback/gap.py: DetectedIssue and Flag."""

import pytest

from fhir_adapters.writeback.gap import care_gap_flag, detected_issue
from fhir_adapters.writeback.names import Names
from plugin.domain.writes import task_ref
from tests.fhir_adapters.writeback.contents import a_completed_milestone, a_flag_content, a_gap_content, a_milestone

NAMES = Names()
GAP_STATUS = "http://hl7.org/fhir/us/davinci-deqm/StructureDefinition/extension-gapStatus"


def test_an_open_gap_as_a_detected_issue() -> None:
    """CAREGAP, DEQM's open-gap, about our Task, since the day after the due date."""
    body = detected_issue(a_gap_content(), NAMES)

    assert body["id"].startswith("mg-")
    assert body["identifier"] == [{"system": "https://milepost.example/gap", "value": a_milestone().key}]
    assert body["code"]["coding"][0]["code"] == "CAREGAP"
    assert (body["status"], body["severity"], body["identifiedDateTime"]) == ("final", "high", "2026-07-01")
    assert body["implicated"] == [{"reference": task_ref(a_milestone().key)}]
    assert body["author"] == {"reference": "Device/milepost"}
    assert "mitigation" not in body
    (extension,) = body["modifierExtension"]
    assert extension["url"] == GAP_STATUS
    assert extension["valueCodeableConcept"]["coding"][0]["code"] == "open-gap"


@pytest.mark.parametrize(("tier", "severity"), [(1, "low"), (2, "moderate"), (3, "high"), (4, "high")])
def test_the_tier_is_its_severity(tier: int, severity: str) -> None:
    """FHIR has three."""
    assert detected_issue(a_gap_content(a_milestone(tier=tier)), NAMES)["severity"] == severity


def test_a_closed_gap_says_by_what() -> None:
    """The same resource, closed-gap, with the day of completion."""
    opened, closed = (
        detected_issue(a_gap_content(), NAMES),
        detected_issue(a_gap_content(a_completed_milestone()), NAMES),
    )

    assert closed["id"] == opened["id"]
    assert closed["modifierExtension"][0]["valueCodeableConcept"]["coding"][0]["code"] == "closed-gap"
    assert closed["mitigation"][0]["date"] == "2026-07-07"
    assert closed["mitigation"][0]["action"]["coding"][0]["code"] == "milestone-completed"
    assert "severity" not in closed


def test_a_withdrawn_gap_is_cancelled() -> None:
    """It is not closed by anything: it was a gap, and is none."""
    body = detected_issue(a_gap_content().withdrawn, NAMES)

    assert body["status"] == "cancelled"
    assert "mitigation" not in body


def test_a_flag_names_no_step() -> None:
    """It is the chart's banner; one for each patient and source, whatever the gaps."""
    body = care_gap_flag(a_flag_content(), NAMES)

    assert body["id"].startswith("mf-")
    assert (body["status"], body["period"]) == ("active", {"start": "2026-07-01"})
    assert body["code"]["coding"] == [{"system": "https://milepost.example/cs/flag", "code": "care-gap"}]
    assert "HbA1c" not in str(body)


def test_the_last_gap_closed_makes_the_flag_inactive() -> None:
    """The same resource, so the banner goes."""
    flag = a_flag_content()

    assert care_gap_flag(flag.withdrawn, NAMES) == {**care_gap_flag(flag, NAMES), "status": "inactive"}
