"""The panel's pulse: whose it is, until when, and whether the chart has changed."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from plugin.domain.errors import Unreachable
from plugin.domain.launch import Refusal
from tests.builders import World, a_result
from tests.fake_launch import TOKENS, refusing
from tests.tabs import Browser, shown


def beat(browser: Browser, token: str) -> Mapping[str, object]:
    """What the panel is told."""
    told: Mapping[str, object] = browser.client.get("/panel/pulse?idle=1", headers=shown(token)).get_json()
    return told


def test_the_pulse_says_whose_panel_it_is_and_until_when(browser: Browser, world: World) -> None:
    """A panel that hears another patient covers itself; the end comes nearer while nobody acts (row 24)."""
    token = browser.enter()["token"]

    first = beat(browser, token)
    world.clock.forward(minutes=10)

    assert first.keys() == {"version", "patient", "ends_in"}
    assert (first["patient"], first["ends_in"], beat(browser, token)["ends_in"]) == ("Patient/p1", 900, 300)


def test_the_version_is_another_when_the_chart_is(browser: Browser, world: World) -> None:
    """And the same while nothing happens."""
    world.sweep()
    token = browser.enter()["token"]
    before = beat(browser, token)["version"]

    assert beat(browser, token)["version"] == before

    world.server.put(a_result(1))
    world.clock.forward(minutes=1)
    world.sweep()
    assert beat(browser, token)["version"] != before


def entered_with_refresh_token(browser: Browser, world: World) -> str:
    """A panel whose EHR gave tokens for five minutes, and one to renew them."""
    world.smart.granted = replace(world.smart.granted, tokens=replace(TOKENS, refresh="r1"))
    return browser.enter()["token"]


def test_the_ehr_is_asked_before_its_tokens_run_out(browser: Browser, world: World) -> None:
    """Once, in their last minute, and never where it gave nothing to ask with (row 25)."""
    token = entered_with_refresh_token(browser, world)
    world.clock.forward(minutes=3, seconds=59)
    beat(browser, token)
    assert "refresh" not in world.smart.calls

    world.clock.forward(seconds=1)
    assert [beat(browser, token)["patient"] for _ in range(3)] == ["Patient/p1"] * 3
    assert world.smart.calls.count("refresh") == 1

    world.smart.granted = replace(world.smart.granted, tokens=TOKENS)
    beat(browser, browser.enter()["token"])
    assert world.smart.calls.count("refresh") == 1


@pytest.mark.parametrize("reason", [Refusal.SESSION_REFUSED, Refusal.ANOTHER_PATIENT, Refusal.MISSING_SCOPES])
def test_whom_the_ehr_lets_in_no_more_has_no_panel(browser: Browser, world: World, reason: Refusal) -> None:
    """Logged out there, or with another patient by now: the panel ends, says so, and it is written down (row 24, row 30)."""
    token = entered_with_refresh_token(browser, world)
    world.clock.forward(minutes=5)
    world.smart.failure = refusing(reason)

    answers = [browser.client.get(path, headers=shown(token)) for path in ("/panel/pulse?idle=1", "/panel")]

    assert [answer.status_code for answer in answers] == [401, 401]
    assert "when you log out of the EHR" in answers[0].text
    with world.look() as uow:
        rows = [row for row in uow.audit.entries() if row.action == "close-panel"]
    assert [(row.record, row.why) for row in rows] == [("main/Patient/p1", "the EHR lets them in no more")]


def test_an_ehr_that_is_away_ends_no_panel(browser: Browser, world: World) -> None:
    """What the panel shows is ours."""
    token = entered_with_refresh_token(browser, world)
    world.clock.forward(minutes=5)
    world.smart.failure = Unreachable("away")

    assert beat(browser, token)["patient"] == "Patient/p1"
