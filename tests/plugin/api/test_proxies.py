"""Whose address counts when proxies stand before us."""

import pytest
from flask import Flask, request

from plugin.api.proxies import trust_proxies


@pytest.mark.parametrize(
    ("count", "forwarded", "expected"),
    [
        (0, "203.0.113.9", "127.0.0.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        (2, "198.51.100.1, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        (2, "203.0.113.9", "127.0.0.1"),
        (1, "", "127.0.0.1"),
    ],
)
def test_only_what_our_own_proxies_saw_is_believed(count: int, forwarded: str, expected: str) -> None:
    """What an asker writes into the header before it reaches the first proxy moves nobody's address."""
    app = Flask("proxied")
    trust_proxies(app, count)

    @app.get("/who")
    def who() -> str:
        return f"{request.remote_addr} {request.scheme} {request.host}"

    headers = {"X-Forwarded-For": forwarded, "X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"}
    answer = app.test_client().get("/who", headers=headers)

    assert answer.text == f"{expected} http localhost"
