"""Encounter: a visit, which is always finished."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from deploy.openemr.recorded.clinic import Clinic
from deploy.openemr.recorded.query import Row
from deploy.openemr.recorded.resources.shape import (
    SNOMED,
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
    practitioner,
    reference,
)
from deploy.openemr.recorded.rows import Encounter


@dataclass(frozen=True)
class Visit:
    """An encounter and its patient's uuid."""

    row: Encounter
    puuid: str | None


def _visits(clinic: Clinic) -> Iterator[Visit]:
    """The newest first."""
    uuids = patients(clinic)
    for row in sorted(clinic.encounters.values(), key=lambda row: -row.eid):
        yield Visit(row, uuids.get(row.pid))


def _encounter(scene: Scene, rows: Sequence[Row]) -> Json:
    """``finished`` is all that OpenEMR 8.2 says of a visit's status, also while it goes on (recording 142)."""
    visit: Visit = rows[0]
    row = visit.row
    period = {"start": scene.said(row.at)}
    found: Json = {
        "id": row.uuid,
        "meta": meta(scene, row.updated),
        "resourceType": "Encounter",
        "identifier": [{"system": f"urn:uuid:{row.uuid}", "value": row.uuid}],
        "status": "finished",
        "class": {"system": f"{TERMINOLOGY}v3-ActCode", "code": row.class_code, "display": "ambulatory"},
        "type": [concept(SNOMED, "185349003", "Encounter for check up (procedure)")],
        "subject": reference("Patient", visit.puuid or ""),
    }
    provider = scene.clinic.users.get(row.provider) if row.provider is not None else None
    if provider:
        type_ = concept(f"{TERMINOLOGY}v3-ParticipationType", "PPRF", "Primary Performer")
        found["participant"] = [{"type": [type_], "period": period, "individual": practitioner(provider)}]
    found["period"] = period
    if row.reason:
        found["reasonCode"] = [{"text": row.reason}]
    place = scene.clinic.facilities.get(row.facility)
    if place:
        found["location"] = [{"location": reference("Location", place.location)}]
        found["serviceProvider"] = reference("Organization", place.uuid)
    return found


ENCOUNTERS = Searchable(
    name="Encounter",
    acl="encounters/auth_a",
    parameters={
        "_id": by_uuid(lambda visit: visit.row.uuid),
        "patient": of_patient(lambda visit: visit.puuid),
        "date": by_date(lambda visit: visit.row.at),
        "_lastUpdated": by_date(lambda visit: visit.row.updated),
    },
    rows=_visits,
    render=_encounter,
    patient=lambda visit: visit.puuid,
)
