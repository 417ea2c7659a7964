"""Whether a token allows a request: its scopes, and of a person's token the one patient that it is for. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import parse_qsl

from deploy.demo.ehr.grants import Grant
from deploy.demo.ehr.interaction import Interaction
from deploy.demo.ehr.scopes import allows

# The parameter by which a type's search is held to one patient (R4, 4.0.1). What has none is closed to such a token.
PATIENT_SEARCH: Mapping[str, str] = {
    "Patient": "_id",
    **dict.fromkeys(
        (
            "AllergyIntolerance",
            "Appointment",
            "CarePlan",
            "CareTeam",
            "Communication",
            "CommunicationRequest",
            "Condition",
            "Consent",
            "DetectedIssue",
            "DiagnosticReport",
            "DocumentReference",
            "Encounter",
            "Flag",
            "Goal",
            "Immunization",
            "MedicationRequest",
            "Observation",
            "Procedure",
            "Provenance",
            "QuestionnaireResponse",
            "RequestGroup",
            "ServiceRequest",
            "Task",
        ),
        "patient",
    ),
}
# Of the practice, not of a patient.
SHARED = frozenset({"Location", "Organization", "Practitioner", "PractitionerRole"})
# What brings in resources that the search itself does not find, or asks about others.
_REACHES_OUT = ("_include", "_revinclude", "_has", "_query", "_filter", "_contained", "_list")
_NAMES_PATIENT = ("patient", "subject")


class Refused(Exception):
    """The token does not allow it; the message says why, and nothing of what is there."""


def check_scopes(grant: Grant, asked: Iterable[Interaction]) -> None:
    """Raises Refused unless the scopes allow all of it."""
    context = "system" if grant.patient is None else "patient"
    for one in asked:
        if not allows(grant.scopes, context, one.type, one.letter):
            raise Refused(f"The token's scopes do not allow {one.letter} on {one.type}.")


def check_is_plain(asked: Interaction) -> None:
    """What a patient's token may do at all: read and search types of which it is known whose they are."""
    if asked.letter not in "rs" or asked.is_version or not (asked.type in PATIENT_SEARCH or asked.type in SHARED):
        raise Refused("A token for one patient does not allow this.")


def check_search(query: str, patient: str) -> None:
    """Raises Refused where a search's parameters reach beyond one patient."""
    for name, value in parse_qsl(query, keep_blank_values=True):
        bare = name.partition(":")[0].partition(".")[0]
        if bare in _REACHES_OUT:
            raise Refused(f"A token for one patient does not allow {bare}.")
        if bare in _NAMES_PATIENT and not _is_only(value, patient):
            raise Refused("The token is for another patient.")


def held_to(type_: str, patient: str) -> Sequence[tuple[str, str]]:
    """The parameters that hold a search to the patient; none for what belongs to the practice."""
    name = PATIENT_SEARCH.get(type_)
    return [(name, patient)] if name else []


def _is_only(value: str, patient: str) -> bool:
    return value.removeprefix("Patient/") == patient
