"""What the practice decides for later: a program that is published from a coming day, the calendar and the limits; a
preview while it runs, and what was kept beside a draft. And records that were set aside, read again."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import NamedTuple

import pytest
from playwright.sync_api import Page, expect

from deploy.demo.generator.__main__ import this_day
from plugin import bootstrap, config
from plugin.domain.preview import Preview, PreviewPart
from plugin.domain.source import SetAside
from plugin.usecases.services import Services
from tests.live.browser.colleague import Colleague, fill, heading, press, seen
from tests.live.browser.conftest import Staff, Stage

pytestmark = pytest.mark.live

PROGRAM = "/admin/programs/hip-replacement"
GONE = SetAside("Observation/was-never-there", "1", "no-subject")


class Editor(NamedTuple):
    """Somebody who may publish, and the page in front of them."""

    colleague: Colleague
    page: Page


@pytest.fixture
def editor(staff: Staff) -> Editor:
    """At the programs."""
    colleague = staff("editor")
    return Editor(colleague, colleague.goes_to("/admin/programs"))


def test_a_program_is_published_from_a_later_day_and_taken_back(editor: Editor) -> None:
    """It is previewed as of that day, waits for it, and is taken back before it comes into force."""
    page = editor.colleague.goes_to("/admin/programs/new")
    fill(page, title="Later than today")
    page.get_by_label("Begin with").select_option(index=1)
    press(page, "Begin the draft")
    heading(page, "Draft: Later than today")
    press(page, "Publish…")
    page.get_by_label("From the beginning of a later day").check()
    page.get_by_label("Day, if later").fill((this_day() + timedelta(days=20)).isoformat())
    press(page, "Choose")
    page.get_by_role("button", name=re.compile("^Preview from")).click()
    expect(page.locator(".mp-figures")).to_be_visible()
    press(page, "Publish…")
    expect(page.get_by_label("From the beginning of a later day")).to_be_checked()
    fill(page, why="From the first of the month on.")
    seen(page, "publish-later")

    page.get_by_role("button", name=re.compile("^Publish .*from")).click()
    _proven(editor)
    expect(page.get_by_role("status")).to_contain_text("comes into force by itself on its day")
    expect(page.get_by_role("table", name="What was in force when")).to_contain_text("to come")
    page.locator("summary", has_text="Take back").click()
    fill(page, why="Not then.")
    press(page, "Take it back")
    _proven(editor)

    expect(page.get_by_role("status")).to_contain_text("does not come into force")


def test_the_calendar_is_drafted_with_a_holiday(editor: Editor) -> None:
    """What is wrong is said at its field; holidays are pasted, the draft stands before whoever publishes, and is left."""
    editor.colleague.visitor.expect_complaint("status of 422")
    page = editor.colleague.goes_to("/admin/practice")
    press(page, "Change the calendar")
    until = page.locator("[name=send_until]").input_value()
    fill(page, send_until="00:30")
    press(page, "Save the draft")
    expect(page.locator("#f-send_until-wrong")).to_contain_text("later than the time before it")
    seen(page, "calendar-wrong")
    day = this_day() + timedelta(days=40)
    fill(page, send_until=until, pasted=f"{day.isoformat()} Founders' day")
    press(page, "Save the draft")

    heading(page, "Calendar")
    expect(page.locator("main")).to_contain_text("Founders' day")
    seen(page, "calendar-drafted")
    press(page, "Discard the draft")
    expect(page.get_by_role("status")).to_contain_text("Nothing changes")


def test_the_limits_are_drafted(editor: Editor) -> None:
    """A cap that is none is said at its field; the right one is drafted, and left."""
    editor.colleague.visitor.expect_complaint("status of 422")
    page = editor.colleague.goes_to("/admin/practice/limits")
    page.locator("form.mp-narrow").evaluate("form => { form.noValidate = true; }")
    fill(page, cap_percent="500")
    press(page, "Save the draft")
    expect(page.locator("#f-cap_percent-wrong")).to_contain_text("0 to 100")
    fill(page, cap_percent="4", **{"capacity-coordinator": "12"})
    press(page, "Save the draft")

    heading(page, "Limits")
    expect(page.locator("main")).to_contain_text("12")
    seen(page, "limits-drafted")
    press(page, "Discard the draft")
    expect(page.get_by_role("status")).to_contain_text("Nothing changes")


def test_a_preview_says_how_far_it_is(editor: Editor, stage: Stage) -> None:
    """While it is worked out its page can be read by everybody, and it can be stopped."""
    page = editor.colleague.goes_to(PROGRAM)
    _to_the_draft(page)
    page.route("**/progress*", lambda route: route.fulfill(status=204))
    page.goto(f"{editor.colleague.site}/admin/previews/{_half_done(stage, int(page.url.rpartition('/')[2]))}")

    expect(page.get_by_role("progressbar", name="Patients looked at")).to_be_visible()
    seen(page, "preview-progress")
    press(page, "Stop")

    expect(page.locator("#progress")).to_contain_text("was stopped")
    page.unroute_all()


def test_what_was_kept_beside_a_draft_is_dealt_with(staff: Staff) -> None:
    """Of two who saved one step, what the second wanted stands on the draft's page until somebody says that it is dealt
    with."""
    editor, lead = staff("editor"), staff("lead")
    lead.visitor.expect_complaint("status of 409")
    page = editor.goes_to(PROGRAM)
    _to_the_draft(page)
    page.locator(".mp-step h3 a").first.click()
    theirs = lead.goes_to(page.url.partition("#")[0].removeprefix(editor.site))
    fill(page, title="First")
    press(page, "Save")
    heading(page, "Draft: ")
    fill(theirs, title="Second")
    press(theirs, "Save")
    press(theirs, "Leave it like this")

    page.reload()
    kept = page.get_by_role("region", name="Kept beside this draft")
    expect(kept).to_contain_text("Second, as")
    for one in kept.locator("details:not([open]) > summary").all():
        one.click()
    seen(page, "draft-with-something-kept")
    kept.locator("details", has_text="Second, as").get_by_role("button", name="Leave it").click()

    expect(page.get_by_role("status")).to_contain_text("It is dealt with")
    expect(page.locator("main")).not_to_contain_text("Second, as")


def test_a_record_that_was_set_aside_is_read_again(staff: Staff, stage: Stage) -> None:
    """One is chosen and read again; since it is gone from the EHR, it is set aside no more."""
    with _services(stage) as services, services.database.begin() as uow:
        uow.sources.set_aside(uow.sources.get("demo"), [GONE], services.clock())
        uow.commit()
    page = staff("admin").goes_to("/admin/sources/demo")
    page.get_by_role("checkbox", name=GONE.ref).check()
    seen(page, "set-aside")

    press(page, "Read the chosen ones again")

    expect(page.get_by_role("status")).to_contain_text("The records were read again")
    expect(page.locator("main")).not_to_contain_text(GONE.ref)


def _to_the_draft(page: Page) -> None:
    page.get_by_role("button", name="Change", exact=True).or_(
        page.get_by_role("link", name="Go on with the draft")
    ).click()
    heading(page, "Draft: ")


def _proven(editor: Editor) -> None:
    """Password and code, where they were given too long ago."""
    asked = "Password and code once more"
    expect(editor.page.locator("h1")).not_to_have_text(re.compile("^Publish"))
    if editor.page.locator("h1").inner_text() == asked:
        editor.colleague.visitor.expect_complaint("status of 403")
        editor.colleague.proves()


@contextmanager
def _services(stage: Stage) -> Iterator[Services]:
    """Milepost's own, in this process."""
    services = bootstrap.connected(config.settings(stage.site.command.environment))
    yield services
    services.database.close()


def _half_done(stage: Stage, draft_id: int) -> int:
    """The number of a preview that a worker has divided, and not done."""
    with _services(stage) as services:
        now, caseload = services.clock(), 40
        with services.database.begin() as uow:
            draft = uow.drafts.get(draft_id)
            wanted = Preview(
                id=0, draft_id=draft.id, revision=draft.revision, kind=draft.kind, code=draft.code, of=draft.of, at=now,
                state="waiting", by="user:1", asked_at=now,
            )  # fmt: skip
            begun = uow.previews.begin(uow.previews.ask(wanted), "another machine", now, now)
            parts = [PreviewPart(number, 1, caseload) for number in (1, 2)]
            uow.previews.divide(begun, parts, caseload, snapshot=None)
            uow.commit()
    return begun.id
