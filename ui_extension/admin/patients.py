"""The list of patients with a plan."""

from __future__ import annotations

from flask import Blueprint, render_template

from plugin.domain.permissions import Action, Data
from plugin.domain.queue import Listing
from plugin.usecases.queues import show_patients
from plugin.usecases.services import Services
from plugin.usecases.tallies import Tallies
from ui_extension.admin.access import may, signed_in
from ui_extension.admin.lists import asked_here, drawn, searching
from ui_extension.admin.queue_words import PATIENTS_SHOWN


def patient_list_pages(services: Services) -> Blueprint:
    """``/admin/patients``; the page of one patient is another module's."""
    pages = Blueprint("patients", __name__, url_prefix="/admin/patients", template_folder="templates")
    tallies = Tallies()
    searching(pages, services, tallies, Listing.PATIENTS)

    @pages.get("")
    @may(Action.READ, Data.PLAN)
    def listed() -> str:
        asked = asked_here(services, Listing.PATIENTS)
        sheet = show_patients(services, signed_in(), asked.wanted, asked.at, tallies=tallies)
        return render_template(
            "admin/queues/patients.html", **drawn(Listing.PATIENTS, asked, sheet), shown_words=PATIENTS_SHOWN
        )

    return pages
