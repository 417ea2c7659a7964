"""Appointment: a row of the calendar, whoever it is for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from deploy.openemr.recorded.bookings import CATEGORIES
from deploy.openemr.recorded.clinic import Clinic
from deploy.openemr.recorded.query import Row
from deploy.openemr.recorded.resources.shape import (
    TERMINOLOGY,
    Json,
    Scene,
    Searchable,
    by_date,
    by_uuid,
    concept,
    meta,
    of_patient,
    patients,
    reference,
)
from deploy.openemr.recorded.rows import Appointment, User

STATUSES = {
    "-": "proposed",
    "#": "pending",
    "^": "pending",
    "AVM": "booked",
    "SMS": "booked",
    "EMAIL": "booked",
    "*": "booked",
    "@": "arrived",
    "~": "arrived",
    "<": "checked-in",
    "+": "checked-in",
    ">": "fulfilled",
    "$": "fulfilled",
    "x": "cancelled",
    "%": "cancelled",
    "!": "cancelled",
    "?": "noshow",
    "CALL": "waitlist",
}
"""OpenEMR 8.2's own map (recording 156); a code that a clinic added, or none, is ``pending``."""


@dataclass(frozen=True)
class Entry:
    """A row, and the uuid of the patient that its number belongs to."""

    row: Appointment
    puuid: str | None


def _entries(clinic: Clinic) -> Iterator[Entry]:
    uuids = patients(clinic)
    for row in list(clinic.appointments.values()):
        yield Entry(row, uuids.get(row.pid))


def _appointment(scene: Scene, rows: Sequence[Row]) -> Json:
    entry: Entry = rows[0]
    row = entry.row
    constant, name = CATEGORIES.get(row.category, ("", ""))
    return {
        "id": row.uuid,
        "meta": meta(scene, row.changed),
        "resourceType": "Appointment",
        "status": STATUSES.get(row.status, "pending"),
        "appointmentType": concept(_system(scene), constant, name),
        "start": scene.said(datetime.combine(row.day, row.start)),
        "end": scene.said(datetime.combine(row.day, row.end)),
        "participant": _participants(scene, entry),
    }


def _system(scene: Scene) -> str:
    """Made of the call's address, so that a read has the id at its end (OpenEMR 8.2, recording 489)."""
    return scene.address.here.replace("Appointment", "ValueSet/appointment-type")


def _participants(scene: Scene, entry: Entry) -> list[Json]:
    """Everybody has accepted, always. A provider's own time has no patient."""
    clinic, row = scene.clinic, entry.row
    found = []
    if entry.puuid:
        found.append(_participant("PART", "Participant", reference("Patient", entry.puuid)))
    provider = clinic.users.get(row.provider) if row.provider is not None else None
    if provider:
        found.append(_participant("PPRF", "Primary Performer", provider_of(provider)))
    place = clinic.facilities.get(row.facility)
    if place:
        found.append(_participant("LOC", "Location", reference("Location", place.location)))
    return found


def provider_of(user: User) -> Json:
    """Here, unlike in CarePlan, a user without an NPI is a Person (recording 180)."""
    return reference("Practitioner" if user.npi else "Person", user.uuid)


def _participant(code: str, display: str, actor: Json) -> Json:
    type_ = concept(f"{TERMINOLOGY}v3-ParticipationType", code, display)
    return {"type": [type_], "actor": actor, "status": "accepted"}


APPOINTMENTS = Searchable(
    name="Appointment",
    acl="patients/appt",
    parameters={
        "patient": of_patient(lambda entry: entry.puuid),
        "_id": by_uuid(lambda entry: entry.row.uuid),
        "date": by_date(lambda entry: entry.row.day),
        "_lastUpdated": by_date(lambda entry: entry.row.changed),
    },
    rows=_entries,
    render=_appointment,
    patient=lambda entry: entry.puuid,
)
