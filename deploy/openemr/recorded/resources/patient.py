"""Patient: the demographics."""

from __future__ import annotations

from collections.abc import Sequence

from deploy.openemr.recorded.query import Row
from deploy.openemr.recorded.resources.shape import (
    TERMINOLOGY,
    UNKNOWN,
    US_CORE,
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
    of_patient,
    us_core,
)
from deploy.openemr.recorded.rows import Patient

_OMB = "urn:oid:2.16.840.1.113883.6.238"
_RACES = {
    "white": (_OMB, "2106-3", "White"),
    "black_or_afri_amer": (_OMB, "2054-5", "Black or African American"),
    "asian": (_OMB, "2028-9", "Asian"),
    "": (f"{TERMINOLOGY}v3-NullFlavor", "UNK", "Unknown"),
}
_ETHNICITIES = {
    "not_hisp_or_latin": (_OMB, "2186-5", "Not Hispanic or Latino"),
    "hisp_or_latin": (_OMB, "2135-2", "Hispanic or Latino"),
}
_SEXES = {"Female": ("F", "female"), "Male": ("M", "male")}


def _patient(scene: Scene, rows: Sequence[Row]) -> Json:
    row: Patient = rows[0]
    found: Json = {
        "id": row.uuid,
        "meta": meta(scene, row.updated, us_core("us-core-patient", "3.1.1", "8.0.0")),
        "resourceType": "Patient",
        "text": narrative(f"{row.fname} {row.lname}"),
        "extension": _extensions(row),
        "identifier": _identifiers(row),
        "active": True,
        "name": [name_of(row.lname, row.fname, row.mname, row.title)],
    }
    telecom = _telecom(row)
    if telecom:
        found["telecom"] = telecom
    found["gender"] = _SEXES.get(row.sex, ("UNK", "unknown"))[1]
    found["birthDate"] = row.dob.isoformat()
    found |= {"deceasedDateTime": scene.said(row.deceased)} if row.deceased else {"deceasedBoolean": False}
    address = _address(scene, row)
    if address:
        found["address"] = [address]
    return found | {"communication": [{"language": UNKNOWN}]}


def name_of(family: str, given: str | None, middle: str | None = None, title: str | None = None) -> Json:
    """A name, of patients and users alike."""
    found: Json = {"use": "official", "family": family}
    names = [part for part in (given, middle) if part]
    if names:
        found["given"] = names
    return found | ({"prefix": [title]} if title else {})


def _extensions(row: Patient) -> list[Json]:
    unknown = {"code": "unknown", "display": "Unknown"}
    found: list[Json] = [{"valueCode": _SEXES.get(row.sex, ("UNK", ""))[0], "url": f"{US_CORE}us-core-birthsex"}]
    found.append(_omb("us-core-race", _RACES.get(row.race, _RACES[""])))
    if row.ethnicity in _ETHNICITIES:
        found.append(_omb("us-core-ethnicity", _ETHNICITIES[row.ethnicity]))
    for profile, system in (
        ("us-core-sex", "DataAbsentReason"),
        ("us-core-interpreter-needed", f"{TERMINOLOGY}data-absent-reason"),
    ):
        found.append({"valueCoding": {"system": system} | unknown, "url": f"{US_CORE}{profile}"})
    return found


def _omb(profile: str, value: tuple[str, str, str]) -> Json:
    system, code, display = value
    category = {"valueCoding": {"system": system, "code": code, "display": display}, "url": "ombCategory"}
    return {"extension": [category, {"valueString": display, "url": "text"}], "url": f"{US_CORE}{profile}"}


def _identifiers(row: Patient) -> list[Json]:
    """The social security number first, then the chart's number; the system of the latter is that of its type."""
    found = []
    if row.ss:
        type_ = concept(f"{TERMINOLOGY}v2-0203", "SS")
        found.append({"use": "official", "type": type_, "system": "http://hl7.org/fhir/sid/us-ssn", "value": row.ss})
    system = f"{TERMINOLOGY}v2-0203"
    return [*found, {"use": "official", "type": concept(system, "PT"), "system": system, "value": row.pubpid}]


def _telecom(row: Patient) -> list[Json]:
    said = (
        ("phone", row.phone_home, "home"),
        ("phone", row.phone_cell, "mobile"),
        ("email", row.email, "home"),
        ("email", row.email_direct, "mobile"),
    )
    return [{"system": system, "value": value, "use": use} for system, value, use in said if value]


def _address(scene: Scene, row: Patient) -> Json | None:
    if not (row.street or row.city):
        return None
    found = {"use": "home", "type": "both", "line": [row.street]} | where(row)
    return found | {"period": {"start": row.registered.isoformat(timespec="milliseconds") + scene.offset}}


def where(row: Patient) -> Json:
    """City, state, code and country, as far as they are known."""
    said = {"city": row.city, "state": row.state, "postalCode": row.postal_code, "country": row.country_code}
    return {name: value for name, value in said.items() if value}


PATIENTS = Searchable(
    name="Patient",
    acl="patients/demo",
    parameters={
        "_id": by_uuid(lambda row: row.uuid),
        "identifier": by_code(lambda row: (row.ss, row.pubpid)),
        "name": by_text(lambda row: (row.title, row.fname, row.mname, row.lname)),
        "birthdate": by_date(lambda row: row.dob),
        "gender": by_code(lambda row: row.sex.lower()),
        "address": by_text(lambda row: (row.street, row.city, row.state, row.postal_code)),
        "address-city": by_text(lambda row: row.city),
        "address-postalcode": by_text(lambda row: row.postal_code),
        "address-state": by_text(lambda row: row.state),
        "email": by_code(lambda row: row.email),
        "family": by_text(lambda row: row.lname),
        "given": by_text(lambda row: (row.fname, row.mname)),
        "phone": by_code(lambda row: (row.phone_home, row.phone_cell)),
        "telecom": by_code(lambda row: (row.email, row.phone_home, row.phone_cell)),
        "_lastUpdated": by_date(lambda row: row.updated),
        "generalPractitioner": of_patient(lambda row: None),
    },
    rows=lambda clinic: list(clinic.patients.values()),
    render=_patient,
    is_paged=True,
    patient=lambda row: row.uuid,
)
