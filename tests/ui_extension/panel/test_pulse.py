"""The panel's pulse: whose it is, until when, and whether the chart has changed."""

from collections.abc import Mapping

from tests.builders import World, a_result
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
