"""What holds of every page of the admin site, seen by walking through all of it: row 3, row 7, row 8, row 10,
row 12, row 30."""

from __future__ import annotations

import re

import pytest
from markupsafe import escape

from plugin.domain.permissions import Role, can
from tests.admin_tour import (
    MARKUP,
    MRN,
    NOTE,
    PATIENT,
    PATIENTS_NAME,
    PATIENTS_NOTE,
    SCORE,
    WORD,
    Place,
    Walk,
    markup_in,
    whole_walk,
)
from ui_extension.admin.access import Right, right_of

ELSEWHERE = {
    "/admin/gaps/news",
    "/admin/patients/news",
    "/admin/work/news",
    "/admin/prove",
    "/admin/sign-in",
    "/admin/sign-in/set-up",
    "/admin/sources/<slug>/staff-account/back",
    "/admin/previews/<int:preview_id>/progress",
    "/admin/drafts/<int:draft_id>/<any(head, tiers):what>/codes",
    "/admin/drafts/<int:draft_id>/steps/<code>/codes",
}
"""Asked for by scripts, by time, or only when nobody is signed in."""


@pytest.fixture
def walk() -> Walk:
    """By somebody who may see everything."""
    return whole_walk()


@pytest.fixture
def place(walk: Walk) -> Place:
    """Where they walked."""
    return walk.place


def test_every_link_leads_to_a_page(walk: Walk) -> None:
    """And the walk comes to every page that there is: a new one is found by it, or has its reason above."""
    routes = {rule.rule for rule in walk.place.app.url_map.iter_rules() if "GET" in (rule.methods or ())}

    assert {address: page.status_code for address, page in walk.pages.items() if page.status_code != 200} == {}
    walked = {walk.place.route(address) for address in walk.pages}
    assert {route for route in routes if re.match(r"/admin\b", route)} - walked <= ELSEWHERE


def test_markup_is_text_everywhere(walk: Walk) -> None:
    """From the EHR, from programs and ladders, from people and reasons: shown as it was written, nowhere a part of the
    page, and evaluated by no template (row 8)."""
    for address, page in walk.pages.items():
        assert markup_in(page.text) == [], address
        for word, text in ((PATIENT, PATIENTS_NAME), (NOTE, PATIENTS_NOTE), (WORD, MARKUP)):
            shown = re.findall(re.escape(word) + "[&<{][^\n]{0,20}", page.text)
            assert len(shown) == page.text.count(f"{word}{escape(text.removeprefix(word))}"), (address, shown)

    assert sum(str(escape(PATIENTS_NAME)) in page.text for page in walk.pages.values()) > 10
    assert sum(str(escape(MARKUP)) in page.text for page in walk.pages.values()) > 20
    assert any(str(escape(PATIENTS_NOTE)) in page.text for page in walk.pages.values())


def test_nobodys_name_stands_in_an_address(walk: Walk) -> None:
    """Nor a number of the chart, nor a note: addresses are kept by browsers, proxies and logs (row 7)."""
    for address, page in walk.pages.items():
        addresses = re.findall(r'\b(?:href|action|src|hx-get|hx-post)="([^"]*)"', page.text)
        told = [way for way in addresses if any(word in way for word in (PATIENT, NOTE, MRN, "Patient/", "Patient%2F"))]
        assert told == [], address


def test_a_page_only_reads_and_says_who_has_read(walk: Walk) -> None:
    """Whoever has seen a patient on a page left one row that says so (two where two things are shown, one on
    top of the other), with session and address; nothing else is changed by asking for a page (row 30)."""
    for address, page in walk.pages.items():
        rows = walk.rows[address]
        most = 2 if re.match(r"/admin/patients/\d+/|/admin/drafts/\d+/try(?:/why/|$)", address) else 1
        assert len(rows) <= most, (address, [row.action for row in rows])
        assert len({(row.action, row.record) for row in rows}) == len(rows), address
        assert rows or not (PATIENT in page.text or MRN in page.text), address
        assert all({"session", "from"} <= row.detail.keys() for row in rows), address
        assert all(PATIENT not in repr(row) and MRN not in repr(row) for row in rows), address

    assert sum(len(rows) for rows in walk.rows.values()) > 20
    assert walk.changed == set()


@pytest.mark.parametrize(
    ("role", "hidden"),
    [
        (Role.ADMINISTRATOR, (PATIENT, MRN, NOTE, SCORE)),
        (Role.BILLING, (SCORE, NOTE)),
        (Role.SCHEDULER, (SCORE,)),
    ],
)
def test_a_role_meets_nothing_that_it_may_not_see(walk: Walk, role: Role, hidden: tuple[str, ...]) -> None:
    """On no page, wherever its address comes from: who reads no plans sees no patient, billing no score and no note
    (row 10, row 12)."""
    walk.place.reset()
    browser = walk.place.browsers[role]
    seen = {address: browser.get(address) for address in walk.pages}

    assert {page.status_code for page in seen.values()} <= {200, 403, 404}  # a row of the log came with the walk
    for address, page in seen.items():
        assert [word for word in hidden if word in page.text] == [], address


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.AUDITOR, Role.COACH])
def test_no_button_says_no(place: Place, role: Role) -> None:
    """Every link and every form on a page leads to what the role may do; an auditor's lead to reading and taking away alone
    (row 12)."""
    seen = Walk(place, place.browsers[role]).go()

    assert {address: page.status_code for address, page in seen.pages.items() if page.status_code != 200} == {}
    rights = {(route, method): _right(place, route, method) for method, route, _ in seen.forms}
    assert [key for key, right in rights.items() if right and not can([role], right.action, right.data)] == []
    if role is Role.AUDITOR:
        assert {right.action.value for right in rights.values() if right} <= {"read", "export"}


def _right(place: Place, route: str, method: str) -> Right | None:
    """What a form's route asks for; None where it asks for no role's right."""
    rules = (rule for rule in place.app.url_map.iter_rules() if rule.rule == route and method in (rule.methods or ()))
    right = right_of(place.app, next(rules).endpoint)
    return right if isinstance(right, Right) else None
