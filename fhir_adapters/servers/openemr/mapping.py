"""A resource as an OpenEMR sends it -> as FHIR R4 means it, for fhir_adapters/mapping to read. Pure.

Whatever is repaired here was seen in OpenEMR 8.2.0-dev; the numbers are those of the recordings.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import cast
from zoneinfo import ZoneInfo

import orjson

from fhir_adapters.mapping.moments import moment
from fhir_adapters.resources import RESOURCES, values_at
from fhir_adapters.servers.openemr.answers import Resource
from fhir_adapters.servers.openemr.kinds import kind_of
from fhir_adapters.servers.openemr.wall_clock import on_the_wall

NO_PATIENT = "Appointment: an event of a provider, without a patient"
ELSEWHERE = "it is about a patient of another server"
NO_SHOW_CATEGORY = "no_show"
_ENCOUNTER = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:-SK-|_)\d+", re.ASCII)
"""Of a plan's id: the encounter, and the number of the form, after an underscore in forms from before April 2022."""
_NOT_YET_KNOWN = frozenset({"proposed", "pending", "booked"})
"""How OpenEMR's own codes for a visit that is to come are mapped there; `proposed` is what a new one has (156)."""


@dataclass(frozen=True, slots=True)
class Clinic:
    """Whose OpenEMR it is: its zone, and the base of its FHIR API."""

    zone: ZoneInfo
    base_url: str


def as_r4(raw: Resource, clinic: Clinic) -> Resource:
    """Its version is a hash of what it says: `versionId` is always 1 there, and `lastUpdated` no change stamp."""
    whole = cast(Resource, _plain(raw, clinic.zone))
    repair = _REPAIRS.get(str(whole.get("resourceType")))
    if repair is not None:
        repair(whole, clinic)
    return {**whole, "meta": {"versionId": _version(whole)}}


def is_of_nobody(raw: Resource) -> bool:
    """159: lunch, holidays and "in the office" stand in the calendar too."""
    if raw.get("resourceType") != "Appointment":
        return False
    return not any(ref.startswith("Patient/") for ref in subjects_of(raw))


def is_elsewhere(raw: Resource, resolve: Callable[[str], str | None]) -> bool:
    """It names a patient, and none of this server: whose it would be here, nobody can say. What is stored of it stays."""
    refs = [resolve(ref) or ref for ref in subjects_of(raw)]
    if raw.get("resourceType") == "Appointment":
        refs = [ref for ref in refs if "Patient/" in ref]
    return bool(refs) and not any(ref.startswith("Patient/") for ref in refs)


def subjects_of(raw: Mapping[str, object]) -> list[str]:
    """References to whom it is about; of an appointment, to all who take part."""
    row = RESOURCES.get(str(raw.get("resourceType")))
    named = [value for path in (row.patient_paths if row else ()) for value in values_at(raw, path)]
    refs = [one.get("reference") for one in named if isinstance(one, dict)]
    return [ref for ref in refs if isinstance(ref, str)]


def staff_ref(reference: str) -> str:
    """180, 415: someone without an NPI is `Person/…` as the provider of an appointment, and `Practitioner/…`, under the
    same id, as the author of a plan and in a care team, where it cannot be read. One of the two is enough."""
    return f"Practitioner/{reference.removeprefix('Person/')}" if reference.startswith("Person/") else reference


def _plain(value: object, zone: ZoneInfo) -> object:
    """A copy, with everything that can stand anywhere made good."""
    if isinstance(value, str):
        return on_the_wall(value, zone)
    if isinstance(value, list):
        # 139: `"address": [null]`. 083: the language of a patient of whom none is known is the code "unknown".
        return [_plain(item, zone) for item in value if item is not None and not _is_absent(item)]
    if isinstance(value, dict):
        return {name: _plain_at(name, item, zone) for name, item in value.items() if not _is_object_display(name, item)}
    return value


def _plain_at(name: str, value: object, zone: ZoneInfo) -> object:
    if name == "reference" and isinstance(value, str):
        return staff_ref(value)
    return _plain(value, zone)


def _is_object_display(name: str, value: object) -> bool:
    """131: the `display` of a goal's code is an object that says that it is absent."""
    return name == "display" and isinstance(value, dict)


def _is_absent(item: object) -> bool:
    system = item.get("system") if isinstance(item, dict) else None
    return isinstance(system, str) and system.endswith(("/data-absent-reason", "DataAbsentReason"))


# ------------------------------------------------------------------------------------------------------ type by type
def _care_plan(plan: Resource, _clinic: Clinic) -> None:
    """454: a code that stands in several code tables doubles its activity, to the letter. 106: a day as `scheduledString`
    comes together with `scheduledPeriod`, although it is one or the other; the day is what the clinic has planned. 109: of
    a plan that was revoked or entered in error every activity says "completed", too; an activity's status is only the
    plan's once more, and nothing that was done. 104, 477: the encounter in which a plan was written stands in its id."""
    plan.setdefault("title", _name_of(plan))
    if written_in := _ENCOUNTER.match(str(plan.get("id"))):
        plan.setdefault("encounter", {"reference": f"Encounter/{written_in[1]}"})
    activities = plan.get("activity")
    if not isinstance(activities, list):
        return
    once = {orjson.dumps(item, option=orjson.OPT_SORT_KEYS): item for item in activities}
    plan["activity"] = list(once.values())
    for activity in _objects(plan["activity"]):
        detail = activity.get("detail")
        if isinstance(detail, dict):
            detail.pop("status", None)
            _tell_kind(detail)
            _settle_schedule(detail)


def _name_of(plan: Resource) -> str:
    """106: a plan has no title there, and its description is that of its lines. People tell plans apart by their day."""
    period = plan.get("period")
    begun = moment(str(period.get("start"))) if isinstance(period, dict) else None
    if begun is None or len(begun) < len("2026-08-26"):
        return "Care plan"
    return f"Care plan of {date.fromisoformat(begun[: len('2026-08-26')]):%-d %B %Y}"


def _tell_kind(detail: Resource) -> None:
    code = detail.get("code")
    kind = kind_of(_objects(code.get("coding"))) if isinstance(code, dict) else None
    detail.pop("kind", None)
    if kind is not None:
        detail["kind"] = kind


def _settle_schedule(detail: Resource) -> None:
    period, day = detail.get("scheduledPeriod"), detail.get("scheduledString")
    if isinstance(period, dict) and isinstance(day, str) and moment(day[: len("2026-08-26")]):
        period.pop("end", None)


def _appointment(booking: Resource, clinic: Clinic) -> None:
    kind = booking.get("appointmentType")
    codings = _objects(kind.get("coding")) if isinstance(kind, dict) else []
    for coding in codings:
        # 157, 373, 489: the system of a calendar category depends on how it was asked for, and on the web server.
        coding["system"] = f"{clinic.base_url}/ValueSet/appointment-type"
    # 181: before the Flow Board, a visit was marked as missed by moving it to this category.
    if any(coding.get("code") == NO_SHOW_CATEGORY for coding in codings) and booking.get("status") in _NOT_YET_KNOWN:
        booking["status"] = "noshow"
    _end_after_start(booking, clinic.zone)


def _end_after_start(booking: Resource, zone: ZoneInfo) -> None:
    """179: what goes past midnight ends on the day on which it began, and so before it."""
    try:
        start, end = (datetime.fromisoformat(str(booking[name])) for name in ("start", "end"))
        if end < start:
            next_day = end.replace(tzinfo=None) + timedelta(days=1)
            booking["end"] = next_day.replace(tzinfo=zone).isoformat()
    except (KeyError, ValueError, TypeError, OverflowError):
        return


def _patient(patient: Resource, _clinic: Clinic) -> None:
    """The social security number comes as the first identifier of whoever has one; it is no record number, and nothing
    that Milepost needs."""
    identifiers = patient.get("identifier")
    if isinstance(identifiers, list):
        patient["identifier"] = [item for item in _objects(identifiers) if not _is_social_security(item)]


def _is_social_security(identifier: Resource) -> bool:
    kind = identifier.get("type")
    codes = [coding.get("code") for coding in _objects(kind.get("coding"))] if isinstance(kind, dict) else []
    return "SS" in codes or str(identifier.get("system")).endswith("/us-ssn")


def _goal(goal: Resource, _clinic: Clinic) -> None:
    """133: the goals of a form are one, and its text is theirs, line under line; where people see it, it is one line."""
    described = goal.get("description")
    if isinstance(described, dict) and isinstance(described.get("text"), str):
        described["text"] = "; ".join(dict.fromkeys(described["text"].splitlines()))


def _person(person: Resource, _clinic: Clinic) -> None:
    person["resourceType"] = "Practitioner"


_REPAIRS: Mapping[str, Callable[[Resource, Clinic], None]] = {
    "CarePlan": _care_plan,
    "Appointment": _appointment,
    "Goal": _goal,
    "Patient": _patient,
    "Person": _person,
}


def _objects(values: object) -> list[Resource]:
    return [item for item in values if isinstance(item, dict)] if isinstance(values, list) else []


def _version(whole: Resource) -> str:
    """Saving a plan's form writes all its rows anew, and in which order they come back is left to the database (366, 367):
    the order of activities, and the texts that repeat them in that order, make no new version."""
    said = {name: value for name, value in whole.items() if name not in ("meta", "text")}
    if whole.get("resourceType") == "CarePlan" and isinstance(whole.get("activity"), list):
        rows = (orjson.dumps(item, option=orjson.OPT_SORT_KEYS).decode() for item in whole["activity"])
        said = {**said, "activity": sorted(rows), "description": None}
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]
