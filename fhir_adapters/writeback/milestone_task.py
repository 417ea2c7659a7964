"""The Task that stands for a milestone, and what gap and tier say on a Task of somebody else."""

from collections.abc import Mapping
from types import MappingProxyType

from fhir_adapters.writeback.model import Body, checked
from fhir_adapters.writeback.names import CodeableConcept, Names, one_line, reference
from plugin.domain.assessment import Gap
from plugin.domain.writes import TaskContent, task_ref

_TASK_CODE = "http://hl7.org/fhir/CodeSystem/task-code"

REASONS: Mapping[str, str] = MappingProxyType(
    {
        "held": "Put on hold",
        "held-by-source": "The order or Task is on hold",
        "plan-on-hold": "The care plan is on hold",
        "outcome-not-recorded": "The visit's outcome has not been recorded",
        "awaiting-result": "Waiting for the result",
        "awaiting-review": "Waiting for review",
        "loose-evidence": "A visit may have been this step; to be confirmed",
        "outcome-unread": "The outcome cannot be read",
        "source-failed": "The Task failed",
        "checklist-open": "The checklist is not complete",
        "outcome-contradicted": "The visit's outcome contradicts itself",
        "plan-closed-as-a-whole": "The plan was closed as a whole",
        "cancelled-by-source": "The order or Task was cancelled",
        "entered-in-error": "Entered in error",
        "not-applicable": "Not applicable",
        "plan-ended": "The care plan has ended",
        "patient-deceased": "The patient has died",
        "patient-inactive": "The patient's record is inactive",
        "removed-from-plan": "Removed from the plan",
    }
)
"""What ``Task.statusReason`` says for each reason of SEMANTICS S5."""


def milestone_task(content: TaskContent, names: Names) -> Body:
    """The Task's body. It carries no moment of writing: ``meta.lastUpdated`` and Provenance have that, and an unchanged
    milestone must give an identical body."""
    return checked(
        "Task",
        {
            "id": task_ref(content.key).partition("/")[2],
            "meta": names.meta,
            "identifier": [{"use": "official", **names.identifier("milestone", content.key)}],
            "basedOn": [reference(content.based_on)] if content.based_on else [],
            "groupIdentifier": names.identifier("plan", f"{content.patient}|{content.plan}"),
            "status": content.task_status,
            "statusReason": status_reason(content, names),
            "businessStatus": business_status(content, names),
            "intent": "order",
            "code": _code(content, names),
            "description": one_line(content.title),
            "focus": reference(content.focus) if content.focus else None,
            "for": reference(content.patient),
            "executionPeriod": {"end": content.completed_on} if content.completed_on else None,
            "performerType": [names.concept("role", content.role, _spoken(content.role))] if content.role else [],
            "owner": reference(content.owner) if content.owner else None,
            "restriction": _restriction(content),
        },
    )


def annotate_source_task(raw: Mapping[str, object], content: TaskContent, names: Names) -> dict[str, object]:
    """Somebody else's Task, as read, with our businessStatus and statusReason in it: for a write with ``If-Match`` where
    the practice allows it. Their codings and words stay, and so does every other element; the same content a second
    time changes nothing."""
    annotated = dict(raw)
    for element, ours in (
        ("businessStatus", business_status(content, names)),
        ("statusReason", status_reason(content, names)),
    ):
        merged = _merged(annotated.get(element), ours, names)
        if merged:
            annotated[element] = merged
        else:
            annotated.pop(element, None)
    return annotated


def business_status(content: TaskContent, names: Names) -> CodeableConcept:
    """Gap, tier and booking: FHIR has no status for overdue (DESIGN §4.3)."""
    if content.gap == Gap.OPEN:
        code, words = f"overdue-tier-{content.tier}", f"Overdue, tier {content.tier}"
    elif content.gap == Gap.CLOSED:
        code, words = "completed-late", "Completed late"
    else:
        code, words = "not-overdue", "Not overdue"
    booked = f", booked for {content.booked_for}" if content.booked_for else ""
    return names.concept("milestone-state", code, words + booked)


def status_reason(content: TaskContent, names: Names) -> CodeableConcept | None:
    """Why the status is what it is, where there is a reason (S5)."""
    if content.reason is None:
        return None
    return names.concept("status-reason", content.reason, REASONS.get(content.reason, _spoken(content.reason)))


def _code(content: TaskContent, names: Names) -> CodeableConcept:
    codings = [{"system": _TASK_CODE, "code": "fulfill"}]
    if content.program_code:
        codings.append({"system": names.codes("milestone"), "code": content.program_code})
    for system, _, code in (known.partition("|") for known in content.codes):
        if system and code and {"system": system, "code": code} not in codings:
            codings.append({"system": system, "code": code})
    return {"coding": codings, "text": one_line(content.title)}


def _restriction(content: TaskContent) -> dict[str, object] | None:
    """The window: its end is the due date (https://hl7.org/fhir/R4/task-definitions.html#Task.restriction.period)."""
    period = {name: day for name, day in (("start", content.opens), ("end", content.due)) if day is not None}
    return {"period": period} if period else None


def _merged(theirs: object, ours: CodeableConcept | None, names: Names) -> CodeableConcept:
    concept = dict(theirs) if isinstance(theirs, dict) else {}
    codings = concept.get("coding")
    stood = codings if isinstance(codings, list) else []
    foreign = [coding for coding in stood if not _is_ours(coding, names)]
    written_by_us = len(foreign) < len(stood)
    if written_by_us and not foreign:
        concept.pop("text", None)
    concept["coding"] = foreign
    if ours is not None:
        own = ours["coding"]
        concept["coding"] = [*foreign, *(own if isinstance(own, list) else [])]
        concept.setdefault("text", ours["text"])
    if not concept["coding"]:
        del concept["coding"]
    return concept


def _is_ours(coding: object, names: Names) -> bool:
    return isinstance(coding, dict) and str(coding.get("system", "")).startswith(names.codes(""))


def _spoken(code: str) -> str:
    return code.replace("-", " ").capitalize()
