"""The EHR's own pages: find a patient, open a chart, two charts side by side. The app is framed in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from deploy.demo.ehr.facts import tabs
from deploy.demo.ehr.parts import Parts
from deploy.demo.ehr.record import patient_in, rows
from deploy.demo.ehr.register import Patient, Register


def chart_pages(ehr: Parts) -> Blueprint:
    """Only for somebody who has logged in."""
    pages = Blueprint("charts", __name__)
    register = Register(ehr.upstream, ehr.practice.tag)

    @pages.before_request
    def only_after_login() -> AnyResponse | None:
        return None if ehr.person(request.cookies.get(ehr.cookie)) else redirect(url_for("door.login"))

    @pages.get("/")
    def first() -> AnyResponse:
        """A chart with gaps in it, as long as there is one."""
        found = next(_telling(ehr, register), None)
        return redirect(url_for("charts.chart", id_=found.id) if found else url_for("charts.patients"))

    @pages.get("/patients")
    def patients() -> str:
        found = register.page(request.args.get("q", ""), request.args.get("page", 1, int))
        return render_template("patients.html", found=found)

    @pages.get("/chart/<id_>")
    def chart(id_: str) -> Response | str:
        patient = register.get(id_)
        if patient is None:
            return _no_chart()
        shown = tabs(ehr.upstream, patient.id)
        return render_template("chart.html", patient=patient, tabs=shown, frame=_frame(ehr, patient))

    @pages.get("/record/<type_>/<id_>")
    def record(type_: str, id_: str) -> Response | str:
        found = register.record(type_, id_)
        if found is None:
            return _no_chart()
        whose = id_ if type_ == "Patient" else patient_in(found)
        patient = register.get(whose) if whose else None
        return render_template("record.html", type=type_, rows=rows(found), patient=patient)

    @pages.get("/side-by-side")
    def side_by_side() -> Response | str:
        asked = [request.args.get(side, "") for side in ("left", "right")]
        found = [patient for id_ in asked if (patient := register.get(id_)) is not None]
        charts = [(patient, _frame(ehr, patient)) for patient in _two(ehr, register, found)]
        return render_template("side_by_side.html", charts=charts) if charts else _no_chart()

    return pages


def _telling(ehr: Parts, register: Register) -> Iterator[Patient]:
    """Charts that show something: the one that is to be seen first, then those with the most gaps."""
    for id_ in (ehr.practice.first, *register.with_most_gaps()):
        patient = register.get(id_)
        if patient is not None:
            yield patient


def _two(ehr: Parts, register: Register, asked: Sequence[Patient]) -> Sequence[Patient]:
    """Those that were asked for, filled up with charts that show something, then from the beginning of the list."""
    found = list(asked)
    if len(set(found)) < 2:
        found += _telling(ehr, register)
    if len(set(found)) < 2:
        found += register.page("", 1).patients
    return list(dict.fromkeys(found))[:2]


def _frame(ehr: Parts, patient: Patient) -> str | None:
    """Where the app in this chart begins; None when no app is registered."""
    login = request.cookies.get(ehr.cookie, "")
    person = ehr.person(login)
    return ehr.launch(ehr.app, patient.id, login, person) if ehr.app and person else None


def _no_chart() -> Response:
    return Response(render_template("no_chart.html"), 404)
