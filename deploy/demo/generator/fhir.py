"""Small FHIR R4 values as plain JSON: codings, references, days and instants in the practice's zone."""

import calendar
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

Json = dict[str, Any]  # a FHIR resource, or a part of one

ZONE = ZoneInfo("America/Chicago")

SNOMED = "http://snomed.info/sct"
LOINC = "http://loinc.org"
CVX = "http://hl7.org/fhir/sid/cvx"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"
OURS = "https://milepost.example"  # the tracker's words; nothing that the practice numbers itself stands under it
PRACTICE = "https://sampleton.example"
PROGRAM_SYSTEM = f"{OURS}/cs/program"
PROGRAM_CODE = "chronic-care"
PROGRAM_CANONICAL = f"{OURS}/PlanDefinition/{PROGRAM_CODE}"
ROLE_SYSTEM = f"{OURS}/cs/role"
TAG_SYSTEM = f"{OURS}/demo"
APPOINTMENT_BASED_ON = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Appointment.basedOn"


def coding(system: str, code: str, display: str = "") -> Json:
    """One coding; without a display where the code says enough."""
    made = {"system": system, "code": code}
    return {**made, "display": display} if display else made


def concept(*codings: Json, text: str = "") -> Json:
    """A CodeableConcept."""
    made: Json = {"coding": list(codings)} if codings else {}
    return {**made, "text": text} if text else made


def reference(target: str, display: str = "") -> Json:
    """A literal reference such as `Patient/demo-p-000001`."""
    return {"reference": target, "display": display} if display else {"reference": target}


def on(day: date) -> str:
    """A FHIR date."""
    return day.isoformat()


def month_of(day: date) -> str:
    """A FHIR date that knows only the month."""
    return f"{day:%Y-%m}"


def at(day: date, hour: int, minute: int = 0) -> str:
    """A FHIR instant: wall-clock time of that day in the practice's zone, with its offset."""
    return datetime.combine(day, time(hour, minute), tzinfo=ZONE).isoformat()


def last_day_of_month(day: date) -> date:
    """What a partial date means as an end."""
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def days(number: int) -> timedelta:
    """A span of whole days."""
    return timedelta(days=number)
