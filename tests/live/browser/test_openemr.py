"""The panel in the charts of an OpenEMR: in its modal frame, without and with a login, and what its quirks do to people
(row 35)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest
from playwright.sync_api import Browser, expect

from tests.live.browser.openemr_practice import Beside, Desk, set_up
from tests.live.browser.visitor import Visitor, findings, picture
from tests.servers import RedisServer

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def beside(
    redis_process: RedisServer, redis_numbers: Iterator[int], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Beside]:
    """Started once."""
    with set_up(tmp_path_factory.mktemp("beside"), redis_process.url(next(redis_numbers))) as made:
        yield made


@pytest.fixture
def desk(chromium: Browser, beside: Beside) -> Iterator[Desk]:
    """A clinician's browser, logged in to OpenEMR; at the end nobody may have complained."""
    with ExitStack() as held:
        context = held.enter_context(closing(chromium.new_context(reduced_motion="reduce")))
        made = Desk(Visitor(context, beside.site), beside)
        made.logs_in()
        yield made
        assert made.visitor.left_over() == []
        assert made.visitor.strangers == []


@pytest.fixture
def asked(beside: Beside) -> Iterator[None]:
    """OpenEMR makes people log in and agree in the frame, as it does out of the box."""
    beside.asks_for_login(True)
    yield
    beside.asks_for_login(False)


def test_the_panel_opens_over_the_chart_without_a_word(desk: Desk, beside: Beside) -> None:
    """One click: the patient of the chart is in the strip, although OpenEMR says that no strip is needed, and the late
    step is seen. Nothing of the way there stands in an address."""
    page = desk.opens(beside.alma)

    desk.launches(page)
    panel = desk.panel_in(page)

    assert "Sampleton-Alma" in panel.inner_text("#strip")
    assert "SYN-Alma" in panel.inner_text("#strip")
    assert "Blood test of Alma" in panel.inner_text("#panel")
    assert re.fullmatch(rf"{re.escape(beside.site.web)}/p/clinic\.[\w-]+", panel.url)
    assert not page.evaluate("Object.keys(sessionStorage).some((name) => /^[lp]:/.test(name))")
    picture(page, "openemr-panel")


def test_a_login_and_consent_in_the_frame_lead_to_the_panel(desk: Desk, beside: Beside, asked: None) -> None:
    """OpenEMR's pages are shown inside the frame. Who refuses there comes back with a code that is none, and is told what
    to do; who allows sees the chart."""
    page = desk.opens(beside.bruno)
    desk.visitor.expect_complaint("status of 403")

    frame = desk.launches(page)
    desk.logs_in_here(frame, "Refuse")
    expect(frame.locator("main")).to_contain_text("The EHR did not confirm who you are")
    expect(frame.locator("main")).to_contain_text("open Milepost again from the patient's chart")
    page.get_by_role("button", name="Close").click()
    desk.logs_in_here(desk.launches(page), "Allow")

    assert "Sampleton-Bruno" in desk.panel_in(page).inner_text("#strip")


def test_the_chart_that_was_opened_last_is_launched_and_the_strip_says_so(desk: Desk, beside: Beside) -> None:
    """OpenEMR takes the patient of its session at the click: the button in Alma's tab opens Bruno, whose chart another tab
    opened meanwhile. The strip says Bruno; "Not this patient?" closes it, changes nothing and says what to do; and after
    that the right chart is shown."""
    first = desk.opens(beside.alma)
    second = desk.opens(beside.bruno)

    desk.launches(first)
    wrong = desk.panel_in(first)
    shown = wrong.inner_text("#strip")
    before = len(beside.openemr.requests)
    wrong.get_by_role("button", name="Not this patient?").click()

    assert "Sampleton-Bruno" in shown
    assert "Sampleton-Alma" not in shown
    cover = first.frame_locator("dialog iframe").locator("#cover")
    expect(cover).to_contain_text("changed nothing")
    expect(cover).to_contain_text("the chart that was opened there last")
    assert "Sampleton" not in wrong.content()
    assert [seen for seen in beside.openemr.requests[before:] if seen.method not in ("GET", "HEAD")] == []
    picture(first, "openemr-not-this-patient")
    first.reload()
    desk.opens(beside.alma)
    desk.launches(second)
    assert "Sampleton-Alma" in desk.panel_in(second).inner_text("#strip")


def test_two_charts_stay_apart(desk: Desk, beside: Beside) -> None:
    """Each panel keeps its patient, whatever the session's chart is by now; a reload of the frame's page as well."""
    first = desk.opens(beside.alma)
    desk.launches(first)
    alma = desk.panel_in(first)
    second = desk.opens(beside.bruno)
    desk.launches(second)
    bruno = desk.panel_in(second)

    first.bring_to_front()
    alma.evaluate("location.reload()")
    again = desk.panel_in(first)

    assert "Sampleton-Alma" in again.inner_text("#strip")
    assert "Sampleton-Bruno" in bruno.inner_text("#strip")


def test_an_ended_session_leads_back_to_the_login(desk: Desk, beside: Beside) -> None:
    """OpenEMR shows its login in the whole window; an open panel is not asked for anything there and stays."""
    page = desk.opens(beside.alma)
    desk.launches(page)
    panel = desk.panel_in(page)
    desk.visitor.context.clear_cookies()

    panel.evaluate("location.reload()")
    assert "Sampleton-Alma" in desk.panel_in(page).inner_text("#strip")
    page.get_by_role("button", name="Close").click()
    desk.launches(page)

    page.wait_for_url("**/interface/login/login.php*")


def test_a_session_that_ends_on_the_way_is_asked_for_in_the_frame(desk: Desk, beside: Beside) -> None:
    """It ends between the click and OpenEMR's answer: its login comes up in the frame, and leads on to the same chart."""
    page = desk.opens(beside.alma)
    page.route("**/oauth2/default/authorize?autosubmit*", lambda route: _without_cookies(desk, route.continue_))

    desk.logs_in_here(desk.launches(page), "Allow")

    assert "Sampleton-Alma" in desk.panel_in(page).inner_text("#strip")


def test_an_error_that_comes_back_without_a_state_is_explained(desk: Desk, beside: Beside) -> None:
    """One unknown scope, and OpenEMR sends an error and no state: the frame says so in words, readable for everybody."""
    page = desk.visitor.context.new_page()
    desk.visitor.expect_complaint("status of 403")

    page.goto(f"{beside.site.web}/callback/clinic?error=invalid_scope&error_description=CANARY&hint=CANARY")

    expect(page.locator("main")).to_contain_text("The EHR answered with an error")
    expect(page.locator("main")).to_contain_text("Log in to the EHR")
    assert "CANARY" not in page.content() + page.url
    assert findings(page, where="an error without a state") == []


def _without_cookies(desk: Desk, go_on: Callable[[], None]) -> None:
    desk.visitor.context.clear_cookies(name="OpenEMR")
    go_on()
