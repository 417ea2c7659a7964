"""The way in and out, as a browser takes it (threats row 3, row 21)."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from plugin.app import create_app
from plugin.domain.errors import Unreachable
from plugin.domain.permissions import Role
from plugin.usecases.accounts import By, invite
from tests.admin import OURS, PASSWORD, an_account, code_now, signed_in_client, with_tokens
from tests.builders import World
from ui_extension.admin.session import COOKIE

OWN = "a password of my own"


@pytest.fixture
def world() -> World:
    """With one account that is set up, an administrator's."""
    world = World()
    an_account(with_tokens(world), roles=["administrator"])
    return world


@pytest.fixture
def client(world: World) -> FlaskClient:
    """A browser that was never here."""
    return create_app(world.services).test_client()


def send(client: FlaskClient, path: str, form: dict[str, str], **headers: str) -> TestResponse:
    return client.post(path, data=form, headers={"Origin": OURS, **headers}, base_url=OURS)


def good(world: World, **more: str) -> dict[str, str]:
    return {"name": "demo-lee", "password": PASSWORD, "code": code_now(world.services), **more}


def hidden(page: str) -> dict[str, str]:
    """Every hidden field of a page."""
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page)
    return {unescape(name): unescape(value) for name, value in found}


def test_signed_in_by_a_cookie_of_this_host_alone(world: World, client: FlaskClient) -> None:
    """`__Host-`, Secure, HttpOnly, SameSite=Strict, no age: it ends with the browser. One had before is not taken over."""
    client.set_cookie(COOKIE, "x" * 43, domain="milepost.test")

    answer = send(client, "/admin/sign-in", good(world))

    assert (answer.status_code, answer.headers["Location"]) == (303, "/admin")
    (cookie,) = answer.headers.getlist("Set-Cookie")
    value, *attributes = cookie.split("; ")
    assert value.startswith("__Host-milepost=")
    assert not value.endswith("x" * 43)
    assert set(attributes) == {"Secure", "HttpOnly", "Path=/", "SameSite=Strict"}
    assert client.get("/admin", base_url=OURS).status_code == 200


@pytest.mark.parametrize("changes", [{"name": "demo-nobody"}, {"password": "not this one, sorry"}, {"code": "987654"}])
def test_whoever_is_refused_is_told_the_same(world: World, client: FlaskClient, changes: dict[str, str]) -> None:
    """Not whether there is such an account, nor what was wrong; what was typed as a password is not in the page."""
    answer = send(client, "/admin/sign-in", {**good(world), **changes})

    assert answer.status_code == 401
    assert "Name, password or code is not right, or it was tried too often" in answer.text
    assert PASSWORD not in answer.text
    assert "Set-Cookie" not in answer.headers
    same = send(client, "/admin/sign-in", {**good(world), "name": "demo-lee", "password": "x"})
    assert re.sub('value="[^"]*"', "", same.text) == re.sub('value="[^"]*"', "", answer.text)


def test_the_first_sign_in_sets_it_up(world: World, client: FlaskClient) -> None:
    """The password for one time opens one page only; then one's own, the app by picture or text, and the recovery codes,
    once."""
    given = invite(world.services, "demo-park", "Demo-Park, Noa", ["coach"], by=By(who="a lead")).password
    first = send(client, "/admin/sign-in", {"name": "demo-park", "password": given, "code": ""})
    assert first.headers["Location"] == "/admin/sign-in/set-up"
    assert client.get("/admin/people", base_url=OURS).headers["Location"] == "/admin/sign-in/set-up"
    page = client.get("/admin/sign-in/set-up", base_url=OURS).text
    assert "<svg" in page
    assert "style=" not in page
    assert '<nav class="mp-nav"' not in page
    form = {"csrf": hidden(page)["csrf"], "password": OWN, "again": OWN, "code": "987654"}

    wrong = send(client, "/admin/sign-in/set-up", form)
    assert (wrong.status_code, 'id="f-code-wrong"' in wrong.text, OWN in wrong.text) == (422, True, False)
    assert send(client, "/admin/sign-in/set-up", {**form, "csrf": ""}).status_code == 403
    done = send(client, "/admin/sign-in/set-up", {**form, "code": code_now(world.services)})

    assert len(re.findall(r"<li><code>[a-z2-7]{4}(?:-[a-z2-7]{4}){3}</code>", done.text)) == 8
    assert client.get("/admin", base_url=OURS).status_code == 200
    assert client.get("/admin/sign-in/set-up", base_url=OURS).status_code == 401


def test_who_was_signed_out_comes_back_to_the_same_page(world: World) -> None:
    """With what the list was narrowed down by; the page says after what time a session ends."""
    browser = signed_in_client(world)
    world.clock.forward(minutes=31)

    ended = browser.get("/admin/people?role=coach")
    assert ended.status_code == 401
    assert "30 minutes without use" in ended.text
    back = send(browser.client, "/admin/sign-in", good(world, **hidden(ended.text)))

    assert back.headers["Location"] == "/admin/people?role=coach"


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example/admin",
        "//evil.example/admin",
        "/\\evil.example",
        "/admin/../panel",
        "/admin/nowhere",
        "/admin/sign-in",
        "/admin/sign-out",
        "/admin/people\r\nLocation: https://evil.example",
        "/launch",
        "javascript:alert(1)",
        "/admin" + "x" * 3000,
        "",
    ],
)
def test_nothing_leads_out_of_here(world: World, client: FlaskClient, path: str) -> None:
    """What is no page of ours leads home (row 3)."""
    answer = send(client, "/admin/sign-in", good(world, back=path))

    assert (answer.status_code, answer.headers["Location"]) == (303, "/admin")


def test_what_was_typed_when_a_session_ended_is_kept(world: World) -> None:
    """Through the sign-in, also through a wrong one; then it is shown, and sent by who typed it. To no foreign path."""
    browser = signed_in_client(world)
    token = browser.csrf
    world.clock.forward(minutes=31)
    typed = {"csrf": token, "person_name": "Demo-Park <Noa>", "name": "demo-park", "roles": ["coach", "billing"]}
    ended = browser.client.post("/admin/people/new", data=typed, headers={"Origin": OURS}, base_url=OURS)
    assert ended.status_code == 401
    assert "What you typed was not saved yet" in ended.text
    wrong = send(browser.client, "/admin/sign-in", {**good(world), **hidden(ended.text), "password": "x"})
    kept = browser.client.post(
        "/admin/sign-in",
        data=good(world, **hidden(wrong.text)),
        headers={"Origin": OURS},
        base_url=OURS,
    )

    assert kept.status_code == 200
    assert "Demo-Park &lt;Noa&gt;" in kept.text
    again = hidden(kept.text)
    assert again["csrf"] not in ("", token)
    assert re.search(r'<form method="post" action="/admin/people/new">', kept.text)
    assert "Invited: Demo-Park" in send(browser.client, "/admin/people/new", again).text

    world.clock.forward(seconds=30)
    foreign = send(browser.client, "/admin/sign-in", good(world, kept_to="https://evil.example/", **{"kept.a": "b"}))
    assert foreign.headers["Location"] == "/admin"


def test_password_and_code_once_more_send_the_form_along(world: World) -> None:
    """After ten minutes: nothing was done, everything typed is in the page, and goes out once together with the proof;
    under a new cookie. A wrong proof asks again and loses nothing."""
    browser = signed_in_client(world)
    before = browser.csrf
    world.clock.forward(minutes=11)

    asked = browser.post("/admin/people/new", {"person_name": "Demo-Park", "name": "demo-park", "roles": "coach"})
    assert asked.status_code == 403
    assert re.search(r'<form method="post" action="/admin/people/new">', asked.text)
    form = hidden(asked.text)
    assert (form["name"], form["csrf"]) == ("demo-park", before)
    wrong = send(browser.client, "/admin/people/new", {**form, "proof_password": "x", "proof_code": "987654"})
    assert (wrong.status_code, hidden(wrong.text)) == (403, form)
    with world.look() as uow:
        assert uow.accounts.by_name("demo-park") is None
    proof = {"proof_password": PASSWORD, "proof_code": code_now(world.services)}
    done = send(browser.client, "/admin/people/new", {**form, **proof})

    assert "Invited: Demo-Park" in done.text
    assert "Set-Cookie" in done.headers
    with world.look() as uow:
        account, actions = uow.accounts.by_name("demo-park"), [row.action for row in uow.audit.entries()]
    assert account is not None
    assert actions[:4] == ["grant", "add-account", "prove", "prove-refused"]


def test_a_page_that_needs_a_proof_is_come_back_to(world: World) -> None:
    """By GET: through /admin/prove."""
    browser = signed_in_client(world)
    world.clock.forward(minutes=11)

    asked = browser.get("/admin/me/password")
    assert asked.status_code == 403
    proof = {**hidden(asked.text), "proof_password": PASSWORD, "proof_code": code_now(world.services)}
    wrong = send(browser.client, "/admin/prove", {**proof, "proof_code": "987654"})
    assert hidden(wrong.text) == hidden(asked.text)
    back = send(browser.client, "/admin/prove", proof)

    assert (back.status_code, back.headers["Location"]) == (303, "/admin/me/password")
    assert browser.get("/admin/me/password").status_code == 200
    assert browser.get("/admin/prove").status_code == 200
    assert browser.post("/admin/prove").status_code == 403


def test_ones_own_password_and_app(world: World) -> None:
    """Changed by who has just given both."""
    browser = signed_in_client(world)
    world.clock.forward(seconds=30)
    other = signed_in_client(world)
    world.clock.forward(seconds=1)

    changed = browser.post("/admin/me/password", {"password": OWN, "again": OWN})
    assert changed.headers["Location"] == "/admin?done=password"
    assert "Your new password counts from now on" in browser.get("/admin?done=password").text
    assert other.get("/admin").status_code == 401
    assert "<svg" in browser.get("/admin/me/second-factor").text
    world.clock.forward(seconds=30)
    done = browser.post("/admin/me/second-factor", {"code": code_now(world.services)})
    assert "Keep these recovery codes" in done.text


def test_who_signs_in_anew_has_one_session(world: World) -> None:
    """What this browser had before is over, wherever its token was kept."""
    browser = signed_in_client(world)
    world.clock.forward(seconds=30)

    signed_in_client(world, client=browser.client)

    assert len(world.sign_ins.sessions) == 1


def test_signed_out(world: World) -> None:
    """The cookie is taken back, and opens nothing any more where it was kept."""
    browser = signed_in_client(world)
    kept = browser.client.get_cookie(COOKIE, domain="milepost.test")
    assert kept is not None

    answer = browser.post("/admin/sign-out")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/admin/sign-in?done=signed-out")
    assert "Max-Age=0" in answer.headers["Set-Cookie"]
    browser.client.set_cookie(COOKIE, kept.value, domain="milepost.test")

    assert browser.get("/admin").status_code == 401
    assert "You are signed out." in browser.get("/admin/sign-in?done=signed-out").text
    assert browser.get("/admin/sign-in?done=<b>").status_code == 200


def test_what_asks_by_itself_does_not_keep_a_session(world: World) -> None:
    """A page that is fetched again and again, with nobody there."""
    browser = signed_in_client(world)
    statuses = []
    for _ in range(3):
        world.clock.forward(minutes=11)
        statuses.append(browser.get("/admin?idle=1").status_code)

    assert statuses == [200, 200, 401]


def test_htmx_is_told_to_load_the_page_anew(world: World) -> None:
    """When the session has ended: a sign-in form has no place inside a table."""
    browser = signed_in_client(world)
    world.clock.forward(hours=11)

    answer = browser.get("/admin", headers={"HX-Request": "true"})

    assert (answer.status_code, answer.headers["HX-Refresh"]) == (401, "true")
    assert "<html" not in answer.text


def test_without_redis_it_says_so(world: World) -> None:
    """A page in words, and nobody gets in."""
    browser = signed_in_client(world)
    world.sign_ins.failure = Unreachable("Redis did not answer.")

    answer = browser.get("/admin")

    assert answer.status_code == 503
    assert "Not just now" in answer.text
    assert Role.ADMINISTRATOR.value not in answer.text


def test_below_a_path_of_a_proxy(world: World) -> None:
    """Served under /milepost, every address is below it; the cookie is still for all of the host, as `__Host-` must be."""
    services = replace(world.services, public_url="https://milepost.test/milepost")
    client = create_app(services).test_client()

    answer = client.post("/milepost/admin/sign-in", data=good(world), headers={"Origin": OURS}, base_url=OURS)

    assert answer.headers["Location"] == "/milepost/admin"
    assert "Path=/;" in answer.headers["Set-Cookie"] + ";"
    page = client.get("/milepost/admin/people", base_url=OURS)
    assert 'href="/milepost/admin/people" aria-current="page"' in page.text
