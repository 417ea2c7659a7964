"""The page of one patient: the panel's own components, with what can be done, today; and without it, as of a past day.

Links and forms work without scripts; with them, what is done is done in place, as in the panel.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from plugin.domain.act import ActKind
from plugin.domain.act_check import WHOLE_FORM
from plugin.domain.errors import BadAct, BadInput, MilepostError, RecordBusy, Stale, TemporaryFailure
from plugin.domain.permissions import Action, Data
from plugin.domain.reader import PageReader
from plugin.usecases.act import Acted
from plugin.usecases.choose_patient import reader_of
from plugin.usecases.read_patient import read_chart_now
from plugin.usecases.services import Services
from plugin.usecases.show_as_of import moment_of, show_as_of, why_as_of
from plugin.usecases.show_panel import show_panel, show_why
from ui_extension.admin.access import may, signed_in
from ui_extension.admin.guard import csrf_of_request
from ui_extension.panel.act_answers import BUSY, drawn_form, drawn_message, kind_of, sent_act, sent_undo
from ui_extension.panel.acts import stay_in_place
from ui_extension.panel.addresses import Surroundings, stand_in
from ui_extension.panel.keys import take_keys
from ui_extension.panel.pages import draw_panel, draw_why
from ui_extension.panel.words import born

NUMBER = "<int(max=9223372036854775807):patient_id>"
NO_ANSWER = "The EHR does not answer just now. Try again in a moment."
_NOTHING = Markup()


def patient_pages(services: Services) -> Blueprint:
    """``/admin/patients/<id>``, with ``?as_of=`` a past day; below it what is done there, and why a step stands as it does."""
    pages = Blueprint("patient", __name__, url_prefix=f"/admin/patients/{NUMBER}", template_folder="templates")
    take_keys(pages)

    @pages.get("")
    @may(Action.READ, Data.PLAN)
    def show(patient_id: int) -> Response:
        return _Page(services, patient_id).whole()

    @pages.post("/read")
    @may(Action.READ, Data.PLAN)
    def read(patient_id: int) -> AnyResponse:
        return _Page(services, patient_id).read()

    @pages.get("/why/<key:milestone>")
    @may(Action.READ, Data.PLAN)
    def why(patient_id: int, milestone: str) -> Response:
        return _Page(services, patient_id).why(milestone)

    @pages.get("/acts/<kind>/<key:milestone>")
    @may(Action.READ, Data.PLAN)
    def form(patient_id: int, kind: str, milestone: str) -> Response:
        page = _Page(services, patient_id)
        return page.in_place(drawn_form(services, page.reader, kind_of(kind), milestone))

    @pages.post("/acts/<kind>/<key:milestone>")
    @may(Action.READ, Data.PLAN)
    def send(patient_id: int, kind: str, milestone: str) -> AnyResponse:
        return _Page(services, patient_id).send(kind_of(kind), milestone)

    @pages.post("/undo/<statement>")
    @may(Action.READ, Data.PLAN)
    def undo(patient_id: int, statement: str) -> AnyResponse:
        page = _Page(services, patient_id)
        return page.done(lambda: sent_undo(services, page.reader, statement))

    @pages.after_request
    def where_it_was(response: Response) -> Response:
        return stay_in_place(response, is_form=request.endpoint == "patient.send")

    return pages


@dataclass(frozen=True, slots=True)
class AsOf:
    """A past day or moment that was asked for, as it was written; ``wrong``: why it cannot be shown."""

    text: str = ""
    moment: datetime | None = None
    wrong: str = ""


def asked_as_of(services: Services) -> AsOf:
    """What this request's address says; nothing where today is meant."""
    text = request.args.get("as_of", "").strip()
    if not text:
        return AsOf()
    try:
        moment = moment_of(text, services.practice, services.clock())
    except BadInput as bad:
        return AsOf(wrong=str(bad))
    return AsOf(text if moment else "", moment)


class _Page:
    """One request for one patient's page."""

    def __init__(self, services: Services, patient_id: int) -> None:
        self.services = services
        self.reader: PageReader = reader_of(services, signed_in(), patient_id)
        self.as_of = asked_as_of(services)
        stand_in(Surroundings(self._address, csrf_of_request()))

    def whole(self, on_top: Markup = _NOTHING, status: int = 200) -> Response:
        """The whole page, with something on top of the panel."""
        if self.as_of.moment is not None:
            return self._past(self.as_of.moment, on_top)
        panel = show_panel(self.services, self.reader, self.services.clock())
        body = draw_panel(self.services, panel, on_top)
        return self._drawn(body, status=422 if self.as_of.wrong else status)

    def read(self) -> AnyResponse:
        """Has the chart read while they wait. Where that fails the page is as it was, and says so."""
        try:
            read_chart_now(self.services, self.reader)
        except MilepostError as error:
            is_temporary = isinstance(error, TemporaryFailure)
            words = NO_ANSWER if is_temporary else str(error)
            told = Markup(  # nosec B704  # our own template, which escapes
                render_template("admin/patients/not_read.html", words=words)
            )
            return self.whole(told, 503 if is_temporary else 422)
        return redirect(self._address("page", done="chart-read"), 303)

    def in_place(self, part: Markup, status: int = 200) -> Response:
        """A part of the page, where scripts put it; without them on top of the whole."""
        return make_response(part, status) if has_scripts() else self.whole(part, status)

    def why(self, milestone: str) -> Response:
        """Why a step stands as it does, or stood as it did."""
        services, moment = self.services, self.as_of.moment
        if moment is None:
            found = show_why(services, self.reader, milestone, services.clock())
        else:
            found = why_as_of(services, self.reader, milestone, moment)
        today = services.practice.day(moment or services.clock())
        return self.in_place(draw_why(found, self.reader, today=today))

    def send(self, kind: ActKind, milestone: str) -> AnyResponse:
        """Does what a form asks for. What is wrong with it stands in it again."""
        try:
            return self.done(lambda: sent_act(self.services, self.reader, kind, milestone))
        except BadAct as bad:
            return self.in_place(drawn_form(self.services, self.reader, kind, milestone, bad.fields), 422)
        except RecordBusy:
            return self.in_place(drawn_form(self.services, self.reader, kind, milestone, {WHOLE_FORM: BUSY}), 503)

    def done(self, do: Callable[[], Acted]) -> AnyResponse:
        """The panel as it stands then; without scripts, the way back to it."""
        try:
            acted = do()
        except Stale as stale:
            if not has_scripts():
                raise
            return make_response(render_template("panel/acts/stale.html", words=str(stale)), 409)
        if not has_scripts():
            return redirect(self._address("page", done=f"said-{acted.statement.said}"), 303)
        panel = show_panel(self.services, self.reader, self.services.clock(), after_act=True)
        return make_response(draw_panel(self.services, panel, drawn_message(self.services, self.reader, acted)))

    def _past(self, moment: datetime, on_top: Markup) -> Response:
        found = show_as_of(self.services, self.reader, moment)
        if not found.was_known:
            return make_response(render_template("admin/patients/unknown.html", panel=found.panel, **self._told()))
        return self._drawn(draw_panel(self.services, found.panel, on_top))

    def _drawn(self, body: Markup, status: int = 200) -> Response:
        return make_response(render_template("admin/patients/one.html", body=body, **self._told()), status)

    def _told(self) -> dict[str, object]:
        """What both pages say of the day."""
        services, moment = self.services, self.as_of.moment
        zone = services.practice.zone
        return {
            "as_of": self.as_of,
            "moment": None if moment is None else moment.astimezone(zone),
            "now": services.clock().astimezone(zone),
            "page": self._address("page"),
            "read": self._address("read"),
            "born": born,
        }

    def _address(self, part: str, **values: object) -> str:
        if part == "others":
            return url_for("patients.listed")
        if part == "why" and self.as_of.text:
            values["as_of"] = self.as_of.text
        endpoint = "patient.show" if part == "page" else f"patient.{part}"
        number = self.reader.patient_id
        return url_for(endpoint, patient_id=number, **values)  # type: ignore[arg-type]  # of a route, and a query


def has_scripts() -> bool:
    """htmx asks."""
    return request.headers.get("HX-Request") == "true"
