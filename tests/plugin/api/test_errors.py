"""Error pages: a status and its meaning, and nothing of the request or the fault."""

import json
import logging

import pytest
from flask.testing import FlaskClient

from plugin.api.access import Access, open_to
from plugin.app import create_app
from plugin.domain.errors import BadInput, MilepostError, Unreachable
from tests.builders import World

CANARY = "canary-4711"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Unreachable(f"the server {CANARY}"), 503),
        (BadInput(CANARY), 500),
        (KeyError(CANARY), 500),
        (ValueError(CANARY), 500),
    ],
)
def test_a_fault_is_not_told(world: World, error: Exception, status: int, caplog: pytest.LogCaptureFixture) -> None:
    """The page says that it failed; the log says what and where; neither quotes an unexpected error's words."""
    app = create_app(world.services)

    @app.get("/broken/<name>")
    @open_to(Access.ANYONE)
    def broken(name: str) -> str:
        raise error

    with caplog.at_level(logging.INFO):
        answer = app.test_client().get(f"/broken/{CANARY}?name={CANARY}")

    assert answer.status_code == status
    assert answer.json is not None
    assert set(answer.json) == {"error", "status"}
    assert CANARY not in answer.text
    logged = json.dumps([str(record.msg) for record in caplog.records])
    assert "/broken/<name>" in logged
    if not isinstance(error, MilepostError):
        assert CANARY not in logged


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", f"/{CANARY}?code={CANARY}", 404),
        ("GET", f"/hooks/fhir/{CANARY}", 405),
        ("POST", "/readyz", 405),
        ("OPTIONS", "/readyz", 405),
        ("GET", "/healthz/", 404),
    ],
)
def test_the_page_is_json_and_repeats_nothing(client: FlaskClient, method: str, path: str, status: int) -> None:
    """Whatever is asked for: the same form, without the words that were sent."""
    answer = client.open(path, method=method, headers={"Accept": "text/html", "X-Note": CANARY})

    assert answer.status_code == status
    assert answer.content_type == "application/json"
    assert answer.json is not None
    assert answer.json["status"] == status
    assert CANARY not in answer.text
