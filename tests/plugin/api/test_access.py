"""What has no decision is not served, and who runs Milepost. Each route's decision:
tests/ui_extension/test_matrix.py."""

import pytest
from flask import Flask, Request
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder

from plugin.api.access import Access, guard, is_operator, open_to


def test_a_route_without_a_decision_is_not_served() -> None:
    """Forgetting it does not open the page."""
    app = Flask("test", static_folder=None)
    guard(app, None)
    app.add_url_rule("/forgotten", view_func=lambda: "secret", endpoint="forgotten")

    @app.get("/decided")
    @open_to(Access.ANYONE)
    def decided() -> str:
        return "open"

    client = app.test_client()

    assert client.get("/forgotten").status_code == 404
    assert client.get("/decided").text == "open"


@pytest.mark.parametrize(
    ("address", "headers", "is_one"),
    [
        ("127.0.0.1", {}, True),
        ("127.8.8.8", {}, True),
        ("::1", {}, True),
        ("192.0.2.7", {}, False),
        ("::ffff:192.0.2.7", {}, False),
        ("", {}, False),
        ("unix:", {}, False),
        ("127.0.0.1", {"X-Forwarded-For": "10.0.0.1"}, False),
        ("127.0.0.1", {"Forwarded": "for=127.0.0.1"}, False),
        ("127.0.0.1", {"Via": "1.1 proxy"}, False),
        ("127.0.0.1", {"X-Real-IP": "127.0.0.1"}, False),
        ("192.0.2.7", {"Authorization": "Bearer right"}, True),
        ("192.0.2.7", {"Authorization": "bearer right"}, False),
        ("192.0.2.7", {"Authorization": "Bearer wrong"}, False),
    ],
)
def test_who_runs_milepost_is_on_this_machine_or_has_the_token(
    address: str, headers: dict[str, str], is_one: bool
) -> None:
    """Not who comes through a proxy, which is on this machine for everybody."""
    environ = EnvironBuilder(headers=Headers(headers), environ_base={"REMOTE_ADDR": address}).get_environ()

    assert is_operator(Request(environ), "right") is is_one
