"""What stands in the head of every answer of launch and panel: nothing foreign runs in it, and only its EHR may frame
it."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Flask, Response, request

from plugin.api.access import Access, decision
from ui_extension.panel.session import framed_by
from ui_extension.shared.compression import compressed

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors "
)
_FRAMED_BY = "milepost.framed-by"
_WITHOUT_ORIGIN = "milepost.without-origin"


def let_frame(origins: Sequence[str]) -> None:
    """The answer to this request may be framed by pages of these origins."""
    request.environ[_FRAMED_BY] = tuple(origins)


def take_origin() -> None:
    """The page that answers this request is of no site: it reads nothing of ours, and shares no process with ours."""
    request.environ[_WITHOUT_ORIGIN] = True


def panel_headers(app: Flask) -> None:
    """On every answer of these routes, error pages included. To be registered before the general headers: what is
    registered first is run last, and X-Frame-Options, which knows no other origin, has to go."""

    @app.after_request
    def set_policy(response: Response) -> Response:
        wanted = decision(app, request.endpoint) if request.endpoint else None
        if wanted not in (Access.LAUNCH, Access.PANEL):
            return response
        origins: tuple[str, ...] = request.environ.get(_FRAMED_BY, ()) or framed_by()
        sandbox = "sandbox allow-scripts; " if _WITHOUT_ORIGIN in request.environ else ""
        response.headers["Content-Security-Policy"] = sandbox + _POLICY + (" ".join(origins) or "'none'")
        del response.headers["X-Frame-Options"]
        return compressed(response) if wanted is Access.PANEL else response
