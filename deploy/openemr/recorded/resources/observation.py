"""Observation: vital signs, then laboratory results, then scores; three searches whose answers are put together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from deploy.openemr.recorded.clinic import Clinic
from deploy.openemr.recorded.query import Row
from deploy.openemr.recorded.resources.shape import (
    LOINC,
    TERMINOLOGY,
    Json,
    Scene,
    Searchable,
    by_code,
    by_date,
    by_uuid,
    coded,
    concept,
    encounter,
    meta,
    of_patient,
    patients,
    practitioner,
    reference,
    us_core,
)
from deploy.openemr.recorded.resources.vitals import Measured, measured, quantity, rendered
from deploy.openemr.recorded.rows import Order, Result, Survey

_ABNORMAL = {"high": ("H", "High"), "low": ("L", "Low"), "yes": ("A", "Abnormal"), "no": ("N", "Normal")}


@dataclass(frozen=True)
class Resulted:
    """A laboratory result."""

    order: Order
    result: Result
    puuid: str

    category = "laboratory"

    @property
    def id(self) -> str:
        """The result's own."""
        return self.result.uuid

    @property
    def codes(self) -> tuple[str, ...]:
        """LOINC's."""
        return (coded(self.result.code)[1],)

    @property
    def at(self) -> datetime:
        """When it came."""
        return self.result.at

    @property
    def updated(self) -> datetime:
        """The same."""
        return self.result.at


@dataclass(frozen=True)
class Scored:
    """A questionnaire's score."""

    row: Survey
    puuid: str

    category = "survey"

    @property
    def id(self) -> str:
        """The line's."""
        return self.row.uuid

    @property
    def codes(self) -> tuple[str, ...]:
        """LOINC's."""
        return (self.row.code,)

    @property
    def at(self) -> datetime:
        """When it was recorded."""
        return self.row.at

    @property
    def updated(self) -> datetime:
        """The same."""
        return self.row.at


def _rows(clinic: Clinic) -> Iterator[Measured | Resulted | Scored]:
    uuids = dict(patients(clinic))
    yield from measured(clinic, uuids)
    for order in list(clinic.orders.values()):
        if order.result and order.pid in uuids:
            yield Resulted(order, order.result, uuids[order.pid])
    for row in list(clinic.surveys):
        if row.pid in uuids:
            yield Scored(row, uuids[row.pid])


def _observation(scene: Scene, rows: Sequence[Row]) -> Json:
    one: Measured | Resulted | Scored = rows[0]
    if isinstance(one, Measured):
        return rendered(scene, one)
    return _result(scene, one) if isinstance(one, Resulted) else _score(scene, one)


def _result(scene: Scene, one: Resulted) -> Json:
    result, clinic = one.result, scene.clinic
    found: Json = {
        "id": result.uuid,
        "meta": meta(scene, result.at, us_core("us-core-observation-lab", "3.1.1", "7.0.0", "8.0.0")),
        "resourceType": "Observation",
        "status": result.status,
        "category": [concept(f"{TERMINOLOGY}observation-category", "laboratory", "Laboratory")],
        "code": concept(LOINC, coded(result.code)[1], result.name),
        "subject": reference("Patient", one.puuid),
    }
    visit = encounter(clinic, one.order.eid)
    if visit:
        found["encounter"] = reference("Encounter", visit.uuid)
    found["effectiveDateTime"] = scene.said(result.at)
    provider = clinic.users.get(one.order.provider or 0)
    if provider:
        found["performer"] = [practitioner(provider)]
    found |= _value(result.value, result.units)
    if result.abnormal in _ABNORMAL:
        interpretation = concept(f"{TERMINOLOGY}v3-ObservationInterpretation", *_ABNORMAL[result.abnormal])
        found["interpretation"] = [interpretation]
    low, dash, high = result.normal.partition("-")
    if dash:
        found["referenceRange"] = [{"low": _bound(low, result.units), "high": _bound(high, result.units)}]
    return found


def _value(value: str, units: str) -> Json:
    try:
        return quantity(value, units, units)
    except ValueError:
        return {"valueString": value}


def _bound(value: str, units: str) -> Json:
    found: Json = quantity(value, units, units)["valueQuantity"]
    return found


def _score(scene: Scene, one: Scored) -> Json:
    row = one.row
    found: Json = {
        "id": row.uuid,
        "meta": meta(scene, row.at, us_core("us-core-simple-observation", "7.0.0", "8.0.0")),
        "resourceType": "Observation",
        "status": "final",
        "category": [concept(f"{TERMINOLOGY}observation-category", "survey", "survey")],
        "code": concept(LOINC, row.code, row.name),
        "subject": {"reference": f"Patient/{one.puuid}"},
        "effectiveDateTime": scene.said(row.at),
        "issued": scene.said(row.at),
    }
    user = scene.clinic.user_named(row.user)
    if user:
        found["performer"] = [practitioner(user)]
    return found | quantity(row.value, row.units, None)


OBSERVATIONS = Searchable(
    name="Observation",
    acl="patients/med",
    parameters={
        "patient": of_patient(lambda one: one.puuid),
        "code": by_code(lambda one: one.codes),
        "category": by_code(lambda one: one.category),
        "date": by_date(lambda one: one.at),
        "_id": by_uuid(lambda one: one.id),
        "_lastUpdated": by_date(lambda one: one.updated),
    },
    rows=_rows,
    render=_observation,
    parts=lambda one: str(one["category"][0]["coding"][0]["code"]),
    patient=lambda one: one.puuid,
)
