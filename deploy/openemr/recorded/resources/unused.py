"""Resources that OpenEMR 8.2 has and a care-plan tracker does not read: known, searchable, and empty here."""

from __future__ import annotations

from collections.abc import Iterator

from deploy.openemr.recorded.query import Kind, Parameter
from deploy.openemr.recorded.resources.shape import Searchable

_KINDS = {"p": Kind.REFERENCE, "i": Kind.UUID, "t": Kind.TOKEN, "d": Kind.DATE, "s": Kind.TEXT}
_KNOWN = {
    "AllergyIntolerance": "patient/p _id/i _lastUpdated/d",
    "Coverage": "patient/p payor/t type/t status/t _id/i _lastUpdated/d",
    "Device": "patient/p _id/i _lastUpdated/d",
    "DiagnosticReport": "patient/p code/t category/t date/d _id/i _lastUpdated/d",
    "DocumentReference": "patient/p type/t category/t date/d _id/i _lastUpdated/d",
    "Group": "patient/p _id/i _lastUpdated/d",
    "Immunization": "patient/p _id/i _lastUpdated/d",
    "Media": "_id/i _lastUpdated/d patient/p content-type/s title/s",
    "Medication": "_id/i _lastUpdated/d",
    "MedicationDispense": "patient/p status/t type/t _id/i _lastUpdated/d",
    "MedicationRequest": "patient/p intent/t status/t _id/i _lastUpdated/d",
    "PractitionerRole": "specialty/t practitioner/p _id/i _lastUpdated/d",
    "Provenance": "_id/t",
    "Questionnaire": "_id/i title/s questionnaire-code/t",
    "RelatedPerson": "patient/p _id/i _lastUpdated/d",
    "Specimen": "patient/p identifier/t accession/t type/t collected/d status/t _id/i _lastUpdated/d",
    "ValueSet": "_id/t _lastUpdated/d",
}


def unused() -> Iterator[Searchable]:
    """Without a row."""
    for name, known in _KNOWN.items():
        pairs = (word.split("/") for word in known.split())
        parameters = {parameter: Parameter(_KINDS[kind], lambda row: None) for parameter, kind in pairs}
        yield Searchable(
            name=name,
            acl="patients/med",
            parameters=parameters,
            rows=lambda clinic: (),
            render=lambda scene, rows: {},
        )
