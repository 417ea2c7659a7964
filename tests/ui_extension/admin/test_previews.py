"""The pages of a preview, as a browser uses them."""

import csv
import io
from collections.abc import Mapping
from dataclasses import replace
from typing import cast

import pytest

from plugin.domain.configuration import LADDER, LIMITS, THE_PRACTICE, ConfigDraft, ConfigVersion
from plugin.domain.permissions import Role
from plugin.usecases.drafts import begin_draft, save_draft
from plugin.usecases.run_preview import run_preview
from tests.admin import AdminClient, signed_in_client
from tests.builders import World, a_patient, a_plan
from tests.fake_storage import FakeDatabase
from tests.publishing import an_editor, shipped_world

Body = Mapping[str, object]


@pytest.fixture
def world() -> World:
    """Two patients whose one step is late; one of them is called like a formula."""
    world = shipped_world(FakeDatabase())
    for number, name in ((1, "=Demo-Case, Ana"), (2, "Demo-Case, Bo")):
        world.server.put(replace(a_patient(number), name=name), a_plan(number, due="2026-06-16"))
    world.sweep()
    world.clock.forward(days=6)
    world.sweep()
    limits = ConfigVersion(
        kind=LIMITS,
        code=THE_PRACTICE,
        version="1",
        body={"code": THE_PRACTICE, "cap_percent": 5, "capacity": [{"role": "coordinator", "per_day": 1}]},
    )
    with world.database.begin() as uow:
        uow.configurations.publish(limits, world.clock())
        uow.commit()
    return world


@pytest.fixture
def draft(world: World) -> ConfigDraft:
    """The coordinator's tier begins on the third day."""
    with world.look() as uow:
        body = dict(next(v for v in uow.configurations.current(world.clock()) if v.kind == LADDER).body)
    tiers = [dict(tier) for tier in cast(list[Body], body["tiers"])]
    tiers[1]["from_days"] = 3
    return begin_draft(world.services, an_editor(world), LADDER, "standard", body={**body, "tiers": tiers})


@pytest.fixture
def lee(world: World) -> AdminClient:
    """A program editor in a browser."""
    return signed_in_client(world, roles=(Role.PROGRAM_EDITOR.value,))


def asked(client: AdminClient, draft: ConfigDraft, **more: str) -> int:
    """The number of a preview that was asked for."""
    answer = client.post("/admin/previews", {"draft": str(draft.id), **more})
    assert answer.status_code == 303, answer.text
    return int(answer.location.rpartition("/")[2])


def done(world: World, client: AdminClient, draft: ConfigDraft) -> int:
    """Asked for, and worked out."""
    number = asked(client, draft)
    run_preview(world.services, number)
    return number


def test_it_is_watched_until_it_is_done(world: World, lee: AdminClient, draft: ConfigDraft) -> None:
    """The page asks again by itself, without keeping the session awake; without scripts it loads anew."""
    number = asked(lee, draft)
    waiting = lee.get(f"/admin/previews/{number}").text
    part = lee.get(f"/admin/previews/{number}/progress?idle=1")
    run_preview(world.services, number)
    over = lee.get(f"/admin/previews/{number}/progress?idle=1")

    assert "waits for its turn" in waiting
    assert 'http-equiv="refresh"' in waiting
    assert f"/admin/previews/{number}/progress?idle=1" in waiting
    assert "HX-Refresh" not in part.headers
    assert over.headers["HX-Refresh"] == "true"


def test_it_says_in_words_what_would_happen(world: World, lee: AdminClient, draft: ConfigDraft) -> None:
    """One line, tables with the practice's limits, the patients with names; and the way to publishing."""
    page = lee.get(f"/admin/previews/{done(world, lee, draft)}").text

    assert (
        "2 of 2 patients (100.0 %) would change: 2 gaps in another tier, 2 more work items, 2 fewer messages." in page
    )
    assert "1 more than they can do" in page
    assert "On 1 day somebody would have more work than they can do." in page
    assert "Demo-Case, Bo" in page
    assert "Hemoglobin A1c: from tier 1 to tier 2" in page
    assert "work for the coordinator on" in page
    assert f"/admin/drafts/{draft.id}/publish" in page
    assert 'http-equiv="refresh"' not in page


def test_who_reads_no_plans_sees_counts_only(world: World, lee: AdminClient, draft: ConfigDraft) -> None:
    """An administrator reads programs, and no patient."""
    number = done(world, lee, draft)
    administrator = signed_in_client(world, roles=(Role.ADMINISTRATOR.value,), name="ada")

    page = administrator.get(f"/admin/previews/{number}").text

    assert "2 patients would have other gaps, work or messages." in page
    assert "Demo-Case" not in page
    assert "Preview again" not in page
    assert "spreadsheet" not in page


def test_the_file_holds_every_change_and_no_formula(world: World, lee: AdminClient, draft: ConfigDraft) -> None:
    """A name that begins like a formula is text."""
    answer = lee.post(f"/admin/previews/{done(world, lee, draft)}/export")

    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert {row["name"] for row in rows} == {"'=Demo-Case, Ana", "Demo-Case, Bo"}
    assert [row["change"] for row in rows if row["name"] == "Demo-Case, Bo"] == ["other tier", "begins", "ends"]


def test_a_draft_that_moved_on_is_told(world: World, lee: AdminClient, draft: ConfigDraft) -> None:
    """What stands on the page is of the older revision; it can be asked for again, and not be published from here."""
    number = done(world, lee, draft)
    save_draft(world.services, an_editor(world), draft.id, {**draft.body, "title": "Another"}, draft.revision)

    page = lee.get(f"/admin/previews/{number}").text

    assert "The draft was changed since" in page
    assert "Preview again" in page
    assert f"/admin/drafts/{draft.id}/publish" not in page


def test_a_day_stays_chosen(world: World, lee: AdminClient, draft: ConfigDraft) -> None:
    """From the form of publishing to the preview and back."""
    number = asked(lee, draft, when="day", **{"from": "2026-07-01"})
    run_preview(world.services, number)

    page = lee.get(f"/admin/previews/{number}").text

    assert "1 July 2026" in page
    assert "when=day&amp;from=2026-07-01" in page


def test_it_can_be_stopped(world: World, lee: AdminClient, draft: ConfigDraft) -> None:
    """And says so."""
    number = asked(lee, draft)

    answer = lee.post(f"/admin/previews/{number}/cancel")
    run_preview(world.services, number)

    assert answer.status_code == 303
    assert "was stopped" in lee.get(f"/admin/previews/{number}").text


@pytest.mark.parametrize("number", ["", "x", "0", "99", "9" * 30])
def test_what_is_no_draft_is_refused(lee: AdminClient, number: str) -> None:
    """In words, without a trace."""
    answer = lee.post("/admin/previews", {"draft": number})

    assert answer.status_code in (404, 422)
    assert "Traceback" not in answer.text
