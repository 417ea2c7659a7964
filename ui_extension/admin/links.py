"""Patients to be linked to the companion store: both records side by side, and what a person decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from plugin.domain.companion import OPENEMR_NUMBERS, Why
from plugin.domain.permissions import Action, Data
from plugin.domain.record import Identifier, Patient
from plugin.domain.source import Source
from plugin.usecases.look_at_links import (
    decide_link,
    decide_none,
    look_at_links,
    sources_with_links,
    try_links_again,
    undo_link,
)
from plugin.usecases.services import Services
from plugin.usecases.sources import source_named
from ui_extension.admin.access import may, signed_in

WHY: Mapping[str, str] = {
    Why.NO_IDENTIFIER: "The EHR gives no number for this patient by which the store could know them.",
    Why.NO_BIRTH_DATE: "The EHR has no whole date of birth.",
    Why.NO_FAMILY_NAME: "The EHR has no family name.",
    Why.NOT_READ: "The patient's own record has not been read yet. It comes with a next poll.",
    Why.NONE_FOUND: "Nobody in the store has one of these numbers.",
    Why.SEVERAL: "More than one record in the store has this number.",
    Why.BIRTH_DATE_DIFFERS: "The number is the same, the date of birth is not.",
    Why.NAME_DIFFERS: "The number and the date of birth are the same, the family name is not.",
    Why.REPLACED: "The record in the store was replaced by another one.",
    Why.TAKEN: "Another patient is linked to this record already.",
    Why.CHANGED: "They were linked. Since then a number, the date of birth or the name was changed on one side.",
    Why.GONE: "They were linked. Since then the record has gone from the store.",
    Why.UNLINKED: "Somebody took the link back.",
}
"""Why a patient waits for a person."""

NUMBERS: Mapping[str, str] = {
    OPENEMR_NUMBERS: "OpenEMR's own",
    "http://hl7.org/fhir/sid/us-ssn": "social security",
    "http://hl7.org/fhir/sid/us-medicare": "Medicare",
    "http://hl7.org/fhir/sid/us-mbi": "Medicare",
}
"""What numbers of these systems are called; any other is named by its address, where somebody asks for it."""


def link_pages(services: Services) -> Blueprint:
    """``/admin/links`` and ``/admin/sources/<slug>/links``."""
    pages = Blueprint("links", __name__, url_prefix="/admin", template_folder="templates")

    @pages.get("/links")
    @may(Action.ACT, Data.PLAN)
    def every() -> str:
        sources = sources_with_links(services)
        if len(sources) == 1:
            return _page(services, sources[0])
        return render_template("admin/sources/links_of.html", sources=sources)

    @pages.get("/sources/<slug>/links")
    @may(Action.ACT, Data.PLAN)
    def listed(slug: str) -> str:
        return _page(services, source_named(services, slug))

    @pages.post("/sources/<slug>/links/search")
    @may(Action.ACT, Data.PLAN)
    def search(slug: str) -> str:
        """By POST: what is searched for is a name, and stands in no address."""
        return _page(services, source_named(services, slug), text=request.form.get("q", "").strip()[:100])

    @pages.post("/sources/<slug>/links")
    @may(Action.ACT, Data.PLAN)
    def decide(slug: str) -> AnyResponse:
        me, source, form = signed_in(), source_named(services, slug), request.form
        patient = form.get("patient", "")
        ways: Mapping[str, Callable[[], object]] = {
            "link": lambda: decide_link(services, me, source, patient, form.get("store", ""), form.get("seen", "")),
            "none": lambda: decide_none(services, me, source, patient),
            "undo": lambda: undo_link(services, me, source, patient),
            "again": lambda: try_links_again(services, me, source),
        }
        way = form.get("do", "")
        if way not in ways:
            abort(400)
        ways[way]()
        return redirect(url_for("links.listed", slug=slug, done=f"link-{way}"), 303)

    return pages


def _page(services: Services, source: Source, *, text: str = "") -> str:
    return render_template(
        "admin/sources/links.html",
        source=source,
        sheet=look_at_links(services, signed_in(), source, text),
        text=text,
        why=WHY,
        born=_born,
        number_words=_number_words,
    )


def _number_words(number: Identifier, patient: Patient) -> str:
    """What a number is, as far as people have a word for it."""
    return "chart number" if number.value == patient.mrn else NUMBERS.get(number.system, "")


def _born(patient: Patient | None) -> str:
    """``2 Apr 1961``; a part of a date as the record has it."""
    text = (patient.birth_date if patient else None) or ""
    try:
        day = date.fromisoformat(text[:10])
    except ValueError:
        return text or "not known"
    return f"{day.day} {day:%b %Y}"
