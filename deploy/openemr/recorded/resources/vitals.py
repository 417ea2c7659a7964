"""A vitals form as Observations: a panel, one for each thing that could have been measured, and the mean pressure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from deploy.openemr.recorded.clinic import Clinic
from deploy.openemr.recorded.resources.shape import (
    LOINC,
    TERMINOLOGY,
    UCUM,
    UNKNOWN,
    Json,
    Scene,
    concept,
    encounter,
    meta,
    reference,
    us_core,
)
from deploy.openemr.recorded.rows import Vitals

VITAL_SIGNS = "vital-signs"
PANEL = "85353-1"
OXIMETRY = "59408-5"
PRESSURE = "85354-9"
AVERAGE = "96607-7"
_HL7 = "http://hl7.org/fhir/StructureDefinition/"
_US = ("7.0.0", "8.0.0")
_IN_PANEL = 11


@dataclass(frozen=True)
class Sign:
    """What can be measured. ``column`` is the form's; ``base`` is FHIR's own profile, ``us`` that of US Core."""

    code: str
    display: str
    us: str
    base: str = ""
    column: str = ""
    unit: str = ""
    ucum: str = ""
    is_old: bool = True

    def profiles(self) -> list[str]:
        """In the versions that OpenEMR 8.2 claims."""
        old = ("3.1.1",) if self.is_old else ()
        if not self.base:
            return us_core(self.us, *old, *_US)
        return [self.base, f"{self.base}|3.1.1", *us_core(self.us, *_US)]


SIGNS = (
    Sign("9279-1", "Respiratory Rate", "us-core-respiratory-rate", f"{_HL7}resprate", "respiration", "/min", "/min"),
    Sign("8867-4", "Heart rate", "us-core-heart-rate", f"{_HL7}heartrate", "pulse", "/min", "/min"),
    Sign(
        "2708-6",
        "Oxygen saturation in Arterial blood",
        "us-core-pulse-oximetry",
        column="oxygen_saturation",
        unit="%",
        ucum="%",
    ),
    Sign(OXIMETRY, "Oxygen saturation in Arterial blood by Pulse oximetry", "us-core-pulse-oximetry"),
    Sign(
        "8310-5",
        "Body Temperature",
        "us-core-body-temperature",
        f"{_HL7}bodytemp",
        "temperature",
        "degF",
        "[degF]",
    ),
    Sign("8327-9", "Temperature Location", "us-core-simple-observation", column="temp_method", is_old=False),
    Sign("8302-2", "Body height", "us-core-body-height", f"{_HL7}bodyheight", "height", "in_i", "[in_i]"),
    Sign(
        "9843-4",
        "Head Occipital-frontal circumference",
        "us-core-head-circumference",
        column="head_circ",
        unit="in_i",
        ucum="[in_i]",
    ),
    Sign("29463-7", "Body weight", "us-core-body-weight", f"{_HL7}bodyweight", "weight", "lb_av", "[lb_av]"),
    Sign("39156-5", "Body mass index (BMI) [Ratio]", "us-core-bmi", column="BMI", unit="kg/m2", ucum="kg/m2"),
    Sign(PRESSURE, "Blood pressure systolic and diastolic", "us-core-blood-pressure", f"{_HL7}bp"),
    Sign(
        "8289-1",
        "Head Occipital-frontal circumference Percentile",
        "head-occipital-frontal-circumference-percentile",
    ),
    Sign("59576-9", "Body mass index (BMI) [Percentile] Per age and sex", "pediatric-bmi-for-age"),
    Sign("77606-2", "Weight-for-length Per age and sex", "pediatric-weight-for-height"),
)
_PANEL_SIGN = Sign(
    PANEL,
    "Vital signs, weight, height, head circumference, oxygen saturation and BMI panel",
    "us-core-vital-signs",
    "http://hl7.org/fhir/R4/observation-vitalsigns",
)
_AVERAGE_SIGN = Sign(
    AVERAGE,
    "Blood pressure panel mean systolic and mean diastolic",
    "us-core-average-blood-pressure",
    is_old=False,
)


@dataclass(frozen=True)
class Measured:
    """One Observation to be."""

    row: Vitals
    sign: Sign
    puuid: str

    category = VITAL_SIGNS

    @property
    def id(self) -> str:
        """Each sign of a form has its own, also where nothing was measured."""
        return self.row.average if self.sign.code == AVERAGE else self.row.ids[self.sign.code]

    @property
    def codes(self) -> tuple[str, ...]:
        """What it is found by."""
        return ("2708-6", OXIMETRY) if self.sign.code in ("2708-6", OXIMETRY) else (self.sign.code,)

    @property
    def at(self) -> datetime:
        """When the form was saved."""
        return self.row.at

    @property
    def updated(self) -> datetime:
        """The same."""
        return self.row.at


def measured(clinic: Clinic, uuids: dict[int, str]) -> Iterator[Measured]:
    """Every sign of every form, measured or not (OpenEMR 8.2, recording 145), then the mean pressure."""
    rows = [row for row in list(clinic.vitals.values()) if row.pid in uuids]
    for row in rows:
        for sign in (_PANEL_SIGN, *SIGNS):
            yield Measured(row, sign, uuids[row.pid])
    for row in rows:
        if "bps" in row.measured:
            yield Measured(row, _AVERAGE_SIGN, uuids[row.pid])


def rendered(scene: Scene, one: Measured) -> Json:
    """The Observation."""
    is_mean = one.sign.code == AVERAGE
    updated = scene.clinic.now() if is_mean else one.row.at  # the mean is made when it is asked for
    found: Json = {
        "id": one.id,
        "meta": meta(scene, updated, one.sign.profiles()),
        "resourceType": "Observation",
        "status": "final",
        "category": [{"coding": [{"system": f"{TERMINOLOGY}observation-category", "code": VITAL_SIGNS}]}],
        "code": _code(one.sign),
        "subject": reference("Patient", one.puuid),
    }
    visit = encounter(scene.clinic, one.row.eid)
    if is_mean:
        at = scene.said(one.row.at)
        return found | {"effectivePeriod": {"start": at, "end": at}} | _pressure(one.row, "mean")
    if visit:
        found["encounter"] = reference("Encounter", visit.uuid)
    return found | {"effectiveDateTime": scene.said(one.row.at)} | _value(one)


def _code(sign: Sign) -> Json:
    if sign.code not in ("2708-6", OXIMETRY):
        return concept(LOINC, sign.code, sign.display)
    both = [(one.code, one.display) for one in SIGNS if one.code in ("2708-6", OXIMETRY)]
    codings = [{"system": LOINC, "code": code, "display": display} for code, display in both]
    return {"coding": codings, "text": "oxygen_saturation"}


def _value(one: Measured) -> Json:
    row, sign = one.row, one.sign
    if sign.code == PANEL:
        members = [
            reference("Observation", row.ids[sign.code]) | {"display": sign.display} for sign in SIGNS[:_IN_PANEL]
        ]
        return {"hasMember": members}
    if sign.code == PRESSURE:
        return _pressure(row)
    value = row.measured.get(sign.column)
    if sign.code in ("2708-6", OXIMETRY):
        return (quantity(value, sign.unit, sign.ucum) if value else {}) | {"component": _oxygen()}
    if not value:
        return {"dataAbsentReason": UNKNOWN}
    return {"valueString": value} if not sign.unit else quantity(value, sign.unit, sign.ucum)


def _oxygen() -> Sequence[Json]:
    parts = (("3151-8", "Inhaled oxygen flow rate"), ("3150-0", "Inhaled oxygen concentration"))
    return [{"code": concept(LOINC, code, display), "dataAbsentReason": UNKNOWN} for code, display in parts]


def _pressure(row: Vitals, what: str = "") -> Json:
    if "bps" not in row.measured:
        return {"dataAbsentReason": UNKNOWN}
    parts = (
        (("bps", "96608-5", "Systolic blood pressure mean"), ("bpd", "96609-3", "Diastolic blood pressure mean"))
        if what
        else (("bps", "8480-6", "Systolic blood pressure"), ("bpd", "8462-4", "Diastolic blood pressure"))
    )
    components = [
        {"code": concept(LOINC, code, display)} | quantity(row.measured.get(column, "0"), "mm[Hg]", "mm[Hg]")
        for column, code, display in parts
    ]
    return {"component": components}


def quantity(value: str, unit: str, code: str | None) -> Json:
    """A number without needless digits, as PHP writes one."""
    number = float(value)
    found: Json = {"value": int(number) if number.is_integer() else number, "unit": unit}
    return {"valueQuantity": found | ({"system": UCUM, "code": code} if code else {})}
