"""A draft's outline: add, move, remove and put back; what is wrong with it; two people at once."""

import html
from typing import Any, cast

import pytest

from plugin.catalog.loader import FileCatalog
from plugin.domain.permissions import Role
from plugin.domain.program_edit import code_of, mark, outline, step_of
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


@pytest.fixture
def url(editor: AdminClient) -> str:
    """A new draft of the chronic care program."""
    with editor.services.database.begin(reading=True) as uow:
        standing = uow.drafts.of("program", "chronic-care")
    if standing is not None:
        editor.post(f"/admin/drafts/{standing.id}/discard")
    return editor.post("/admin/programs/chronic-care/edit").headers["Location"]


def _body(editor: AdminClient) -> dict[str, Any]:
    with editor.services.database.begin(reading=True) as uow:
        (draft,) = uow.drafts.all()
    return dict(draft.body)


def _shown(editor: AdminClient) -> list[list[str]]:
    return [[code_of(step) for step in group.steps] for group in outline(_body(editor))]


def test_the_outline(editor: AdminClient, url: str) -> None:
    """The whole program in plain sentences, who saved it last, and the ways on."""
    page = html.unescape(editor.get(url).text)

    assert "Due 6 weeks after the plan starts, opens 2 weeks before." in page
    assert "Last saved by <bdi>Demo-Lee, Robin</bdi>" in page
    assert "Nothing is wrong with it." in page
    for way in ("/admin/previews", f"{url}/try", f"{url}/publish", "/admin/versions/program/chronic-care"):
        assert way in page


@pytest.mark.parametrize(
    ("form", "shown"),
    [
        ({"do": "up", "step": "pt-2"}, [["pt-2", "pt-1", "pt-3"], ["hba1c", "eye-referral", "medication-check"]]),
        ({"do": "up", "step": "hba1c"}, [["pt-1", "pt-2", "pt-3", "hba1c"], ["eye-referral", "medication-check"]]),
        ({"do": "down", "step": "pt-3"}, [["pt-1", "pt-2"], ["pt-3", "hba1c", "eye-referral", "medication-check"]]),
        (
            {"do": "to", "step": "pt-1", "phase": "follow-up"},
            [["pt-2", "pt-3"], ["hba1c", "eye-referral", "medication-check", "pt-1"]],
        ),
        (
            {"do": "to", "step": "pt-1", "phase": "follow-up", "before": "eye-referral"},
            [["pt-2", "pt-3"], ["hba1c", "pt-1", "eye-referral", "medication-check"]],
        ),
        (
            {"do": "phase-up", "phase": "follow-up"},
            [["hba1c", "eye-referral", "medication-check"], ["pt-1", "pt-2", "pt-3"]],
        ),
        (
            {"do": "phase-remove", "phase": "start"},
            [["pt-1", "pt-2", "pt-3", "hba1c", "eye-referral", "medication-check"]],
        ),
    ],
)
def test_moving(editor: AdminClient, url: str, form: dict[str, str], shown: list[list[str]]) -> None:
    """By buttons, without a script; the page comes back with the keyboard where it was."""
    answer = editor.post(url, form)

    assert answer.status_code == 303
    assert _shown(editor) == shown
    back = editor.get(answer.headers["Location"]).text
    assert ("autofocus" in back) == (form["do"] != "phase-remove")


def test_phases(editor: AdminClient, url: str) -> None:
    """Added at the end, renamed in place; without a title nothing happens, and it is said."""
    editor.post(url, {"do": "phase-add", "title": "Later <b>"})
    editor.post(url, {"do": "phase-title", "phase": "start", "title": "Beginning"})
    refused = editor.post(url, {"do": "phase-title", "phase": "start", "title": "  "})

    assert [phase["title"] for phase in _body(editor)["phases"]] == ["Beginning", "Follow-up", "Later <b>"]
    assert refused.status_code == 422
    assert "Please give it a title." in refused.text
    assert "Later &lt;b&gt;" in editor.get(url).text


def test_adding_leads_to_the_step(editor: AdminClient, url: str) -> None:
    """With a code of its own, though another step has the same title."""
    answer = editor.post(url, {"do": "add", "title": "HbA1c", "phase": "start"})

    assert answer.headers["Location"].startswith(f"{url}/steps/hba1c-2")
    assert step_of(_body(editor), "hba1c-2") == {"code": "hba1c-2", "title": "HbA1c", "phase": "start", "kind": "task"}


def test_removed_and_put_back(editor: AdminClient, url: str) -> None:
    """Where it stood and as it was, with what was done meanwhile."""
    before = _body(editor)
    step = step_of(before, "pt-2")
    removed = editor.post(url, {"do": "remove", "step": "pt-2", "revision": "1", "mark": mark(step)})
    page = editor.get(removed.headers["Location"]).text
    editor.post(url, {"do": "up", "step": "hba1c"})

    editor.post(url, {"do": "put-back", "step": "pt-2", "revision": "1"})

    assert "Put it back" in page
    assert _shown(editor) == [["pt-1", "pt-2", "pt-3", "hba1c"], ["eye-referral", "medication-check"]]
    assert step_of(_body(editor), "pt-2") == step


def test_removing_what_somebody_has_changed(editor: AdminClient, url: str) -> None:
    """They are asked first, and can still remove it."""
    stale = editor.post(url, {"do": "remove", "step": "pt-2", "revision": "1", "mark": "another"})
    theirs = mark(step_of(_body(editor), "pt-2"))

    again = editor.post(url, {"do": "remove", "step": "pt-2", "revision": "1", "mark": theirs})

    assert stale.status_code == 409
    assert theirs in stale.text
    assert "Remove it all the same" in stale.text
    assert again.status_code == 303
    assert step_of(_body(editor), "pt-2") is None


@pytest.mark.parametrize(
    "form",
    [
        {"do": "up", "step": "gone"},
        {"do": "to", "step": "pt-1", "phase": "gone"},
        {"do": "phase-up", "phase": "gone"},
        {"do": "add", "title": "", "phase": "start"},
        {"do": "add", "title": "x" * 2_001},
        {"do": "remove", "step": "gone", "mark": mark(None)},
        {"do": "put-back", "step": "pt-1", "revision": "99"},
        {"do": "nothing of ours"},
        {},
    ],
)
def test_what_cannot_be_done(editor: AdminClient, url: str, form: dict[str, str]) -> None:
    """It is said in words, and the draft is as it was."""
    before = _body(editor)

    answer = editor.post(url, form)

    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert _body(editor) == before


def test_what_is_wrong_is_listed(editor: AdminClient, url: str) -> None:
    """With the way to its field; a wrong draft is kept all the same."""
    page = editor.get(f"{url}/steps/hba1c").text
    seen = page.partition('name="mark" value="')[2].partition('"')[0]
    form = {"title": "HbA1c", "kind": "laboratory", "due.from": "completion", "due.amount.0.n": "six"}
    editor.post(f"{url}/steps/hba1c", {**form, "due.amount.0.unit": "weeks", "mark": seen, "do": "save"})

    page = editor.get(url).text

    assert "It cannot be published yet" in page
    assert f"{url}/steps/hba1c#part-form-due-wrong" in page
    assert (step_of(_body(editor), "hba1c") or {})["due"] == {"from": "completion", "weeks": "six"}


def test_discarded(editor: AdminClient, url: str) -> None:
    """It goes from the lists; the page says so."""
    answer = editor.post(f"{url}/discard")

    assert "stays on record" in editor.get(answer.headers["Location"]).text
    assert editor.get(url).status_code == 404
    assert editor.post(url, {"do": "up", "step": "pt-2"}).status_code in (404, 422)


def test_a_roll_back_is_not_edited(editor: AdminClient, url: str) -> None:
    """Its draft leads to the page of its versions; a step that is gone is said to be so."""
    with editor.services.database.begin() as uow:
        (version,) = uow.configurations.versions("program", "chronic-care")
        now = editor.services.clock()
        body = {**version.body, "version": "1"}
        back = uow.drafts.open("program", "chronic-care", base=version, body=body, by="x", now=now, of="roll-back")
        uow.commit()

    answer = editor.get(f"/admin/drafts/{back.id}")

    assert answer.headers["Location"] == "/admin/versions/program/chronic-care"
    assert "somebody has removed it" in editor.get(editor.get(f"{url}/steps/gone").headers["Location"]).text


def test_a_reader_sees_no_buttons(practice: World, editor: AdminClient, url: str) -> None:
    """Whoever may not edit reads the draft; no form of it is there, and none is taken."""
    reader = signed_in_client(practice, roles=(READER,), name="demo-kim", person_name="Demo-Kim, Jo")

    page = reader.get(url)

    assert page.status_code == 200
    assert 'name="do"' not in page.text
    assert reader.post(url, {"do": "up", "step": "pt-2"}).status_code == 403
    assert reader.get(f"{url}/steps/pt-1").status_code == 403
    assert editor.get("/admin/drafts/999").status_code == 404
