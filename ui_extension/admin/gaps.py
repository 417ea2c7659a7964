"""The list of open gaps."""

from __future__ import annotations

from flask import Blueprint, render_template

from plugin.domain.permissions import Action, Data
from plugin.domain.queue import Listing
from plugin.usecases.queues import show_gaps
from plugin.usecases.services import Services
from plugin.usecases.tallies import Tallies
from ui_extension.admin.access import may, signed_in
from ui_extension.admin.lists import asked_here, drawn, searching
from ui_extension.admin.queue_words import GAPS_SHOWN


def gap_pages(services: Services) -> Blueprint:
    """``/admin/gaps``."""
    pages = Blueprint("gaps", __name__, url_prefix="/admin/gaps", template_folder="templates")
    tallies = Tallies()
    searching(pages, services, tallies, Listing.GAPS)

    @pages.get("")
    @may(Action.READ, Data.PLAN)
    def listed() -> str:
        asked = asked_here(services, Listing.GAPS)
        sheet = show_gaps(services, signed_in(), asked.wanted, asked.at, tallies=tallies)
        return render_template(
            "admin/queues/gaps.html",
            **drawn(Listing.GAPS, asked, sheet),
            shown_words=GAPS_SHOWN,
            local=lambda at: at.astimezone(services.practice.zone),
        )

    return pages
