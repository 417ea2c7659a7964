"""What little FHIR can write in OpenEMR 8.2 and is recorded: a new Patient."""

from __future__ import annotations

from datetime import date
from typing import Any

from deploy.openemr.recorded.access import UNAUTHORIZED, Denied, Permit
from deploy.openemr.recorded.acl import check_acl
from deploy.openemr.recorded.answer import Answer, json_answer
from deploy.openemr.recorded.clinic import Clinic
from deploy.openemr.recorded.standard.checks import empty

_NEEDED = {"fname": "First Name", "lname": "Last Name", "sex": "Gender", "DOB": "Date of Birth"}


def create(clinic: Clinic, permit: Permit, given: dict[str, Any]) -> Answer:  # JSON
    """201 with OpenEMR's number and the uuid; only the name with the use ``official`` is one (recordings 434 and 435)."""
    context = permit.context("Patient", "c")
    if context is None:
        raise Denied(401, UNAUTHORIZED)
    if context == "user":
        check_acl(clinic, permit.user, "patients/demo")
    official: dict[str, Any] = next((name for name in given.get("name", []) if name.get("use") == "official"), {})
    columns = {
        "fname": " ".join(official.get("given", [])),
        "lname": official.get("family", ""),
        "sex": {"female": "Female", "male": "Male"}.get(given.get("gender", ""), ""),
        "DOB": given.get("birthDate", ""),
    }
    wrong = {name: empty(label) for name, label in _NEEDED.items() if not columns[name]}
    if wrong:
        return json_answer(400, {"validationErrors": wrong})
    patient = clinic.register_patient(
        columns["fname"], columns["lname"], dob=date.fromisoformat(columns["DOB"]), sex=columns["sex"]
    )
    return json_answer(201, {"pid": patient.pid, "uuid": patient.uuid})
