"""A plan of the practice as lines of OpenEMR's care plan form: one for each step, with code, description and target
date."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from deploy.demo.generator.fhir import PROGRAM_CANONICAL, PROGRAM_SYSTEM, Json, days
from deploy.demo.generator.inline import BOUNDS_TURNS, BOUNDS_WEEKS
from deploy.demo.generator.layouts import CHRONIC_CARE
from deploy.demo.openemr.said import coded, first_day, last_day

Found = Mapping[str, Json]
"""A chart's resources by reference."""

_DATED = re.compile(r"\d{4}-\d{2}-\d{2}")
_NOT_SAID = frozenset({"completed", "on-hold", "draft", "entered-in-error"})
_STOPPED = frozenset({"cancelled", "stopped", "revoked", "rejected", "failed"})


@dataclass(frozen=True)
class Line:
    """One step. ``status`` is what the form's line says of it; OpenEMR's FHIR does not tell (S8)."""

    title: str
    opens: date
    due: date | None = None
    code: str = ""
    status: str = "active"
    performer: str = ""
    """A reference, or a role; empty: nobody is named."""


def is_of_program(resource: Json) -> bool:
    """A plan by its canonical or category, an order by its category."""
    codings = [one for concept in resource.get("category", []) for one in concept.get("coding", [])]
    is_instance = PROGRAM_CANONICAL in resource.get("instantiatesCanonical", [])
    return is_instance or any(one["system"] == PROGRAM_SYSTEM for one in codings)


def program_lines(start: date) -> list[Line]:
    """What the program asks for, step by step, as a clinic without programs writes it down."""
    return [
        _of_slot(slot.item.title, slot.item.concept, start, start + days(slot.offset), slot.window)
        for slot in CHRONIC_CARE
    ]


def lines_of(plan: Json, start: date, found: Found) -> list[Line]:
    """The plan's own steps, then the Tasks that name it; a step that stands there twice, once."""
    lines = [line for activity in plan.get("activity", ()) for line in _of_activity(activity, start, found)]
    whose = f"CarePlan/{plan['id']}"
    tasks = [one for one in found.values() if {"reference": whose} in one.get("basedOn", ())]
    lines += [_of_request(one, start, "") for one in tasks if one["resourceType"] == "Task"]
    return list({(line.title, line.code, line.opens, line.due): line for line in lines}.values())


def forbidden(plan: Json) -> int:
    """How many steps must not be done."""
    return sum(one.get("detail", {}).get("doNotPerform") is True for one in plan.get("activity", ()))


def _of_slot(title: str, concept: Json, start: date, due: date, window: int) -> Line:
    return Line(title, max(start, due - days(window)), due, coded(concept)[0])


def _of_activity(activity: Json, start: date, found: Found) -> Iterator[Line]:
    if "detail" in activity:
        if activity["detail"].get("doNotPerform") is not True:
            yield from _of_detail(activity["detail"], start)
        return
    pointed = activity.get("reference", {})
    request = found.get(pointed.get("reference", ""))
    title = pointed.get("display", "")
    yield Line(title, start) if request is None else _of_request(request, start, title)


def _of_detail(detail: Json, start: date) -> Iterator[Line]:
    words = detail.get("scheduledString", "")
    title = detail.get("code", {}).get("text") or detail.get("description", "")
    for opens, due in _windows(detail, start):
        yield Line(
            title if due or not words else f"{title}, {words}",
            opens,
            due,
            coded(detail.get("code", {}))[0],
            _form_status(detail.get("status", "")),
            next((one["reference"] for one in detail.get("performer", ())), ""),
        )


def _windows(detail: Json, start: date) -> list[tuple[date, date | None]]:
    """A line has one target date: of a step that repeats each turn is a line."""
    period, timing = detail.get("scheduledPeriod"), detail.get("scheduledTiming", {})
    if period:
        return [(first_day(period["start"]), last_day(period["end"]) if "end" in period else None)]
    if "event" in timing:
        dues = [first_day(one) for one in timing["event"]]
        return list(zip([start, *(due + days(1) for due in dues)], dues, strict=False))
    if "repeat" in timing:
        first = first_day(timing["repeat"]["boundsPeriod"]["start"])
        weeks = timedelta(weeks=BOUNDS_WEEKS)
        return [(first + weeks * turn, first + weeks * (turn + 1) - days(1)) for turn in range(BOUNDS_TURNS)]
    dated = _DATED.match(detail.get("scheduledString", ""))
    return [(start, first_day(dated[0]) if dated else None)]


def _of_request(request: Json, start: date, title: str) -> Line:
    kind = request["resourceType"]
    concept = _CODES.get(kind, _code)(request)
    window = _period(request)
    return Line(
        title or concept.get("text", ""),
        first_day(window["start"]) if "start" in window else start,
        first_day(window["end"]) if "end" in window else None,
        coded(concept)[0],
        _form_status(request.get("status", "")) if kind != "Appointment" else "active",
        _performer(request),
    )


def _code(request: Json) -> Json:
    found: Json = request.get("code", {})
    return found


_CODES: Mapping[str, Callable[[Json], Json]] = {
    "Appointment": lambda one: _first(one["serviceType"]) if "serviceType" in one else {},
    "MedicationRequest": lambda one: _object(one["medicationCodeableConcept"]),
    "NutritionOrder": lambda one: _first(one["oralDiet"]["type"]),
    "DeviceRequest": lambda one: _object(one["codeCodeableConcept"]),
    "RequestGroup": lambda one: _first(one["action"][0]["code"]),
}
"""Where a request says what it is about, where that is another element than ``code``."""


def _object(part: Json) -> Json:
    return part


def _first(parts: list[Json]) -> Json:
    return parts[0]


def _period(request: Json) -> Json:
    """The window in which it is to be done, as far as the request knows it."""
    if "occurrencePeriod" in request:
        return _object(request["occurrencePeriod"])
    if "restriction" in request:
        return _object(request["restriction"]["period"])
    event = request.get("occurrenceTiming", {}).get("event", [""])[0]
    grouped = next((one["timingDateTime"] for one in request.get("action", ()) if "timingDateTime" in one), "")
    starts = request.get("start", "")[:10] if request["resourceType"] == "Appointment" else ""
    due = request.get("occurrenceDateTime") or event or grouped or starts
    return {"end": due} if due else {}


def _performer(request: Json) -> str:
    named = [*_list(request.get("performer")), *_list(request.get("owner"))]
    roles = [one.get("text", "") for one in request.get("performerType", ())] if "performerType" in request else []
    return next((one.get("reference", "") for one in named), "") or next(iter(roles), "")


def _list(part: object) -> list[Json]:
    return part if isinstance(part, list) else [part] if isinstance(part, dict) else []


def _form_status(status: str) -> str:
    """As the form's list has it; whatever has only begun is active."""
    return "revoked" if status in _STOPPED else status if status in _NOT_SAID else "active"


def in_form_order(lines: Iterable[Line]) -> list[Line]:
    """A line that goes on first: the plan's status is its first line's, and a line that is done would end the plan."""
    return sorted(lines, key=lambda line: line.status != "active")
