"""The acts in the panel: a form in its place in the page, and the whole panel as it stands after it was sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

from flask import Blueprint, Response, abort, make_response, render_template, request
from markupsafe import Markup

from plugin.api.access import Access, open_to
from plugin.domain.act import Act, ActKind
from plugin.domain.act_check import WHOLE_FORM
from plugin.domain.errors import BadAct, RecordBusy, Stale
from plugin.domain.launch import PanelSession
from plugin.usecases.act import Acted, act, undo
from plugin.usecases.act_form import act_form
from plugin.usecases.services import Services
from ui_extension.panel.act_words import (
    ACTS,
    NOT_SHOWN_YET,
    OF_SAID,
    evidence_options,
    outcome_options,
    owner_options,
    reason_options,
)
from ui_extension.panel.faults import panel_faults
from ui_extension.panel.keys import take_keys
from ui_extension.panel.session import panel_session

Body = Callable[[PanelSession, Markup], str]
"""The whole panel as it stands now, with what is to be said on top of it."""

_FIELDS = ("note", "reason", "until", "evidence", "owner", "outcome", "next_on")
_BUSY = "Somebody else is just working on this patient. Nothing was saved; send it again."


def act_pages(services: Services, body: Body) -> Blueprint:
    """``/panel/acts/<kind>/<milestone>`` (form, and what is sent) and ``/panel/undo/<statement>``."""
    pages = Blueprint("acts", __name__, template_folder="templates")
    take_keys(pages)
    panel_faults(pages)

    @pages.get("/panel/acts/<kind>/<key:milestone>")
    @open_to(Access.PANEL)
    def form(kind: str, milestone: str) -> Response:
        return _form(services, _kind(kind), milestone)

    @pages.post("/panel/acts/<kind>/<key:milestone>")
    @open_to(Access.PANEL)
    def send(kind: str, milestone: str) -> Response:
        session, wish = panel_session(services), _wish(_kind(kind), milestone)
        try:
            acted = act(services, session, wish, patient=_sent("patient"), version=_sent("version"))
        except BadAct as bad:
            return _form(services, wish.kind, milestone, wrong=bad.fields, status=422)
        except RecordBusy:
            return _form(services, wish.kind, milestone, wrong={WHOLE_FORM: _BUSY}, status=503)
        return make_response(body(session, _message(services, session, acted)))

    @pages.post("/panel/undo/<statement>")
    @open_to(Access.PANEL)
    def take_back(statement: str) -> Response:
        session = panel_session(services)
        acted = undo(services, session, statement, patient=_sent("patient"), once=_sent("once"))
        return make_response(body(session, _message(services, session, acted)))

    @pages.errorhandler(Stale)
    def stale(failure: Stale) -> Response:
        return make_response(render_template("panel/acts/stale.html", words=str(failure)), 409)

    @pages.after_request
    def stay_in_place(response: Response) -> Response:
        """What went wrong stands where the form, or the button, was; only what went well is a whole panel."""
        if request.method == "POST" and response.status_code >= 400:
            is_form = request.endpoint == "acts.send"
            response.headers["HX-Retarget"] = "closest [data-slot]" if is_form else "this"
            response.headers["HX-Reswap"] = "innerHTML" if is_form else "outerHTML"
        return response

    return pages


def _form(
    services: Services, kind: ActKind, milestone: str, *, wrong: Mapping[str, str] | None = None, status: int = 200
) -> Response:
    """The form. After something went wrong: with what was sent in its fields, over the version that was seen then, and
    with its token, so that it is still the same act."""
    form = act_form(services, panel_session(services), kind, milestone)
    if wrong:
        form = replace(form, once=_sent("once"), version=_sent("version"))
    page = render_template(
        "panel/acts/form.html",
        form=form,
        words=ACTS[kind],
        given={name: _sent(name) for name in _FIELDS},
        wrong=wrong or {},
        reasons=reason_options(kind),
        outcomes=outcome_options(),
        evidence=evidence_options(form.evidence),
        owners=owner_options(form.owners),
        tomorrow=form.today + timedelta(days=1),
    )
    return make_response(page, status)


def _kind(text: str) -> ActKind:
    known = next((kind for kind in ActKind if kind == text), None)
    return known or abort(404)


def _wish(kind: ActKind, milestone: str) -> Act:
    """What was sent. A contact's outcome and the barrier that was met come as one choice."""
    parts = {name: _sent(name) for name in _FIELDS}
    outcome, _, barrier = parts["outcome"].partition(":")
    if barrier:
        parts |= {"outcome": outcome, "reason": barrier}
    return Act(kind=kind, milestone=milestone, once=_sent("once"), **parts)


def _sent(name: str) -> str:
    return request.form.get(name, "")


def _message(services: Services, session: PanelSession, acted: Acted) -> Markup:
    """What was done, and for how long it can be taken back."""
    until = acted.undo_until
    return Markup(  # nosec B704  # our own template, which escapes
        render_template(
            "panel/acts/message.html",
            said=OF_SAID[acted.statement.said],
            later=None if acted.is_assessed else NOT_SHOWN_YET,
            statement=acted.statement.id,
            until=None if until is None else until.astimezone(services.practice.zone),
            patient=session.patient,
            once=services.token(),
        )
    )
