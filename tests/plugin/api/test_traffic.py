"""Requests are timed and logged by their route's pattern, never by their path or query."""

import logging

import pytest
from flask.testing import FlaskClient

from tests.builders import World

CANARY = "canary-4711"


def test_a_request_is_told_without_path_query_or_headers(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    """The path of a hook is a secret, the path of a chart an id, and a query may hold a code."""
    with caplog.at_level(logging.INFO):
        client.put(
            f"/hooks/fhir/{CANARY}/Appointment/{CANARY}?code={CANARY}",
            headers={"Authorization": f"Bearer {CANARY}", "User-Agent": CANARY, "Referer": CANARY},
        )

    logged = str([record.__dict__ for record in caplog.records])
    assert "/hooks/fhir/<path>/<type_>/<id_>" in logged
    assert CANARY not in logged


def test_what_programs_ask_every_few_seconds_is_not_logged(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    """Health checks do not bury what matters."""
    with caplog.at_level(logging.INFO):
        for path in ("/healthz", "/readyz", "/metrics"):
            client.get(path)

    assert "request" not in str([record.msg for record in caplog.records])


def test_every_request_is_timed(client: FlaskClient, world: World) -> None:
    """Also one that found no page."""
    client.get("/healthz")
    client.get("/nowhere")

    assert world.metrics.counters["request_seconds"] == 2
