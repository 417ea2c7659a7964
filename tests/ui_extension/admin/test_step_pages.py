"""The forms of a draft: what is sent unchanged changes nothing; faults at their fields; two editors; whatever is
sent."""

import html
from collections.abc import Mapping
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plugin.catalog.loader import FileCatalog
from plugin.domain.known_code import CodeSeen
from plugin.domain.permissions import Role
from plugin.domain.program_edit import code_of, parts_of, step_of
from tests.admin import AdminClient, signed_in_client
from tests.admin_form import buttons_of, fields_of
from tests.builders import World
from tests.fakes import FakeCatalog
from tests.generated_programs import NASTY

EDITOR = Role.PROGRAM_EDITOR.value
FORM = "part-form"
NASTY_TITLE = "{{7*7}} <script>alert(1)</script> '\"&"


@pytest.fixture(scope="module")
def practice() -> World:
    """With what is shipped, and with codes that were counted in its charts."""
    world = World(catalog=cast(FakeCatalog, FileCatalog()))
    with world.database.begin() as uow:
        seen = [CodeSeen("http://snomed.info/sct", "44054006", "Diabetes mellitus type 2", 640)]
        uow.codes.keep(seen, world.clock())
        uow.commit()
    return world


@pytest.fixture(scope="module")
def editor(practice: World) -> AdminClient:
    """Somebody who may change programs."""
    return signed_in_client(practice, roles=(EDITOR,))


@pytest.fixture
def url(editor: AdminClient) -> str:
    """A new draft of the chronic care program."""
    with editor.services.database.begin() as uow:
        standing = uow.drafts.of("program", "chronic-care")
    if standing is not None:
        editor.post(f"/admin/drafts/{standing.id}/discard")
    return editor.post("/admin/programs/chronic-care/edit").headers["Location"]


def _body(editor: AdminClient, url: str) -> Mapping[str, Any]:
    with editor.services.database.begin() as uow:
        return uow.drafts.get(int(url.split("/")[3])).body


def _form(editor: AdminClient, url: str) -> dict[str, str]:
    return fields_of(editor.get(url).text, FORM)


def _codes(body: Mapping[str, Any]) -> list[str]:
    return [code_of(step) for step in parts_of(body, "milestones")]


def test_what_is_sent_unchanged_changes_nothing(editor: AdminClient) -> None:
    """Every part of everything that is shipped comes back from its form as it was."""
    with editor.services.database.begin() as uow:
        shipped = uow.configurations.current(editor.services.clock())
    for version in shipped:
        plural = f"{version.kind}s"
        draft = editor.post(f"/admin/{plural}/{version.code}/edit").headers["Location"]
        steps = [f"{draft}/steps/{code}" for code in _codes(version.body)]

        for place in [*steps, f"{draft}/{'head' if version.kind == 'program' else 'tiers'}"]:
            answer = editor.post(place, {**_form(editor, place), "do": "save"})
            assert answer.status_code == 303, place

        assert _body(editor, draft) == version.body
        editor.post(f"{draft}/discard")


def test_from_six_months_to_three(editor: AdminClient, url: str) -> None:
    """One number and Save: the outline says the new sentence, and everything else is as it was."""
    before = _body(editor, url)
    form = _form(editor, f"{url}/steps/hba1c")

    answer = editor.post(
        f"{url}/steps/hba1c", {**form, "due.amount.0.n": "3", "due.amount.0.unit": "months", "do": "save"}
    )

    assert "due 3 months after the plan starts" in editor.get(answer.headers["Location"]).text.lower()
    after = _body(editor, url)
    assert (step_of(after, "hba1c") or {})["due"] == {"months": 3}
    assert [s for s in after["milestones"] if s["code"] != "hba1c"] == [
        s for s in before["milestones"] if s["code"] != "hba1c"
    ]


def test_told_while_typing(editor: AdminClient, url: str) -> None:
    """In words, with the field's place; nothing is saved by it."""
    form = _form(editor, f"{url}/steps/hba1c")

    answer = editor.post(f"{url}/steps/hba1c", {**form, "due.amount.0.n": "2", "do": "check"})

    assert "due 2 weeks after the plan starts" in answer.text
    assert "The window ends before it begins." in answer.text
    assert 'href="#part-form-due-wrong"' in answer.text
    assert "<html" not in answer.text
    assert (step_of(_body(editor, url), "hba1c") or {})["due"] == {"weeks": 6}


def test_told_at_the_field_when_saved(editor: AdminClient, url: str) -> None:
    """A half-done step is kept, and comes back with what is wrong at its field."""
    form = _form(editor, f"{url}/steps/hba1c")

    answer = editor.post(f"{url}/steps/hba1c", {**form, "title": "x" * 2_000, "due.amount.0.n": "soon", "do": "save"})
    page = editor.get(answer.headers["Location"]).text

    assert "Saved. It cannot be published like this yet" in page
    wrong = page.partition('id="part-form-due-wrong">')[2].partition("</p>")[0]
    assert "whole number" in wrong
    assert "mp-wrong-one" in page.partition('id="part-form-title-wrong">')[2].partition("</p>")[0]
    assert fields_of(page, FORM)["due.amount.0.n"] == "soon"


def test_a_condition_is_built(editor: AdminClient, url: str) -> None:
    """By plain posts: a row, its kind, a group, a code out of the charts; the sentence grows with it."""
    place = f"{url}/steps/hba1c"

    def press(button: str, **typed: str) -> str:
        changed = {**fields_of(page, FORM), **{name.replace("__", "."): text for name, text in typed.items()}}
        return editor.post(place, {**changed, "do": button}).text

    page = editor.get(place).text
    page = press("append applies_if first")
    page = press("look applies_if.parts.0.what", applies_if__parts__0__what="age-at-least")
    page = press("append applies_if.parts group", applies_if__parts__0__years="65")
    codes = "applies_if.parts.1.parts.0.codes"
    page = press(f"find {codes}", **{f"find.{codes}".replace(".", "__"): "diabetes"})
    (pick,) = [button for button in buttons_of(page, FORM) if button.startswith(f"pick {codes}")]
    page = press(pick)

    assert "Nothing by that name or code" not in page
    assert "who is 65 or older and has Diabetes mellitus type 2" in page
    assert "seen in 640 charts" in page
    assert "applies_if" not in (step_of(_body(editor, url), "hba1c") or {})
    press("save")
    saved: Any = (step_of(_body(editor, url), "hba1c") or {})["applies_if"]
    assert saved["parts"][0] == {"what": "age-at-least", "years": 65}
    assert saved["parts"][1]["parts"][0]["codes"][0]["code"] == "44054006"


def test_codes_are_found(editor: AdminClient, url: str) -> None:
    """As a list below the field, marked by how often they were seen; by hand where nothing is found."""
    found = editor.get(f"{url}/steps/hba1c/codes?path=codes&find.codes=diab").text
    none = editor.get(f"{url}/head/codes?path=claims.plans&find.claims.plans=%3Cb%3E").text
    typed = {**_form(editor, f"{url}/steps/hba1c"), "hand.codes.code": "99-9", "hand.codes.display": "Rare"}
    by_hand = editor.post(f"{url}/steps/hba1c", {**typed, "do": "hand codes"}).text

    assert 'role="option"' in found
    assert "seen in 640 charts" in found
    assert "Nothing by that name or code" in none
    assert "<b>" not in none
    assert "LOINC 99-9 · never seen here" in by_hand
    assert editor.get(f"{url}/steps/hba1c/codes?path=../../x").status_code == 404


def test_two_editors_of_two_steps(editor: AdminClient, url: str) -> None:
    """Neither notices the other, and both have saved."""
    one, two = f"{url}/steps/hba1c", f"{url}/steps/pt-1"
    first, second = _form(editor, one), _form(editor, two)

    answers = [
        editor.post(one, {**first, "title": "One", "do": "save"}),
        editor.post(two, {**second, "title": "Two", "do": "save"}),
    ]

    assert [answer.status_code for answer in answers] == [303, 303]
    body = _body(editor, url)
    assert [(step_of(body, code) or {})["title"] for code in ("hba1c", "pt-1")] == ["One", "Two"]


def test_two_editors_of_one_step(practice: World, editor: AdminClient, url: str) -> None:
    """The second is told who saved meanwhile, sees both in words, loses nothing, and can take theirs or their own."""
    place = f"{url}/steps/hba1c"
    mine = _form(editor, place)
    other = signed_in_client(practice, roles=(EDITOR,), name="demo-kim", person_name="Demo-Kim, Jo")
    other.post(place, {**_form(other, place), "due.amount.0.n": "8", "do": "save"})
    other.post(f"{url}/steps/pt-1", {**_form(other, f"{url}/steps/pt-1"), "title": "Kept", "do": "save"})

    told = editor.post(place, {**mine, "due.amount.0.n": "5", "do": "save"})

    page = html.unescape(told.text)
    assert told.status_code == 409
    assert "<bdi>Demo-Kim, Jo</bdi> changed" in page
    assert "due 8 weeks after the plan starts" in page
    assert "due 5 weeks after the plan starts" in page
    assert (step_of(_body(editor, url), "hba1c") or {})["due"] == {"weeks": 8}
    with editor.services.database.begin() as uow:
        (aside,) = uow.drafts.aside(int(url.split("/")[3]))
    assert (step_of(aside.body, "hba1c") or {})["due"] == {"weeks": 5}

    carried = fields_of(told.text.replace(f'action="{place}"', f'action="{place}" id="{FORM}"'), FORM)
    edit_on = editor.post(place, {**carried, "do": "look"}).text
    taken = editor.post(place, {**carried, "do": "save"})

    assert fields_of(edit_on, FORM)["due.amount.0.n"] == "5"
    assert taken.status_code == 303
    body = _body(editor, url)
    assert (step_of(body, "hba1c") or {})["due"] == {"weeks": 5}
    assert (step_of(body, "pt-1") or {})["title"] == "Kept"


def test_a_step_that_somebody_removed(editor: AdminClient, url: str) -> None:
    """Whoever still had it open is told, and can put it back as they have it."""
    place = f"{url}/steps/pt-1"
    mine = _form(editor, place)
    editor.post(url, {"do": "remove", "step": "pt-1", "mark": mine["mark"], "revision": mine["revision"]})

    told = editor.post(place, {**mine, "title": "Mine", "do": "save"})
    carried = fields_of(told.text.replace(f'action="{place}"', f'action="{place}" id="{FORM}"'), FORM)
    editor.post(place, {**carried, "do": "save"})

    assert told.status_code == 409
    assert "removed" in told.text
    assert (step_of(_body(editor, url), "pt-1") or {})["title"] == "Mine"
    assert editor.get(f"{url}/steps/never-there").headers["Location"].startswith(url)


def test_nothing_runs_that_was_typed(editor: AdminClient, url: str) -> None:
    """On no page: braces are braces, and a tag is text."""
    place = f"{url}/steps/hba1c"
    editor.post(place, {**_form(editor, place), "title": NASTY_TITLE, "do": "save"})
    head = {**_form(editor, f"{url}/head"), "title": NASTY_TITLE, "flags.0.title": NASTY_TITLE}
    editor.post(f"{url}/head", {**head, "do": "save"})

    for path in (
        url,
        place,
        f"{url}/head",
        "/admin/programs/chronic-care?version=draft",
        "/admin/programs/chronic-care/compare?to=draft",
    ):
        page = editor.get(path).text
        assert "<script>alert" not in page, path
        assert "{{7*7}} &lt;script&gt;" in page, path


def test_tiers(editor: AdminClient) -> None:
    """Overlap and order in words, at the rung; sorted by a button."""
    draft = editor.post("/admin/ladders/new", {"title": "Slower", "copy": "standard"}).headers["Location"]
    place = f"{draft}/tiers"
    wrong = {**_form(editor, place), "tiers.2.from_days": "5"}

    page = editor.post(place, {**wrong, "do": "look"}).text
    sorted_ = editor.post(place, {**wrong, "do": "sort tiers"}).text
    added = editor.post(place, {**wrong, "do": "append tiers tier"}).text

    assert "It overlaps with the tier before it" in html.unescape(page)
    assert "in the order of their days" in page
    assert [fields_of(sorted_, FORM)[f"tiers.{n}.from_days"] for n in range(4)] == ["1", "5", "8", "31"]
    assert "tiers.4.kind" in fields_of(added, FORM)


def test_too_large(editor: AdminClient, url: str) -> None:
    """More than a megabyte is refused before it is read."""
    answer = editor.post(f"{url}/steps/hba1c", {"title": "x" * 1_100_000, "do": "save"})

    assert answer.status_code == 413


FIELDS = (
    "title phase kind due due.from due.amount.0.n due.amount codes.0 codes.0.system codes applies_if applies_if.what "
    "applies_if.parts.0.what applies_if.parts.7.years flags.0.when.what claims tiers.0.kind tiers.3.from_days find.codes "
    "hand.codes.code mark revision intake.0.codes.0.code checklist.2 repeat.count"
)
NAMES = st.sampled_from(FIELDS.split())
VALUES = st.sampled_from(
    [*NASTY, "all", "any", "not", "condition", "observation", "fact", "completion", "9" * 40, "-1", "checklist"]
)
BUTTONS = st.sampled_from(
    [
        "save",
        "check",
        "look",
        "append applies_if first",
        "append flags flag",
        "find codes",
        "hand codes",
        "drop codes.0",
        "\x00",
    ]
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    fields=st.dictionaries(NAMES, VALUES, max_size=12),
    button=BUTTONS,
    place=st.sampled_from(["/steps/hba1c", "/head", ""]),
)
def test_whatever_is_sent(editor: AdminClient, url: str, fields: dict[str, str], button: str, place: str) -> None:
    """An answer in words; the outline can be drawn afterwards, whatever was kept."""
    clean = {name: text.encode("utf-8", "replace").decode() for name, text in fields.items()}
    seen = {"mark": _form(editor, f"{url}{place}").get("mark", "")} if place else {}

    answer = editor.post(f"{url}{place}", {**clean, **seen, "do": button})

    assert answer.status_code in (200, 303, 409, 422)
    assert editor.get(url).status_code == 200
