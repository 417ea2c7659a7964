"""Practitioner and Person: the users, with an NPI and without."""

from __future__ import annotations

from collections.abc import Sequence

from deploy.openemr.recorded.query import Parameters, Row
from deploy.openemr.recorded.resources.patient import name_of
from deploy.openemr.recorded.resources.shape import (
    Json,
    Scene,
    Searchable,
    by_code,
    by_date,
    by_text,
    by_uuid,
    meta,
    narrative,
)
from deploy.openemr.recorded.rows import User


def _head(scene: Scene, row: User, type_: str) -> Json:
    return {
        "id": row.uuid,
        "meta": meta(scene, row.updated),
        "resourceType": type_,
        "text": narrative(f"{row.fname or ''} {row.lname}"),
    }


def _tail(row: User) -> Json:
    found: Json = {"name": [name_of(row.lname, row.fname, None, row.title)]}
    return found | ({"telecom": [{"system": "email", "value": row.email, "use": "home"}]} if row.email else {})


def _practitioner(scene: Scene, rows: Sequence[Row]) -> Json:
    row: User = rows[0]
    identifier = [{"system": "http://hl7.org/fhir/sid/us-npi", "value": row.npi}]
    return _head(scene, row, "Practitioner") | {"identifier": identifier, "active": row.is_active} | _tail(row)


def _person(scene: Scene, rows: Sequence[Row]) -> Json:
    """With an address that is null (OpenEMR 8.2, recording 139)."""
    row: User = rows[0]
    return _head(scene, row, "Person") | _tail(row) | {"address": [None], "active": row.is_active}


_PARAMETERS: Parameters = {
    "_id": by_uuid(lambda row: row.uuid),
    "active": by_code(lambda row: ("1", "true") if row.is_active else ("0", "false")),
    "email": by_code(lambda row: row.email),
    "phone": by_code(lambda row: None),
    "telecom": by_code(lambda row: row.email),
    "address": by_text(lambda row: None),
    "address-city": by_text(lambda row: None),
    "address-postalcode": by_text(lambda row: None),
    "address-state": by_text(lambda row: None),
    "family": by_text(lambda row: row.lname),
    "given": by_text(lambda row: row.fname),
    "name": by_text(lambda row: (row.title or "", row.fname or "", row.lname)),
    "_lastUpdated": by_date(lambda row: row.updated),
}

PRACTITIONERS = Searchable(
    name="Practitioner",
    acl="admin/users",
    parameters=_PARAMETERS,
    rows=lambda clinic: [user for user in list(clinic.users.values()) if user.npi],
    render=_practitioner,
)
PEOPLE = Searchable(
    name="Person",
    acl="admin/users",
    parameters=_PARAMETERS,
    rows=lambda clinic: list(clinic.users.values()),
    render=_person,
)
