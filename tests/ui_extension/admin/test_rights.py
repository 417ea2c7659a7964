"""Every admin route with the right that it needs; each role, and whoever is nobody, is tried at each of them.

Threats row 12 (roles), row 21 (tokens that were there before), row 22 and row 27 (framed by nobody, kept by nobody),
row 28 (forms from elsewhere), row 30 (who may not leaves nothing). A new route gets its line here, on purpose.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping
from typing import cast

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from plugin.api.access import Access, decision
from plugin.app import create_app
from plugin.domain.permissions import Action, Data, Role, can
from tests.admin import OURS, AdminClient, signed_in_client, with_tokens
from tests.builders import World
from tests.fake_launch import TOKENS
from tests.fake_storage import FakeDatabase
from tests.full_chart import a_session
from tests.tabs import shown
from ui_extension.admin.access import Right, Signed, right_of
from ui_extension.admin.session import COOKIE

WAY_IN, ANYBODY = "the way in", "whoever is signed in"
RIGHTS: Mapping[str, str] = {
    "GET /admin": ANYBODY,
    "GET /admin/<any(programs, ladders):plural>": "read programs",
    "GET /admin/<any(programs, ladders):plural>/<code>": "read programs",
    "GET /admin/<any(programs, ladders):plural>/<code>/compare": "read programs",
    "GET /admin/<any(programs, ladders):plural>/new": "edit programs",
    "POST /admin/<any(programs, ladders):plural>/<code>/edit": "edit programs",
    "POST /admin/<any(programs, ladders):plural>/new": "edit programs",
    "GET /admin/audit": "read audit",
    "GET /admin/audit/<int:row>": "read audit",
    "POST /admin/audit/export": "export audit",
    "GET /admin/drafts/<int:draft_id>": "read programs",
    "POST /admin/drafts/<int:draft_id>": "edit programs",
    "GET /admin/drafts/<int:draft_id>/<any(head, tiers):what>": "edit programs",
    "GET /admin/drafts/<int:draft_id>/<any(head, tiers):what>/codes": "edit programs",
    "POST /admin/drafts/<int:draft_id>/<any(head, tiers):what>": "edit programs",
    "POST /admin/drafts/<int:draft_id>/discard": "edit programs",
    "POST /admin/drafts/<int:draft_id>/give-up": "edit programs",
    "GET /admin/drafts/<int:draft_id>/publish": "read programs",
    "POST /admin/drafts/<int:draft_id>/publish": "publish programs",
    "GET /admin/drafts/<int:draft_id>/steps/<code>": "edit programs",
    "POST /admin/drafts/<int:draft_id>/steps/<code>": "edit programs",
    "GET /admin/drafts/<int:draft_id>/steps/<code>/codes": "edit programs",
    "GET /admin/drafts/<int:draft_id>/try": "read programs",
    "POST /admin/drafts/<int:draft_id>/try": "read programs",
    "GET /admin/drafts/<int:draft_id>/try/why/<key:milestone>": "read programs",
    "GET /admin/gaps": "read plan",
    "POST /admin/drafts/<int:draft_id>/aside/<int:aside_id>/settle": "edit programs",
    "POST /admin/drafts/<int:draft_id>/aside/<int:aside_id>/take": "edit programs",
    "GET /admin/gaps/news": "read plan",
    "POST /admin/gaps/search": "read plan",
    "GET /admin/issuers": "read configuration",
    "GET /admin/issuers/<slug>": "read configuration",
    "GET /admin/issuers/<slug>/change": "edit configuration",
    "POST /admin/issuers/<slug>/change": "edit configuration",
    "POST /admin/issuers/<slug>/test": "read configuration",
    "GET /admin/issuers/new": "edit configuration",
    "POST /admin/issuers/new": "edit configuration",
    "GET /admin/links": "act plan",
    "GET /admin/sources/<slug>/links": "act plan",
    "POST /admin/sources/<slug>/links": "act plan",
    "POST /admin/sources/<slug>/links/search": "act plan",
    "GET /admin/me": ANYBODY,
    "GET /admin/me/password": ANYBODY,
    "POST /admin/me/password": ANYBODY,
    "GET /admin/me/second-factor": ANYBODY,
    "POST /admin/me/second-factor": ANYBODY,
    "GET /admin/patients": "read plan",
    "GET /admin/patients/<int(max=9223372036854775807):patient_id>": "read plan",
    "GET /admin/patients/<int(max=9223372036854775807):patient_id>/acts/<kind>/<key:milestone>": "read plan",
    "POST /admin/patients/<int(max=9223372036854775807):patient_id>/acts/<kind>/<key:milestone>": "read plan",
    "POST /admin/patients/<int(max=9223372036854775807):patient_id>/read": "read plan",
    "POST /admin/patients/<int(max=9223372036854775807):patient_id>/undo/<statement>": "read plan",
    "GET /admin/patients/<int(max=9223372036854775807):patient_id>/why/<key:milestone>": "read plan",
    "GET /admin/patients/news": "read plan",
    "POST /admin/patients/search": "read plan",
    "GET /admin/people": "read people",
    "GET /admin/people/<int:person_id>": "read people",
    "POST /admin/people/<int:person_id>/belongs-to": "edit people",
    "POST /admin/people/<int:person_id>/roles": "edit people",
    "POST /admin/people/<int:person_id>/start-over": "edit people",
    "POST /admin/people/<int:person_id>/state": "edit people",
    "GET /admin/people/new": "edit people",
    "POST /admin/people/new": "edit people",
    "GET /admin/practice": "read programs",
    "GET /admin/practice/calendar": "edit programs",
    "POST /admin/practice/calendar": "edit programs",
    "GET /admin/practice/limits": "edit programs",
    "POST /admin/practice/limits": "edit programs",
    "POST /admin/previews": "edit programs",
    "GET /admin/previews/<int:preview_id>": "read programs",
    "POST /admin/previews/<int:preview_id>/cancel": "edit programs",
    "POST /admin/previews/<int:preview_id>/export": "export programs",
    "GET /admin/previews/<int:preview_id>/progress": "read programs",
    "GET /admin/prove": ANYBODY,
    "POST /admin/prove": ANYBODY,
    "GET /admin/publications": "read programs",
    "POST /admin/publications/<int:publication_id>/approve": "publish programs",
    "POST /admin/publications/<int:publication_id>/refuse": "publish programs",
    "GET /admin/sign-in": WAY_IN,
    "POST /admin/sign-in": WAY_IN,
    "GET /admin/sign-in/set-up": WAY_IN,
    "POST /admin/sign-in/set-up": WAY_IN,
    "POST /admin/sign-out": ANYBODY,
    "GET /admin/sources": "read configuration",
    "GET /admin/sources/<slug>": "read configuration",
    "POST /admin/sources/<slug>/aside": "edit configuration",
    "POST /admin/sources/<slug>/pause": "edit configuration",
    "POST /admin/sources/<slug>/probe": "edit configuration",
    "GET /admin/sources/<slug>/remove": "edit configuration",
    "POST /admin/sources/<slug>/remove": "edit configuration",
    "GET /admin/sources/<slug>/settings": "edit configuration",
    "POST /admin/sources/<slug>/settings": "edit configuration",
    "GET /admin/sources/<slug>/store": "edit configuration",
    "POST /admin/sources/<slug>/store": "edit configuration",
    "GET /admin/sources/<slug>/registration": "read configuration",
    "POST /admin/sources/<slug>/staff-account": "edit configuration",
    "GET /admin/sources/<slug>/staff-account/back": WAY_IN,
    "POST /admin/sources/<slug>/staff-account/begin": "edit configuration",
    "POST /admin/sources/<slug>/staff-account/client": "edit configuration",
    "POST /admin/sources/<slug>/staff-account/forget": "edit configuration",
    "POST /admin/sources/<slug>/stay": "edit configuration",
    "POST /admin/sources/<slug>/test": "read configuration",
    "POST /admin/sources/<slug>/token": "edit configuration",
    "GET /admin/sources/new": "edit configuration",
    "POST /admin/sources/new": "edit configuration",
    "GET /admin/system": "read configuration",
    "POST /admin/system/run": "edit configuration",
    "GET /admin/versions": "read programs",
    "GET /admin/versions/<any(program, ladder, calendar, limits):kind>/<code>": "read programs",
    "POST /admin/versions/<any(program, ladder, calendar, limits):kind>/<code>/retire": "publish programs",
    "POST /admin/versions/<any(program, ladder, calendar, limits):kind>/<code>/move": "publish programs",
    "POST /admin/versions/<any(program, ladder, calendar, limits):kind>/<code>/roll-back": "publish programs",
    "POST /admin/versions/<any(program, ladder, calendar, limits):kind>/<code>/take-back": "publish programs",
    "GET /admin/work": "read work",
    "GET /admin/work/<int:id_>": "read work",
    "POST /admin/work/<int:id_>/claim": "act work",
    "POST /admin/work/<int:id_>/done": "act work",
    "POST /admin/work/<int:id_>/reassign": "act work",
    "POST /admin/work/<int:id_>/release": "act work",
    "POST /admin/work/<int:id_>/snooze": "act work",
    "POST /admin/work/<int:id_>/undo": "act work",
    "POST /admin/work/<int:id_>/wake": "act work",
    "GET /admin/work/news": "read work",
    "POST /admin/work/search": "read work",
    "POST /admin/work/selected": "act work",
}
"""By path. A use case may ask for more than the route does: acts on a patient, publishing over the cap."""


class Stage:
    """A practice whose people each have one role, and one browser for each of them."""

    def __init__(self) -> None:
        self.world = World()
        self.app: Flask = create_app(with_tokens(self.world))
        self.browsers = {role: self._browser(role) for role in [*(role.value for role in Role), ""]}
        self._database = cast(FakeDatabase, self.world.database)
        self.before = self._database.tables.copy()

    def _browser(self, role: str) -> AdminClient:
        name, client = f"demo-{role or 'nobody'}", self.app.test_client()
        browser = signed_in_client(self.world, roles=[role] if role else [], name=name, client=client)
        browser.form_token = browser.csrf
        return browser

    @property
    def is_untouched(self) -> bool:
        """Nothing was stored, not even an audit row."""
        return self._database.tables == self.before


@pytest.fixture(scope="module")
def standing() -> Stage:
    """Made once."""
    return Stage()


@pytest.fixture
def stage(standing: Stage) -> Stage:
    """As it was made."""
    cast(FakeDatabase, standing.world.database).tables = standing.before.copy()
    return standing


def admin_rules(app: Flask) -> Iterator[tuple[str, str, Rule]]:
    """(method, path with its ids filled in, rule) of everything below /admin."""
    for rule in app.url_map.iter_rules():
        if rule.rule == "/admin" or rule.rule.startswith("/admin/"):
            for method in sorted((rule.methods or set()) - {"HEAD"}):
                yield method, re.sub(r"<(?:any\(([^,)]+)[^)]*\))?[^>]*>", an_id, rule.rule), rule


def an_id(part: re.Match[str]) -> str:
    """What stands for a part of a route: the first of several words, a milestone's key, else a number."""
    return part[1] or ("MQ" if part[0].startswith("<key:") else "1")


def right_words_of(app: Flask, rule: Rule) -> str:
    """As the table has it; what has no decision is "nothing", which stands in no table."""
    if decision(app, rule.endpoint) is Access.SIGN_IN:
        return WAY_IN
    right = right_of(app, rule.endpoint)
    if isinstance(right, Right):
        return f"{right.action} {right.data}"
    return ANYBODY if isinstance(right, Signed) else "nothing"


def send(client: FlaskClient, method: str, path: str, **options: object) -> TestResponse:
    headers = {"Origin": OURS, **cast(Mapping[str, str], options.pop("headers", {}))}
    return client.open(path, method=method, headers=headers, base_url=OURS, **options)  # type: ignore[arg-type]  # as given


def test_every_admin_route_has_its_right(stage: Stage) -> None:
    """A route without one is no page, and fails here."""
    found = {f"{method} {rule.rule}": right_words_of(stage.app, rule) for method, _, rule in admin_rules(stage.app)}

    assert "nothing" not in found.values()
    assert found == RIGHTS


def test_a_view_without_a_right_is_not_served(stage: Stage) -> None:
    """Whoever asks: what nobody has decided about, nobody gets."""
    app = create_app(stage.world.services)
    browser = signed_in_client(stage.world, roles=list(Role), name="demo-all", client=app.test_client())
    assert browser.get("/admin").status_code == 200

    vars(app.view_functions["home.home"]).pop("right")  # as if it had been forgotten

    assert browser.get("/admin").status_code == 404


@pytest.mark.parametrize("role", [*Role, ""])
def test_a_role_opens_what_its_right_says_and_nothing_else(stage: Stage, role: str) -> None:
    """Who may not is told so, with 403, learns nothing and leaves nothing; framed by nobody, kept by nobody."""
    browser = stage.browsers[role]
    for method, path, rule in admin_rules(stage.app):
        right = right_of(stage.app, rule.endpoint)
        if not isinstance(right, Right) or can([role], right.action, right.data):
            continue
        answer = send(browser.client, method, path, data={"csrf": browser.form_token})

        assert answer.status_code == 403, (role, method, path)
        assert "takes one of these roles" in answer.text
        assert stage.is_untouched, (role, method, path)
        check_head(answer)


def test_who_is_not_signed_in_gets_the_way_in(stage: Stage) -> None:
    """401 on every page but the way in itself; a panel's token and an invented cookie open nothing (row 12, row 21)."""
    token = secrets.token_urlsafe(32)
    stage.world.launches.open(token, a_session(stage.world, "Patient/p1"), TOKENS)
    strangers = [stage.app.test_client() for _ in range(3)]
    strangers[1].set_cookie(COOKIE, token, domain="milepost.test")
    for method, path, rule in admin_rules(stage.app):
        if decision(stage.app, rule.endpoint) is not Access.ADMIN:
            continue
        for stranger in strangers:
            headers = shown(token) if stranger is strangers[2] else {}
            answer = send(stranger, method, path, headers=headers)
            assert answer.status_code == 401, (method, path)
            assert "Sign in" in answer.text
            check_head(answer)
    assert stage.is_untouched


def test_an_admin_session_opens_no_panel(stage: Stage) -> None:
    """Neither its cookie nor its token in the header (row 12)."""
    token = next(iter(stage.world.sign_ins.sessions))
    client = stage.browsers[Role.PROVIDER].client

    assert client.get("/panel", base_url=OURS).status_code == 401
    assert client.get("/panel", base_url=OURS, headers=shown(token)).status_code == 401


def test_a_form_from_elsewhere_does_nothing(stage: Stage) -> None:
    """From another origin, without the token, with another session's token, without a word of where it comes from: 403 for
    every route that changes something, and nothing done (row 28)."""
    mine, other = stage.browsers[Role.ADMINISTRATOR], stage.browsers[Role.AUDITOR]
    elsewhere = {"Origin": "https://evil.example"}
    for method, path, rule in admin_rules(stage.app):
        if method == "GET":
            continue
        tries = [(elsewhere, mine.form_token), ({"Origin": "null", "Sec-Fetch-Site": "cross-site"}, mine.form_token)]
        if may(stage.app, rule):
            tries += [({}, ""), ({}, other.form_token)]
        for headers, token in tries:
            answer = send(mine.client, method, path, headers=headers, data={"csrf": token})
            assert answer.status_code == 403, (path, headers, token)
            assert stage.is_untouched
        silent = mine.client.open(path, method=method, base_url=OURS, data={"csrf": mine.form_token})
        assert silent.status_code == 403, path


def may(app: Flask, rule: Rule) -> bool:
    """Whether an administrator may; the sign-in form itself has no session yet, so no token either."""
    right = right_of(app, rule.endpoint)
    if isinstance(right, Right):
        return can([Role.ADMINISTRATOR], right.action, right.data)
    return isinstance(right, Signed)


def check_head(answer: TestResponse) -> None:
    """Nothing foreign, no frame, no cache."""
    head = answer.headers
    policy = head["Content-Security-Policy"]
    assert policy.startswith(
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'"
    )
    assert "form-action 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert (head["X-Frame-Options"], head["Cache-Control"]) == ("DENY", "no-store")
    assert (head["X-Content-Type-Options"], head["Referrer-Policy"]) == ("nosniff", "same-origin")


def test_what_is_shown_has_the_same_head(stage: Stage) -> None:
    """A page that may be seen, one that is none, and the way in."""
    for path in ("/admin", "/admin/people", "/admin/nowhere", "/admin/sign-in"):
        check_head(stage.browsers[Role.ADMINISTRATOR].get(path))


def test_actions_and_data_are_what_the_table_names() -> None:
    """No line names a right that nobody could have."""
    named = {right for right in RIGHTS.values() if right not in (WAY_IN, ANYBODY)}
    assert named <= {f"{action} {data}" for action in Action for data in Data}
