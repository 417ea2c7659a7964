"""What was kept beside a draft when two people saved one part: on the draft's page until it is dealt with."""

from __future__ import annotations

import html
import re
from typing import NamedTuple, cast

import pytest

from plugin.catalog.loader import FileCatalog
from plugin.domain.permissions import Role
from plugin.domain.program_edit import Part, step_of
from tests.admin import AdminClient, signed_in_client
from tests.admin_form import fields_of
from tests.builders import World
from tests.fakes import FakeCatalog

FORM = "part-form"
KEPT = "Kept beside this draft"


class Two(NamedTuple):
    """Editors of one draft; the second has saved a step that the first had changed meanwhile."""

    world: World
    first: AdminClient
    second: AdminClient
    url: str

    def body(self) -> Part:
        with self.world.look() as uow:
            return uow.drafts.all()[0].body

    def page(self) -> str:
        return html.unescape(self.first.get(self.url).text)

    def saves(self, who: AdminClient, weeks: str, form: dict[str, str]) -> int:
        self.world.clock.forward(minutes=1)
        sent = {**form, "due.amount.0.n": weeks, "do": "save"}
        return who.post(f"{self.url}/steps/hba1c", sent).status_code


@pytest.fixture
def two() -> Two:
    """They want eight weeks, and five."""
    world = World(catalog=cast(FakeCatalog, FileCatalog()))
    first, second = (
        signed_in_client(world, roles=(Role.PROGRAM_EDITOR.value,), name=name, person_name=f"Demo-{name}")
        for name in ("kim", "lee")
    )
    url = first.post("/admin/programs/chronic-care/edit").headers["Location"]
    made = Two(world, first, second, url)
    opened = fields_of(second.get(f"{url}/steps/hba1c").text, FORM)
    assert made.saves(first, "8", opened) == 303
    assert made.saves(second, "5", opened) == 409
    return made


def test_it_is_shown_beside_what_stands(two: Two) -> None:
    """To everybody who sees the draft: by whom, both sides in words; other steps may change meanwhile."""
    two.first.post(f"{two.url}", {"do": "up", "step": "pt-2"})

    page = two.page()

    assert KEPT in page
    assert "HbA1c at six weeks, as <bdi>Demo-lee</bdi> wanted it" in page
    assert "due 8 weeks after the plan starts" in page
    assert "due 5 weeks after the plan starts" in page
    assert page.count("As it stands now") == 1


def test_it_is_put_in_its_place(two: Two) -> None:
    """Nothing else of the draft changes, and it is dealt with."""
    mark = re.findall(r'name="mark" value="(\w+)"', two.page())[0]

    answer = two.first.post(f"{two.url}/aside/1/take", {"step": "hba1c", "mark": mark})

    assert answer.status_code == 303
    assert (step_of(two.body(), "hba1c") or {})["due"] == {"weeks": 5}
    assert KEPT not in two.page()


@pytest.mark.parametrize(("step", "mark", "status"), [("hba1c", "another", 409), ("never-there", "", 404)])
def test_what_was_not_on_the_screen_is_not_replaced(two: Two, step: str, mark: str, status: int) -> None:
    """Somebody has changed it once more, or it was never kept: nothing is done, and it still waits."""
    before = two.body()

    answer = two.first.post(f"{two.url}/aside/1/take", {"step": step, "mark": mark})

    assert answer.status_code == status
    assert two.body() == before
    assert KEPT in two.page()


def test_it_is_dealt_with_by_a_word(two: Two) -> None:
    """Once; it stays on record."""
    answers = [two.first.post(f"{two.url}/aside/1/settle").status_code for _ in range(2)]

    assert answers == [303, 404]
    assert KEPT not in two.page()
    with two.world.look() as uow:
        assert "settle-draft-aside" in [entry.action for entry in uow.audit.entries()]


def test_whoever_takes_theirs_at_once_finds_nothing_kept(two: Two) -> None:
    """What was put in place on the page that asked is dealt with, also after it was changed once more."""
    opened = fields_of(two.second.get(f"{two.url}/steps/hba1c").text, FORM)
    assert two.saves(two.second, "5", opened) == 303
    opened = fields_of(two.first.get(f"{two.url}/steps/hba1c").text, FORM)
    assert two.saves(two.first, "7", opened) == 303

    assert KEPT not in two.page()


def test_a_reader_sees_it_and_no_buttons(two: Two) -> None:
    """Who may not edit reads both sides."""
    reader = signed_in_client(two.world, roles=(Role.COORDINATOR.value,), name="robin", person_name="Demo-robin")

    page = reader.get(two.url).text

    assert KEPT in page
    assert "/aside/" not in page


def test_a_calendar_that_two_drafted(two: Two) -> None:
    """What the second wanted stands above the form, in words, and is put in its place."""
    form = {
        "working_days": ["monday", "tuesday"], "send_days": ["monday"], "morning": "08:00", "send_from": "09:00",
        "send_until": "17:00", "do": "save",
    }  # fmt: skip
    place = "/admin/practice/calendar"
    assert two.first.post(place, {**form, "seen": "0"}).status_code == 303
    two.world.clock.forward(minutes=1)
    assert two.first.post(place, {**form, "send_until": "18:00", "seen": "1"}).status_code == 303
    two.world.clock.forward(minutes=1)
    stale = {**form, "send_until": "16:00", "pasted": "2026-12-25 Christmas Day", "seen": "1"}
    assert two.second.post(place, stale).status_code == 409

    page = html.unescape(two.first.get(place).text)
    mark, to = re.findall(r'name="mark" value="(\w+)"', page)[0], re.findall(r'action="(/\S+/take)"', page)[0]
    taken = two.first.post(to, {"step": "", "mark": mark})

    assert "The calendar, as <bdi>Demo-lee</bdi> wanted it" in page
    assert "09:00 to 16:00" in page
    assert "Christmas Day" in page
    assert taken.headers["Location"] == f"{place}?done=draft-saved"
    after = two.first.get(place).text
    assert 'value="16:00"' in after
    assert KEPT not in after
