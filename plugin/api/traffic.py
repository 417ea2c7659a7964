"""Every request: how large it may be, how long it took, and one line in the log that names no record."""

from __future__ import annotations

import time

from flask import Flask, Response, abort, request

from plugin.ops.logs import log_for
from plugin.usecases.services import Services

LARGEST_REQUEST = 1024 * 1024
"""Bytes. Nobody has to tell us more; what is longer is refused before it is read."""

_BEGAN = "milepost.began"
_QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
"""Asked every few seconds by programs."""

_log = log_for("api")


def watch_traffic(app: Flask, services: Services) -> None:
    """The route's pattern stands for the path, whose parts may be ids or secrets; a query is never told."""
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_REQUEST

    @app.before_request
    def begin() -> None:
        request.environ[_BEGAN] = time.monotonic()
        if (request.content_length or 0) > LARGEST_REQUEST:
            abort(413)

    @app.after_request
    def end(response: Response) -> Response:
        took = time.monotonic() - request.environ.get(_BEGAN, time.monotonic())
        route = request.url_rule.rule if request.url_rule else "none"
        services.metrics.observe("request_seconds", took, route=route, status=str(response.status_code))
        if route not in _QUIET:
            _log.info("request", method=request.method, route=route, status=response.status_code, ms=round(took * 1000))
        return response
