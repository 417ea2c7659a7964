"""The acts in the panel: a form in its place in the page, and the whole panel as it stands after it was sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import Blueprint, Response, make_response, render_template, request
from markupsafe import Markup

from plugin.api.access import Access, open_to
from plugin.domain.act import ActKind
from plugin.domain.act_check import WHOLE_FORM
from plugin.domain.errors import BadAct, RecordBusy, Stale
from plugin.domain.launch import PanelSession
from plugin.usecases.services import Services
from ui_extension.panel.act_answers import BUSY, drawn_form, drawn_message, kind_of, sent_act, sent_undo
from ui_extension.panel.faults import panel_faults
from ui_extension.panel.keys import take_keys
from ui_extension.panel.session import panel_session

Body = Callable[[PanelSession, Markup], str]
"""The whole panel as it stands now, with what is to be said on top of it."""


def act_pages(services: Services, body: Body) -> Blueprint:
    """``/panel/acts/<kind>/<milestone>`` (form, and what is sent) and ``/panel/undo/<statement>``."""
    pages = Blueprint("acts", __name__, template_folder="templates")
    take_keys(pages)
    panel_faults(pages)

    @pages.get("/panel/acts/<kind>/<key:milestone>")
    @open_to(Access.PANEL)
    def form(kind: str, milestone: str) -> Response:
        return _form(services, kind_of(kind), milestone)

    @pages.post("/panel/acts/<kind>/<key:milestone>")
    @open_to(Access.PANEL)
    def send(kind: str, milestone: str) -> Response:
        session, what = panel_session(services), kind_of(kind)
        try:
            acted = sent_act(services, session, what, milestone)
        except BadAct as bad:
            return _form(services, what, milestone, wrong=bad.fields, status=422)
        except RecordBusy:
            return _form(services, what, milestone, wrong={WHOLE_FORM: BUSY}, status=503)
        return make_response(body(session, drawn_message(services, session, acted)))

    @pages.post("/panel/undo/<statement>")
    @open_to(Access.PANEL)
    def take_back(statement: str) -> Response:
        session = panel_session(services)
        acted = sent_undo(services, session, statement)
        return make_response(body(session, drawn_message(services, session, acted)))

    @pages.errorhandler(Stale)
    def stale(failure: Stale) -> Response:
        return make_response(render_template("panel/acts/stale.html", words=str(failure)), 409)

    @pages.after_request
    def in_place(response: Response) -> Response:
        return stay_in_place(response, is_form=request.endpoint == "acts.send")

    return pages


def stay_in_place(response: Response, *, is_form: bool) -> Response:
    """What went wrong stands where the form, or the button, was; only what went well is a whole panel."""
    if request.method == "POST" and response.status_code >= 400:
        response.headers["HX-Retarget"] = "closest [data-slot]" if is_form else "this"
        response.headers["HX-Reswap"] = "innerHTML" if is_form else "outerHTML"
    return response


def _form(
    services: Services, kind: ActKind, milestone: str, *, wrong: Mapping[str, str] | None = None, status: int = 200
) -> Response:
    return make_response(drawn_form(services, panel_session(services), kind, milestone, wrong), status)
