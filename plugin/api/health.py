"""Whether the process lives, whether Milepost can work, and its metrics."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, jsonify, request

from plugin.api.access import Access, is_operator, open_to
from plugin.ops.metrics import CONTENT_TYPE
from plugin.usecases.measure import measure
from plugin.usecases.readiness import Readiness, readiness
from plugin.usecases.services import Services
from plugin.usecases.sources import Health

Json = Mapping[str, object]


def health_pages(services: Services, metrics_token: str | None) -> Blueprint:
    """``/healthz``, ``/readyz``, ``/metrics``."""
    pages = Blueprint("health", __name__)

    @pages.get("/healthz")
    @open_to(Access.ANYONE)
    def healthz() -> Response:
        return jsonify(status="ok")

    @pages.get("/readyz")
    @open_to(Access.ANYONE)
    def readyz() -> tuple[Response, int]:
        found = readiness(services)
        told = _detail(found) if is_operator(request, metrics_token) else {}
        return jsonify(status="ok" if found.is_ready else "not ok", **told), 200 if found.is_ready else 503

    @pages.get("/metrics")
    @open_to(Access.OPERATOR)
    def metrics() -> Response:
        return Response(services.metrics.page(measure(services)), content_type=CONTENT_TYPE)

    return pages


def _detail(found: Readiness) -> Json:
    return {
        "at": found.at.isoformat(timespec="seconds"),
        "database": found.database or "ok",
        "broker": found.broker or "ok",
        "sources": [_of_source(health, found) for health in found.sources],
    }


def _of_source(health: Health, found: Readiness) -> Json:
    source = health.source
    state = "paused" if source.paused else "behind" if health.is_behind else "ok"
    told: dict[str, object] = {"source": source.slug, "state": state, "last_read_at": None, "age_s": None}
    if source.last_read_at is not None:
        told["last_read_at"] = source.last_read_at.isoformat(timespec="seconds")
        told["age_s"] = round((found.at - source.last_read_at).total_seconds())
    if health.is_behind:
        told["behind_since"] = told["last_read_at"] or "it was added: it was never read completely"
    if source.last_error_at is not None and (source.last_read_at is None or source.last_error_at > source.last_read_at):
        told["last_error"] = source.last_error
        told["last_error_at"] = source.last_error_at.isoformat(timespec="seconds")
    return told
