"""The admin pages as their users know them: a first day, a change of a program from draft to roll-back, connections,
and what the browser itself keeps away."""

import re
import uuid
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from typing import Any  # what a browser stores

import pytest
from playwright.sync_api import Page, expect

from plugin import bootstrap, config
from tests.live.browser.colleague import PASSWORD, Authenticator, Colleague, fill, heading, key_on, press, seen
from tests.live.browser.conftest import Staff, Stage

pytestmark = pytest.mark.live

TRIES = 6
PROGRAM = "/admin/programs/chronic-care"
STEP = "HbA1c at six weeks"


def test_somebody_is_invited_and_comes_in_for_the_first_time(staff: Staff) -> None:
    """The administrator makes the account; its owner is told what is wrong with a password, sets up the authenticator, keeps
    recovery codes, and signs in with a code from then on."""
    name = f"new-{uuid.uuid4().hex[:6]}"
    page = staff("admin").goes_to("/admin/people/new")
    fill(page, person_name="Nova Testhand", name=name)
    page.get_by_label("coordinator").check()
    press(page, "Invite")
    once = page.locator("code.mp-key").inner_text()
    seen(page, "invited")
    newcomer = staff.newcomer(name)
    newcomer.visitor.expect_complaint("status of 401", "status of 422")

    fill(newcomer.goes_to("/admin"), name=name, password=once)
    press(newcomer.page, "Sign in")
    heading(newcomer.page, "Set up your sign-in")
    seen(newcomer.page, "set-up")
    newcomer.app = Authenticator(key_on(newcomer.page))
    code = newcomer.app.code()
    fill(newcomer.page, password="short", again="short", code=code)
    press(newcomer.page, "Save")
    expect(newcomer.page.locator("#f-password-wrong")).to_contain_text("12 characters or more")
    fill(newcomer.page, password=PASSWORD, again=PASSWORD, code=code)
    press(newcomer.page, "Save")
    expect(newcomer.page.locator(".mp-codes li")).to_have_count(8)
    recovery = newcomer.page.locator(".mp-codes li").first.inner_text()
    press(newcomer.page, "I have kept them")

    press(newcomer.page, "What may I do?")
    expect(newcomer.page.locator("main")).to_contain_text("your role is coordinator")
    press(newcomer.page, "Sign out")
    expect(newcomer.page.get_by_role("status")).to_contain_text("You are signed out.")
    seen(newcomer.page, "sign-in")
    newcomer.signs_in()
    heading(newcomer.page, "What waits for you")
    assert not newcomer.visitor.left_over()
    _is_locked_out(newcomer, recovery)
    expect(staff("admin").goes_to("/admin/people").get_by_role("row", name="Nova Testhand").last).to_contain_text(
        "closed until"
    )


def _is_locked_out(newcomer: Colleague, recovery: str) -> None:
    """After so many wrong passwords the right one does not help either, and the words are the same."""
    for _ in range(TRIES):
        assert newcomer.tries("not this one", "000000") == HTTPStatus.UNAUTHORIZED
    newcomer.signs_in(recovery)
    expect(newcomer.page.get_by_role("alert")).to_contain_text("it was tried too often: then wait")


def test_roles_are_given_and_somebody_is_shut_out(staff: Staff) -> None:
    """An EHR user gets another role, is shut out, and let in again; each is said on the page."""
    page = staff("admin").goes_to("/admin/people")
    page.get_by_role("link", name="specimen").or_(page.get_by_role("link", name="Proba Specimen")).first.click()
    page.get_by_label("coach").check()
    press(page, "Save roles")
    expect(page.get_by_role("status")).to_contain_text("The roles were changed")
    page.get_by_label("coach").uncheck()
    press(page, "Save roles")

    page.locator("summary", has_text="Shut out").click()
    press(page, "Shut out")
    expect(page.get_by_role("status")).to_contain_text("may not come in any more")
    press(page, "Let in again")

    expect(page.get_by_role("status")).to_contain_text("may come in again")


# ------------------------------------------------------------------------------------------------------------- a program
def test_a_program_is_changed_previewed_published_and_rolled_back(staff: Staff, stage: Stage) -> None:
    """HbA1c after three months instead of six weeks: an error is said at its field, the change is read side by side, tried on
    one patient, previewed on all, published by two people (over the cap) who give password and code again, and taken back."""
    editor, lead = staff("editor"), staff("lead")
    editor.visitor.expect_complaint("status of 403", "status of 422")
    page = editor.goes_to(PROGRAM)
    page.get_by_role("button", name="Change", exact=True).or_(
        page.get_by_role("link", name="Go on with the draft")
    ).click()
    heading(page, "Draft: Chronic care")
    _change_the_step(page)
    _add_a_condition(page)
    seen(page, "draft")
    press(page, "What is different from the version in force?")
    expect(page.get_by_role("table", name="What is different")).to_contain_text("3 months")
    seen(page, "compare")

    page.go_back()
    press(page, "Try on one patient")
    fill(page, q="Programfall 50")
    press(page, "Search")
    seen(page, "try-choose")
    page.get_by_role("link", name="Programfall 50").first.click()
    expect(page.locator("section[aria-labelledby=h-differences]")).to_contain_text("HbA1c")
    seen(page, "try")
    press(page, "Back to the draft")

    press(page, "Preview on the caseload")
    expect(page.locator(".mp-figures")).to_be_visible()
    closed = page.locator(".mp-figures div", has_text="Gaps closed").locator("dd")
    assert int(closed.inner_text()) > 0
    seen(page, "preview")
    with page.expect_download() as download:
        press(page, "Take it away as a spreadsheet (CSV)")
    assert "patient" in download.value.path().read_text().lower()

    press(page, "Publish…")
    seen(page, "publish")
    _long_ago(stage, editor)
    fill(page, why="HbA1c after three months suffices.")
    press(page, "Ask a second person")
    editor.proves()
    expect(page.get_by_role("status")).to_contain_text("A second person was asked")

    _agreed(lead)
    expect(editor.goes_to(PROGRAM).locator("main")).to_contain_text("Version 2, in force")
    _rolled_back(editor, lead)
    expect(editor.goes_to(PROGRAM).locator("main")).to_contain_text("Version 1, in force")


def _change_the_step(page: Page) -> None:
    page.get_by_role("link", name=STEP, exact=True).click()
    due = page.get_by_role("group", name="It is due", exact=True)
    due.locator("[name='due.amount.0.n']").fill("minus one")
    wrong = due.locator(".mp-wrong").first
    expect(wrong).not_to_be_empty()
    expect(due.locator("[name='due.amount.0.n']")).to_have_attribute("aria-invalid", "true")
    due.locator("[name='due.amount.0.n']").fill("3")
    due.locator("[name='due.amount.0.unit']").select_option("months")
    expect(page.get_by_label("In words")).to_contain_text("3 months")
    press(page, "Save")
    heading(page, "Draft: Chronic care")


def _add_a_condition(page: Page) -> None:
    """To the eye referral, by the builder; it is read as a sentence. A code more is picked by name, by keyboard."""
    page.get_by_role("link", name="Ophthalmology referral", exact=True).click()
    page.get_by_role("combobox", name="Search by name or code: What counts as done").fill("hemoglobin a1c")
    expect(page.locator(".mp-choice").first).to_contain_text("LOINC 4548-4")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(".mp-picked").first).to_contain_text("LOINC 4548-4")
    builder = page.get_by_role("group", name="For whom", exact=True)
    builder.get_by_role("button", name="Add a condition").first.click()
    builder.get_by_label("What is asked").first.select_option("age-at-least")
    builder.get_by_label("Years").fill("18")
    expect(page.get_by_label("In words")).to_contain_text("18")
    seen(page, "step")
    press(page, "Save")
    heading(page, "Draft: Chronic care")


def _agreed(lead: Colleague) -> None:
    """The second person sees the change and what it does, and says yes."""
    page = lead.goes_to("/admin")
    page.get_by_role("link", name=re.compile("waits? for you to agree")).click()
    seen(page, "publications")
    page.get_by_role("button", name=re.compile("^Agree and publish")).first.click()
    expect(page.get_by_role("status")).to_contain_text("published")


def _rolled_back(editor: Colleague, lead: Colleague) -> None:
    page = editor.goes_to("/admin/versions/program/chronic-care")
    press(page, "Put version 1 back in force")
    page.get_by_role("button", name=re.compile("^Preview")).first.click()
    expect(page.locator(".mp-figures")).to_be_visible()
    press(page, "Publish…")
    fill(page, why="It was too early for that.")
    press(page, "Ask a second person")
    expect(page.get_by_role("status")).to_contain_text("A second person was asked")
    _agreed(lead)


def _long_ago(stage: Stage, colleague: Colleague) -> None:
    """Password and code were given eleven minutes ago, as far as the session knows."""
    services = bootstrap.connected(config.settings(stage.site.command.environment))
    stored: Any = colleague.visitor.context.cookies(colleague.site)
    (token,) = [one["value"] for one in stored if one["name"].startswith("__Host-")]
    session = services.sign_ins.session(token, services.clock())
    assert session is not None
    services.sign_ins.open(token, replace(session, proven_at=session.proven_at - timedelta(minutes=11)))


def test_steps_are_moved_by_keyboard_alone(staff: Staff) -> None:
    """The button that was pressed has the focus again where the step now stands."""
    page = staff("editor").goes_to("/admin/programs/hip-replacement")
    page.get_by_role("button", name="Change", exact=True).or_(
        page.get_by_role("link", name="Go on with the draft")
    ).click()
    heading(page, "Draft: ")
    titles = page.locator(".mp-step h3").all_inner_texts()
    page.get_by_role("button", name=f"Move {titles[0]} down", exact=True).focus()

    page.keyboard.press("Enter")
    expect(page.locator(".mp-step h3").nth(1)).to_have_text(titles[0])
    expect(page.get_by_role("button", name=f"Move {titles[0]} down", exact=True)).to_be_focused()
    page.get_by_role("button", name=f"Move {titles[0]} up", exact=True).focus()
    page.keyboard.press("Space")

    expect(page.locator(".mp-step h3").first).to_have_text(titles[0])
    expect(page.get_by_role("button", name=f"Move {titles[0]} up", exact=True)).to_be_focused()


def test_of_two_editors_the_second_is_told_and_loses_nothing(staff: Staff) -> None:
    """Both have the same step open. The second sees both sides, and puts theirs in its place."""
    editor, lead = staff("editor"), staff("lead")
    lead.visitor.expect_complaint("status of 409")
    page = editor.goes_to("/admin/programs/hip-replacement")
    page.get_by_role("button", name="Change", exact=True).or_(
        page.get_by_role("link", name="Go on with the draft")
    ).click()
    page.locator(".mp-step h3 a").last.click()
    theirs = lead.goes_to(page.url.partition("#")[0].removeprefix(editor.site))
    fill(page, title="As the editor has it")
    press(page, "Save")
    heading(page, "Draft: ")

    fill(theirs, title="As the lead has it")
    press(theirs, "Save")

    heading(theirs, "Somebody else was here")
    expect(theirs.get_by_role("region", name="As it stands now")).to_contain_text("As the editor has it")
    expect(theirs.get_by_role("region", name="As you wanted it")).to_contain_text("As the lead has it")
    seen(theirs, "conflict")
    press(theirs, "Take mine")
    expect(theirs.locator(".mp-step h3").last).to_have_text("As the lead has it")


def test_a_ladder_escalates_to_the_provider_after_ten_days(staff: Staff) -> None:
    """A rung's day is changed; rungs in the wrong order are said at once."""
    page = staff("editor").goes_to("/admin/ladders/standard")
    page.get_by_role("button", name="Change", exact=True).or_(
        page.get_by_role("link", name="Go on with the draft")
    ).click()
    page.get_by_role("link", name="Edit", exact=True).click()
    third = page.locator("[name='tiers.2.from_days']")
    third.fill("3")
    expect(page.locator(".mp-faults")).to_be_visible()
    third.fill("10")
    expect(page.locator(".mp-faults")).to_have_count(0)
    seen(page, "ladder")
    press(page, "Save")

    expect(page.locator(".mp-rung").nth(2)).to_contain_text("10 days")
