"""Error pages: JSON, a status and its plain meaning. Nothing of the request and nothing of the fault is in them."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException, TooManyRequests

from plugin.domain.errors import PermanentFailure, TemporaryFailure
from plugin.ops.logs import log_for, where

Page = Callable[[int], Response | None]
"""What a status looks like on a path where people look; None where programs ask."""

_log = log_for("api")


def error_pages(app: Flask, page: Page = lambda status: None) -> None:
    """For every way in which a request can end badly, where a blueprint says nothing of its own."""

    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> Response | tuple[Response, int]:
        found = page(error.code or 500)
        if found is not None:
            return found
        answer, status = _page(error.code or 500)
        if isinstance(error, TooManyRequests):
            answer.headers["Retry-After"] = str(error.retry_after)
        return answer, status

    @app.errorhandler(TemporaryFailure)
    def later(failure: TemporaryFailure) -> tuple[Response, int]:
        _log.warning("request_failed", route=_route(), error=type(failure).__name__, words=str(failure))
        return _page(503)

    @app.errorhandler(PermanentFailure)
    def never(failure: PermanentFailure) -> tuple[Response, int]:
        _log.error("request_failed", route=_route(), error=type(failure).__name__, words=str(failure))
        return _page(500)

    @app.errorhandler(Exception)
    def crashed(error: Exception) -> tuple[Response, int]:
        _log.error("request_crashed", route=_route(), error=type(error).__name__, where=where(error))
        return _page(500)


def _page(status: int) -> tuple[Response, int]:
    return jsonify(error=HTTPStatus(status).phrase, status=status), status


def _route() -> str:
    """The route's pattern: the path itself may hold an id or a secret."""
    return request.url_rule.rule if request.url_rule else "none"
