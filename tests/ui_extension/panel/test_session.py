"""Who is looking: by the token in the header, while the session lives."""

import pytest
from flask.testing import FlaskClient

from tests.builders import World
from tests.tabs import Browser, shown


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Bearer short", "bearer {}", "Basic {}", "Bearer {} x", "Bearer  {}"]
)
def test_a_token_is_shown_in_one_way_only(browser: Browser, header: str) -> None:
    """What is not exactly a bearer token is none (row 21)."""
    token = browser.enter()["token"]

    answer = browser.client.get("/panel/pulse", headers={"Authorization": header.format(token)})

    assert answer.status_code == 401


def test_a_session_ends_when_nobody_uses_it(browser: Browser, world: World) -> None:
    """After a quarter of an hour; a page that asks by itself does not keep it alive, somebody who acts does."""
    token = browser.enter()["token"]

    def after(minutes: int, path: str) -> int:
        world.clock.forward(minutes=minutes)
        return browser.client.get(path, headers=shown(token)).status_code

    assert after(14, "/panel/pulse") == 200
    assert after(14, "/panel/pulse?idle=1") == 200
    assert after(1, "/panel/pulse?idle=1") == 401
    assert browser.client.get("/panel/pulse", headers=shown(token)).status_code == 401


def test_a_session_ends_after_a_shift(browser: Browser, world: World) -> None:
    """However busy it was."""
    token = browser.enter()["token"]
    for _ in range(47):
        world.clock.forward(minutes=10)
        assert browser.client.get("/panel/pulse", headers=shown(token)).status_code == 200

    world.clock.forward(minutes=10)

    answer = browser.client.get("/panel/pulse", headers=shown(token))
    assert answer.status_code == 401
    assert "open Milepost again from the patient&#39;s chart" in answer.text


def test_who_closes_a_panel_cannot_open_it_again(browser: Browser, world: World) -> None:
    """The EHR's tokens are taken back, and it stands in the audit log."""
    opened = browser.enter()

    assert browser.client.delete("/session", headers=shown(opened["token"])).status_code == 204
    assert browser.client.get("/panel/pulse", headers=shown(opened["token"])).status_code == 401
    assert browser.client.get(f"/p/{opened['launch']}").status_code == 401
    assert [tokens.access for tokens in world.smart.revoked] == ["ehr-access"]


def test_closing_needs_the_token(client: FlaskClient) -> None:
    """Nobody closes somebody else's panel."""
    assert client.delete("/session").status_code == 401
