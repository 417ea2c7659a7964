"""The panel's pulse, and its end: whether the session lives, whose it is, whether the chart has changed."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from plugin.api.access import Access, open_to
from plugin.usecases.panel_session import end
from plugin.usecases.pulse import pulse
from plugin.usecases.services import Services
from ui_extension.panel.faults import panel_faults
from ui_extension.panel.session import panel_session, panel_token


def pulse_pages(services: Services) -> Blueprint:
    """``GET /panel/pulse`` and ``DELETE /session``."""
    pages = Blueprint("pulse", __name__)
    panel_faults(pages)

    @pages.get("/panel/pulse")
    @open_to(Access.PANEL)
    def beat() -> Response:
        found = pulse(services, panel_session(services), panel_token())
        return jsonify(version=found.version, patient=found.patient, ends_in=found.ends_in)

    @pages.delete("/session")
    @open_to(Access.PANEL)
    def close() -> Response:
        end(services, panel_token())
        return Response(status=204)

    return pages
