"""What the resources have in common: how one is searched, and the small shapes that recur in them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from deploy.openemr.recorded.clinic import Clinic
from deploy.openemr.recorded.query import Kind, Parameter, Parameters, Row, Stored
from deploy.openemr.recorded.rows import Encounter, User

Json = dict[str, Any]  # JSON of a resource

US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/"
TERMINOLOGY = "http://terminology.hl7.org/CodeSystem/"
SNOMED = "http://snomed.info/sct"
LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
UNKNOWN: Json = {"coding": [{"system": f"{TERMINOLOGY}data-absent-reason", "code": "unknown", "display": "Unknown"}]}
MISSING: Json = {
    "extension": [
        {"valueCode": "unknown", "url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason"},
    ]
}
_SYSTEMS = {
    "SNOMED": SNOMED,
    "SNOMED-CT": SNOMED,
    "SNOMED-PR": SNOMED,
    "ICD10": "http://hl7.org/fhir/sid/icd-10-cm",
    "CPT4": "http://www.ama-assn.org/go/cpt",
    "LOINC": LOINC,
    "RXNORM": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "RXCUI": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "HCPCS": "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets",
}


@dataclass(frozen=True)
class Address:
    """Where the answer believes itself to be. ``redirected`` is Apache's REDIRECT_URL; PHP's own server has none, and then
    links and fullUrls are the site's root alone (recordings 104 and 374)."""

    site: str
    redirected: str = ""

    @property
    def here(self) -> str:
        """The address of the call, as OpenEMR sees it."""
        return self.site + self.redirected


@dataclass(frozen=True)
class Scene:
    """What a resource is rendered in."""

    clinic: Clinic
    address: Address
    offset: str
    """Today's, which is said with every time (``moments.py``)."""

    def said(self, moment: datetime) -> str:
        """A stored wall clock time, as OpenEMR writes it."""
        return moment.isoformat(timespec="seconds") + self.offset

    def organization(self) -> Json:
        """The practice: its first facility."""
        facility = next(iter(self.clinic.facilities.values()))
        return reference("Organization", facility.uuid)


@dataclass(frozen=True, kw_only=True)
class Searchable:
    """A resource that can be searched and read. ``rows`` are filtered one by one, and those with one ``key`` become one
    resource, in their order: a filter may leave a part of it (OpenEMR 8.2, CarePlan and Goal)."""

    name: str
    acl: str
    parameters: Parameters
    rows: Callable[[Clinic], Iterable[Row]]
    render: Callable[[Scene, Sequence[Row]], Json]
    key: Callable[[Row], Hashable] = id
    parts: Callable[[Json], Hashable] | None = None
    """Where a search is made of several, ``_count`` cuts each for itself (Observation)."""
    is_paged: bool = False
    refusal: int = 400
    """What a read with an id that is no uuid is answered with."""
    patient: Callable[[Row], str | None] | None = None
    """Whose it is, where it is a patient's: a patient's token sees nothing else."""


def patients(clinic: Clinic) -> Mapping[int, str]:
    """Uuids by pid."""
    return {patient.pid: patient.uuid for patient in list(clinic.patients.values())}


def of_patient(stored: Callable[[Row], Stored]) -> Parameter:
    """The parameter ``patient``."""
    return Parameter(Kind.REFERENCE, stored)


def by_uuid(stored: Callable[[Row], Stored]) -> Parameter:
    """The parameter ``_id``."""
    return Parameter(Kind.UUID, stored)


def by_date(stored: Callable[[Row], Stored]) -> Parameter:
    """A date's parameter."""
    return Parameter(Kind.DATE, stored)


def by_code(stored: Callable[[Row], Stored]) -> Parameter:
    """A code's parameter."""
    return Parameter(Kind.TOKEN, stored)


def by_text(stored: Callable[[Row], Stored]) -> Parameter:
    """A text's parameter."""
    return Parameter(Kind.TEXT, stored)


def reference(type_: str, id_: str) -> Json:
    """As OpenEMR writes a reference."""
    return {"reference": f"{type_}/{id_}", "type": type_}


def practitioner(user: User) -> Json:
    """OpenEMR 8.2 writes Practitioner here even of a user who has no NPI, and can therefore not be read as one."""
    return reference("Practitioner", user.uuid)


def concept(system: str, code: str, display: str | None = None, text: str | None = None) -> Json:
    """One coding, and a text where there is one."""
    coding = {"system": system, "code": code} | ({"display": display} if display is not None else {})
    return {"coding": [coding]} | ({"text": text} if text is not None else {})


def meta(scene: Scene, updated: datetime, profiles: Sequence[str] = ()) -> Json:
    """``versionId`` is always 1: no version is kept."""
    found: Json = {"versionId": "1", "lastUpdated": scene.said(updated)}
    return found | ({"profile": list(profiles)} if profiles else {})


def us_core(name: str, *versions: str) -> list[str]:
    """A profile of US Core, then the same in the versions that are claimed."""
    return [f"{US_CORE}{name}", *(f"{US_CORE}{name}|{version}" for version in versions)]


def coded(code: str) -> tuple[str | None, str]:
    """The system and the code of ``PREFIX:code``. Without a prefix it is taken for SNOMED, an unknown prefix has no
    system, and two codes are not told apart (OpenEMR 8.2, recording 110)."""
    prefix, colon, bare = code.partition(":")
    return (_SYSTEMS.get(prefix), bare) if colon else (SNOMED, code)


def coding(code: str, display: object = None) -> Json:
    """A coding of a stored code; ``display`` may be an object (see ``goal.py``)."""
    system, bare = coded(code)
    found: Json = {"system": system} if system else {}
    found["code"] = bare
    return found | ({"display": display} if display is not None else {})


def encounter(clinic: Clinic, eid: int | None) -> Encounter | None:
    """By number."""
    return clinic.encounters.get(eid) if eid is not None else None


def narrative(title: str) -> Json:
    """The generated text of a person or a place."""
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml"> <p>{title}</p></div>'}
