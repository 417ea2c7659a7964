"""CarePlan and Goal: the care plan form of an encounter, one resource per form, one activity or target per line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from deploy.openemr.recorded.charts import CARE_PLAN
from deploy.openemr.recorded.clinic import Clinic
from deploy.openemr.recorded.query import Kind, Parameter, Row
from deploy.openemr.recorded.resources.shape import (
    MISSING,
    TERMINOLOGY,
    US_CORE,
    Json,
    Scene,
    Searchable,
    by_code,
    by_date,
    coding,
    concept,
    encounter,
    meta,
    of_patient,
    patients,
    practitioner,
    reference,
)
from deploy.openemr.recorded.rows import CarePlanRow, Form

PLAN = "plan_of_care"
GOAL = "goal"
_BEFORE_HYPHENS = datetime.fromisoformat("2022-04-09")
_STATUSES = ("active", "completed", "on-hold", "draft", "entered-in-error", "unknown")
_DONE = ("completed", "revoked", "entered-in-error")
_LIFECYCLE = ("active", "completed", "cancelled", "on-hold", "entered-in-error")
_ACHIEVEMENT = {
    "completed": ("achieved", "Achieved"),
    "active": ("in-progress", "In Progress"),
    "on-hold": ("sustaining", "Sustaining"),
    "cancelled": ("not-achieved", "Not Achieved"),
}


@dataclass(frozen=True)
class Line:
    """A line of a form that is shown, with what it is joined to."""

    form: Form
    row: CarePlanRow
    euuid: str
    puuid: str
    id: str


def _lines(clinic: Clinic, type_: str) -> Iterator[Line]:
    """The newest encounter first, in it the newest form, then the lines. ``codes`` are joined by the bare code, so a line
    whose code stands without a prefix in several tables comes once for each (OpenEMR 8.2, recording 454)."""
    uuids = patients(clinic)
    shown = [form for form in list(clinic.forms.values()) if form.formdir == CARE_PLAN and not form.is_deleted]
    for form in sorted(shown, key=lambda form: (-form.eid, -form.created.timestamp(), form.form_id)):
        visit = encounter(clinic, form.eid)
        if visit is None:
            continue
        id_ = _id(visit.uuid, form)
        for row in clinic.care_plan(form):
            if row.care_plan_type == type_:
                line = Line(form, row, visit.uuid, uuids.get(form.pid, ""), id_)
                yield from [line] * max(len(clinic.code_tables.get(row.code, ())), 1)


def _id(euuid: str, form: Form) -> str:
    separator = "-SK-" if form.created > _BEFORE_HYPHENS else "_"
    return f"{euuid}{separator}{form.form_id}"


def _plan(scene: Scene, lines: Sequence[Row]) -> Json:
    first: Line = lines[0]
    described = [" ".join(line.row.description.split("\n")) for line in lines]
    found: Json = {
        "id": first.id,
        "meta": meta(scene, first.form.created, [f"{US_CORE}us-core-careplan"]),
        "resourceType": "CarePlan",
        "text": {"status": "generated", "div": _paragraphs(described)},
        "status": _status(first.row.plan_status),
        "intent": "plan",
        "category": [concept("http://hl7.org/fhir/us/core/CodeSystem/careplan-category", "assess-plan")],
        "description": "\n".join(described),
        "subject": reference("Patient", first.puuid),
        "period": _period(scene, first.row),
    }
    author = scene.clinic.user_named(first.row.user)
    if author:
        found["author"] = practitioner(author)
    goals = _goals(scene.clinic, first)
    if goals:
        found["goal"] = goals
    found["activity"] = [{"detail": _detail(scene, line.row, first.row)} for line in lines]
    reasons = [_reason(line.row) for line in lines if line.row.reason_code]
    return found | ({"reasonCode": reasons} if reasons else {})


def _status(plan_status: str | None) -> str:
    """Of the first line alone. ``revoked`` is not in the list that it is looked up in, and comes out as unknown (OpenEMR
    8.2, recording 109); no status at all is active, an empty one unknown."""
    if plan_status is None:
        return "active"
    if plan_status == "cancelled":
        return "revoked"
    return plan_status if plan_status in _STATUSES else "unknown"


def _paragraphs(described: Sequence[str]) -> str:
    inside = "".join(f"<p>{escape(text, quote=False)}</p>" for text in described)
    return f'<div xmlns="http://www.w3.org/1999/xhtml">{inside}</div>'


def _period(scene: Scene, row: CarePlanRow) -> Json:
    ends = {"end": scene.said(row.date_end)} if row.date_end else {}
    return {"start": scene.said(row.date)} | ends


def _goals(clinic: Clinic, line: Line) -> list[Json]:
    """The forms of this encounter that have goals."""
    forms = [form for form in list(clinic.forms.values()) if form.formdir == CARE_PLAN and form.eid == line.form.eid]
    with_goals = [form for form in forms if any(row.care_plan_type == GOAL for row in clinic.care_plan(form))]
    return [reference("Goal", _id(line.euuid, form)) for form in with_goals if not form.is_deleted]


def _detail(scene: Scene, row: CarePlanRow, first: CarePlanRow) -> Json:
    """An activity says ``in-progress`` until the plan is over, whatever its own line's status is. Its due date is a
    string, beside a period that has only a start (OpenEMR 8.2, recording 106)."""
    found: Json = {}
    if row.code:
        found["kind"] = "ServiceRequest"
        found["code"] = {"coding": [coding(row.code, row.codetext)], "text": row.codetext}
    found["status"] = "completed" if first.plan_status in _DONE else "in-progress"
    found["scheduledPeriod"] = {"start": scene.said(row.date)}
    if row.proposed_date and row.proposed_date != row.date:
        found["scheduledString"] = row.proposed_date.isoformat(sep=" ", timespec="seconds")
    user = scene.clinic.user_named(row.user)
    if user:
        found["performer"] = [practitioner(user)]
    found["description"] = row.description
    return found


def _reason(row: CarePlanRow) -> Json:
    return {"coding": [coding(row.reason_code, row.reason_description)], "text": row.reason_description}


def _goal(scene: Scene, lines: Sequence[Row]) -> Json:
    first: Line = lines[0]
    codes = list(dict.fromkeys(line.row.code for line in lines if line.row.code))
    status = (first.row.plan_status or "").lower()
    found: Json = {
        "id": first.id,
        "meta": meta(scene, first.form.created, [f"{US_CORE}us-core-goal"]),
        "resourceType": "Goal",
        "lifecycleStatus": status if status in _LIFECYCLE else "active",
    }
    if status in _ACHIEVEMENT:
        found["achievementStatus"] = concept(f"{TERMINOLOGY}goal-achievement", *_ACHIEVEMENT[status])
    found["category"] = [concept("http://hl7.org/fhir/goal-category", "physiological", "Physiological")]
    described: Json = {"coding": [coding(code) for code in codes]} if codes else {}
    found["description"] = described | {"text": "\n".join(line.row.description for line in lines)}
    found["subject"] = reference("Patient", first.puuid)
    found["target"] = [_target(line.row, first.row) for line in lines]
    user = scene.clinic.user_named(first.row.user)
    return found | ({"expressedBy": practitioner(user)} if user and user.npi else {})


def _target(row: CarePlanRow, first: CarePlanRow) -> Json:
    """Due at the first line's end date, or else when the line begins, never at its target date; ``display`` is an object
    where a string belongs (OpenEMR 8.2, recording 131)."""
    measure = {"coding": [coding(row.code, MISSING)]} if row.code else MISSING
    due = (first.date_end or row.date).date()
    return {"measure": measure, "detailString": row.description, "dueDate": due.isoformat()}


_BOTH = {
    "patient": of_patient(lambda line: line.puuid),
    "_id": Parameter(Kind.FORM, lambda line: line.id),
    "_lastUpdated": by_date(lambda line: line.row.date),  # not when it was changed: when it begins (recordings 121-123)
}

CARE_PLANS = Searchable(
    name="CarePlan",
    acl="patients/med",
    parameters=_BOTH
    | {"category": by_code(lambda line: "assess-plan"), "status": by_code(lambda line: line.row.plan_status)},
    rows=lambda clinic: _lines(clinic, PLAN),
    render=_plan,
    key=lambda line: line.id,
    refusal=500,
    patient=lambda line: line.puuid,
)
GOALS = Searchable(
    name="Goal",
    acl="patients/med",
    parameters=_BOTH
    | {
        "lifecycle-status": by_code(lambda line: line.row.plan_status),
        "target-date": by_date(lambda line: line.row.date_end),
        "description": Parameter(Kind.BROKEN, lambda line: line.row.code),
    },
    rows=lambda clinic: _lines(clinic, GOAL),
    render=_goal,
    key=lambda line: line.id,
    refusal=500,
    patient=lambda line: line.puuid,
)
