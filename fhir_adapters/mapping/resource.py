"""One raw resource to one fact: by its type, with what it contains; or the reason why it is set aside."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple, cast

from fhir_adapters.mapping import bookings, events, orders, others, people, plans
from fhir_adapters.mapping.plain import Raw
from fhir_adapters.mapping.reading import LONGEST_VERSION, MappingRules, Reading
from plugin.domain.record import Appointment, CarePlan, CareTeam, Event, Fact, Goal, Order, Other, Patient
from plugin.domain.source import SetAside

_ID = re.compile(rf"[^\x00-\x20\s/#?|,\\$&]{{1,{LONGEST_VERSION}}}")
_LOCAL_ID = re.compile(rf"[^\x00-\x20\s]{{1,{LONGEST_VERSION}}}")

ORDERS: Mapping[str, Callable[[Raw, Reading], Order]] = {
    "Task": orders.task,
    "ServiceRequest": orders.service_request,
    "CommunicationRequest": orders.communication_request,
    "MedicationRequest": orders.medication_request,
    "NutritionOrder": orders.nutrition_order,
    "DeviceRequest": orders.device_request,
    "VisionPrescription": orders.vision_prescription,
    "RequestGroup": orders.request_group,
}
MAPPERS: Mapping[str, Callable[[Raw, Reading], Fact]] = {
    **ORDERS,
    "CarePlan": lambda raw, reading: plans.care_plan(raw, reading, _requests_inside),
    "Goal": plans.goal,
    "Patient": people.patient,
    "Practitioner": people.practitioner,
    "PractitionerRole": people.practitioner_role,
    "CareTeam": people.care_team,
    "Appointment": bookings.appointment,
    "Observation": events.observation,
    "DiagnosticReport": events.diagnostic_report,
    "Procedure": events.procedure,
    "Immunization": events.immunization,
    "QuestionnaireResponse": events.questionnaire_response,
    "Encounter": events.encounter,
    "Flag": others.flag,
    "Condition": others.condition,
    "Consent": others.consent,
    "DocumentReference": others.document_reference,
    "Provenance": others.provenance,
}


class Mapped(NamedTuple):
    """A fact, and the patients whose record it belongs to: none for a practitioner, several for a group appointment."""

    fact: Fact
    patients: tuple[str, ...]


def map_resource(
    raw: object, rules: MappingRules, left_out: dict[str, int], ref: str | None = None
) -> Mapped | SetAside:
    """Maps one resource. `left_out` counts the parts dropped, by reason; what cannot be a fact at all is set aside.

    `ref` names a resource that has no id of its own (SEMANTICS O11).
    """
    try:
        return _mapped(raw, rules, left_out, ref)
    except Exception as error:  # noqa: BLE001 - one record, whatever is wrong with it or with us, never stops a page
        return SetAside(ref or _name_of(raw), "", f"the mapping failed: {type(error).__name__}")


def _mapped(raw: object, rules: MappingRules, left_out: dict[str, int], ref: str | None) -> Mapped | SetAside:
    if not isinstance(raw, dict):
        return SetAside("", "", "not a resource: no JSON object")
    resource = cast(Raw, raw)
    type_ = resource.get("resourceType")
    mapper = MAPPERS.get(type_) if isinstance(type_, str) else None
    if mapper is None:
        return SetAside("", "", "not a resource of a type that is read")
    if ref is None:
        id_ = resource.get("id")
        if not isinstance(id_, str) or not _ID.fullmatch(id_):
            return SetAside(f"{type_}/", "", f"a {type_} without an id that can be used")
        ref = f"{type_}/{id_}"
    reading = Reading(ref, resource, rules, left_out)
    if "contained" in resource:
        _name_contained(resource, reading)
    fact = mapper(resource, reading)
    return Mapped(fact, patients_of(fact))


def _name_of(raw: object) -> str:
    return f"{raw.get('resourceType')}/{raw.get('id')}"[:LONGEST_VERSION] if isinstance(raw, dict) else ""


def patients_of(fact: Fact) -> tuple[str, ...]:
    """The references of the patients whose record a fact belongs to."""
    if isinstance(fact, Order | Event | CarePlan | Goal | Other | CareTeam):
        return () if fact.subject is None else (fact.subject,)
    if isinstance(fact, Appointment):
        named = (actor for actor, _ in fact.participants if actor is not None and _is_patient(actor))
        return tuple(dict.fromkeys(named))
    return (fact.ref,) if isinstance(fact, Patient) else ()


def _is_patient(ref: str) -> bool:
    return ref.startswith("Patient/") or "/Patient/" in ref


def _name_contained(raw: Raw, reading: Reading) -> None:
    """What is inside is named after its container: ``#a`` in CarePlan/cp1 is ``ServiceRequest/cp1#a``."""
    local: dict[str, str] = {"#": reading.ref}
    contained: dict[str, Raw] = {}
    owner = reading.ref.partition("/")[2]
    for inside in reading.parts(raw, "contained"):
        type_, id_ = inside.get("resourceType"), inside.get("id")
        if not isinstance(type_, str) or not isinstance(id_, str) or not _LOCAL_ID.fullmatch(id_):
            reading.drop("contained", "without a type or an id")
            continue
        name = id_.removeprefix("#")
        ref = f"{type_}/{owner}#{name}"
        local[f"#{name}"] = ref
        contained[ref] = inside
    reading.local, reading.contained = local, contained


def _requests_inside(plan: Reading, patient: str | None) -> tuple[Order, ...]:
    """The requests that a CarePlan contains. They are as new as the plan, and about its patient where they name none."""
    found: list[Order] = []
    for ref, raw in plan.contained.items():
        mapper = ORDERS.get(ref.partition("/")[0])
        if mapper is None:
            continue
        reading = Reading(ref, raw, plan.rules, plan.left_out)
        reading.local, reading.contained = plan.local, plan.contained
        reading.version, reading.seen = plan.version, plan.seen
        order = mapper(raw, reading)
        found.append(order if order.subject is not None else replace(order, subject=patient))
    return tuple(found)
