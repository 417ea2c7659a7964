"""Two charts open at once, in frames and in tabs: never a byte of one in the other (row 24)."""

import pytest
from playwright.sync_api import Frame, Route, expect

from plugin.domain.act import ActKind
from tests.live.browser.conftest import Stage, Visit
from tests.live.browser.test_acts import opened, sent
from tests.live.browser.visitor import Visitor, painted, picture

pytestmark = pytest.mark.live


def everything(visitor: Visitor, frame: Frame) -> str:
    """What stands in a frame, and all that was ever answered to it."""
    return f"{frame.content()}\n{frame.url}\n{visitor.said_to(frame)}"


def reloaded(frame: Frame) -> Frame:
    """The frame alone, as a browser's menu does it."""
    frame.evaluate("document.getElementById('panel').dataset.old = '1'; location.reload()")
    frame.wait_for_selector("#panel:not([data-old])")
    return painted(frame)


def test_a_stays_a_when_b_is_opened_and_a_is_reloaded(cookies: Visitor, stage: Stage) -> None:
    """Row 24, the test that Cerner asks of an app: as frames side by side and as tabs, with third-party cookies allowed
    and blocked. Nothing of B is in A, and nothing of A in B."""
    a, b = stage.practice.showcase, stage.practice.other
    cookies.logs_in()
    page = cookies.context.new_page()

    page.goto(f"{stage.site.ehr.url}/side-by-side?left={a}&right={b}")
    left, right = cookies.panel_in(page, 0), cookies.panel_in(page, 1)
    assert takes_cookies(left) == cookies.has_foreign_cookies
    seen_left, seen_right = everything(cookies, left), everything(cookies, right)
    reloaded(left)
    _, panel = cookies.chart(b)
    reloaded(left)
    _, third = cookies.chart(a)
    reloaded(panel)
    picture(page, f"two-charts-{'allowed' if cookies.has_foreign_cookies else 'blocked'}")

    of_a = [seen_left, everything(cookies, left), everything(cookies, third)]
    of_b = [seen_right, everything(cookies, right), everything(cookies, panel)]
    for needle in stage.practice.needles(b):
        assert all(needle in seen for seen in of_b)
        assert not any(needle in seen for seen in of_a)
    for needle in stage.practice.needles(a):
        assert all(needle in seen for seen in of_a)
        assert not any(needle in seen for seen in of_b)
    assert cookies.context.cookies(stage.site.web) == []


def takes_cookies(frame: Frame) -> bool:
    """Whether the browser lets a framed page keep a cookie; the probe itself is taken back."""
    kept = bool(frame.evaluate("document.cookie = 'probe=1; SameSite=None; Secure', document.cookie"))
    frame.evaluate("document.cookie = 'probe=; SameSite=None; Secure; Max-Age=0'")
    return kept


def test_a_write_that_names_another_patient_is_refused(visit: Visit, stage: Stage) -> None:
    """Row 24: the page says which patient it showed. Where that is not the session's, nothing is written and the page
    says so."""
    nurse = visit()
    nurse.expect_complaint("status of 409")
    nurse.logs_in()
    page = nurse.alone(stage.practice.showcase)
    before = stage.statements()
    form = opened(page, ActKind.NOTE)
    form.locator("[name=note]").fill("For whom?")
    form.locator("[name=patient]").evaluate("(field, to) => field.value = to", f"Patient/{stage.practice.other}")

    sent(form, ActKind.NOTE)

    expect(page.locator("[data-fault='409']")).to_be_visible()
    assert stage.statements() == before


def test_what_comes_back_of_another_patient_closes_the_panel(visit: Visit, stage: Stage) -> None:
    """Row 24: whatever went wrong behind it, by the pulse or by what is to be drawn: nothing of either patient stays."""
    nurse = visit()
    nurse.logs_in()
    mine, other = (f"Patient/{patient}" for patient in (stage.practice.showcase, stage.practice.other))

    for path in ("**/panel/pulse*", "**/panel"):
        page = nurse.alone(stage.practice.showcase)
        page.route(path, lambda route: answered_otherwise(route, mine, other))
        page.evaluate("document.querySelector('[data-stay]').click(); dispatchEvent(new Event('focus'))")

        expect(page.locator("#cover")).to_contain_text("Stop: another patient")
        assert page.locator("#panel").inner_html().strip() == ""
        assert page.evaluate("Object.keys(sessionStorage).filter((name) => name.startsWith('p:'))") == []


def answered_otherwise(route: Route, patient: str, other: str) -> None:
    """As if the server had mistaken one patient for another."""
    answer = route.fetch()
    route.fulfill(response=answer, body=answer.text().replace(f'"{patient}"', f'"{other}"'))


def test_a_panel_cannot_be_opened_in_another_tab_by_its_address(visit: Visit, stage: Stage) -> None:
    """Row 4: the address of a panel opens nothing without what only its own tab keeps; it says how to get in."""
    nurse = visit()
    nurse.logs_in()
    address = nurse.alone(stage.practice.showcase).url

    stranger = visit().context.new_page()
    stranger.goto(address)

    expect(stranger.locator("#cover")).to_contain_text("belongs to another tab")
    expect(stranger.locator("#cover")).to_contain_text("open Milepost again from the patient's chart")
    picture(stranger, "panel-of-another-tab")
