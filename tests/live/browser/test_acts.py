"""What somebody does in the panel, without leaving the chart: with the mouse, by keyboard alone, and too late."""

from datetime import timedelta

import pytest
from playwright.sync_api import Frame, Locator, Page, expect

from deploy.demo.generator.__main__ import this_day
from plugin.domain.act import ActKind
from tests.live.browser.conftest import Stage, Visit
from tests.live.browser.visitor import SCHEMES, Visitor, findings, open_all, painted, picture
from ui_extension.panel.act_words import ACTS

pytestmark = pytest.mark.live

MOST_TABS = 120


@pytest.fixture
def nurse(visit: Visit) -> Visitor:
    """A coordinator, logged in."""
    made = visit(viewport={"width": 1200, "height": 900})
    made.logs_in()
    return made


def opened(panel: Page | Frame, kind: ActKind, place: int = 0) -> Locator:
    """The form of an act, of the step of that place among those that allow it."""
    details = panel.locator(f".mp-line details.mp-do:has(button[data-kind={kind}])").nth(place)
    details.evaluate("part => { part.open = true; }")
    details.locator(f"button[data-kind={kind}]").click()
    form = details.locator("form")
    expect(form).to_be_visible()
    return form


def sent(form: Locator, kind: ActKind) -> None:
    """By its own button."""
    form.get_by_role("button", name=ACTS[kind].submit, exact=True).click()


def test_acts_in_place_show_at_once_and_can_be_taken_back(nurse: Visitor, stage: Stage) -> None:
    """A contact, a step done, a hold: each is told of, stands under "Lately", and one is undone; nobody left the chart,
    and after a reload of the frame it is the same patient."""
    patient = stage.practice.acted_in("place")
    page, panel = nurse.chart(patient)
    before = len(stage.statements())
    strip = panel.locator("#strip").inner_text()

    form = opened(panel, ActKind.CONTACT)
    form.locator("[name=outcome]").select_option(label="Left a message")
    sent(form, ActKind.CONTACT)
    expect(panel.locator(".mp-said")).to_contain_text("Contact logged.")
    expect(panel.locator("[aria-labelledby=h-lately]")).to_contain_text("left a message")

    form = opened(panel, ActKind.HOLD)
    form.locator("[name=until]").fill((this_day() + timedelta(days=30)).isoformat())
    form.locator("[name=reason]").select_option(index=1)
    sent(form, ActKind.HOLD)
    expect(panel.locator(".mp-said")).to_contain_text("Put on hold.")
    expect(panel.locator(".mp-calm")).to_contain_text("What is late is booked or put aside")
    picture(page, "act-hold-done")

    form = opened(panel, ActKind.DONE)
    form.locator("[name=note]").fill("Seen on paper.")
    sent(form, ActKind.DONE)
    expect(panel.locator(".mp-said")).to_contain_text("Marked done.")
    panel.locator(".mp-said button").click()
    expect(panel.locator(".mp-said")).to_contain_text("Taken back.")
    picture(page, "act-taken-back")

    panel.evaluate("location.reload()")
    panel.wait_for_selector(".mp-said", state="detached")
    painted(panel)
    assert panel.locator("#strip").inner_text().split("Chart")[0] == strip.split("Chart")[0]
    said = stage.statements()[before:]
    assert [one for _, one in said] == ["contact", "hold", "completed", "undo"]
    assert {ref for ref, _ in said} == {f"Patient/{patient}"}


def test_a_contact_by_keyboard_alone(nurse: Visitor, stage: Stage) -> None:
    """From the chart into the frame, to the button, through the form, and to what was done; each has the focus when it
    comes, and Escape closes a form and gives the focus back."""
    page, panel = nurse.chart(stage.practice.acted_in("keyboard"))

    tab_to(page, panel, "button[data-kind=contact]")
    page.keyboard.press("Enter")
    expect(panel.locator("form [name=outcome]")).to_be_focused()
    page.keyboard.press("Escape")
    expect(panel.locator("form")).to_have_count(0)
    assert is_focused(panel, "button[data-kind=contact]")
    page.keyboard.press("Enter")
    expect(panel.locator("form [name=outcome]")).to_be_focused()
    page.keyboard.type("No answer")
    tab_to(page, panel, "form [type=submit]")
    page.keyboard.press("Enter")

    expect(panel.locator(".mp-said")).to_be_focused()
    expect(panel.locator(".mp-said")).to_contain_text("Contact logged.")
    tab_to(page, panel, ".mp-said button")
    page.keyboard.press("Enter")
    expect(panel.locator(".mp-said")).to_contain_text("Taken back.")


def tab_to(page: Page, panel: Frame, selector: str) -> None:
    """Only by the key, as often as it takes; what is closed on the way is opened, as somebody would."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if is_focused(panel, selector):
            return
    raise AssertionError(f"{selector} is not reached by keyboard")


def is_focused(panel: Frame, selector: str) -> bool:
    """Whether it is where the keyboard is."""
    return bool(panel.evaluate("selector => !!document.activeElement?.matches(selector)", selector))


def test_a_form_that_lacks_something_says_so_at_the_field(nurse: Visitor, stage: Stage) -> None:
    """Nothing is written, what was typed stays, and the alert has the focus."""
    nurse.expect_complaint("status of 422")
    page = nurse.alone(stage.practice.acted_in("field"))
    before = stage.statements()

    form = opened(page, ActKind.HOLD)
    form.locator("[name=note]").fill("She asked for it.")
    sent(form, ActKind.HOLD)

    expect(page.locator(".mp-act [role=alert]")).to_be_focused()
    for field in ("until", "reason"):
        expect(page.locator(f".mp-act [name={field}]")).to_have_attribute("aria-invalid", "true")
    expect(page.locator(".mp-act [name=note]")).to_have_value("She asked for it.")
    assert stage.statements() == before
    picture(page, "act-with-errors")
    assert findings(page, where="a form with errors") == []


def test_every_form_has_no_finding(nurse: Visitor, stage: Stage) -> None:
    """axe, with each act's form open, in both colour schemes."""
    page = nurse.alone(stage.practice.showcase)
    page.set_viewport_size({"width": 390, "height": 900})
    found: list[str] = []
    open_all(page, "details.mp-do")

    kinds = {ActKind(str(one.get_attribute("data-kind"))) for one in page.locator("button[data-kind]").all()}
    for kind in sorted(kinds):
        page.locator(f"button[data-kind={kind}]").first.click()
        form = page.locator(f"form[data-kind={kind}]")
        expect(form).to_be_visible()
        picture(page, f"act-{kind}", f"form[data-kind={kind}]")
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            found += findings(page, where=f"the form of {kind}, {scheme}", within=f"form[data-kind={kind}]")
        form.get_by_role("button", name="Cancel").click()
        expect(form).to_have_count(0)

    assert kinds >= {ActKind.CONTACT, ActKind.DONE, ActKind.HOLD, ActKind.NOTE, ActKind.REASSIGN}
    assert found == []


def test_what_somebody_else_did_meanwhile_is_not_overwritten(nurse: Visitor, visit: Visit, stage: Stage) -> None:
    """A form that was opened before is refused: nothing is written, the page says so and shows what stands now."""
    nurse.expect_complaint("status of 409")
    page = nurse.alone(stage.practice.acted_in("late"))
    form = opened(page, ActKind.DONE)
    form.locator("[name=note]").fill("Mine.")
    doctor = visit()
    doctor.logs_in("samplewright")
    theirs = doctor.alone(stage.practice.acted_in("late"))
    first = opened(theirs, ActKind.DONE)
    first.locator("[name=note]").fill("Theirs.")
    sent(first, ActKind.DONE)
    expect(theirs.locator(".mp-said")).to_contain_text("Marked done.")
    before = stage.statements()

    sent(form, ActKind.DONE)

    expect(page.locator("[data-fault='409']")).to_be_focused()
    picture(page, "act-too-late")
    assert findings(page, where="an act that came too late") == []
    assert stage.statements() == before
    page.get_by_role("button", name="Show what stands now").click()
    expect(page.locator("[aria-labelledby=h-lately]")).to_contain_text("Theirs.")
