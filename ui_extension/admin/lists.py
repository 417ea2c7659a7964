"""What the three lists share: a search that leads to an address, filters, pages, and the question whether there is
news."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, jsonify, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from plugin.domain.permissions import Action
from plugin.domain.queue import Listing
from plugin.usecases.queues import NEEDED, Sheet, count_lines
from plugin.usecases.services import Services
from plugin.usecases.tallies import Tallies
from ui_extension.admin.access import may, signed_in
from ui_extension.admin.listing import SHOWN, Asked, kept, place_words, read_address, sealed
from ui_extension.admin.queue_words import STAGES, WHOSE, booked_day, due_words, program_words, tried_words, years
from ui_extension.panel.act_words import ROLE_WORDS

WORDS = {
    "due_words": due_words,
    "program_words": program_words,
    "tried_words": tried_words,
    "years": years,
    "stage_words": STAGES,
    "whose_words": WHOSE,
    "role_words_of": ROLE_WORDS,
}


def searching(pages: Blueprint, services: Services, tallies: Tallies, listing: Listing) -> None:
    """``POST …/search`` leads to the list as it was narrowed, ``GET …/news`` says how many lines it has now."""
    pages.add_app_template_filter(booked_day, "booked_day")

    @pages.post("/search")
    @may(Action.READ, NEEDED[listing])
    def search() -> AnyResponse:
        found = sealed(services, signed_in(), request.form.get("q", ""))
        given = {name: value for name, value in kept(request.form).items() if name != "s"}
        return redirect(_url(".listed", {**given, "s": found}), 303)

    @pages.get("/news")
    @may(Action.READ, NEEDED[listing])
    def news() -> Response:
        asked = read_address(services, signed_in(), listing, request.args)
        return jsonify({"total": count_lines(services, signed_in(), listing, asked.wanted, tallies=tallies)})


def asked_here(services: Services, listing: Listing) -> Asked:
    """What this request's address says."""
    return read_address(services, signed_in(), listing, request.args)


def drawn(listing: Listing, asked: Asked, sheet: Sheet) -> Mapping[str, object]:  # type: ignore[type-arg]  # of any line
    """What every list's template gets."""
    return {
        **WORDS,
        "listing": listing.value,
        "sheet": sheet,
        "wanted": sheet.wanted,
        "today": sheet.wanted.today,
        "args": asked.args,
        "search": asked.search,
        "is_narrowed": asked.is_narrowed,
        "shows": SHOWN[listing],
        "back": _with(asked, at=request.args.get("at")),
        "earlier": _with(asked, at=place_words(sheet.before)) if sheet.before else None,
        "later": _with(asked, at=place_words(sheet.after)) if sheet.after else None,
        "first": _with(asked) if asked.at else None,
        "news_url": _url(".news", {**asked.args, "idle": 1}),
        "show_url": lambda **changes: _with(asked, **changes),
    }


def _with(asked: Asked, **changes: object) -> str:
    """The list's own address with something changed; what is None is taken out of it."""
    return _url(".listed", {**asked.args, **changes})


def _url(endpoint: str, query: Mapping[str, object]) -> str:
    values: dict[str, Any] = {name: value for name, value in query.items() if value is not None}  # Any: url_for's own
    return url_for(endpoint, **values)
