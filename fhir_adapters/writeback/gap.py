"""A gap in the chart: one DetectedIssue for each milestone, one Flag for each patient."""

from collections.abc import Mapping
from types import MappingProxyType

from fhir_adapters.writeback.model import Body, checked
from fhir_adapters.writeback.names import DEVICE, Names, one_line, reference
from plugin.domain.writes import FlagContent, GapContent, flag_ref, gap_ref

# R4's own v3-ActCode does not have CAREGAP; later terminology does, and DEQM asks for it.
_CARE_GAP = MappingProxyType(
    {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "CAREGAP", "display": "Care Gaps"}
)
_GAP_STATUS = "http://hl7.org/fhir/us/davinci-deqm/StructureDefinition/extension-gapStatus"
_GAP_STATUS_CODES = "http://hl7.org/fhir/us/davinci-deqm/CodeSystem/gaps-status"
_FLAG_CATEGORY = "http://terminology.hl7.org/CodeSystem/flag-category"

_SEVERITY: Mapping[int, str] = MappingProxyType({1: "low", 2: "moderate", 3: "high", 4: "high"})


def detected_issue(content: GapContent, names: Names) -> Body:
    """The gap. Closed, it says by what; withdrawn, it is cancelled: it was right when it was written, and is no more."""
    is_open = content.state == "open"
    return checked(
        "DetectedIssue",
        {
            "id": gap_ref(content.key).partition("/")[2],
            "meta": names.meta,
            "identifier": [names.identifier("gap", content.key)],
            "modifierExtension": [_gap_status("open-gap" if is_open else "closed-gap")],
            "status": "cancelled" if content.state == "withdrawn" else "final",
            "code": {"coding": [dict(_CARE_GAP)]},
            "severity": _SEVERITY.get(content.tier) if is_open else None,
            "patient": reference(content.patient),
            "identifiedDateTime": content.identified,
            "author": reference(DEVICE),
            "implicated": [reference(content.task)],
            "detail": one_line(f"{content.title}: due {content.due}"),
            "mitigation": [_mitigation(content, names)] if content.state == "closed" else [],
        },
    )


def care_gap_flag(content: FlagContent, names: Names) -> Body:
    """The banner of the chart, without saying which step it is about."""
    return checked(
        "Flag",
        {
            "id": flag_ref(content.key).partition("/")[2],
            "meta": names.meta,
            "identifier": [names.identifier("flag", content.key)],
            "status": "active" if content.active else "inactive",
            "category": [{"coding": [{"system": _FLAG_CATEGORY, "code": "clinical"}]}],
            "code": names.concept("flag", "care-gap", "Care gap: a step of the care plan is overdue"),
            "subject": reference(content.patient),
            "period": {"start": content.since} if content.since else None,
            "author": reference(DEVICE),
        },
    )


def _gap_status(code: str) -> dict[str, object]:
    return {"url": _GAP_STATUS, "valueCodeableConcept": {"coding": [{"system": _GAP_STATUS_CODES, "code": code}]}}


def _mitigation(content: GapContent, names: Names) -> dict[str, object]:
    done = names.concept("mitigation", "milestone-completed", "The step was completed after its due date")
    # Its author may be a Practitioner only (HAPI-0931 for a Device).
    return {"action": done, **({"date": content.closed_on} if content.closed_on else {})}
