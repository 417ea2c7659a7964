"""The pages of versions, publishing, second person and practice, as a browser uses them."""

import re
from collections.abc import Mapping
from dataclasses import replace

import pytest

from plugin.domain.account import SignedIn
from plugin.domain.configuration import CALENDAR, PROGRAM, THE_PRACTICE, ConfigDraft
from plugin.domain.permissions import Role
from plugin.usecases.drafts import begin_draft, draft_of
from plugin.usecases.run_preview import run_preview
from tests.admin import AdminClient, signed_in_client
from tests.builders import World
from tests.fake_storage import FakeDatabase
from tests.publishing import (
    CODE,
    Body,
    an_editor,
    changed,
    drafted,
    in_force,
    previewed,
    published,
    retitled,
    shipped_world,
)

EDITOR = (Role.PROGRAM_EDITOR.value,)
CALENDAR_FORM: Mapping[str, object] = {
    "working_days": ["monday", "tuesday", "wednesday", "thursday"],
    "morning": "07:30",
    "send_days": ["monday"],
    "send_from": "09:00",
    "send_until": "18:00",
    "seen": "0",
    "do": "save",
}


@pytest.fixture
def world() -> World:
    """The shipped programs."""
    return shipped_world(FakeDatabase())


@pytest.fixture
def lee(world: World) -> AdminClient:
    """A program editor in a browser."""
    return signed_in_client(world, roles=EDITOR)


def _due_sooner(body: Body) -> None:
    body["milestones"][0]["due"] = {"days": 33}


def _me(world: World, client: AdminClient) -> SignedIn:
    return replace(an_editor(world), person_id=client.person_id, who=client.who)


def _drafted(world: World, client: AdminClient) -> ConfigDraft:
    return begin_draft(world.services, _me(world, client), PROGRAM, CODE, body=changed(world, _due_sooner))


def _publish_form(client: AdminClient, draft: ConfigDraft, **more: str) -> dict[str, str]:
    page = client.get(f"/admin/drafts/{draft.id}/publish?{'&'.join(f'{k}={v}' for k, v in more.items())}").text
    hidden = dict(re.findall(r'<input type="hidden" name="(revision|preview|when|from|plans)" value="([^"]*)">', page))
    return {**hidden, "why": "sooner"}


def test_publish_from_preview_to_history(world: World, lee: AdminClient) -> None:
    """Preview, publish, and the history says who, why and since when."""
    draft = _drafted(world, lee)
    before = lee.get(f"/admin/drafts/{draft.id}/publish").text
    assert "Preview it first" in before
    assert "Publish now" not in before
    answer = lee.post("/admin/previews", {"draft": str(draft.id), "when": "now", "from": ""})
    run_preview(world.services, int(answer.location.rpartition("/")[2]))

    answer = lee.post(f"/admin/drafts/{draft.id}/publish", _publish_form(lee, draft))

    assert (answer.status_code, answer.location) == (303, f"/admin/versions/program/{CODE}?done=published")
    history = lee.get(answer.location).text
    assert "Demo-Lee, Robin" in history
    assert "sooner" in history
    assert "Put version 1 back in force" in history
    assert in_force(world) == "2"


def test_form_keeps_what_was_typed(world: World, lee: AdminClient) -> None:
    """Something is missing: it stands at the field, and the reason is still there."""
    draft = _drafted(world, lee)
    previewed(world, draft)
    form = _publish_form(lee, draft)

    nothing = lee.post(f"/admin/drafts/{draft.id}/publish", {**form, "why": " "})
    past = lee.post(f"/admin/drafts/{draft.id}/publish", {**form, "when": "day", "from": "2020-01-01"})
    no_day = lee.post(f"/admin/drafts/{draft.id}/publish", {**form, "when": "day", "from": "soon"})

    assert [answer.status_code for answer in (nothing, past, no_day)] == [422, 422, 422]
    assert "Say why" in nothing.text
    assert "has begun already" in past.text
    assert "A day is needed" in no_day.text
    assert in_force(world) == "1"


def test_somebody_was_faster(world: World, lee: AdminClient) -> None:
    """The draft was changed since the page was drawn: told, and nothing published."""
    draft = _drafted(world, lee)
    previewed(world, draft)
    form = _publish_form(lee, draft)
    with world.database.begin() as uow:
        uow.drafts.save(draft.id, {**draft.body, "title": "Kim's"}, seen=1, by="user:9", now=world.clock())
        uow.commit()

    answer = lee.post(f"/admin/drafts/{draft.id}/publish", form)

    assert answer.status_code == 409
    assert "was changed meanwhile" in answer.text
    assert in_force(world) == "1"


def test_proof_is_asked_for(world: World, lee: AdminClient) -> None:
    """Password and code once more after a while."""
    draft = _drafted(world, lee)
    world.clock.forward(minutes=11)
    previewed(world, draft)

    answer = lee.post(f"/admin/drafts/{draft.id}/publish", _publish_form(lee, draft))

    assert answer.status_code == 403
    assert "proof_password" in answer.text
    assert in_force(world) == "1"


def test_from_a_day_and_taken_back(world: World, lee: AdminClient) -> None:
    """The day is chosen first, its preview belongs to it; the history lists it and takes it back."""
    draft = _drafted(world, lee)
    asked = lee.post("/admin/previews", {"draft": str(draft.id), "when": "day", "from": "2026-07-01"})
    run_preview(world.services, int(asked.location.rpartition("/")[2]))
    form = _publish_form(lee, draft)
    assert (form["when"], form["from"]) == ("day", "2026-07-01")

    answer = lee.post(f"/admin/drafts/{draft.id}/publish", form)
    assert answer.location.endswith("done=scheduled")
    page = lee.get(answer.location).text
    assert "Wed 1 July 2026" in page
    (number,) = re.findall(r'name="enactment" value="(\d+)"', page)
    assert lee.post(f"/admin/versions/program/{CODE}/take-back", {"enactment": number}).status_code == 422
    answer = lee.post(f"/admin/versions/program/{CODE}/take-back", {"enactment": number, "why": "no"})

    assert answer.status_code == 303
    assert "taken back" in lee.get(answer.location).text
    assert lee.post(f"/admin/versions/program/{CODE}/take-back", {"enactment": "99"}).status_code == 404


def test_new_plans_only_and_then_the_others(world: World, lee: AdminClient) -> None:
    """The choice goes with the preview; the pages say for whom each version is, and one click begins to move the others."""
    draft = _drafted(world, lee)
    asked = lee.post("/admin/previews", {"draft": str(draft.id), "when": "day", "from": "2026-07-01", "plans": "new"})
    run_preview(world.services, int(asked.location.rpartition("/")[2]))
    assert "only for plans that start from Wed 1 July 2026 on" in lee.get(asked.location).text
    form = _publish_form(lee, draft)
    assert (form["when"], form["plans"]) == ("day", "new")
    assert lee.post(f"/admin/drafts/{draft.id}/publish", {**form, "plans": "all"}).status_code == 422

    assert lee.post(f"/admin/drafts/{draft.id}/publish", form).location.endswith("done=scheduled")
    world.clock.forward(days=17)
    world.sweep()

    client = signed_in_client(world, roles=EDITOR, name="demo-kim", person_name="Demo-Kim, Alex")
    history = client.get(f"/admin/versions/program/{CODE}").text
    assert "kept by earlier plans" in history
    assert "for plans that start from Wed 1 July 2026 on" in history
    assert "kept by earlier plans" in client.get(f"/admin/programs/{CODE}?version=1").text
    shown = client.get(f"/admin/programs/{CODE}").text
    assert "Version 2 is for plans that start from Wed 1 July 2026 on" in shown
    moved = client.post(f"/admin/versions/program/{CODE}/move")
    page = client.get(moved.location).text
    assert "Move plans" in page
    assert "which keep version 1 so far" in page
    assert 'name="plans" value="new"' not in page
    assert "always for everybody" in client.get(f"{moved.location}?when=now&plans=new").text


def test_second_person(world: World, lee: AdminClient) -> None:
    """Over the cap it waits; the author sees no button, the other agrees; home says that it waits."""
    kim = signed_in_client(world, roles=EDITOR, name="demo-kim", person_name="Demo-Kim, Alex")
    draft = _drafted(world, lee)
    previewed(world, draft, patients=6)
    page = lee.get(f"/admin/drafts/{draft.id}/publish").text
    assert "Ask a second person" in page

    answer = lee.post(f"/admin/drafts/{draft.id}/publish", _publish_form(lee, draft))

    assert answer.location == "/admin/publications?done=asked-second"
    assert "Agree and publish" not in lee.get("/admin/publications").text
    assert lee.post("/admin/publications/1/approve").status_code == 403
    assert "1 change waits" in kim.get("/admin").text
    theirs = kim.get("/admin/publications").text
    assert "Agree and publish" in theirs
    assert "6 of 100 patients (6.0 %)" in theirs
    assert kim.post("/admin/publications/1/approve").status_code == 303
    assert in_force(world) == "2"
    assert kim.post("/admin/publications/1/approve").status_code == 409


def test_refused(world: World, lee: AdminClient) -> None:
    """With a reason; without one it is asked for."""
    kim = signed_in_client(world, roles=EDITOR, name="demo-kim", person_name="Demo-Kim, Alex")
    draft = drafted(world, an_editor(world), _due_sooner)
    published(world, an_editor(world), draft, patients=6)

    assert kim.post("/admin/publications/1/refuse", {"why": ""}).status_code == 422
    assert kim.post("/admin/publications/1/refuse", {"why": "too soon"}).status_code == 303
    assert "Nothing waits" in kim.get("/admin/publications").text
    assert re.search(
        r"did not agree to publish this.*“<bdi>too soon", lee.get(f"/admin/drafts/{draft.id}/publish").text
    )


def test_roll_back_and_retire(world: World, lee: AdminClient) -> None:
    """Both lead to the form that publishes."""
    me = _me(world, lee)
    published(world, me, drafted(world, me, retitled("Sooner")))

    back = lee.post(f"/admin/versions/program/{CODE}/roll-back", {"version": "1"})
    end = lee.post(f"/admin/versions/program/{CODE}/retire")

    assert "version 1 is put back in force in the place of version 2" in lee.get(back.location).text
    assert "Retire: Sooner" in lee.get(end.location).text
    number = end.location.split("/")[3]
    given_up = lee.post(f"/admin/drafts/{number}/give-up")
    assert given_up.location == f"/admin/versions/program/{CODE}?done=given-up"
    assert lee.get(end.location).status_code == 404
    assert lee.post(f"/admin/versions/program/{CODE}/roll-back", {"version": "2"}).status_code == 422
    assert lee.post(f"/admin/versions/program/{CODE}/roll-back", {"version": "8"}).status_code == 404


def test_a_roll_back_that_was_begun_is_not_lost(world: World, lee: AdminClient) -> None:
    """Whoever left it finds it in the list, until it is published or given up; a change has its place at its program."""
    me = _me(world, lee)
    published(world, me, drafted(world, me, retitled("Sooner")))
    assert "Begun and not published yet" not in lee.get("/admin/versions").text
    back = lee.post(f"/admin/versions/program/{CODE}/roll-back", {"version": "1"})

    page = lee.get("/admin/versions").text

    assert "Begun and not published yet" in page
    assert f'href="{back.location}"' in page
    lee.post(f"/admin/drafts/{back.location.split('/')[3]}/give-up")
    assert "Begun and not published yet" not in lee.get("/admin/versions").text


def test_list_of_versions(world: World, lee: AdminClient) -> None:
    """Everything that is shipped, with its version; a code that never was is no page."""
    page = lee.get("/admin/versions").text

    assert "Chronic care" in page
    assert "Standard ladder" in page
    assert lee.get("/admin/versions/program/none").status_code == 404
    assert lee.get("/admin/versions/message/none").status_code == 404


# ----------------------------------------------------------------------------------------------------------- practice
def test_calendar_is_drafted_and_published(world: World, lee: AdminClient) -> None:
    """One form with pasted holidays, then the preview and the publishing of any other change."""
    form = {**CALENDAR_FORM, "pasted": "2026-12-25 Christmas Day\n\n 2027-01-01, New Year's Day\n"}

    answer = lee.post("/admin/practice/calendar", form)

    assert answer.status_code == 303
    me = _me(world, lee)
    draft = draft_of(world.services, me, CALENDAR, THE_PRACTICE)
    assert draft is not None
    assert [row["date"] for row in draft.body["holidays"]] == ["2026-12-25", "2027-01-01"]  # type: ignore[attr-defined]  # JSON
    page = lee.get(answer.location).text
    assert "Monday to Friday → Monday to Thursday" in page
    assert "Fri 25 December 2026, Christmas Day" in page
    previewed(world, draft)
    lee.post(f"/admin/drafts/{draft.id}/publish", _publish_form(lee, draft))
    shown = lee.get("/admin/practice").text
    assert "Monday to Thursday" in shown
    assert "Put version 1 back in force" in lee.get("/admin/versions/calendar/practice").text
    assert "Christmas Day" in shown


def test_calendar_with_holidays_taken_out_and_added(world: World, lee: AdminClient) -> None:
    """By rows: the one that is ticked goes, a new one comes; “more rows” saves nothing."""
    rows = {"holiday_day": ["2026-12-25", "2027-01-01", ""], "holiday_name": ["Christmas", "New Year", ""]}

    more = lee.post("/admin/practice/calendar", {**CALENDAR_FORM, **rows, "do": "more", "pasted": "2027-07-05 Holiday"})
    lee.post("/admin/practice/calendar", {**CALENDAR_FORM, **rows, "holiday_gone": ["0"]})

    assert 'value="2027-07-05"' in more.text
    draft = draft_of(world.services, _me(world, lee), CALENDAR, THE_PRACTICE)
    assert draft is not None
    assert draft.body["holidays"] == [{"date": "2027-01-01", "name": "New Year"}]


WRONG: tuple[tuple[str, object, str], ...] = (
    ("working_days", [], "Choose at least one day"),
    ("morning", "8", "A time of day is needed"),
    ("morning", "24:00", "A time of day is needed"),
    ("send_until", "09:00", "It must be later"),
    ("pasted", "Christmas 2026-12-25", "does not begin with a day"),
    ("holiday_day", ["2026-02-30"], "a day is needed"),
    ("holiday_day", ["2026-W07-1"], "a day is needed"),
)


def test_wrong_calendar(lee: AdminClient) -> None:
    """It is told at the field, and nothing is saved."""
    for field, value, words in WRONG:
        answer = lee.post("/admin/practice/calendar", {**CALENDAR_FORM, "holiday_name": [""], field: value})

        assert answer.status_code == 422, field
        assert words in answer.text


def test_two_change_the_calendar(world: World, lee: AdminClient) -> None:
    """The second is told, and what they typed is still there and kept."""
    kim = signed_in_client(world, roles=EDITOR, name="demo-kim", person_name="Demo-Kim, Alex")
    kim.post("/admin/practice/calendar", CALENDAR_FORM)

    answer = lee.post("/admin/practice/calendar", {**CALENDAR_FORM, "morning": "06:45"})

    assert answer.status_code == 409
    assert 'value="06:45"' in answer.text
    again = lee.post("/admin/practice/calendar", {**CALENDAR_FORM, "morning": "06:45", "seen": "1"})
    assert again.status_code == 303


def test_limits(world: World, lee: AdminClient) -> None:
    """Capacity and a lower cap one person can publish; raising it takes a second."""
    wrong = lee.post("/admin/practice/limits", {"cap_percent": "101", "capacity-coordinator": "x", "seen": "0"})
    lower = lee.post("/admin/practice/limits", {"cap_percent": "3", "capacity-coordinator": "40", "seen": "0"})

    assert wrong.status_code == 422
    assert wrong.text.count("A whole number") == 2
    number = int(lower.location.split("/")[3])
    with world.look() as uow:
        draft = uow.drafts.get(number)
    lee.post(f"/admin/drafts/{number}/publish", _publish_form(lee, draft))
    assert "changes for more than 3 % of the patients" in lee.get("/admin/practice").text
    higher = lee.post("/admin/practice/limits", {"cap_percent": "50", "seen": "0"})
    assert "Who raises the cap needs a second person" in lee.get(higher.location).text


# -------------------------------------------------------------------------------------------------------------- rights
READS = ["/admin/versions", f"/admin/versions/program/{CODE}", "/admin/publications", "/admin/practice"]
EDITS = ["/admin/practice/calendar", "/admin/practice/limits"]
PUBLISHES = [
    f"/admin/versions/program/{CODE}/roll-back",
    f"/admin/versions/program/{CODE}/retire",
    f"/admin/versions/program/{CODE}/take-back",
    "/admin/drafts/1/publish",
    "/admin/drafts/1/give-up",
    "/admin/publications/1/approve",
    "/admin/publications/1/refuse",
]


def test_who_may_read_may_not_change(world: World) -> None:
    """A coordinator reads versions and the practice's calendar; billing does not even that."""
    sam = signed_in_client(world, roles=(Role.COORDINATOR.value,), name="demo-sam", person_name="Demo-Sam")
    bo = signed_in_client(world, roles=(Role.BILLING.value,), name="demo-bo", person_name="Demo-Bo")

    assert {sam.get(path).status_code for path in READS} == {200}
    assert {sam.get(path).status_code for path in EDITS} == {403}
    assert {sam.post(path).status_code for path in (*EDITS, *PUBLISHES)} == {403}
    assert {bo.get(path).status_code for path in READS} == {403}
    assert "Put version" not in sam.get(f"/admin/versions/program/{CODE}").text
