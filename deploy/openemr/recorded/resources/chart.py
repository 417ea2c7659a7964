"""Condition, CareTeam, ServiceRequest, Procedure and QuestionnaireResponse: the rest of what a chart says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from deploy.openemr.recorded.clinic import Clinic
from deploy.openemr.recorded.query import Row
from deploy.openemr.recorded.resources.shape import (
    SNOMED,
    TERMINOLOGY,
    US_CORE,
    Json,
    Scene,
    Searchable,
    by_code,
    by_date,
    by_uuid,
    coding,
    concept,
    encounter,
    meta,
    of_patient,
    patients,
    practitioner,
    reference,
    us_core,
)
from deploy.openemr.recorded.rows import Answered, CareTeam, Order, Performed, Problem, TeamMember


@dataclass(frozen=True)
class Owned:
    """A row, and its patient's uuid."""

    row: Any  # of one of the tables below
    puuid: str


def _owned(table: Callable[[Clinic], Iterable[Any]]) -> Callable[[Clinic], Iterator[Owned]]:  # Any: as above
    def rows(clinic: Clinic) -> Iterator[Owned]:
        uuids = patients(clinic)
        for row in list(table(clinic)):
            if row.pid in uuids:
                yield Owned(row, uuids[row.pid])

    return rows


def _condition(scene: Scene, rows: Sequence[Row]) -> Json:
    """By its title alone, where the code is in no code table (OpenEMR 8.2, recording 144)."""
    row: Problem = rows[0].row
    problems = us_core("us-core-condition-problems-health-concerns", "3.1.1", "6.1.0", "7.0.0", "8.0.0")
    is_over = row.ended is not None
    status = ("inactive", "Inactive") if is_over else ("active", "Active")
    item = concept(f"{TERMINOLOGY}condition-category", "problem-list-item", "Problem List Item", "Problem List Item")
    found: Json = {
        "id": row.uuid,
        "meta": meta(scene, row.updated, [*us_core("us-core-condition", "3.1.1"), *problems]),
        "resourceType": "Condition",
        "clinicalStatus": concept(f"{TERMINOLOGY}condition-clinical", *status),
        "verificationStatus": concept(f"{TERMINOLOGY}condition-ver-status", "unconfirmed", "Unconfirmed"),
        "category": [item],
        "code": _problem_code(scene.clinic, row),
        "subject": {"reference": f"Patient/{rows[0].puuid}"},
    }
    if row.begun:
        begun = scene.said(datetime.combine(row.begun, time.min))
        found |= {"onsetDateTime": begun, "recordedDate": begun}
    return found


def _problem_code(clinic: Clinic, row: Problem) -> Json:
    bare = row.diagnosis.rpartition(":")[2]
    is_known = bool(clinic.code_tables.get(bare))
    return ({"coding": [coding(row.diagnosis, row.title)]} if is_known else {}) | {"text": row.title}


def _care_team(scene: Scene, rows: Sequence[Row]) -> Json:
    row: CareTeam = rows[0].row
    return {
        "id": row.uuid,
        "meta": meta(scene, row.updated, us_core("us-core-careteam")),
        "resourceType": "CareTeam",
        "status": row.status,
        "name": row.name,
        "subject": reference("Patient", rows[0].puuid),
        "participant": [_member(scene, member) for member in row.members],
    }


def _member(scene: Scene, member: TeamMember) -> Json:
    """A user is a Practitioner here, with an NPI or without (recordings 136, 414 and 415)."""
    found: Json = {"role": [concept(SNOMED, member.role, member.role_name)]}
    user = scene.clinic.user_named(member.user)
    if user:
        found |= {"member": practitioner(user), "onBehalfOf": scene.organization()}
    else:
        found["member"] = scene.organization()
    return found | ({"period": {"start": member.since.isoformat()}} if member.since else {})


def _service_request(scene: Scene, rows: Sequence[Row]) -> Json:
    row: Order = rows[0].row
    ordered = scene.said(row.ordered)
    found: Json = {
        "id": row.uuid,
        "meta": meta(scene, row.ordered, us_core("us-core-servicerequest")),
        "resourceType": "ServiceRequest",
        "status": _ORDER_STATUSES.get(row.status, "unknown"),
        "intent": "order",
        "category": [concept(SNOMED, "108252007", "Laboratory procedure")],
        "code": {"text": row.name},
        "subject": reference("Patient", rows[0].puuid),
    }
    visit = encounter(scene.clinic, row.eid)
    if visit:
        found["encounter"] = reference("Encounter", visit.uuid)
    found |= {"occurrenceDateTime": ordered, "authoredOn": ordered}
    provider = scene.clinic.users.get(row.provider or 0)
    if provider:
        found["requester"] = practitioner(provider)
    return found | {"performerType": concept(SNOMED, "159001", "Laboratory technician")}


_ORDER_STATUSES = {"pending": "active", "routed": "active", "complete": "completed", "canceled": "revoked"}


def _procedure(scene: Scene, rows: Sequence[Row]) -> Json:
    """By OpenEMR 8.2's source, not recorded: the recorded clinic had none."""
    row: Performed = rows[0].row
    found: Json = {
        "id": row.uuid,
        "meta": meta(scene, row.updated, us_core("us-core-procedure")),
        "resourceType": "Procedure",
        "status": "completed",
        "code": {"coding": [coding(row.code, row.name)], "text": row.name},
        "subject": reference("Patient", rows[0].puuid),
    }
    visit = encounter(scene.clinic, row.eid)
    if visit:
        found["encounter"] = reference("Encounter", visit.uuid)
    return found | {"performedDateTime": scene.said(row.at)}


def _questionnaire_response(scene: Scene, rows: Sequence[Row]) -> Json:
    """By OpenEMR 8.2's source, not recorded: the recorded clinic had none."""
    row: Answered = rows[0].row
    items = [
        {"linkId": link, "text": question, "answer": [{"valueString": answer}]}
        for link, question, answer in row.answers
    ]
    found: Json = {
        "id": row.uuid,
        "meta": meta(scene, row.at, [f"{US_CORE}us-core-questionnaireresponse"]),
        "resourceType": "QuestionnaireResponse",
        "questionnaire": f"{scene.address.site}/apis/default/fhir/Questionnaire/{row.questionnaire}",
        "status": "completed",
        "subject": reference("Patient", rows[0].puuid),
    }
    visit = encounter(scene.clinic, row.eid)
    if visit:
        found["encounter"] = reference("Encounter", visit.uuid)
    return found | {"authored": scene.said(row.at), "item": items}


_PATIENT = of_patient(lambda one: one.puuid)
_ID = by_uuid(lambda one: one.row.uuid)

CONDITIONS = Searchable(
    name="Condition",
    acl="patients/med",
    parameters={"patient": _PATIENT, "_id": _ID, "_lastUpdated": by_date(lambda one: one.row.updated)},
    rows=_owned(lambda clinic: clinic.problems.values()),
    render=_condition,
    patient=lambda one: one.puuid,
)
CARE_TEAMS = Searchable(
    name="CareTeam",
    acl="patients/med",
    parameters={
        "patient": _PATIENT,
        "status": by_code(lambda one: one.row.status),
        "_id": _ID,
        "_lastUpdated": by_date(lambda one: one.row.updated),
    },
    rows=_owned(lambda clinic: clinic.teams.values()),
    render=_care_team,
    patient=lambda one: one.puuid,
)
SERVICE_REQUESTS = Searchable(
    name="ServiceRequest",
    acl="patients/med",
    parameters={
        "patient": _PATIENT,
        "category": by_code(lambda one: "108252007"),
        "code": by_code(lambda one: one.row.code.rpartition(":")[2]),
        "authored": by_date(lambda one: one.row.ordered),
        "status": by_code(lambda one: one.row.status),  # the column's own words, not FHIR's
        "intent": by_code(lambda one: "order"),
        "_id": _ID,
        "_lastUpdated": by_date(lambda one: one.row.ordered),
    },
    rows=_owned(lambda clinic: clinic.orders.values()),
    render=_service_request,
    patient=lambda one: one.puuid,
)
PROCEDURES = Searchable(
    name="Procedure",
    acl="patients/med",
    parameters={
        "patient": _PATIENT,
        "date": by_date(lambda one: one.row.at),
        "_id": _ID,
        "_lastUpdated": by_date(lambda one: one.row.updated),
    },
    rows=_owned(lambda clinic: clinic.procedures),
    render=_procedure,
    patient=lambda one: one.puuid,
)
QUESTIONNAIRE_RESPONSES = Searchable(
    name="QuestionnaireResponse",
    acl="patients/med",
    parameters={
        "_id": _ID,
        "questionnaire": of_patient(lambda one: one.row.questionnaire),
        "patient": _PATIENT,
        "authored": by_date(lambda one: one.row.at),
    },
    rows=_owned(lambda clinic: clinic.answers),
    render=_questionnaire_response,
    patient=lambda one: one.puuid,
)
