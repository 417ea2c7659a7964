"""What is chosen for an OpenEMR source: where its milestone Tasks go, its clinic's zone, whose inbox gets a message;
and a companion store, added where it is chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from plugin.domain.companion import OPENEMR_NUMBERS
from plugin.domain.errors import BadForm, CannotDo, MilepostError
from plugin.domain.permissions import Action, Data, role_words
from plugin.domain.source import Leaving, SinkKind, Source
from plugin.domain.staff_message import SENDER
from plugin.usecases.change_sink import change_sink
from plugin.usecases.services import Services
from plugin.usecases.source_settings import (
    FALLBACK,
    INBOX_ROLES,
    Wanted,
    WorksThere,
    sinks_of,
    stores_of,
    works_there,
)
from plugin.usecases.sources import add_source, source_named
from ui_extension.admin.access import may, signed_in
from ui_extension.admin.source_form import given_fields, source_of

Answer = AnyResponse | tuple[str, int] | str

SINK_WORDS: Mapping[SinkKind, tuple[str, str]] = {
    "own": ("to the EHR itself", "Milestone Tasks stand in the EHR, beside the plan."),
    "companion": (
        "to a companion FHIR store",
        "Tasks and gaps are written to a FHIR server of the practice. OpenEMR's own pages do not show them; the panel in "
        "the chart does. Patients are linked by identifier, birth date and family name; whoever cannot be linked so waits "
        "for a person.",
    ),
    "message": (
        "as staff messages in OpenEMR",
        "One message for each open gap, in the inbox of whoever owns the step; it is closed with the gap. It needs a staff "
        "account, which is signed in on the source's page.",
    ),
}


def settings_pages(services: Services) -> Blueprint:
    """``/admin/sources/<slug>/settings`` and ``/store``."""
    pages = Blueprint("source_settings", __name__, url_prefix="/admin/sources/<slug>", template_folder="templates")

    @pages.get("/settings")
    @may(Action.EDIT, Data.CONFIGURATION)
    def form(slug: str) -> Answer:
        source = source_named(services, slug)
        chosen = request.args.get("companion", "")
        given = replace(_standing(source), sink="companion", companion=chosen) if chosen else _standing(source)
        return _form(services, source, given)

    @pages.post("/settings")
    @may(Action.EDIT, Data.CONFIGURATION)
    def keep(slug: str) -> Answer:
        me, source, wanted = signed_in(), source_named(services, slug), _typed()
        try:
            change_sink(services, source, wanted, left=_left(source, wanted), by=me.who, told=me.told)
        except BadForm as bad:
            return _form(services, source, wanted, wrong=bad.fields), 422
        except CannotDo as error:
            return _form(services, source, wanted, wrong={"": str(error)}), 422
        return redirect(url_for("sources.one", slug=slug, done="source-settled"), 303)

    @pages.get("/store")
    @may(Action.EDIT, Data.CONFIGURATION)
    def store_form(slug: str) -> str:
        return _store_form(source_named(services, slug), {"kind": "hapi", "proof": "none"})

    @pages.post("/store")
    @may(Action.EDIT, Data.CONFIGURATION)
    def add_store(slug: str) -> Answer:
        me, source, given = signed_in(), source_named(services, slug), given_fields()
        try:
            wanted = replace(source_of(given), use="store")
            vouched = request.form.get("vouched") == "yes"
            added = add_source(services, wanted, is_vouched_for=vouched, by=me.who, told=me.told)
        except MilepostError as error:
            return _store_form(source, given, wrong=str(error)), 422
        return redirect(url_for("source_settings.form", slug=slug, companion=added.slug, done="store-added"), 303)

    return pages


def _form(services: Services, source: Source, given: Wanted, *, wrong: Mapping[str, str] | None = None) -> str:
    people = works_there(services, source)
    return render_template(
        "admin/sources/settings.html",
        source=source,
        given=given,
        wrong=wrong or {},
        sinks=[(sink, *SINK_WORDS[sink]) for sink in sinks_of(source)],
        stores=[(store.slug, f"{store.slug} ({store.base_url})") for store in stores_of(services)],
        rows=_rows(given, people),
        fallback=FALLBACK,
        sender=SENDER,
        practice_zone=services.practice.zone.key,
    )


def _rows(given: Wanted, people: Sequence[WorksThere]) -> Sequence[tuple[str, str, str]]:
    """(owner or role, what people call it, user name). Whoever was chosen once and is not known any more is still there."""
    names = {person.ref: person.name for person in people}
    gone = [who for who in given.inbox if who not in names and who not in (*INBOX_ROLES, SENDER)]
    calls = [(role, role_words(role).capitalize()) for role in (FALLBACK, *(r for r in INBOX_ROLES if r != FALLBACK))]
    calls += [
        (SENDER, "Whom messages come from"),
        *names.items(),
        *((who, f"{who} (not read any more)") for who in sorted(gone)),
    ]
    return [(who, words, given.inbox.get(who, "")) for who, words in calls]


def _standing(source: Source) -> Wanted:
    return Wanted(
        sink=source.sink,
        companion=source.companion or "",
        zone=source.zone or "",
        inbox=source.inbox,
        numbers=source.systems.get(OPENEMR_NUMBERS, ""),
    )


def _typed() -> Wanted:
    form = request.form
    owners, users = form.getlist("owner"), form.getlist("user")
    return Wanted(
        sink=form.get("sink", ""),
        companion=form.get("companion", ""),
        zone=form.get("zone", "").strip(),
        numbers=form.get("numbers", "").strip(),
        inbox={who: user.strip() for who, user in zip(owners, users, strict=False) if user.strip()},
    )


def _left(source: Source, wanted: Wanted) -> Leaving:
    """What becomes of what was written to the old place; it is only asked where the place changes."""
    before = source.sink, source.companion or ""
    moves = source.sink != "own" and before != (wanted.sink, wanted.companion if wanted.sink == "companion" else "")
    return "cancel" if moves and request.form.get("left") == "cancel" else "keep"


def _store_form(source: Source, given: Mapping[str, str], *, wrong: str | None = None) -> str:
    shown = {name: value for name, value in given.items() if name != "token"}
    return render_template("admin/sources/store.html", source=source, given=shown, wrong=wrong)
