"""What stands in the head of every answer of launch and panel, good or bad."""

from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from plugin.api.access import Access, decision
from plugin.app import create_app
from plugin.usecases.services import Services
from tests.builders import World
from tests.fake_launch import refusing
from tests.tabs import BASE, OURS, Browser, an_issuer, shown

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors "
)
ANCESTORS = " ".join(an_issuer().ehr_origins)
FRAMED = [
    ("GET", f"/launch?iss={BASE}&launch=x", 200),
    ("GET", "/standalone/ehr", 200),
    ("GET", "/callback/ehr?code=c&state=s", 200),
    ("GET", "/p/ehr.over", 401),
]
UNFRAMED = [
    ("GET", "/launch", 400),
    ("GET", "/launch?iss=https://evil.test/fhir&launch=x", 400),
    ("GET", "/standalone/nobody", 400),
    ("GET", "/callback/nobody", 400),
    ("GET", "/p/nobody.x", 400),
    ("GET", "/p/nobody.x/anew", 400),
    ("POST", "/session", 403),
    ("GET", "/panel/pulse", 401),
    ("DELETE", "/session", 401),
    ("POST", "/launch", 405),
    ("GET", "/launch/", 404),
    ("GET", "//launch", 404),
]


def check(answer: TestResponse) -> None:
    """What holds for all of them."""
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in answer.headers
    assert "Location" not in answer.headers


@pytest.mark.parametrize(("method", "path", "status"), FRAMED)
def test_pages_on_the_way_in_are_framed_by_their_ehr_alone(
    client: FlaskClient, method: str, path: str, status: int
) -> None:
    """Exact origins, no X-Frame-Options (it knows no other origin), nothing kept, no cookie (row 22, row 27)."""
    answer = client.open(path, method=method)

    assert answer.status_code == status
    assert answer.headers["Content-Security-Policy"] == POLICY + ANCESTORS
    assert "X-Frame-Options" not in answer.headers
    check(answer)


def test_the_page_that_makes_a_frame_anew_has_no_origin(client: FlaskClient) -> None:
    """In its EHR's frames as every page on the way in, and able to read nothing of ours; it only leads to the panel."""
    answer = client.get("/p/ehr.any/anew")

    assert answer.headers["Content-Security-Policy"] == f"sandbox allow-scripts; {POLICY}{ANCESTORS}"
    assert "X-Frame-Options" not in answer.headers
    assert 'data-panel="/p/ehr.any#anew"' in answer.text
    check(answer)


@pytest.mark.parametrize(("method", "path", "status"), UNFRAMED)
def test_what_belongs_to_no_ehr_is_framed_by_nobody(client: FlaskClient, method: str, path: str, status: int) -> None:
    """As long as it is not certain whose page it is (row 22, row 27)."""
    answer = client.open(path, method=method)

    assert answer.status_code == status
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    check(answer)


def test_a_panels_answers_are_framed_by_its_sessions_ehr(browser: Browser) -> None:
    """Each session by its own; the end of one, too (row 22)."""
    other = browser.enter("/launch?iss=https://other.test/fhir&launch=x", "other")

    for method, path in (("GET", "/panel/pulse"), ("DELETE", "/session")):
        answer = browser.client.open(path, method=method, headers=shown(other["token"]))

        assert answer.headers["Content-Security-Policy"] == POLICY + " ".join(an_issuer("other").ehr_origins)
        assert "X-Frame-Options" not in answer.headers
        check(answer)


def test_a_refusal_in_a_known_ehrs_frame_can_be_read_there(browser: Browser, world: World) -> None:
    """Or the frame would stay blank."""
    world.smart.failure = refusing("server-setup")

    answer = browser.open()

    assert answer.headers["Content-Security-Policy"] == POLICY + ANCESTORS
    check(answer)


def test_no_answer_leads_anywhere_else(client: FlaskClient, browser: Browser) -> None:
    """No redirect at all; where a launch leads stands in its page, and is the EHR's own endpoint (row 3)."""
    tricks = ["next", "return_to", "redirect_uri", "url", "iss", "launch"]
    addresses = ["https://evil.test/", "//evil.test", "/\\evil.test", "javascript:alert(1)"]
    for _, path, _ in (*FRAMED, *UNFRAMED):
        for trick in tricks:
            for address in addresses:
                answer = client.get(path.partition("?")[0], query_string={trick: address})

                assert "Location" not in answer.headers
                assert "evil" not in answer.text

    opened = browser.open(f"/launch?iss={BASE}&launch=x&redirect_uri=https://evil.test&next=https://evil.test")
    leads = opened.text.partition('data-authorize="')[2].partition('"')[0]
    assert urlsplit(leads)[:3] == ("https", "ehr.test", "/authorize")


def test_every_panel_route_wants_the_token_itself(services: Services) -> None:
    """Whoever adds a route that is open to a panel gets its guard and its head with it (row 22)."""
    app: Flask = create_app(services)
    routes = [rule for rule in app.url_map.iter_rules() if decision(app, rule.endpoint) is Access.PANEL]
    adapter = app.url_map.bind("milepost.test")

    for rule in routes:
        path = adapter.build(rule.endpoint, dict.fromkeys(rule.arguments, "note"))
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            answer = app.test_client().open(path, method=method, headers={"Origin": OURS})

            assert (rule.rule, method, answer.status_code) == (rule.rule, method, 401)
            assert "X-Frame-Options" not in answer.headers
            assert "Your session has ended" in answer.text
            check(answer)
