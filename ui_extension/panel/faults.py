"""How launch and panel say that something cannot be done: a page or a fragment in plain words, never what was sent."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, make_response, render_template, request
from werkzeug.exceptions import HTTPException

from plugin.domain.errors import (
    BadInput,
    Forbidden,
    LaunchRefused,
    PermanentFailure,
    SessionEnded,
    Stale,
    TemporaryFailure,
    UnknownName,
)
from plugin.ops.logs import log_for, where
from plugin.usecases.services import Services
from ui_extension.panel.refusals import (
    EHR_DOWN,
    FAULT,
    FOREIGN_PAGE,
    NOT_HERE,
    NOT_LIKE_THIS,
    SESSION_OVER,
    Words,
    words_for,
)

Say = Callable[[Words], Response]

_log = log_for("panel")

_PAGES = frozenset({"launch", "standalone", "callback", "p"})

_STALE = Words(
    "The chart has changed meanwhile",
    "What you saw is not what stands now, so nothing was written.",
    "Look at it as it is now, then decide again.",
    409,
)
_BUSY = Words(
    "Not just now",
    "Something that this needs does not answer. Nothing was written.",
    "Try again in a moment.",
    503,
)


def page(words: Words) -> Response:
    """A whole page."""
    return make_response(render_template("panel/refusal.html", words=words), words.status)


def fragment(words: Words) -> Response:
    """What htmx puts into its place on the page."""
    return make_response(render_template("panel/fault.html", words=words), words.status)


def fault_page(status: int) -> Response | None:
    """What a path of ours that no route takes is answered with; None on paths where programs ask."""
    first = request.path.split("/")[1]
    if first == "panel":
        return fragment(_of_status(status))
    return page(_of_status(status)) if first in _PAGES else None


def launch_faults(pages: Blueprint, services: Services, say: Say = page) -> None:
    """For the pages on the way into a panel."""

    @pages.errorhandler(LaunchRefused)
    def refused(failure: LaunchRefused) -> Response:
        services.metrics.count("launches", outcome=failure.reason)
        _log.warning("launch_refused", route=_route(), reason=failure.reason)
        return say(words_for(failure.reason))

    _faults(pages, say, later=EHR_DOWN)


def panel_faults(pages: Blueprint) -> None:
    """For everything that shows or changes one patient's panel."""

    @pages.errorhandler(SessionEnded)
    def over(failure: SessionEnded) -> Response:
        return fragment(SESSION_OVER)

    @pages.errorhandler(Forbidden)
    def forbidden(failure: Forbidden) -> Response:
        return fragment(Words("You may not do this", str(failure), "Ask somebody who may.", 403))

    @pages.errorhandler(Stale)
    def stale(failure: Stale) -> Response:
        return fragment(_STALE)

    @pages.errorhandler(UnknownName)
    def unknown(failure: UnknownName) -> Response:
        return fragment(Words("This is not here any more", "The plan has changed.", "Look at it as it is now.", 404))

    @pages.errorhandler(BadInput)
    def bad(failure: BadInput) -> Response:
        return fragment(Words("Something is missing or wrong", str(failure), "Nothing was written. Correct it.", 422))

    _faults(pages, fragment, later=_BUSY)


def _faults(pages: Blueprint, say: Say, *, later: Words) -> None:
    @pages.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response:
        return say(_of_status(error.code or 500))

    @pages.errorhandler(TemporaryFailure)
    def temporary(failure: TemporaryFailure) -> Response:
        _log.warning("request_failed", route=_route(), error=type(failure).__name__, words=str(failure))
        return say(later)

    @pages.errorhandler(PermanentFailure)
    def permanent(failure: PermanentFailure) -> Response:
        _log.error("request_failed", route=_route(), error=type(failure).__name__, words=str(failure))
        return say(FAULT)

    @pages.errorhandler(Exception)
    def crashed(error: Exception) -> Response:
        _log.error("request_crashed", route=_route(), error=type(error).__name__, where=where(error))
        return say(FAULT)


def _of_status(status: int) -> Words:
    known = {403: FOREIGN_PAGE, 404: NOT_HERE, 500: FAULT}
    words = known.get(status, NOT_LIKE_THIS)
    return Words(words.title, words.happened, words.advice, status)


def _route() -> str:
    """The route's pattern: the path itself may hold an id."""
    return request.url_rule.rule if request.url_rule else "none"
