"""What cannot be done is said in words, where people look; in JSON, where programs ask."""

import pytest
from flask import Blueprint, Flask
from flask.testing import FlaskClient

from plugin.domain.errors import (
    BadInput,
    CircuitOpen,
    Forbidden,
    MilepostError,
    NotFhir,
    SessionEnded,
    Stale,
    UnknownName,
)
from ui_extension.panel.faults import panel_faults

FAULTS: list[tuple[Exception, int, str]] = [
    (SessionEnded("x"), 401, "Your session has ended"),
    (Forbidden("Billing may not do that."), 403, "Billing may not do that."),
    (UnknownName("canary"), 404, "not here any more"),
    (Stale("canary"), 409, "nothing was written"),
    (BadInput("A day in the past."), 422, "A day in the past."),
    (CircuitOpen("canary"), 503, "Try again in a moment"),
    (NotFhir("canary"), 500, "Something went wrong"),
    (ValueError("canary"), 500, "Something went wrong"),
]


@pytest.mark.parametrize(("fault", "status", "words"), FAULTS, ids=lambda part: type(part).__name__)
def test_a_fault_is_a_fragment_in_words(fault: Exception, status: int, words: str) -> None:
    """For htmx to put into its place; a screen reader is told; nothing of the fault but words that were made for it."""
    app = Flask("test", static_folder=None, template_folder=None)
    pages = Blueprint("pages", "ui_extension.panel.pages", template_folder="templates")
    panel_faults(pages)

    @pages.get("/panel")
    def failing() -> str:
        raise fault

    app.register_blueprint(pages)

    answer = app.test_client().get("/panel")

    assert answer.status_code == status
    assert words in answer.text
    assert 'role="alert"' in answer.text
    assert "<html" not in answer.text
    assert "canary" not in answer.text
    assert isinstance(fault, MilepostError | ValueError)


@pytest.mark.parametrize("path", ["/launch/x", "/callback", "/standalone/a/b", "/p", "/p/a/b"])
def test_where_no_page_is_a_page_says_so(client: FlaskClient, path: str) -> None:
    """On the paths where people come by."""
    answer = client.get(path)

    assert answer.status_code == 404
    assert "<h1>There is nothing here</h1>" in answer.text


def test_where_no_part_is_a_fragment_says_so(client: FlaskClient) -> None:
    """And where programs ask, it is JSON."""
    part, program = client.get("/panel/nothing/here"), client.get("/hooks")

    assert (part.status_code, program.status_code) == (404, 404)
    assert "mp-fault" in part.text
    assert program.get_json() == {"error": "Not Found", "status": 404}
