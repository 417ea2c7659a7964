"""Appointments in every status, linked to their step in every way that an EHR knows."""

from dataclasses import dataclass
from datetime import date

from deploy.demo.generator.chart import Chart, Placed
from deploy.demo.generator.evidence import encounter
from deploy.demo.generator.fhir import APPOINTMENT_BASED_ON, TERMINOLOGY, Json, at, coding, concept, days, reference
from deploy.demo.generator.steps import THERAPY, Form, Step

CANCELLATION = f"{TERMINOLOGY}/appointment-cancellation-reason"
GENERIC_TYPE = f"{TERMINOLOGY}/v2-0276"

BY_PATIENT = {
    "pat": "Patient",
    "pat-crs": "Patient: Canceled via automated reminder system",
    "pat-fb": "Patient: Feeling Better",
    "pat-lt": "Patient: Lack of Transportation",
}
BY_PRACTICE = {
    "prov": "Provider",
    "prov-pers": "Provider: Personal",
    "maint": "Equipment Maintenance/Repair",
    "oth-weath": "Other: Weather",
}
NO_MISS = {
    "pat-dec": "Patient: Deceased",
    "pat-mv": "Patient: Moved",
    "pat-mt": "Patient: Member Terminated",
}
UNANSWERED = frozenset({"proposed", "pending", "waitlist"})


@dataclass(frozen=True)
class Booking:
    """An appointment to be written: without a day it is one that has no time yet."""

    status: str
    day: date | None
    reasons: tuple[tuple[str, str], ...] = ()  # the codes to choose from, for a cancellation
    plain: bool = False  # linked to nothing, of a generic type
    group: bool = False  # a second patient takes part


def links(step: Step, placed: Placed) -> list[str]:
    """The ways in which an appointment can point to this step, the most believed first."""
    if step.item is THERAPY:
        return ["same code"]  # of several equal sessions the date decides
    ways = []
    if placed.order:
        ways += ["basedOn", "identifier", "R5 back-port extension"]
    if placed.task:
        ways.append("supportingInformation Task")
    if step.form not in (Form.PROGRAM, Form.APPOINTMENT):
        ways.append("supportingInformation CarePlan")
    return [*ways, "same code"]


def link(chart: Chart, step: Step, placed: Placed) -> Json:
    """The elements of one of these ways, each in its turn."""
    if step.form is Form.APPOINTMENT:
        chart.count("link of an appointment", "activity.reference")
        return {}
    way = chart.word("link", links(step, placed))
    chart.count("link of an appointment", way)
    if way == "basedOn":
        return {"basedOn": [reference(placed.order or "")]}
    if way == "identifier":
        return {"identifier": [placed.order_number]}
    if way == "R5 back-port extension":
        return {"extension": [{"url": APPOINTMENT_BASED_ON, "valueReference": reference(placed.order or "")}]}
    if way == "supportingInformation Task":
        return {"supportingInformation": [reference(placed.task or "")]}
    if way == "supportingInformation CarePlan":
        return {"supportingInformation": [reference(chart.plan)]}
    return {}


def participants(chart: Chart, booking: Booking) -> list[Json]:
    """The patient, the provider, and in a group the patient before as well."""
    answer = "needs-action" if booking.status in UNANSWERED else "accepted"
    people = [{"actor": reference(chart.patient), "status": answer}]
    if booking.group and chart.partner:
        people.append({"actor": reference(chart.partner), "status": answer})
    return [*people, {"actor": reference(chart.provider), "status": "accepted"}]


def times(chart: Chart, booking: Booking) -> Json:
    """Start and end, or neither; half an hour within the practice's day."""
    if booking.day is None:
        return {}
    hour = 9 if booking.day == chart.run.today else chart.rng.randint(8, 16)
    return {
        "start": at(booking.day, hour),
        "end": at(booking.day, hour, 30),
        "minutesDuration": 30,
        "created": at(min(booking.day, chart.run.today) - days(10), 11),
    }


def cancelled_because(chart: Chart, booking: Booking) -> Json:
    """A cancelation reason, where the booking has a choice of them."""
    if not booking.reasons:
        return {}
    code = chart.word("cancelled", [code for code, _ in booking.reasons])
    chart.count("cancelled because", code)
    return {"cancelationReason": concept(coding(CANCELLATION, code, dict(booking.reasons)[code]))}


def kept_name(chart: Chart, booking: Booking) -> str:
    """How this appointment is counted: a status, and whether its time is gone."""
    if booking.group:
        return f"{booking.status}, group of two"
    if booking.day is None:
        return f"{booking.status}, without a time"
    if booking.status == "booked":
        if booking.day == chart.run.today:
            return "booked, today"
        return "booked, past" if booking.day < chart.run.today else "booked, ahead"
    return booking.status


def book(chart: Chart, step: Step, placed: Placed, booking: Booking) -> str:
    """Writes the appointment and, where the step is the appointment, puts it into the plan."""
    body: Json = {"status": booking.status, **times(chart, booking), "participant": participants(chart, booking)}
    if booking.plain:
        body["appointmentType"] = concept(
            coding(GENERIC_TYPE, "FOLLOWUP", "A follow up visit from a previous appointment")
        )
        chart.count("link of an appointment", "none, generic type")
    else:
        body["serviceType"] = [step.item.concept]
        body |= link(chart, step, placed)
    made = chart.add("Appointment", {**body, **cancelled_because(chart, booking)})
    chart.count("appointment", kept_name(chart, booking))
    if step.form is Form.APPOINTMENT and placed.activity is not None and "reference" not in placed.activity:
        placed.activity["reference"] = reference(made, step.item.title)
    return made


def visit_of(chart: Chart, appointment: str, day: date) -> str:
    """The finished encounter of an appointment."""
    chart.count("link of an appointment", "Encounter.appointment")
    return encounter(chart, day, extra={"appointment": [reference(appointment)]})
