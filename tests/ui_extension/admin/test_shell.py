"""What every admin page has around it: pages by role, who is signed in, what was done, words for what went wrong."""

from __future__ import annotations

import re
from functools import partial
from html import unescape

import pytest

from plugin.domain.account import SignedIn
from plugin.domain.permissions import Action, Data, Role
from plugin.usecases.services import Services
from tests.admin import signed_in_client
from tests.builders import World
from ui_extension.admin.nav import GROUPS
from ui_extension.admin.right_words import CLASSES, right_words
from ui_extension.admin.role_hints import ROLE_HINTS
from ui_extension.admin.waiting import Waiting, waits


def nav_of(page: str) -> list[str]:
    (nav,) = re.findall(r'<nav class="mp-nav".*?</nav>', page, re.DOTALL)
    return re.findall(r">([^<]+)</a>", nav)


@pytest.mark.parametrize(
    ("role", "sees", "sees_not"),
    [
        (Role.ADMINISTRATOR, {"Home", "People"}, {"Patients", "Work", "Gaps"}),
        (Role.BILLING, {"Home"}, {"People", "Work", "Audit"}),
        (Role.AUDITOR, {"Home", "People"}, set()),
    ],
)
def test_only_pages_that_one_may_see(role: Role, sees: set[str], sees_not: set[str]) -> None:
    """The header leads nowhere that says no."""
    browser = signed_in_client(World(), roles=[role])
    page = browser.get("/admin").text

    shown = nav_of(page)
    assert sees <= set(shown)
    assert not sees_not & set(shown)
    paths = {place.title: place.path for group in GROUPS for place in group}
    assert {browser.get(paths[title]).status_code for title in shown} == {200}


def test_a_page_says_where_one_is_and_who_one_is() -> None:
    """One h1 with which the title begins; the entry of the page, also below it; name, roles, sign-out; a way past the
    header; no style and no script inside."""
    browser = signed_in_client(World(), name="demo-admin", person_name="Demo-<Admin>")

    for path in ("/admin", "/admin/me", "/admin/people", "/admin/people/new", "/admin/people/1"):
        page = browser.get(path).text
        (heading,) = re.findall(r"<h1>(.*?)</h1>", page)
        assert f"<title>{heading} · Milepost</title>" in page
        assert "Demo-&lt;Admin&gt;" in page
        assert '<a class="mp-skip" href="#main">' in page
        assert not re.search(r"<script(?! src=)|\sstyle=|<style|\son\w+=", page)
        assert "<summary>About this page</summary>" in page
    assert re.search(r'href="/admin/people" aria-current="page"', browser.get("/admin/people/1").text)
    assert 'action="/admin/sign-out"' in browser.get("/admin").text


def test_what_was_done_is_said_by_its_code_alone() -> None:
    """An address cannot put words into a page."""
    browser = signed_in_client(World())

    assert "The roles were changed." in browser.get("/admin?done=roles").text
    strange = browser.get("/admin?done=<b>you+won</b>").text
    assert "you won" not in strange
    assert "mp-done" not in strange


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/admin/nowhere", 404, "There is nothing here"),
        ("/admin/people/x", 404, "There is nothing here"),
        ("/admin/sign-out", 405, "This cannot be asked like this"),
    ],
)
def test_what_is_no_page_says_so(path: str, status: int, words: str) -> None:
    """In the same look, with the way home."""
    answer = signed_in_client(World()).get(path)

    assert answer.status_code == status
    assert words in answer.text
    assert answer.headers["Content-Type"].startswith("text/html")


def test_a_missing_right_is_named_with_who_has_it() -> None:
    """In words: what it takes, and which roles have it."""
    answer = signed_in_client(World(), roles=["coach"]).get("/admin/people")

    assert answer.status_code == 403
    assert (
        "People and their roles: to see who uses Milepost and with which roles takes one of these roles: "
        in answer.text
    )
    assert "administrator, practice lead, auditor" in answer.text


def test_what_is_too_large_is_refused_in_words() -> None:
    """Ten megabytes."""
    browser = signed_in_client(World())

    answer = browser.post("/admin/people/new", {"csrf": "x", "person_name": "x" * 10_000_000})

    assert answer.status_code == 413
    assert "too large" in answer.text


def test_what_was_typed_into_a_form_that_is_too_old_is_shown() -> None:
    """It is not lost with the form; a secret is not shown again, nor what a foreign page has sent."""
    browser = signed_in_client(World())
    typed = {"csrf": "old", "person_name": "Demo-<Park>", "token": "a-secret-token"}

    old = browser.post("/admin/people/new", typed)
    foreign = browser.post("/admin/people/new", typed, headers={"Origin": "https://evil.example"})

    assert (old.status_code, foreign.status_code) == (403, 403)
    assert "Demo-&lt;Park&gt;" in old.text
    assert "a-secret-token" not in old.text
    assert "Demo-" not in foreign.text.replace("Demo-Lee", "")


def test_what_may_i_do() -> None:
    """For each class of data, by which role, what not and who has it; who can give more."""
    world = World()
    signed_in_client(world, name="demo-admin", person_name="Demo-Admin, Ada")
    page = signed_in_client(world, name="demo-lee", roles=["scheduler", "billing"]).get("/admin/me").text
    page = unescape(page)

    assert all(f'<th scope="row">{words}</th>' in page for words in CLASSES.values())
    assert "Roles are given by Demo-Admin, Ada." in page
    assert re.search(r"see them <span class=\"mp-quiet\">\(as front desk, billing\)|\(as billing, front desk\)", page)
    row = page[page.index("Results and scores") : page.index("Notes</th>")]
    assert "–" in row
    assert "that takes practice lead or provider or coordinator" in row


def test_every_right_and_role_has_its_words() -> None:
    """Each class of data, each action, each role."""
    assert set(CLASSES) == set(Data)
    assert set(ROLE_HINTS) == set(Role)
    assert all(right_words(action, data) for action in Action for data in Data)


def test_without_a_role_one_is_told_what_to_do() -> None:
    """Not an empty page."""
    assert "You have no role yet" in signed_in_client(World(), roles=[]).get("/admin").text


def test_what_waits_is_counted_in_words() -> None:
    """One is one; nothing says nothing."""
    world = World()
    counts = {"/a": 1, "/b": 1200, "/c": 0, "/d": None}
    entries = [Waiting(path, "one waits", "{n} wait", partial(_said, count)) for path, count in counts.items()]
    browser = signed_in_client(world)

    found = waits(entries, world.services, browser)  # type: ignore[arg-type]  # nobody is asked who it is

    assert [words for _, words in found] == ["one waits", "1200 wait"]


def _said(count: int | None, services: Services, who: SignedIn) -> int | None:
    return count


def test_pages_are_compressed_where_that_is_understood() -> None:
    """As the panel's are."""
    answer = signed_in_client(World()).get("/admin/me", headers={"Accept-Encoding": "gzip"})

    assert answer.headers["Content-Encoding"] == "gzip"
