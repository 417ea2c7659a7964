"""The EHR goes away in the middle. What is open can still be read and used; who comes in is told to wait."""

import pytest
from playwright.sync_api import Route, expect

from plugin.domain.act import ActKind
from tests.live.browser.conftest import Stage, Visit
from tests.live.browser.test_acts import opened, sent
from tests.live.browser.visitor import painted, picture

pytestmark = pytest.mark.live


def test_the_panel_outlives_the_ehr(visit: Visit, stage: Stage) -> None:
    """An open panel is read again and acted in, since it needs our own tables only; a launch that comes just then ends
    with words. When the EHR is back, so is everything."""
    nurse = visit()
    nurse.expect_complaint("status of 503")
    nurse.logs_in()
    page = nurse.alone(stage.practice.acted_in("away"))
    late = nurse.context.new_page()

    def go_away_first(route: Route) -> None:
        stage.close()
        route.continue_()

    late.route("**/session", go_away_first)
    late.goto(nurse.launch_of(stage.practice.other))
    expect(late.locator("h1")).to_have_text("The EHR does not answer")
    expect(late.locator("main")).to_contain_text("Wait a moment, then open Milepost again")
    picture(late, "launch-without-ehr")

    page.reload()
    painted(page.main_frame)
    form = opened(page, ActKind.NOTE)
    form.locator("[name=note]").fill("Said while the EHR was away.")
    sent(form, ActKind.NOTE)
    expect(page.locator(".mp-said")).to_contain_text("Note added.")
    picture(page, "panel-without-ehr")

    stage.open()
    back = visit()
    back.logs_in()
    again = back.alone(stage.practice.acted_in("away"))
    expect(again.locator("[aria-labelledby=h-lately]")).to_contain_text("Said while the EHR was away.")
