"""What stands in every answer's head."""

import pytest
from flask.testing import FlaskClient

from plugin.api.headers import HEADERS

PAGES = [
    ("GET", "/healthz", 200),
    ("GET", "/readyz", 503),
    ("GET", "/metrics", 200),
    ("POST", "/hooks/fhir/path", 202),
    ("POST", "/hooks/fhir/wrong", 404),
    ("GET", "/nowhere", 404),
    ("DELETE", "/healthz", 405),
]


@pytest.mark.parametrize(("method", "path", "status"), PAGES)
def test_nothing_is_cached_framed_guessed_or_told_on(client: FlaskClient, method: str, path: str, status: int) -> None:
    """On good answers and on error pages alike (threats: cached records, clickjacking, referrers)."""
    answer = client.open(path, method=method, headers={"Authorization": "Bearer secret"})

    assert answer.status_code == status
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert answer.headers["Cache-Control"] == "no-store"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert "Set-Cookie" not in answer.headers
