"""What somebody sees in a chart: everything that the panel has, at every width, in the dark, on paper, and by axe."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Frame, Page, expect

from deploy.services.chromium import Fetched
from tests.live.browser.conftest import Stage, Visit
from tests.live.browser.practice import LONG_PLAN, MARKUP, SCRIPTS
from tests.live.browser.visitor import SCHEMES, Visitor, findings, open_all, painted, picture

pytestmark = pytest.mark.live

SECTIONS = {
    "strip": "#strip",
    "summary": "[aria-labelledby=h-summary]",
    "needs-attention": "[aria-labelledby=h-attention]",
    "plan": ".mp-plan",
    "still-to-do": "[aria-labelledby=h-todo]",
    "goals": "[aria-labelledby=h-goals]",
    "missed": "[aria-labelledby=h-missed]",
    "scores": "[aria-labelledby=h-scores]",
    "referrals": "[aria-labelledby=h-referrals]",
    "team": "[aria-labelledby=h-team]",
    "lately": "[aria-labelledby=h-lately]",
}
"""Each part of the panel that the showcase's chart fills from the beginning."""

WIDTHS = (1200, 390, 320)
MOST_FIRST_BYTES, MOST_REQUESTS, MOST_NEXT_BYTES = 150_000, 8, 30_000


@pytest.fixture
def nurse(visit: Visit) -> Visitor:
    """At her desk, logged in."""
    made = visit(viewport={"width": 1200, "height": 900})
    made.logs_in()
    return made


def is_too_wide(page: Page | Frame) -> bool:
    """It would have to be moved sideways to be read."""
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def test_the_panel_stands_in_the_chart_and_each_section_is_filled(nurse: Visitor, stage: Stage) -> None:
    """Framed by the EHR's page, on another site; name, birth date and number on top; every "why" can be opened."""
    page, panel = nurse.chart(stage.practice.showcase)
    picture(page, "chart-with-panel-1200")
    assert not panel.url.startswith(stage.site.ehr.url)

    for name, selector in SECTIONS.items():
        part = panel.locator(selector).first
        expect(part).to_be_visible()
        assert part.inner_text().strip(), name
    for known in ("Born", "MRN", *stage.practice.needles(stage.practice.showcase)[1:]):
        expect(panel.locator("#strip")).to_contain_text(known)

    panel.locator(".mp-gap .mp-why summary").first.click()
    why = panel.locator(".mp-gap .mp-why dl").first
    expect(why).to_contain_text("Because")
    link = why.get_by_role("link").first
    assert (link.get_attribute("href") or "").startswith(stage.site.ehr.url)


def test_it_can_be_read_at_every_width_in_the_dark_and_on_paper(nurse: Visitor, stage: Stage) -> None:
    """Nothing has to be moved sideways, down to 320 pixels; axe finds nothing that keeps somebody out."""
    page, found = nurse.alone(stage.practice.showcase), []

    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            picture(page, f"panel-{width}-{scheme}")
            assert not is_too_wide(page), width
        found += findings(page, where=f"panel at {WIDTHS[-1]}, {scheme}")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1200, "height": 900})
    for name, selector in SECTIONS.items():
        picture(page, f"section-{name}", selector)
    open_all(page)
    picture(page, "panel-all-opened")
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        found += findings(page, where=f"panel with everything opened, {scheme}")
    page.emulate_media(color_scheme="light", media="print")
    page.set_viewport_size({"width": 794, "height": 1123})
    picture(page, "panel-print")
    expect(page.get_by_role("button", name="Mark done").first).to_be_hidden()
    assert found == []


def test_the_ehrs_own_pages_and_the_frame_have_no_finding(nurse: Visitor, stage: Stage) -> None:
    """axe on login, list, chart and two charts, in both colour schemes."""
    addresses = {
        "ehr-patients": f"{stage.site.ehr.url}/patients",
        "ehr-chart": stage.site.chart(stage.practice.other),
        "ehr-side-by-side": f"{stage.site.ehr.url}/side-by-side",
        "ehr-login": f"{stage.site.ehr.url}/login",
    }
    page, found = nurse.context.new_page(), []

    for name, address in addresses.items():
        page.goto(address)
        for frame in page.frames[1:]:
            painted(frame)
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            found += findings(page, where=f"{name}, {scheme}")
            picture(page, f"{name}-{scheme}")

    assert found == []


def test_first_and_next_load_are_small(nurse: Visitor, stage: Stage, tell: Callable[[str], None]) -> None:
    """From the callback to the painted panel at most 150 kB in 8 requests of Milepost, and 30 kB when it is fetched
    again, on the wire and with headers."""
    page = nurse.context.new_page()
    wire = Fetched(page)

    nurse.alone(stage.practice.showcase, page)
    first = wire.of(stage.site.web, "/callback/")
    with page.expect_response("**/panel") as fetched:
        page.evaluate("document.querySelector('[data-stay]').click()")
    sizes = fetched.value.request.sizes()
    again = sizes["responseHeadersSize"] + sizes["responseBodySize"]

    tell(f"panel in Chromium: {sum(first.values()) / 1000:.0f} kB in {len(first)} requests, then {again / 1000:.0f} kB")
    assert sum(first.values()) <= MOST_FIRST_BYTES
    assert len(first) <= MOST_REQUESTS, list(first)
    assert again <= MOST_NEXT_BYTES


def test_markup_in_a_chart_is_text(nurse: Visitor, stage: Stage) -> None:
    """Row 8: names, titles, codes and goals with markup are shown as they stand; nothing of them runs, no dialog opens,
    and the host that they name is not asked (``visit`` looks)."""
    page = nurse.alone(stage.practice.markup)
    open_all(page)

    shown = page.locator("body").inner_text()
    picture(page, "chart-with-markup")

    assert [name for name, words in MARKUP.items() if words not in shown] == []
    assert page.locator("#panel :is(img, iframe, script, [onload], [onerror], [href^='javascript'])").count() == 0


def test_names_in_every_script(nurse: Visitor, stage: Stage) -> None:
    """Letters and their order stay as they are, whatever stands around them."""
    page = nurse.alone(stage.practice.scripts)

    shown = page.locator("body").inner_text()
    page.set_viewport_size({"width": 390, "height": 900})
    picture(page, "names-in-every-script")

    assert [name for name, words in SCRIPTS.items() if words not in shown] == []
    assert not is_too_wide(page)


def test_a_plan_with_nothing_in_it(nurse: Visitor, stage: Stage) -> None:
    """It says so, and does not look like a plan that is done."""
    page = nurse.alone(stage.practice.nothing)

    expect(page.locator(".mp-summary")).to_contain_text("Nothing in the plan")
    picture(page, "plan-with-nothing")
    assert findings(page, where="plan with nothing") == []


def test_a_plan_of_two_hundred_steps(nurse: Visitor, stage: Stage) -> None:
    """Every step is there, the page can still be used, and at its end it still says whose it is."""
    page = nurse.alone(stage.practice.long)

    expect(page.locator(".mp-line-title")).to_have_count(LONG_PLAN)
    last = page.locator(".mp-plan .mp-line").last
    last.locator(".mp-why summary").click()
    expect(last.locator(".mp-acts-buttons")).to_be_visible()
    place = page.locator("#strip").bounding_box()
    assert (page.evaluate("scrollY") > 0, place and round(place["y"])) == (True, 0)
    picture(page, "plan-of-200-steps")
    assert not is_too_wide(page)
