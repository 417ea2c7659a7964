"""The pages on which programs and ladders are read and compared, and on which a new one begins."""

import html
from typing import cast

import pytest

from plugin.catalog.loader import FileCatalog
from plugin.domain.permissions import Role
from tests.admin import AdminClient, signed_in_client
from tests.builders import World
from tests.fakes import FakeCatalog

EDITOR, READER = Role.PROGRAM_EDITOR.value, Role.COORDINATOR.value


@pytest.fixture(scope="module")
def practice() -> World:
    """With what is shipped."""
    return World(catalog=cast(FakeCatalog, FileCatalog()))


@pytest.fixture(scope="module")
def editor(practice: World) -> AdminClient:
    """Somebody who may change programs."""
    return signed_in_client(practice, roles=(EDITOR,))


def _discard_all(editor: AdminClient) -> None:
    """The practice as it was before the tests that ran already."""
    with editor.services.database.begin(reading=True) as uow:
        drafts = uow.drafts.all()
    for draft in drafts:
        editor.post(f"/admin/drafts/{draft.id}/discard")


def test_the_list(editor: AdminClient) -> None:
    """What holds, since when and by whom; a draft that somebody works at, by their name."""
    _discard_all(editor)
    before = editor.get("/admin/programs").text
    editor.post("/admin/programs/chronic-care/edit")
    after = editor.get("/admin/programs").text

    assert "came with Milepost" in before
    assert "Change Chronic care" in before
    assert "Go on changing Chronic care" in after
    assert "Demo-Lee, Robin" in after.partition("<main")[2]
    assert "Standard ladder" in editor.get("/admin/ladders").text


def test_a_program_in_words(editor: AdminClient) -> None:
    """Phase by phase: when each step is expected, whose it is, what counts; no code without its name."""
    page = html.unescape(editor.get("/admin/programs/chronic-care").text)

    assert "6 weeks after the plan starts" in page
    assert "Hemoglobin A1c/Hemoglobin.total in Blood (LOINC 4548-4)" in page
    assert "coordinator of the care team" in page
    assert page.index("Physical therapy, session 1") < page.index("HbA1c at six weeks")


def test_a_ladder_is_drawn(editor: AdminClient) -> None:
    """As the panel draws one, and in sentences."""
    page = editor.get("/admin/ladders/standard").text

    assert page.count("mp-rung") >= 4
    assert "From day 8 to day 14 past due: a work item for the coordinator" in page


def test_a_draft_is_compared(editor: AdminClient) -> None:
    """Only what differs, both sides in words; everything on demand."""
    _discard_all(editor)
    url = editor.post("/admin/ladders/standard/edit").headers["Location"]
    form = {"title": "Standard ladder", "tiers.0.from_days": "2", "tiers.0.kind": "message"}
    page = editor.get(f"{url}/tiers").text
    mark = page.partition('name="mark" value="')[2].partition('"')[0]
    editor.post(f"{url}/tiers", {**form, "revision": "1", "mark": mark, "do": "save"})

    compared = editor.get("/admin/ladders/standard/compare").text
    whole = editor.get("/admin/ladders/standard/compare?all=yes").text

    assert "day 1 past due" in compared
    assert "day 2 past due" in compared
    assert "Tier 4" in compared
    assert "Everything" not in compared
    assert "Everything" in whole
    assert "Nothing is different" in editor.get("/admin/ladders/standard/compare?from=1&to=1").text


@pytest.mark.parametrize(
    ("title", "words"),
    [("", "Give it a title."), ("x" * 2_000, "200 characters; this one has 2,000"), ("  ", "Give it a title.")],
)
def test_a_title_that_is_none(editor: AdminClient, title: str, words: str) -> None:
    """It says so at the field, and what was typed is there again."""
    answer = editor.post("/admin/programs/new", {"title": title})

    assert answer.status_code == 422
    assert words in answer.text


def test_a_new_one(editor: AdminClient) -> None:
    """From nothing, and as a copy, which claims nothing; each under a name of its own."""
    _discard_all(editor)
    first = editor.post("/admin/programs/new", {"title": "Chronic care"}).headers["Location"]
    second = editor.post("/admin/programs/new", {"title": "Chronic care", "copy": "chronic-care"}).headers["Location"]
    ladder = editor.post("/admin/ladders/new", {"title": "Slower"}).headers["Location"]

    with editor.services.database.begin() as uow:
        drafts = {draft.id: draft for draft in uow.drafts.all()}
    made = {url: drafts[int(url.rpartition("/")[2])] for url in (first, second, ladder)}
    assert [draft.code for draft in made.values()] == ["chronic-care-2", "chronic-care-3", "slower"]
    assert "claims" not in made[second].body
    assert len(cast(list[object], made[second].body["milestones"])) == 6
    assert all(editor.get(url).status_code == 200 for url in made)


@pytest.mark.parametrize(
    "path",
    [
        "/admin/programs/nothing",
        "/admin/programs/chronic-care?version=99",
        "/admin/ladders/chronic-care",
        "/admin/programs/chronic-care/compare?from=99",
        "/admin/programs/%3Cscript%3E/compare",
    ],
)
def test_what_is_not_there(editor: AdminClient, path: str) -> None:
    """A page that says so."""
    assert editor.get(path).status_code == 404


def test_who_only_reads_changes_nothing(practice: World) -> None:
    """A coordinator reads programs, sees no button that changes one, and may press none."""
    reader = signed_in_client(practice, roles=(READER,), name="demo-kim", person_name="Demo-Kim, Jo")

    assert "Change Chronic care" not in reader.get("/admin/programs").text
    assert ">Change</button>" not in reader.get("/admin/programs/chronic-care").text
    assert reader.post("/admin/programs/chronic-care/edit").status_code == 403
    assert reader.get("/admin/programs/new").status_code == 403
