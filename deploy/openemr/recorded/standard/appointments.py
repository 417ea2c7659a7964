"""Appointments: booked, listed, deleted; they cannot be changed (OpenEMR 8.2)."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any

from deploy.openemr.recorded.answer import Answer
from deploy.openemr.recorded.coercion import as_number
from deploy.openemr.recorded.rows import Appointment
from deploy.openemr.recorded.standard.checks import anything, complaints, long_enough, numeric
from deploy.openemr.recorded.standard.reply import Desk, nothing, plain

_CHECKS = {
    "pc_catid": anything,
    "pc_title": long_enough(150),
    "pc_duration": numeric,
    "pc_hometext": anything,
    "pc_apptstatus": anything,
    "pc_eventDate": long_enough(10, 10),
    "pc_startTime": long_enough(8, 5),
    "pc_facility": anything,
    "pc_billing_location": anything,
}
_NO_PATIENT = {"pid": {"pid": "pid must be for a valid patient"}}
_DELETED = {"message": "record deleted"}


def post(desk: Desk) -> Answer:
    """Nobody looks for a conflict; a uuid that begins with a patient's number is that patient (recordings 240 to 244,
    258)."""
    given, clinic = desk.call.json, desk.clinic
    wrong = complaints(given, _CHECKS)
    if wrong:
        return plain(200, wrong)
    if clinic.patient_of(as_number(desk.named[0])) is None:
        return plain(200, _NO_PATIENT)
    booked = clinic.book(
        desk.named[0],
        day=date.fromisoformat(given["pc_eventDate"]),
        start=time.fromisoformat(given["pc_startTime"]),
        duration=timedelta(seconds=int(float(given["pc_duration"]))),
        provider=clinic.users.get(as_number(str(given.get("pc_aid", "")))),
        category=as_number(str(given["pc_catid"])),
        title=given["pc_title"],
        status=given["pc_apptstatus"],
        comment=given["pc_hometext"],
        facility=as_number(str(given["pc_facility"])),
    )
    return plain(200, {"id": booked.eid})


def of_patient(desk: Desk) -> Answer:
    """A patient's, with numbers as numbers."""
    pid = as_number(desk.named[0])
    found = [row for row in list(desk.clinic.appointments.values()) if row.pid == pid and pid]
    return plain(200, [_row(desk, row) for row in found]) if found else nothing()


def everybodys(desk: Desk) -> Answer:
    """All of them by patient, with numbers as text (OpenEMR 8.2, recording 246)."""
    rows = sorted(desk.clinic.appointments.values(), key=lambda row: (row.pid == 0, row.pid, row.eid))
    found = [_as_text(_row(desk, row)) for row in rows]
    return plain(200, found) if found else nothing()


def one(desk: Desk) -> Answer:
    """By number; the comment is only here. The patient in the path is not looked at."""
    row = desk.clinic.appointments.get(as_number(desk.named[-1]))
    return plain(200, [_row(desk, row, is_whole=True)]) if row else nothing()


def delete(desk: Desk) -> Answer:
    """The patient in the path is not looked at, nor whether there is such an appointment (recordings 252 to 256)."""
    row = desk.clinic.appointments.get(as_number(desk.named[-1]))
    if row:
        desk.clinic.delete_appointment(row)
    return plain(200, _DELETED)


def _as_text(row: dict[str, Any]) -> dict[str, Any]:  # JSON
    return {name: str(value) if isinstance(value, int) else value for name, value in row.items()}


def _row(desk: Desk, row: Appointment, *, is_whole: bool = False) -> dict[str, Any]:  # JSON
    clinic = desk.clinic
    patient, provider = clinic.patient_of(row.pid), clinic.users.get(row.provider or 0)
    found: dict[str, Any] = {  # JSON
        "pc_eid": row.eid,
        "pc_uuid": row.uuid,
        "fname": patient.fname if patient else None,
        "lname": patient.lname if patient else None,
        "DOB": patient.dob.isoformat() if patient else None,
        "pid": patient.pid if patient else None,
        "puuid": patient.uuid if patient else None,
        "pce_aid_uuid": provider.uuid if provider else None,
        "pce_aid_fname": provider.fname if provider else None,
        "pce_aid_lname": provider.lname if provider else None,
        "pce_aid_npi": provider.npi if provider else None,
        "pc_aid": str(row.provider) if row.provider is not None else None,
        "pc_apptstatus": row.status,
        "pc_eventDate": row.day.isoformat(),
        "pc_startTime": row.start.isoformat("seconds"),
        "pc_endTime": row.end.isoformat("seconds"),
        "pc_time": row.changed.isoformat(" ", "seconds"),
    }
    if is_whole:
        found["pc_duration"] = int(row.duration.total_seconds())
    found |= {"pc_facility": row.facility, "pc_billing_location": row.billing, "pc_catid": row.category}
    if is_whole:
        found["pc_room"] = ""
    found["pc_pid"] = row.pc_pid
    if is_whole:
        found["pc_hometext"] = row.comment
    found |= {"pc_title": row.title, "pc_website": row.website, "pc_informant": row.informant}
    return found | _places(desk, row)


def _places(desk: Desk, row: Appointment) -> dict[str, str | None]:
    """A facility's uuid here is that of its Location."""
    found: dict[str, str | None] = {}
    for prefix, id_ in (("facility", row.facility), ("billing_location", row.billing)):
        place = desk.clinic.facilities.get(id_)
        found[f"{prefix}_name"] = place.name if place else None
        found[f"{prefix}_uuid"] = place.location if place else None
    return found
