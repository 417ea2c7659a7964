"""The day's work in the admin pages: the queues, one patient, connections, the audit log, and what all pages have in
common."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from deploy.demo.generator.__main__ import this_day
from deploy.demo.generator.fhir import TAG_SYSTEM
from plugin.domain.act import ActKind
from tests.live.browser.colleague import Colleague, fill, heading, press, seen
from tests.live.browser.conftest import DESK, Staff, Stage
from tests.live.browser.visitor import by_day_and_by_night, picture
from ui_extension.panel.act_words import ACTS

pytestmark = pytest.mark.live

HEIGHT = 900
NARROWEST = 320

PAGES = {
    "coordinator": ("/admin", "/admin/work?whose=all", "/admin/gaps", "/admin/patients", "/admin/links", "/admin/me"),
    "editor": (
        "/admin/programs",
        "/admin/programs/chronic-care",
        "/admin/programs/chronic-care/compare",
        "/admin/programs/new",
        "/admin/ladders",
        "/admin/ladders/standard",
        "/admin/versions",
        "/admin/versions/program/chronic-care",
        "/admin/publications",
        "/admin/practice",
        "/admin/practice/calendar",
        "/admin/practice/limits",
    ),
    "admin": (
        "/admin/people",
        "/admin/people/new",
        "/admin/people/1",
        "/admin/sources",
        "/admin/sources/new",
        "/admin/sources/new?kind=openemr",
        "/admin/sources/demo",
        "/admin/sources/demo/remove",
        "/admin/issuers",
        "/admin/issuers/new",
        "/admin/issuers/demo",
        "/admin/issuers/demo/change",
        "/admin/audit",
        "/admin/system",
        "/admin/prove",
    ),
}
PICTURED = (
    "/admin",
    "/admin/work?whose=all",
    "/admin/patients",
    "/admin/programs/chronic-care",
    "/admin/people",
    "/admin/sources/demo",
    "/admin/audit",
    "/admin/system",
)
"""Of these there are pictures: at a desk, at night, and on a telephone."""


def test_work_is_claimed_and_done_by_keyboard(staff: Staff) -> None:
    """j goes down, c claims, Enter opens; the outcome is typed, and the next page says what became of it."""
    page = staff("coordinator").goes_to("/admin/work?whose=roles")
    expect(page.locator("[data-row]").nth(2)).to_be_visible()

    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    name = page.locator("[data-row] th a").first.inner_text()
    page.keyboard.press("c")
    expect(page.get_by_role("status").first).to_contain_text("Yours now")
    expect(page.get_by_role("status").first).to_contain_text(name)
    mine = page.locator("[data-row]", has_text=name).first
    mine.locator("[data-open]").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".mp-strip")).to_contain_text(name)
    seen(page, "work-item")

    page.locator("[name=outcome]").focus()
    page.keyboard.type("No answer")
    page.get_by_role("button", name="Save", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("Saved")


def test_lists_are_narrowed_and_no_name_stands_in_an_address(staff: Staff) -> None:
    """By tier and by a name; what is searched for is in no address."""
    page = staff("coordinator").goes_to("/admin/patients")
    fill(page, q="Programfall")
    press(page, "Show")
    expect(page.locator("[data-row]").first).to_contain_text("Programfall")
    assert page.locator("[data-row]", has_not_text="Programfall").count() == 0
    assert "rogramfall" not in page.url
    seen(page, "patients-found")

    page.goto(page.url.partition("/admin")[0] + "/admin/gaps")
    page.get_by_role("link", name=re.compile("^tier")).first.click()
    assert "tier=" in page.url
    expect(page.locator("[data-row]").first).to_be_visible()


def test_a_patient_is_acted_for_and_seen_as_on_an_earlier_day(staff: Staff) -> None:
    """From the list to the patient; a note is added in its place, and the chart read afresh; of the day before Milepost came
    nothing is known."""
    coordinator = staff("coordinator")
    page = coordinator.goes_to("/admin/patients")
    fill(page, q="Programfall 120")
    press(page, "Show")
    page.locator("[data-row] th a").first.click()
    page.locator("details.mp-do:has([data-kind=note])").first.evaluate("part => { part.open = true; }")
    page.locator("[data-kind=note]").first.click()
    form = page.locator("form[data-kind=note]")
    form.locator("[name=note]").fill("Moved to the other side of town.")
    form.get_by_role("button", name=ACTS[ActKind.NOTE].submit, exact=True).click()
    expect(page.locator("[aria-labelledby=h-lately]")).to_contain_text("other side of town")
    press(page, "Read the chart now")
    expect(page.get_by_role("status").first).to_contain_text("The chart was read just now.")
    seen(page, "patient")

    page.locator("summary", has_text="An earlier day").click()
    fill(page, as_of=(this_day() - timedelta(days=1)).isoformat())
    page.locator(".mp-day").get_by_role("button", name="Show").click()

    expect(page.locator("main")).to_contain_text("was not known yet")
    expect(page.locator("form[data-kind]")).to_have_count(0)


def test_an_ehr_is_connected_tested_paused_and_removed(staff: Staff, stage: Stage) -> None:
    """A wrong address is refused in words and what was typed stays; the right one is asked, read, paused and given up."""
    admin = staff("admin")
    admin.visitor.expect_complaint("status of 422", "status of 400", "status of 502")
    page = admin.goes_to("/admin/sources/new")
    fill(page, slug="second", base_url=f"{stage.site.web}/not-fhir")
    page.get_by_label("not at all").check()
    page.locator("summary", has_text="Rarely needed").click()
    fill(page, filter=f"_tag={TAG_SYSTEM}|nobody-{stage.practice.tag}")
    press(page, "Ask it and connect")
    expect(page.get_by_role("alert").first).to_be_visible()
    seen(page, "source-refused")
    expect(page.locator("[name=slug]")).to_have_value("second")

    fill(page, base_url=stage.site.behind)
    press(page, "Ask it and connect")
    expect(page.get_by_role("status")).to_contain_text("The EHR is connected")
    press(page, "Test it")
    expect(page.get_by_role("table", name="What was tried")).to_contain_text("works")
    seen(page, "source-tested")
    press(page, "Pause")
    expect(page.get_by_role("status")).to_contain_text("The source is paused")
    press(page, "Resume")
    expect(page.get_by_role("status")).to_contain_text("read again")
    press(page, "Remove …")
    page.get_by_label("It stays as it stands").check()
    fill(page, slug="second")
    press(page, "Remove this source")
    expect(page.get_by_role("status")).to_contain_text("is being removed")


def test_the_issuer_record_is_read_and_tested(staff: Staff) -> None:
    """What is to be registered at the EHR can be copied; the test says for each thing what it means."""
    page = staff("admin").goes_to("/admin/issuers/demo")
    expect(page.locator("#jwks")).to_have_value(re.compile('"keys"'))
    press(page, "Test it")

    expect(page.get_by_role("table", name="What was tried")).to_contain_text("works")


def test_the_audit_log_is_filtered_and_taken_away(staff: Staff) -> None:
    """One person's rows, one row whole, and a file of them."""
    page = staff("auditor").goes_to("/admin/audit")
    page.get_by_label("What", exact=True).select_option("sign-in")
    press(page, "Look")
    expect(page.locator("tbody tr").first).to_contain_text("ign")
    with page.expect_download() as download:
        press(page, "Spreadsheet (CSV)")
    assert "sign-in" in download.value.path().read_text()
    page.locator("tbody th a").first.click()
    heading(page, "Audit row")
    seen(page, "audit-row")


def test_a_job_is_run_now(staff: Staff) -> None:
    """It is asked for, and the page that follows says so."""
    page = staff("admin").goes_to("/admin/system")
    page.get_by_role("button", name=re.compile("Run now")).first.click()

    expect(page.get_by_role("status")).to_contain_text("The job was asked for")


def test_no_frame_and_no_other_site_gets_anything(staff: Staff, stage: Stage) -> None:
    """Rows 22 and 28: a page of another site neither frames an admin page nor sends a form to one."""
    admin = staff("admin")
    admin.visitor.expect_complaint("frame-ancestors", "status of 403", "status of 401")
    elsewhere = admin.visitor.context.new_page()
    elsewhere.goto(f"{stage.site.ehr.url}/login")
    web = stage.site.web

    framed = elsewhere.evaluate(
        """async (url) => { const frame = document.createElement("iframe"); frame.src = url;
        document.body.append(frame); await new Promise((done) => frame.addEventListener("load", done)); return true; }""",
        f"{web}/admin",
    )
    assert framed
    assert "Milepost" not in elsewhere.frames[-1].content()

    with elsewhere.expect_navigation():
        elsewhere.evaluate(
            """(url) => { const form = document.createElement("form"); form.method = "post"; form.action = url;
            document.body.append(form); form.submit(); }""",
            f"{web}/admin/sign-out",
        )
    expect(elsewhere.locator("h1")).not_to_contain_text("Sign in")
    elsewhere.close()
    heading(admin.goes_to("/admin/me"), "What may I do?")


@pytest.mark.parametrize("account", PAGES)
def test_each_page_can_be_read_by_everybody(staff: Staff, account: str) -> None:
    """axe finds nothing that keeps somebody out, light or dark; nothing has to be moved sideways, down to 320 pixels."""
    colleague, found = staff(account), []

    for path in PAGES[account]:
        found += _looked_at(colleague, path)

    assert found == []


def _looked_at(colleague: Colleague, path: str) -> list[str]:
    page, name = colleague.goes_to(path), "-".join(re.findall(r"\w+", path))
    found = by_day_and_by_night(page, where=path)
    if path in PICTURED:
        _taken(page, name)
    page.set_viewport_size({"width": NARROWEST, "height": HEIGHT})
    if _is_too_wide(page):
        found.append(f"{path} is too wide at {NARROWEST}")
    page.set_viewport_size(DESK)
    return found


def _taken(page: Page, name: str) -> None:
    page.emulate_media(color_scheme="dark")
    picture(page, f"{name}-dark")
    page.emulate_media(color_scheme="light")
    picture(page, f"{name}-1200")
    page.set_viewport_size({"width": 390, "height": HEIGHT})
    picture(page, f"{name}-390")


def _is_too_wide(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))
