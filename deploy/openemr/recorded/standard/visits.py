"""Encounters of the Standard API and what is written in them: vitals, notes, problems, files, transactions."""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from typing import Any

from deploy.openemr.recorded.answer import Answer
from deploy.openemr.recorded.bookings import CATEGORIES
from deploy.openemr.recorded.coercion import as_number
from deploy.openemr.recorded.errors import Page
from deploy.openemr.recorded.rows import Encounter
from deploy.openemr.recorded.standard.checks import complaints, long_enough, numeric
from deploy.openemr.recorded.standard.reply import PHP_HTML, Desk, envelope, links, nothing, plain, refused

_MEASURED = [
    "bps",
    "bpd",
    "weight",
    "height",
    "temperature",
    "pulse",
    "respiration",
    "waist_circ",
    "head_circ",
    "oxygen_saturation",
]
_NOTE = ("subjective", "objective", "assessment", "plan")
_CATEGORIES = ("Medical Record", "Lab Report", "Patient Information", "CCR", "CCD", "CCDA", "Eye Module")
_NO_GROUP = (
    "<h2><font color='red'>Query Error</font></h2><p><font color='red'>ERROR:</font> insert failed: INSERT INTO "
    "transactions SET title=?, pid=?, groupname=?</p><p>Error: <font color='red'>Column 'groupname' cannot be null"
    "</font></p>"
)


def post_encounter(desk: Desk) -> Answer:
    """A visit, for a patient by uuid (recording 079)."""
    clinic, given = desk.clinic, desk.call.json
    patient = clinic.patient_with(desk.named[0])
    if patient is None:
        return refused({"uuid": {"invalid or nonexisting value": f" value {desk.named[0]}"}})
    opened = clinic.open_encounter(
        patient,
        at=datetime.fromisoformat(given["date"]),
        reason=given.get("reason", ""),
        provider=clinic.users.get(as_number(str(given.get("provider_id", "")))),
        category=as_number(str(given.get("pc_catid", ""))),
    )
    return envelope(200, _encounter(desk, opened))


def _encounter(desk: Desk, row: Encounter) -> dict[str, Any]:  # JSON
    clinic = desk.clinic
    patient, provider = clinic.patients[row.pid], clinic.users.get(row.provider or 0)
    place = clinic.facilities[row.facility]
    return {
        "eid": row.eid,
        "euuid": row.uuid,
        "date": row.at.isoformat(" ", "seconds"),
        "reason": row.reason,
        "onset_date": None,
        "sensitivity": "normal",
        "billing_note": None,
        "pc_catid": row.category,
        "last_level_billed": 0,
        "last_level_closed": 0,
        "last_stmt_date": None,
        "stmt_count": 0,
        "supervisor_id": 0,
        "invoice_refno": "",
        "referral_source": "",
        "billing_facility": row.facility,
        "external_id": "",
        "last_update": row.updated.isoformat(" ", "seconds"),
        "pos_code": 0,
        "class_code": row.class_code,
        "class_title": "ambulatory",
        "pc_catname": CATEGORIES.get(row.category, ("", ""))[1],
        "pid": row.pid,
        "puuid": patient.uuid,
        "facility_id": place.id,
        "facility_uuid": place.uuid,
        "facility_name": place.name,
        "facility_location_uuid": place.location,
        "billing_facility_id": place.id,
        "billing_facility_uuid": place.uuid,
        "billing_facility_name": place.name,
        "billing_location_uuid": place.location,
        "provider_id": row.provider or 0,
        "referring_provider_id": 0,
        "ordering_provider_id": 0,
        "provider_uuid": provider.uuid if provider else None,
        "provider_username": provider.username if provider else None,
        "referrer_uuid": None,
        "referrer_username": None,
        "discharge_disposition": None,
        "discharge_disposition_text": None,
        "encounter": row.eid,
    }


def post_vital(desk: Desk) -> Answer:
    """A vitals form in a visit; the visit is not looked for."""
    given = desk.call.json
    wrong = complaints(given, dict.fromkeys(_MEASURED, numeric), is_required=False)
    if wrong:
        return plain(200, wrong)
    visit = desk.clinic.encounters.get(as_number(desk.named[1]))
    if visit is None:
        return nothing()
    measured = {name: str(value) for name, value in given.items() if value not in ("", None)}
    taken = desk.clinic.record_vitals(visit, measured)
    return plain(201, {"vid": taken.vid, "fid": taken.form})


def post_problem(desk: Desk) -> Answer:
    """A line of the problem list, for a patient by uuid."""
    given, patient = desk.call.json, desk.clinic.patient_with(desk.named[0])
    if patient is None:
        return refused({"uuid": {"invalid or nonexisting value": f" value {desk.named[0]}"}})
    begun, ended = given.get("begdate"), given.get("enddate")
    problem = desk.clinic.add_problem(
        patient,
        given["title"],
        diagnosis=given.get("diagnosis", ""),
        begun=date.fromisoformat(begun) if begun else None,
        ended=date.fromisoformat(ended) if ended else None,
    )
    return envelope(200, {"id": problem.id, "uuid": problem.uuid})


def post_soap_note(desk: Desk) -> Answer:
    """A note with four parts, each of which may be left out, but not be shorter than two letters (recordings 462, 488)."""
    given = desk.call.json
    wrong = complaints(given, dict.fromkeys(_NOTE, long_enough(65535)), is_required=False)
    if wrong:
        return plain(200, wrong)
    visit = desk.clinic.encounters.get(as_number(desk.named[1]))
    if visit is None:
        return nothing()
    form = desk.clinic.add_form("soap", visit, user=desk.permit.user)
    return plain(201, {"sid": form.form_id, "fid": form.id})


def soap_notes(desk: Desk) -> Answer:
    """Those of a visit, as far as they are kept here: their numbers."""
    eid = as_number(desk.named[1])
    found = [form for form in list(desk.clinic.forms.values()) if form.formdir == "soap" and form.eid == eid]
    return plain(200, [{"id": form.form_id, "pid": form.pid} for form in found]) if found else nothing()


def post_document(desk: Desk) -> Answer:
    """True, whatever happens: in a category that there is not, the file is stored where nobody sees it (recordings 467 to
    469 and 483 to 487)."""
    category = _category(desk.call.one("path") or "")
    for filename, mimetype, content in desk.call.files:
        desk.clinic.store_document(as_number(desk.named[0]), filename, content, mimetype=mimetype, category=category)
    return plain(200, True)


def documents(desk: Desk) -> Answer:
    """Those of a category."""
    category, pid = _category(desk.call.one("path") or ""), as_number(desk.named[0])
    rows = [row for row in list(desk.clinic.documents.values()) if row.pid == pid and row.category == category]
    found = [
        {
            "filename": row.filename,
            "hash": hashlib.sha3_512(row.content).hexdigest(),
            "id": row.id,
            "mimetype": row.mimetype,
            "docdate": row.stored.date().isoformat(),
        }
        for row in rows
        if category
    ]
    return plain(200, found) if found else nothing()


def _category(path: str) -> str | None:
    """Spaces are written ``_``; the last part counts, in large or small letters."""
    last = path.rstrip("/").rpartition("/")[2]
    wanted = last.replace("_", " ").lower()
    return next((one for one in _CATEGORIES if one.lower() == wanted and " " not in last), None)


def post_transaction(desk: Desk) -> Answer:
    """Without a group it dies as a page with the SQL; with everything it answers false and stores nothing (OpenEMR 8.2,
    recordings 464 to 466)."""
    if not desk.call.json.get("groupname"):
        raise Page(400, _NO_GROUP, PHP_HTML)
    return envelope(200, [False], links(desk))


def transactions(_: Desk) -> Answer:
    """None are ever stored."""
    return envelope(200, [])
