"""The care plan form of an encounter."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from deploy.openemr.recorded.charts import CARE_PLAN
from deploy.openemr.recorded.clinic import Clinic
from deploy.openemr.recorded.pages_login import CHART, Door
from deploy.openemr.recorded.rows import CarePlanRow, Encounter, Form

PLAN = "/interface/forms/care_plan/new.php"
TYPES = {
    "plan_of_care": "Plan of care",
    "goal": "Goal",
    "appointments": "Appointments",
    "instructions": "Instructions",
    "intervention": "Intervention",
    "medication": "Medication",
    "procedure": "Procedure",
    "test_or_order": "Test or order",
}
PLAN_STATUSES = ("active", "completed", "draft", "on-hold", "revoked", "entered-in-error", "unknown")
EMPTY_LINES = 2
Lines = dict[str, list[str]]


def plan_pages(door: Door) -> Blueprint:
    """For whoever is logged in."""
    pages = Blueprint("plan", __name__)
    clinic = door.clinic

    @pages.get(f"{PLAN}/<int:eid>")
    def plan(eid: int) -> str | AnyResponse:
        door.must()
        encounter = clinic.encounters.get(eid)
        if encounter is None:
            return redirect(CHART)
        form = _form(clinic, encounter)
        rows = clinic.care_plan(form) if form else ()
        return render_template(
            "plan.html",
            encounter=encounter,
            patient=clinic.patient_of(encounter.pid),
            form=form,
            lines=[*rows, *[CarePlanRow(description="", date=encounter.at)] * EMPTY_LINES],
            kept=len(rows),
            types=TYPES,
            statuses=PLAN_STATUSES,
        )

    @pages.post(f"{PLAN}/<int:eid>")
    def saved(eid: int) -> AnyResponse:
        """All lines are deleted and inserted anew: what is left out of the form is gone."""
        login = door.form()
        encounter = clinic.encounters[eid]
        form = _form(clinic, encounter)
        before = clinic.care_plan(form) if form else ()
        rows = _rows(request.form.to_dict(flat=False), before, encounter, login.user)
        if form is None:
            clinic.new_care_plan(encounter, rows, user=login.user)
        else:
            clinic.save_care_plan(form, rows)
        return redirect(CHART)

    @pages.post(f"{PLAN}/<int:eid>/delete")
    def deleted(eid: int) -> AnyResponse:
        door.form()
        form = _form(clinic, clinic.encounters[eid])
        if form is not None:
            clinic.delete_form(form)
        return redirect(CHART)

    return pages


def _form(clinic: Clinic, encounter: Encounter) -> Form | None:
    """OpenEMR's page opens the encounter's care plan again, so there is one per encounter."""
    mine = [form for form in list(clinic.forms.values()) if form.eid == encounter.eid and form.formdir == CARE_PLAN]
    return next((form for form in mine if not form.is_deleted), None)


def _rows(sent: Lines, before: tuple[CarePlanRow, ...], encounter: Encounter, user: str) -> list[CarePlanRow]:
    """The lines of the form, in its order, without those that are ticked to be left out and those that say nothing."""
    left_out = set(sent.get("left_out", []))
    rows = []
    for place, description in enumerate(sent.get("description", [])):
        old = before[place] if place < len(before) else CarePlanRow(description="", date=encounter.at, user=user)
        row = _row(sent, place, old)
        if str(place) not in left_out and (description.strip() or row.code):
            rows.append(row)
    return rows


def _row(sent: Lines, place: int, old: CarePlanRow) -> CarePlanRow:
    """What the form does not show (author, reason) stays as it was."""
    return replace(
        old,
        description=sent["description"][place].strip(),
        care_plan_type=sent["care_plan_type"][place],
        code=sent["code"][place].strip(),
        codetext=sent["codetext"][place].strip(),
        date=_moment(sent["date"][place]) or old.date,
        proposed_date=_moment(sent["proposed_date"][place]),
        date_end=_moment(sent["date_end"][place]),
        plan_status=sent["plan_status"][place] or None,
    )


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
