"""Who is looking at whose panel: the session of a request, by the opaque token in its Authorization header alone."""

from __future__ import annotations

import re
from collections.abc import Callable

from flask import request

from plugin.domain.errors import SessionEnded
from plugin.domain.launch import PanelSession
from plugin.usecases.panel_session import OpenPanel, open_panel
from plugin.usecases.services import Services

_FOUND = "milepost.panel"
_BEARER = re.compile(r"Bearer ([A-Za-z0-9_-]{40,200})", re.ASCII)


def panel_session(services: Services) -> PanelSession:
    """The live session of this request. Raises SessionEnded where there is none."""
    return current_panel(services).session


def check_panel(services: Services) -> Callable[[], object]:
    """What the guard of all routes asks before a view that is open to ``Access.PANEL``."""
    return lambda: current_panel(services)


def current_panel(services: Services) -> OpenPanel:
    """The same with the pages that may frame it; asked for once in a request. The guard of every route that is open to
    ``Access.PANEL`` asks first."""
    found = request.environ.get(_FOUND)
    if not isinstance(found, OpenPanel):
        found = open_panel(services, panel_token(), is_active=not _asks_by_itself())
        request.environ[_FOUND] = found
    return found


def panel_token() -> str:
    """The token as it was shown. Not from a cookie, a form or an address: another page could send those along."""
    shown = _BEARER.fullmatch(request.headers.get("Authorization", ""))
    if shown is None:
        raise SessionEnded("No token of a panel session was shown.")
    return shown[1]


def framed_by() -> tuple[str, ...]:
    """The origins that may frame what this request is answered with, as far as its session says."""
    found = request.environ.get(_FOUND)
    return found.framed_by if isinstance(found, OpenPanel) else ()


def _asks_by_itself() -> bool:
    """The page asks, and nobody is there: the session's idle time runs on."""
    return request.args.get("idle") == "1"
