"""A patient's appointments in OpenEMR's calendar, with the flow board's signs for what came of them."""

from __future__ import annotations

from datetime import timedelta

from deploy.demo.generator.fhir import Json
from deploy.demo.openemr.chart import Chart
from deploy.demo.openemr.said import wall
from deploy.demo.openemr.unsaid import Unsaid

SIGNS = {
    "booked": "-",
    "proposed": "-",
    "pending": "^",
    "waitlist": "CALL",
    "arrived": "@",
    "checked-in": "<",
    "fulfilled": ">",
    "noshow": "?",
    "cancelled": "x",
}
"""A new appointment has ``-``, which FHIR calls proposed (OpenEMR 8.2, recording 156)."""
_BOOKED = "-"


def enter_calendar(chart: Chart) -> None:
    """Those that have a time and are none in error."""
    for one in chart.of("Appointment"):
        if "start" not in one:
            chart.unsaid(Unsaid.TIMELESS)
        elif one["status"] not in SIGNS:
            chart.unsaid(Unsaid.IN_ERROR)
        else:
            _book(chart, one)


def _book(chart: Chart, one: Json) -> None:
    at, end = wall(one["start"]), wall(one["end"])
    people = [each["actor"]["reference"] for each in one["participant"]]
    is_group = sum(ref.startswith("Patient/") for ref in people) > 1
    chart.unsaid(Unsaid.GROUP, is_group)
    chart.unsaid(Unsaid.REASON, "cancelationReason" in one)
    provider = next((user for ref in people if (user := chart.desk.user(ref))), None)
    chart.desk.clinic.book(
        chart.patient,
        day=at.date(),
        start=at.time(),
        duration=end - at or timedelta(minutes=30),
        provider=provider,
        status=_BOOKED if is_group else SIGNS[one["status"]],
        comment=next((each["text"] for each in one.get("serviceType", ())), ""),
        at=wall(one["created"]),
    )
