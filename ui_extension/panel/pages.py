"""The panel's pages: the whole of it, and why one step is as it is; both as fragments for the page that is open."""

from __future__ import annotations

from datetime import date
from functools import partial
from urllib.parse import quote

from flask import Blueprint, Response, after_this_request, make_response, render_template, request
from markupsafe import Markup

from plugin.api.access import Access, open_to
from plugin.domain.launch import PanelSession
from plugin.domain.panel import Panel
from plugin.domain.panel.view import Why
from plugin.domain.permissions import Data
from plugin.domain.reader import Reader
from plugin.usecases.services import Services
from plugin.usecases.show_panel import show_panel, show_why
from ui_extension.panel.act_words import ACTS
from ui_extension.panel.acts import Body
from ui_extension.panel.addresses import know_addresses
from ui_extension.panel.drawing import dots, path, pieces
from ui_extension.panel.faults import panel_faults
from ui_extension.panel.keys import take_keys
from ui_extension.panel.session import panel_session
from ui_extension.panel.words import FILTERS, LOOKS, born

VERSION_HEADER = "X-Panel-Version"
"""What the pulse compares: a page that has another version by now is fetched anew."""


_NOTHING = Markup()

SHORT = 14
"""Lines of a plan, a card of a gap counted as four: up to here, what comes after stands below it instead of beside it."""
_CARD = 4
BUTTONS_FOR = 40
"""Lines that each bring their buttons; of a longer plan they come with the line's "Why?"."""


def panel_pages(services: Services) -> Blueprint:
    """``GET /panel`` and ``GET /panel/why/<milestone>``."""
    pages = Blueprint("panel", __name__, template_folder="templates")
    take_keys(pages)
    know_addresses(pages)
    panel_faults(pages)
    for name, filter_ in FILTERS.items():
        pages.add_app_template_filter(filter_, name)

    @pages.get("/panel")
    @open_to(Access.PANEL)
    def whole() -> Response:
        return make_response(_drawn(services, show_panel(services, panel_session(services), services.clock())))

    @pages.get("/panel/why/<key:milestone>")
    @open_to(Access.PANEL)
    def why(milestone: str) -> Response:
        session, now = panel_session(services), services.clock()
        found = show_why(services, session, milestone, now)
        return make_response(draw_why(found, session, today=services.practice.day(now)))

    return pages


def panel_body(services: Services) -> Body:
    """The panel as it stands after an act, with what is to be said on top."""

    def body(session: PanelSession, message: Markup) -> str:
        return _drawn(services, show_panel(services, session, services.clock(), after_act=True), message)

    return body


def draw_why(why: Why, reader: Reader, *, today: date) -> Markup:
    """Why one step is as it is, with what can be done with it where the line does not bring that."""
    return Markup(  # nosec B704  # our own template, which escapes
        render_template(
            "panel/why.html",
            why=why,
            patient=reader.patient,
            today=today,
            link=partial(chart_link, why.chart),
            with_acts="acts" in request.args,
            act_words=ACTS,
        )
    )


def chart_link(chart: str, ref: str) -> str:
    """Where a resource of the chart is to be read."""
    return f"{chart.rstrip('/')}/{quote(ref, safe='/')}"


def _drawn(services: Services, panel: Panel, message: Markup = _NOTHING) -> str:
    """The fragment of the panel; its version goes out in a header."""

    @after_this_request
    def tell_version(response: Response) -> Response:
        response.headers[VERSION_HEADER] = panel.version
        return response

    return draw_panel(services, panel, message)


def draw_panel(services: Services, panel: Panel, message: Markup = _NOTHING) -> Markup:
    """Everything of one patient, with what is to be said on top."""
    lines = [dots(series) for series in panel.scores]
    length = sum(len(phase.lines) for plan in panel.plans for phase in plan.phases)
    return Markup(  # nosec B704  # our own template, which escapes
        render_template(
            "panel/panel.html",
            panel=panel,
            message=message,
            born=born(panel.strip),
            looks=LOOKS,
            act_words=ACTS,
            pieces=pieces(panel.bar),
            drawn=[(series, line, path(line)) for series, line in zip(panel.scores, lines, strict=True)],
            link=partial(chart_link, panel.chart),
            once=services.token(),
            is_long=length > BUTTONS_FOR,
            is_short=length + _CARD * len(panel.attention) <= SHORT,
            sees_plan=Data.PLAN not in panel.hidden,
        )
    )
