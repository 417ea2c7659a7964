"""The patient finder and a patient's chart, with the card of the apps that can be launched from it."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import NamedTuple

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from deploy.openemr.recorded.bookings import CATEGORIES, OFFICE_VISIT
from deploy.openemr.recorded.charts import CARE_PLAN
from deploy.openemr.recorded.clinic import Clinic
from deploy.openemr.recorded.pages_desk import STATUSES
from deploy.openemr.recorded.pages_login import CHART, FINDER, Door
from deploy.openemr.recorded.rows import CarePlanRow, Encounter, Form, Patient

SHOWN = 200


class Visit(NamedTuple):
    """An encounter with its care plan form, where there is one."""

    encounter: Encounter
    plan: Form | None
    rows: tuple[CarePlanRow, ...]


def chart_pages(door: Door) -> Blueprint:
    """For whoever is logged in."""
    pages = Blueprint("chart", __name__)
    clinic = door.clinic

    @pages.get(FINDER)
    def finder() -> str:
        door.must()
        asked = request.args.get("q", "").strip()
        found = [patient for patient in list(clinic.patients.values()) if _is_asked_for(patient, asked.lower())]
        found.sort(key=lambda patient: (patient.lname.lower(), patient.fname.lower(), patient.pid))
        return render_template("finder.html", asked=asked, found=found[:SHOWN], total=len(found))

    @pages.get(CHART)
    def chart() -> str | AnyResponse:
        """The chart that is opened is the session's from now on, in every window (OpenEMR's ``set_pid``)."""
        login = door.must()
        asked = request.args.get("set_pid", "")
        pid = int(asked) if asked.isdecimal() else login.pid
        patient = clinic.patient_of(pid or 0)
        if patient is None:
            return redirect(FINDER)
        if patient.pid != login.pid:
            door.oauth.sessions.open_chart(door.word, patient.pid)
        return _chart(door, patient)

    @pages.post(f"{CHART}/visit")
    def visit() -> AnyResponse:
        """One of the chart's encounters, or a new one, is the session's open encounter from now on."""
        login, form = door.form(), request.form
        asked = form.get("encounter", "")
        chosen = clinic.encounters.get(int(asked)) if asked.isdecimal() else None
        if chosen is None:
            provider = clinic.user_named(login.user)
            chosen = clinic.open_encounter(_patient(clinic), reason=form.get("reason", ""), provider=provider)
        door.oauth.sessions.open_chart(door.word, chosen.pid, chosen.eid)
        return redirect(CHART)

    @pages.post(f"{CHART}/booking")
    def book() -> AnyResponse:
        door.form()
        form, patient = request.form, _patient(clinic)
        category = form.get("category", "")
        clinic.book(
            patient,
            day=date.fromisoformat(form["day"]),
            start=time.fromisoformat(form["start"]),
            provider=clinic.user_named(form.get("provider")),
            category=int(category) if category.isdecimal() else OFFICE_VISIT,
        )
        return redirect(f"{CHART}?set_pid={patient.pid}")

    return pages


def _patient(clinic: Clinic) -> Patient:
    """Whose chart the form was in."""
    return clinic.patients[int(request.form["pid"])]


def _is_asked_for(patient: Patient, asked: str) -> bool:
    known = f"{patient.lname}, {patient.fname} {patient.lname} {patient.pubpid} {patient.dob}".lower()
    return asked in known


def _chart(door: Door, patient: Patient) -> str:
    clinic, login = door.clinic, door.must()
    return render_template(
        "chart.html",
        patient=patient,
        open=clinic.encounters.get(login.encounter or 0),
        apps=[client for client in clinic.clients if client.can_be_launched and client.initiate_login_uri],
        visits=_visits(clinic, patient),
        booked=sorted(clinic.appointments_of(patient), key=lambda one: (one.day, one.start), reverse=True),
        messages=clinic.messages_about(patient),
        results=_results(clinic, patient),
        statuses=STATUSES,
        categories=CATEGORIES,
        providers=[user for user in list(clinic.users.values()) if user.is_active],
        users=clinic.users,
        today=clinic.now().date(),
    )


def _visits(clinic: Clinic, patient: Patient) -> list[Visit]:
    forms = {
        form.eid: form for form in list(clinic.forms.values()) if form.formdir == CARE_PLAN and not form.is_deleted
    }
    mine = [one for one in list(clinic.encounters.values()) if one.pid == patient.pid]
    mine.sort(key=lambda one: one.at, reverse=True)
    plans = [(one, forms.get(one.eid)) for one in mine]
    return [Visit(one, form, clinic.care_plan(form) if form else ()) for one, form in plans]


def _results(clinic: Clinic, patient: Patient) -> list[tuple[datetime, str, str]]:
    found = [
        (order.result.at, order.result.name, f"{order.result.value} {order.result.units}".strip())
        for order in list(clinic.orders.values())
        if order.pid == patient.pid and order.result is not None
    ]
    return sorted(found, reverse=True)
