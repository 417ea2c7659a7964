"""Patients and practitioners of the Standard API: with OpenEMR's own numbers."""

from __future__ import annotations

import functools
import json
from datetime import date
from pathlib import Path
from typing import Any

from deploy.openemr.recorded.answer import Answer
from deploy.openemr.recorded.query import number
from deploy.openemr.recorded.rows import Patient
from deploy.openemr.recorded.standard.checks import complaints, long_enough
from deploy.openemr.recorded.standard.reply import Desk, envelope, page, refused

CHECKS = {
    "fname": long_enough(255, 1),
    "lname": long_enough(255),
    "sex": long_enough(30, 4),
    "DOB": long_enough(10, 10),
}
LABELS = {"fname": "First Name", "lname": "Last Name"}
_COLUMNS = {
    "title": "title",
    "mname": "mname",
    "ss": "ss",
    "street": "street",
    "city": "city",
    "state": "state",
    "postal_code": "postal_code",
    "country_code": "country_code",
    "phone_home": "phone_home",
    "phone_cell": "phone_cell",
    "email": "email",
    "email_direct": "email_direct",
    "race": "race",
    "ethnicity": "ethnicity",
    "sex": "sex",
    "pubpid": "pubpid",
}
_SEARCHED = (
    "fname",
    "mname",
    "lname",
    "ss",
    "street",
    "postal_code",
    "city",
    "state",
    "phone_home",
    "phone_cell",
    "email",
)
_SEARCHED_TOO = ("DOB", "pubpid", "sex", "race", "ethnicity")


def post(desk: Desk) -> Answer:
    """A new patient; here what is wrong is a 400 (recording 071)."""
    given = desk.call.json
    wrong = complaints(given, CHECKS, LABELS)
    if wrong:
        return refused(wrong)
    more: dict[str, Any] = {column: str(given[name]) for name, column in _COLUMNS.items() if given.get(name)}
    provider = given.get("providerID")
    patient = desk.clinic.register_patient(
        given["fname"],
        given["lname"],
        dob=date.fromisoformat(given["DOB"]),
        provider=int(provider) if provider else None,
        **more,
    )
    return envelope(201, {"pid": patient.pid, "uuid": patient.uuid})


def one(desk: Desk) -> Answer:
    """By uuid: this is where a uuid becomes a number. A number is refused (recordings 072 to 074)."""
    patient = desk.clinic.patient_with(desk.named[0])
    if patient is None:
        return refused({"uuid": {"invalid or nonexisting value": f" value {desk.named[0]}"}})
    return envelope(200, _row(patient))


def search(desk: Desk) -> Answer:
    """By columns, by their beginning; a name that is no column is overlooked, and the answer is everybody (recording
    430)."""
    asked = {name: values[-1] for name, values in desk.call.given.items()}
    wanted = {name: value for name, value in asked.items() if name in (*_SEARCHED, *_SEARCHED_TOO)}
    rows = [_row(patient) for patient in list(desk.clinic.patients.values())]
    found = [row for row in rows if all(_begins(row[name], value) for name, value in wanted.items())]
    limit, offset = number(desk.call.given.get("_limit")) or 0, number(desk.call.given.get("_offset")) or 0
    shown = found[offset : offset + limit] if limit else found[offset:]
    has_more = bool(limit) and len(found) > offset + limit
    return page(desk, shown, offset=offset, limit=limit, has_more=has_more)


def _begins(stored: object, value: str) -> bool:
    return str(stored or "").lower().startswith(value.lower())


def post_practitioner(desk: Desk) -> Answer:
    """A user, with an NPI or without."""
    given = desk.call.json
    user = desk.clinic.add_user(
        given["username"],
        fname=given["fname"],
        lname=given["lname"],
        npi=given.get("npi"),
        title=given.get("title"),
        email=given.get("email"),
        specialty=given.get("specialty"),
        group="Physicians",
    )
    return envelope(201, {"id": user.id, "uuid": user.uuid})


@functools.cache
def _columns() -> dict[str, Any]:  # JSON
    """Those of patient_data in their order, with what they hold when nobody says anything; ``=`` where we know better."""
    text = (Path(__file__).parent / "patient_columns.txt").read_text(encoding="utf-8")
    pairs = (line.split(" ", 1) for line in text.splitlines())
    return {name: None if value == "=" else json.loads(value) for name, value in pairs}


def _row(patient: Patient) -> dict[str, Any]:  # JSON
    registered = patient.registered.isoformat(" ", "seconds")
    own = {name: getattr(patient, column) for name, column in _COLUMNS.items()} | {
        "id": patient.pid,
        "pid": patient.pid,
        "uuid": patient.uuid,
        "fname": patient.fname,
        "lname": patient.lname,
        "DOB": patient.dob.isoformat(),
        "providerID": patient.provider,
        "pricelevel": patient.pricelevel,
        "date": registered,
        "regdate": registered,
        "last_updated": patient.updated.isoformat(" ", "seconds"),
        "addresses": [_address(patient, registered)] if patient.street or patient.city else [],
    }
    return _columns() | own


def _address(patient: Patient, since: str) -> dict[str, Any]:  # JSON
    return {
        "id": None,
        "contact_id": None,
        "contact_address_id": None,
        "period_start": since,
        "period_end": None,
        "type": "both",
        "use": "home",
        "priority": 0,
        "line1": patient.street,
        "line2": "",
        "city": patient.city,
        "district": "",
        "state": patient.state,
        "postal_code": patient.postal_code,
        "country_code": patient.country_code,
    }
