"""The ways into a panel that are refused, and the ends of one: each is a page that a nurse understands."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import FrameLocator, Page, Route, expect

from deploy.demo.front import ISSUER
from tests.live.browser.conftest import Stage, Visit
from tests.live.browser.visitor import SCHEMES, Visitor, findings, keys_of, painted, picture

pytestmark = pytest.mark.live

STRANGER = "http://stranger.example"
WAY_BACK = re.compile("open Milepost again from the patient's chart", re.IGNORECASE)


@pytest.fixture
def nurse(visit: Visit) -> Visitor:
    """A coordinator, logged in."""
    made = visit()
    made.logs_in()
    return made


def framing(nurse: Visitor, origin: str, address: str, sandbox: str = "") -> tuple[Page, FrameLocator]:
    """A page of that origin with the address framed in it."""
    attribute = f'sandbox="{sandbox}" ' if sandbox else ""
    body = f'<!doctype html><title>Framing</title><iframe {attribute}width=600 height=500 src="{address}"></iframe>'

    def answer(route: Route) -> None:
        route.fulfill(body=body, content_type="text/html")

    nurse.context.unroute_all()
    nurse.context.route(f"{origin}/framing", answer)
    page = nurse.context.new_page()
    page.goto(f"{origin}/framing")
    return page, page.frame_locator("iframe")


def test_a_session_that_ended_shows_nothing_more(nurse: Visitor, stage: Stage) -> None:
    """Whether it was idle or its time was over: at the next look the chart is gone from the page and from the tab, and
    the words say how to get back in; so does a reload. Before, when it is nearly over, the chart is covered."""
    nurse.expect_complaint("status of 401")
    page = nurse.alone(stage.practice.showcase)
    keys = keys_of(page.main_frame)

    with page.expect_response("**/panel/pulse*"):
        page.evaluate("setInterval(() => dispatchEvent(new Event('focus')), 300)")
    for key in keys.values():
        stage.redis.pexpire(key, 60_000)
    expect(page.locator("#cover")).to_contain_text("Are you still there?")
    expect(page.locator("#strip")).to_be_hidden()
    picture(page, "session-nearly-over")
    assert findings(page, where="nearly over") == []
    page.get_by_role("button", name="I am still here").click()
    expect(page.locator("#strip")).to_be_visible()

    stage.redis.delete(*keys.values())
    expect(page.locator("#cover")).to_contain_text(WAY_BACK)
    picture(page, "session-over")
    shown = page.content()
    assert not any(needle in shown for needle in stage.practice.needles(stage.practice.showcase))
    assert page.evaluate("Object.keys(sessionStorage).filter((name) => /^[lp]:/.test(name))") == []
    page.reload()
    expect(page.locator("main")).to_contain_text(WAY_BACK)
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        assert findings(page, where=f"session over, {scheme}") == []


def test_not_this_patient_ends_it_at_once(nurse: Visitor, stage: Stage) -> None:
    """What says that the wrong chart is open leaves nothing of it, here and in Redis."""
    page = nurse.alone(stage.practice.showcase)
    keys = keys_of(page.main_frame)

    with page.expect_response("**/session"):
        page.get_by_role("button", name="Not this patient?").click()

    expect(page.locator("#cover")).to_contain_text("The panel is closed")
    assert not stage.redis.exists(*keys.values())
    picture(page, "panel-closed")


def test_a_strangers_page_cannot_frame_it(nurse: Visitor, stage: Stage) -> None:
    """Row 22: neither a launch nor an open panel is shown in a page of an origin that is not on the issuer's list; in a
    page of the EHR's own it is."""
    nurse.expect_complaint("frame-ancestors")
    open_panel = nurse.alone(stage.practice.showcase).url

    for address in (nurse.launch_of(stage.practice.showcase), open_panel):
        page, _ = framing(nurse, STRANGER, address)
        page.wait_for_load_state("networkidle")
        assert page.frames[1].url.startswith("chrome-error:")
    page, _ = framing(nurse, stage.site.ehr.url, nurse.launch_of(stage.practice.showcase))
    painted(page.frames[1])

    assert set(nurse.strangers) == {f"{STRANGER}/framing"}
    nurse.strangers.clear()


def test_a_frame_that_remembers_nothing_says_so(nurse: Visitor, stage: Stage) -> None:
    """Sandboxed without `allow-same-origin`, as some EHRs frame their apps: words and a way into a tab of its own."""
    nurse.expect_complaint("sandbox")
    address = nurse.launch_of(stage.practice.showcase)

    page, frame = framing(nurse, stage.site.ehr.url, address, "allow-scripts allow-forms allow-popups")

    expect(frame.locator("#no-storage")).to_contain_text("may not remember anything")
    link = frame.get_by_role("link", name="Open Milepost in a new tab")
    assert link.get_attribute("href") == f"/standalone/{ISSUER}"
    picture(page, "frame-that-remembers-nothing")


def test_a_frame_that_chromium_does_not_draw_is_made_anew(nurse: Visitor, stage: Stage) -> None:
    """Once, by way of a page of no site, and the same session goes on there. Here a style does what Chromium's mistake
    does: no boxes, though the frame gets its animation frames."""
    ways: list[str] = []
    hidden = "addEventListener('DOMContentLoaded', () => { document.documentElement.style.display = 'none'; })"
    nurse.context.add_init_script(f"if (location.pathname.startsWith('/p/') && !location.hash) {hidden}")
    page = nurse.context.new_page()
    page.on("framenavigated", lambda frame: ways.append(urlsplit(frame.url).path))

    page.goto(nurse.launch_of(stage.practice.showcase))
    page.wait_for_url("**/p/*#anew")
    painted(page.main_frame)

    assert [way for way in ways if way.endswith("/anew")] == [f"{urlsplit(page.url).path}/anew"]


def test_without_javascript_it_says_what_it_needs(visit: Visit, stage: Stage) -> None:
    """On the page of the launch, which is the first that anybody sees."""
    nurse = visit(java_script_enabled=False)
    nurse.logs_in()
    page = nurse.context.new_page()

    page.goto(nurse.launch_of(stage.practice.showcase))

    assert "needs JavaScript" in page.locator("main").inner_text()
    picture(page, "without-javascript")


def test_the_callback_of_another_browser_signs_nobody_in(nurse: Visitor, visit: Visit, stage: Stage) -> None:
    """Row 4: somebody lures a nurse to the end of a launch of their own. Her browser did not begin it, and says so; the
    code is not used, and no session begins."""
    nurse.expect_complaint("status of 403")
    attacker = visit()
    attacker.expect_complaint("ERR_FAILED")
    attacker.logs_in("ledgerly")
    attacker.context.route("**/session", lambda route: route.abort())
    page = attacker.context.new_page()
    with page.expect_request("**/callback/**") as unused:
        page.goto(attacker.launch_of(stage.practice.showcase))
    expect(page.locator("h1")).to_have_text("Milepost does not answer")

    lured = nurse.context.new_page()
    lured.goto(unused.value.url)

    expect(lured.locator("h1")).to_have_text("This was opened somewhere else")
    assert lured.evaluate("Object.keys(sessionStorage)") == []
    picture(lured, "callback-of-another-browser")


def test_standalone_asks_the_ehr_for_the_patient(nurse: Visitor, stage: Stage) -> None:
    """From the EHR's menu: the EHR's own list, and the panel of whoever was chosen there."""
    page = nurse.context.new_page()
    page.goto(stage.site.standalone)
    expect(page.locator("h1")).to_contain_text("For which patient?")
    picture(page, "standalone-choice")
    assert findings(page, where="choice of a patient") == []

    page.locator(f'button[value="{stage.practice.showcase}"]').click()

    expect(painted(page.main_frame).locator("#strip")).to_contain_text(
        stage.practice.needles(stage.practice.showcase)[2]
    )


def test_a_refusal_of_the_ehr_is_a_page(nurse: Visitor, stage: Stage) -> None:
    """Whoever says no at the EHR comes back to words, not to an error; nothing of the answer is repeated."""
    nurse.expect_complaint("status of 403")
    page = nurse.context.new_page()
    page.goto(stage.site.standalone)

    page.get_by_role("button", name="Cancel").click()

    expect(page.locator("h1")).to_have_text("The EHR did not let Milepost in")
    assert "access_denied" not in page.content()
    assert page.url == f"{stage.site.web}/callback/{ISSUER}"
    picture(page, "refused-by-the-ehr")
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        assert findings(page, where=f"refused by the EHR, {scheme}") == []


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("/launch?iss=http://169.254.169.254/fhir&launch=x", "This EHR is not known here"),
        ("/launch?iss={iss}", "The EHR did not say which chart"),
        ("/standalone/nobody", "This EHR is not known here"),
        ("/callback/{issuer}?state=made-up&code=made-up", "This way in has been used"),
        ("/p/{issuer}.made-up", "Your session has ended"),
    ],
)
def test_a_wrong_way_in_is_a_page_of_words(visit: Visit, stage: Stage, path: str, title: str) -> None:
    """Rows 1, 4, 5: what happened and what to do, in plain words; what was received is not repeated."""
    nurse = visit()
    nurse.expect_complaint("status of 40")
    page = nurse.context.new_page()

    page.goto(stage.site.web + path.format(iss=stage.site.ehr.fhir, issuer=ISSUER))

    expect(page.locator("h1")).to_have_text(title)
    assert not re.search("made-up|169[.]254|Traceback", page.locator("body").inner_text())
    assert findings(page, where=path) == []
    picture(page, f"refusal-{re.sub('[^a-z]+', '-', title.lower())}")


def test_somebody_without_a_role_gets_words(visit: Visit, stage: Stage) -> None:
    """The clerk who bills has a role that sees little: what is not shown is named, and nothing of it is sent."""
    clerk = visit()
    clerk.logs_in("ledgerly")

    page = clerk.alone(stage.practice.showcase)

    expect(page.locator(".mp-hidden")).to_contain_text("Not shown to your role")
    assert page.locator("button[data-kind]").count() == 0
    picture(page, "billing-role")
    assert findings(page, where="billing's panel") == []
