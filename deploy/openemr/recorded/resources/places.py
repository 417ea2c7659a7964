"""Location and Organization: the facilities, and everybody's home."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from deploy.openemr.recorded.clinic import Clinic
from deploy.openemr.recorded.query import Row
from deploy.openemr.recorded.resources.patient import where
from deploy.openemr.recorded.resources.shape import (
    TERMINOLOGY,
    Json,
    Scene,
    Searchable,
    by_code,
    by_date,
    by_text,
    by_uuid,
    concept,
    meta,
    narrative,
)
from deploy.openemr.recorded.rows import Facility, Patient

HOME = "Home Address"


@dataclass(frozen=True)
class Place:
    """A facility, or the address of a patient or a user: OpenEMR 8.2 says those as Locations too."""

    id: str
    name: str
    updated: datetime
    telecom: tuple[tuple[str, str], ...]
    patient: Patient | None = None


def _places(clinic: Clinic) -> Iterator[Place]:
    for patient in list(clinic.patients.values()):
        if patient.home is None:
            patient = replace(patient, home=clinic.mint())
            clinic.patients[patient.pid] = patient
        said = (("phone", patient.phone_cell), ("email", patient.email))
        yield Place(patient.home or "", HOME, patient.updated, _known(said), patient)
    for facility in list(clinic.facilities.values()):
        said = (("phone", facility.phone), ("fax", facility.fax))
        yield Place(facility.location, facility.name, facility.updated, _known(said))
    for user in list(clinic.users.values()):
        if user.home is None:
            user = replace(user, home=clinic.mint())
            clinic.users[user.id] = user
        yield Place(user.home or "", HOME, user.updated, _known((("email", user.email or ""),)))


def _known(said: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    return tuple((system, value) for system, value in said if value)


def _location(scene: Scene, rows: Sequence[Row]) -> Json:
    place: Place = rows[0]
    found: Json = {
        "id": place.id,
        "meta": meta(scene, place.updated),
        "resourceType": "Location",
        "status": "active",
        "name": place.name,
    }
    if place.telecom:
        found["telecom"] = [{"system": system, "value": value} for system, value in place.telecom]
    if place.patient and place.patient.street:
        found["address"] = _address(scene, place.patient)
    return found


def _address(scene: Scene, patient: Patient) -> Json:
    """Since a year before the question, whenever that is (OpenEMR 8.2, recordings 140 and 476)."""
    now = scene.clinic.now()
    since = now.replace(year=now.year - 1, day=min(now.day, 28) if now.month == 2 else now.day)
    period = {"start": since.isoformat(timespec="milliseconds") + scene.offset}
    return {"type": "physical", "line": [patient.street]} | where(patient) | {"period": period}


def _organization(scene: Scene, rows: Sequence[Row]) -> Json:
    row: Facility = rows[0]
    telecom = [("phone", row.phone), ("fax", row.fax)]
    type_ = concept(f"{TERMINOLOGY}organization-type", "prov", "Healthcare Provider")
    return {
        "id": row.uuid,
        "meta": meta(scene, row.updated),
        "resourceType": "Organization",
        "text": narrative(row.name),
        "active": True,
        "type": [type_],
        "name": row.name,
        "telecom": [{"system": system, "value": value, "use": "work"} for system, value in telecom if value],
        "address": [None],
    }


_ADDRESS = {
    "address": by_text(lambda row: None),
    "address-city": by_text(lambda row: None),
    "address-state": by_text(lambda row: None),
    "address-postalcode": by_text(lambda row: None),
}

LOCATIONS = Searchable(
    name="Location",
    acl="patients/demo",
    parameters={
        "_id": by_uuid(lambda place: place.id),
        "name": by_text(lambda place: place.name),
        "_lastUpdated": by_date(lambda place: place.updated),
    }
    | _ADDRESS,
    rows=_places,
    render=_location,
)
ORGANIZATIONS = Searchable(
    name="Organization",
    acl="admin/users",
    parameters={
        "_id": by_uuid(lambda row: row.uuid),
        "email": by_code(lambda row: None),
        "phone": by_code(lambda row: row.phone),
        "telecom": by_code(lambda row: row.phone),
        "name": by_text(lambda row: row.name),
        "_lastUpdated": by_date(lambda row: row.updated),
    }
    | _ADDRESS,
    rows=lambda clinic: list(clinic.facilities.values()),
    render=_organization,
)
