"""The hook of a source's Subscription: "something has changed", which means "poll now" and no more.

What the call carries is not even read: whoever could forge one would gain a poll that comes every half minute anyway
(DESIGN §10; threats: webhook spoofing and replay). Repeated, late and reordered calls are therefore all the same call.
HAPI sends one for every resource of a transaction, a thousand at once if need be: they become one poll.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from flask import Blueprint, Response, abort, request
from werkzeug.exceptions import HTTPException, TooManyRequests

from plugin.api.access import Access, open_to
from plugin.api.limit import Budget
from plugin.domain.source import Source
from plugin.usecases.poll import is_hooks_own, source_of_hook
from plugin.usecases.services import Services

STRANGERS_PER_SECOND = 20
"""So many calls with a wrong path or secret are answered; the others are told to come back later."""

_KNOWN_FOR_S = 10.0
_COME_BACK_AFTER_S = 5


class KnownHooks:
    """Which source a path belongs to, remembered for some seconds, so that a thousand calls ask the database once."""

    def __init__(self, services: Services, clock: Callable[[], float] = time.monotonic) -> None:
        self._services = services
        self._clock = clock
        self._found: dict[str, tuple[float, Source]] = {}

    def of(self, path: str) -> Source | None:
        """Without asking the database."""
        until, source = self._found.get(path, (0.0, None))
        return source if self._clock() < until else None

    def asked(self, path: str) -> Source | None:
        """Asks the database; only a path that exists is remembered."""
        source = source_of_hook(self._services, path)
        if source is not None:
            self._found[path] = (self._clock() + _KNOWN_FOR_S, source)
        return source


def hook_pages(services: Services, clock: Callable[[], float] = time.monotonic) -> Blueprint:
    """``/hooks/fhir/<path>``, in the forms in which servers call it."""
    pages = Blueprint("hooks", __name__)
    known = KnownHooks(services, clock)
    strangers = Budget(STRANGERS_PER_SECOND, clock)

    def let_in(path: str) -> Source:
        """The source whose hook this is. A wrong path and a wrong secret look the same from outside, and a flood of
        either does not reach the database."""
        source = known.of(path)
        if source is None:
            _spend(strangers)
            source = known.asked(path)
        elif not is_hooks_own(source, _shown()):
            _spend(strangers)
        if source is None or not is_hooks_own(source, _shown()):
            abort(404)
        return source

    @pages.post("/hooks/fhir/<path>", strict_slashes=False)
    @pages.route("/hooks/fhir/<path>/<type_>/<id_>", methods=["POST", "PUT", "DELETE"])
    @open_to(Access.HOOK)
    def something_changed(path: str, type_: str = "", id_: str = "") -> Response:
        try:
            source = let_in(path)
        except HTTPException as refusal:
            services.metrics.count("hooks", outcome="too-many" if refusal.code == 429 else "refused")
            raise
        services.metrics.count("hooks", outcome="accepted")
        services.jobs.poll(source.id)
        return Response(status=202)

    return pages


def _spend(strangers: Budget) -> None:
    if not strangers.allows():
        raise TooManyRequests(retry_after=_COME_BACK_AFTER_S)


def _shown() -> str:
    return request.headers.get("Authorization", "")
