"""The way into a panel, and everybody who tries another way."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from markupsafe import escape

from plugin.app import create_app
from plugin.domain.errors import CannotDo, LaunchRefused, MilepostError, TemporaryFailure, Unreachable
from plugin.domain.launch import Granted, Refusal
from plugin.usecases.services import Services
from tests.builders import World
from tests.fake_launch import NURSE, TOKENS, refusing
from tests.tabs import BASE, OURS, Browser, an_issuer, shown
from ui_extension.panel.launch import LAUNCHES_A_MINUTE, origin_of
from ui_extension.panel.refusals import words_for

LOOK_ALIKES = [
    "http://169.254.169.254/latest/meta-data",
    "https://ehr.test@evil.test/fhir",
    "https://user@ehr.test/fhir",
    "https://ehr.test./fhir",
    "https://EHR.test/fhir",
    "https://ehr.test/FHIR",
    "http://ehr.test/fhir",
    "https://ehr.test//fhir",
    "https://ehr.test/fhir//",
    "https://ehr.test:443/fhir",
    "https://ehr.test:8443/fhir",
    "https://ehr.test/fhir/R4",
    "https://ehr.test/fhi",
    "https://ehr.test/fhir?x=1",
    "https://ehr.test/fhir#",
    "https://ehr.test/x/../fhir",
    "https://ehr.test\\fhir",
    " https://ehr.test/fhir",
    "https://ehr.test/fhir\n",
    "file:///etc/passwd",
    "<script>alert(1)</script>",
    "",
]


def test_a_launch_opens_one_patients_panel(browser: Browser, world: World) -> None:
    """From the EHR's link to a token that the panel's pages take; the token is for this patient."""
    opened = browser.enter()

    beat = browser.client.get("/panel/pulse", headers=shown(opened["token"])).get_json()
    assert beat["patient"] == "Patient/p1"
    assert browser.client.get(f"/p/{opened['launch']}").status_code == 200
    assert opened["token"] not in opened["launch"]


def test_a_trailing_slash_of_the_issuer_is_the_same_issuer(browser: Browser) -> None:
    """One is dropped, and nothing else."""
    assert browser.open(f"/launch?iss={BASE}/&launch=xyz").status_code == 200


@pytest.mark.parametrize(
    ("aud", "status"),
    [(BASE, 200), (f"{BASE}/", 200), ("https://other.test/fhir", 400), ("", 400), (f"{BASE}&aud={BASE}", 400)],
)
def test_a_launch_that_names_its_server_twice_names_one(browser: Browser, aud: str, status: int) -> None:
    """OpenEMR 8.2 sends ``aud`` beside ``iss`` (recording 330)."""
    assert browser.client.get(f"/launch?launch=xyz&iss={BASE}&aud={aud}").status_code == status


def test_an_error_without_a_state_is_explained(browser: Browser, world: World) -> None:
    """OpenEMR 8.2 sends none back with an error (recording 311): the page says so, and nobody is asked."""
    told = {"issuer": "ehr", "secret": "none", "error": "invalid_scope"}

    answer = browser.client.post("/session", json=told, headers={"Origin": OURS})

    assert answer.status_code == 403
    assert answer.get_json()["title"] == "The EHR answered with an error"
    assert world.smart.calls == []


@pytest.mark.parametrize("iss", LOOK_ALIKES)
def test_an_unknown_issuer_is_refused_before_anything_is_fetched(client: FlaskClient, world: World, iss: str) -> None:
    """Whatever ``iss`` looks like, nobody is asked, and nothing of it is repeated (row 1)."""
    answer = client.get("/launch", query_string={"iss": iss, "launch": "xyz"})

    assert answer.status_code == 400
    assert world.smart.calls == []
    assert "not known here" in answer.text
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert not iss.strip() or iss not in answer.text


@pytest.mark.parametrize(
    "query",
    [
        f"launch=xyz&iss={BASE}&iss=https://other.test/fhir",
        "launch=xyz",
        f"iss={BASE}",
        f"iss={BASE}&launch=",
        f"iss={BASE}&launch=a&launch=b",
        f"iss={BASE}&launch={'x' * 5000}",
    ],
)
def test_a_launch_names_one_issuer_and_one_chart(client: FlaskClient, world: World, query: str) -> None:
    """Of two, somebody else might read the other one; without the chart's note there is nothing to ask for (row 1)."""
    assert client.get(f"/launch?{query}").status_code == 400
    assert world.smart.calls == []


def test_an_issuer_that_is_switched_off_is_unknown(client: FlaskClient, world: World) -> None:
    """For each of the pages on the way in."""
    with world.database.begin() as uow:
        uow.issuers.update(replace(uow.issuers.get("ehr"), is_active=False), world.clock())
        uow.commit()

    for path in (f"/launch?iss={BASE}&launch=x", "/standalone/ehr", "/callback/ehr?code=c&state=s", "/p/ehr.x"):
        assert client.get(path).status_code == 400


def test_a_standalone_launch_chooses_from_the_list(browser: Browser) -> None:
    """By the issuer's name among ours; nobody types an address."""
    answer = browser.open("/standalone/ehr")

    assert "launch/patient" in answer.text
    assert browser.come_back().status_code == 200
    assert browser.client.get("/standalone/https://evil.test/").status_code == 404
    assert browser.client.get("/standalone/nobody").status_code == 400


def test_the_callbacks_page_repeats_nothing(client: FlaskClient, world: World) -> None:
    """Code and state are for its script alone, and it leads nowhere else (row 3, row 7)."""
    answer = client.get(f"/callback/ehr?code=canary-code&state=canary-state&iss={BASE}&next=https://evil.test")

    assert answer.status_code == 200
    assert "canary" not in answer.text
    assert "evil" not in answer.text
    assert world.smart.calls == []
    assert answer.headers["Referrer-Policy"] == "no-referrer"


# ------------------------------------------------------------------------------------------------- login CSRF, replays
def test_another_browsers_callback_is_refused(browser: Browser, client: FlaskClient, world: World) -> None:
    """Who lures somebody to the callback of their own login gains nothing: the code is not even shown around (row 4)."""
    browser.open()
    victim = Browser(client, kept={browser.state: "none"})

    answer = victim.come_back()

    assert answer.status_code == 403
    assert answer.get_json()["title"] == "This was opened somewhere else"
    assert "redeem" not in world.smart.calls


def test_a_state_is_good_once_whatever_comes_of_it(browser: Browser, world: World) -> None:
    """A wrong secret spends it too (row 4, row 5)."""
    browser.open()

    assert browser.come_back(secret="wrong").status_code == 403
    assert browser.come_back().status_code == 400
    assert "redeem" not in world.smart.calls


def test_a_callback_is_good_once(browser: Browser, world: World) -> None:
    """Sent again, nobody is asked again (row 5)."""
    browser.enter()

    again = browser.come_back()

    assert (again.status_code, again.get_json()["title"]) == (400, "This way in has been used")
    assert world.smart.calls.count("redeem") == 1


def test_of_many_at_once_exactly_one_gets_in(browser: Browser, world: World) -> None:
    """The same callback, sent eight times in parallel (row 5)."""
    browser.open()
    gate = threading.Barrier(8)

    def send(_: int) -> int:
        tab = Browser(browser.client.application.test_client(), kept=dict(browser.kept))
        gate.wait()
        return tab.come_back().status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(send, range(8)))

    assert statuses == [200] + [400] * 7
    assert world.smart.calls.count("redeem") == 1


def test_the_answer_of_one_issuer_is_not_taken_for_another(browser: Browser, world: World) -> None:
    """A state of one EHR that comes back to the page of another is refused and spent; no code changes hands (row 6)."""
    browser.open()

    mixed = browser.come_back(issuer="other")

    assert mixed.get_json()["title"] == "This way in has been used"
    assert browser.come_back().status_code == 400
    assert "redeem" not in world.smart.calls


@pytest.mark.parametrize(
    "origin", [None, "null", "https://evil.test", "http://milepost.test", f"{OURS}:8443", f"{OURS}/"]
)
def test_only_our_own_page_may_change_a_code(browser: Browser, world: World, origin: str | None) -> None:
    """Another site's page says another Origin, or none; the launch is not spent by it (row 4)."""
    browser.open()

    refused = browser.come_back(origin=origin)

    assert refused.status_code == 403
    assert "redeem" not in world.smart.calls
    assert browser.come_back().status_code == 200


@pytest.mark.parametrize(
    "told",
    [
        {},
        [],
        "text",
        None,
        {"issuer": "ehr", "state": "s", "secret": ["x"]},
        {"issuer": "ehr", "state": "s", "secret": ""},
        {"issuer": "ehr", "state": "s" * 9000, "secret": "x"},
        {"issuer": "ehr", "state": "s", "secret": "x", "token": "chosen-by-somebody"},
        {"issuer": "ehr", "state": "s", "secret": "x", "launch": "chosen-by-somebody"},
    ],
)
def test_a_token_cannot_be_brought_along(client: FlaskClient, world: World, told: object) -> None:
    """A session's names are made here, after the code was changed; what else is sent is refused (row 21)."""
    answer = client.post("/session", json=told, headers={"Origin": OURS})

    assert answer.status_code == 400
    assert world.launches.open_sessions == {}


def test_a_token_that_was_set_before_opens_nothing(browser: Browser, client: FlaskClient) -> None:
    """Neither as header nor as cookie, before or after somebody signs in; and no cookie is ever set (row 21)."""
    chosen = "A" * 43
    client.set_cookie("token", chosen, domain="milepost.test")

    opened = browser.enter()

    assert opened["token"] != chosen
    assert client.get("/panel/pulse", headers=shown(chosen)).status_code == 401
    assert client.get(f"/panel/pulse?token={opened['token']}").status_code == 401


# -------------------------------------------------------------------------------------------------- what is said to whom
@pytest.mark.parametrize("reason", list(Refusal))
def test_every_refusal_is_said_in_words(browser: Browser, world: World, reason: Refusal) -> None:
    """A title, what happened, what to do: in the page where one is shown, and for the callback's script."""
    browser.open()
    world.smart.failure = refusing(reason.value)
    words = words_for(reason.value)

    told = browser.come_back()
    page = browser.open()

    assert (told.status_code, page.status_code) == (words.status, words.status)
    assert told.get_json() == {"title": words.title, "words": [words.happened, words.advice]}
    assert f"<h1>{escape(words.title)}</h1>" in page.text
    assert f"<title>{escape(words.title)}" in page.text
    assert "words that nobody is shown" not in page.text + told.text


@pytest.mark.parametrize(
    ("failure", "status", "title"),
    [
        (Unreachable("https://ehr.test did not answer"), 503, "The EHR does not answer"),
        (TemporaryFailure("busy"), 503, "The EHR does not answer"),
        (CannotDo("something of ehr.test"), 500, "Something went wrong"),
    ],
)
def test_an_ehr_that_fails_in_the_middle_is_said_in_words(
    browser: Browser, world: World, failure: MilepostError, status: int, title: str
) -> None:
    """At the beginning and at the end; in the frame where it was opened; nothing of the fault is shown."""
    browser.open()
    world.smart.failure = failure

    told, page = browser.come_back(), browser.open()

    assert (told.status_code, page.status_code) == (status, status)
    assert told.get_json()["title"] == title
    assert f"<h1>{title}</h1>" in page.text
    assert "frame-ancestors https://chart.ehr.test" in page.headers["Content-Security-Policy"]
    assert str(failure) not in page.text + told.text


def test_a_fault_of_ours_shows_no_trace(browser: Browser, world: World) -> None:
    """Not even its kind."""
    browser.open()
    world.smart.granted = None  # type: ignore[assignment]  # what no server answers

    told = browser.come_back()

    assert told.status_code == 500
    assert told.get_json()["title"] == "Something went wrong"
    assert not re.search("Traceback|Error|None", told.text)


@pytest.mark.parametrize(("error", "title"), [("access_denied", "did not let"), ("<b>x</b>", "cannot be used")])
def test_an_error_of_the_server_counts_only_with_its_state(
    browser: Browser, world: World, error: str, title: str
) -> None:
    """And is said in our words, never in its own."""
    browser.open()
    stranger = browser.come_back(error=error, state="unknown")

    own = browser.come_back(error=error)

    assert stranger.get_json()["title"] == "This way in has been used"
    assert title in own.get_json()["title"]
    assert "<b>" not in own.text
    assert "redeem" not in world.smart.calls


def test_a_callback_without_code_and_error_is_no_answer(browser: Browser) -> None:
    """The state is spent."""
    browser.open()
    body = {"issuer": "ehr", "state": browser.state, "secret": browser.kept[browser.state]}

    answer = browser.client.post("/session", json=body, headers={"Origin": OURS})

    assert answer.status_code == 502


def test_without_an_address_of_its_own_nothing_is_begun(services: Services) -> None:
    """It says which setting is missing."""
    client = create_app(replace(services, public_url=None)).test_client()

    page = client.get(f"/launch?iss={BASE}&launch=xyz")

    assert page.status_code == 503
    assert "MILEPOST_PUBLIC_URL" in page.text
    assert client.post("/session", json={}, headers={"Origin": "null"}).status_code == 403
    assert client.post("/session", json={}).status_code == 403


def test_a_flood_is_told_to_wait(browser: Browser, world: World) -> None:
    """Of launches and of callbacks, each counted by issuer and address; another issuer's people still get in."""
    browser.open()
    world.launches.limit = 1
    opened = browser.client.get("/launch?iss=https://other.test/fhir&launch=x")

    assert (browser.open().status_code, opened.status_code) == (429, 200)
    assert browser.come_back().status_code == 200
    assert browser.come_back().status_code == 429
    assert world.launches.counts[("launch", "ehr 127.0.0.1")] == 2
    assert LAUNCHES_A_MINUTE >= 100


def test_who_gets_in_is_counted_and_who_does_not(browser: Browser, world: World) -> None:
    """Each once."""
    browser.enter()
    browser.come_back()
    browser.open("/launch?iss=x")

    assert world.metrics.counters["launches"] == 3


# ------------------------------------------------------------------------------------------------------------ its pages
def test_the_shell_holds_no_patient(browser: Browser) -> None:
    """It is the same for everybody; what is in it is fetched with the token of this very launch (row 24)."""
    opened = browser.enter()

    page = browser.client.get(f"/p/{opened['launch']}")

    assert f'data-launch="{opened["launch"]}"' in page.text
    assert not re.search("Patient/|Test-|p1|token", page.text)
    assert page.text.count("<h1") == 1


def test_two_launches_are_two_sessions(browser: Browser, world: World) -> None:
    """One launch = one session = one patient; the second changes nothing in the first (row 24)."""
    one = browser.enter()
    world.smart.granted = Granted(tokens=TOKENS, identity=NURSE, patient="Patient/p2")
    two = browser.enter()

    def patient(token: str) -> str:
        return str(browser.client.get("/panel/pulse", headers=shown(token)).get_json()["patient"])

    assert [patient(each["token"]) for each in (one, two, one)] == ["Patient/p1", "Patient/p2", "Patient/p1"]
    assert one["launch"] != two["launch"]


@pytest.mark.parametrize("launch", ["ehr.unknown", "ehr", "ehr."])
def test_the_page_of_a_session_that_ended_says_so_in_its_frame(client: FlaskClient, launch: str) -> None:
    """How to get back in, and nothing else; framed by whom it was framed before."""
    page = client.get(f"/p/{launch}")

    assert page.status_code == 401
    assert "Your session has ended" in page.text
    assert "frame-ancestors https://chart.ehr.test https://shell.ehr.test" in page.headers["Content-Security-Policy"]


@pytest.mark.parametrize("launch", ["nobody.x", "x", "%3Cscript%3E"])
def test_a_page_of_no_launch_is_framed_by_nobody(client: FlaskClient, launch: str) -> None:
    """An id that is none."""
    page = client.get(f"/p/{launch}")

    assert page.status_code == 400
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert "script>" not in page.text


def test_nothing_of_a_launch_gets_into_a_log(browser: Browser, world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Neither code, state, secret, launch nor token, neither ours nor the EHR's; whatever is refused (row 7)."""
    caplog.set_level("DEBUG")
    opened = browser.enter(f"/launch?iss={BASE}&launch=canary-launch")
    browser.come_back(code="canary-code")
    browser.open()
    world.smart.failure = LaunchRefused("refused canary-code", reason="code-refused")
    browser.come_back(code="canary-code", error="canary-error")
    browser.client.get(f"/p/{opened['launch']}")
    browser.client.get("/panel/pulse", headers=shown(opened["token"]))

    secret = [*browser.kept, *browser.kept.values(), opened["token"], opened["launch"], TOKENS.access, "canary"]
    assert [word for word in secret if word in caplog.text] == []
    assert "launch_refused" in caplog.text


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://milepost.example", "https://milepost.example"),
        ("https://Milepost.example:443/panel", "https://milepost.example"),
        ("http://127.0.0.1:8700", "http://127.0.0.1:8700"),
        ("http://localhost:80", "http://localhost"),
        ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
    ],
)
def test_our_origin_is_as_a_browser_says_it(url: str, origin: str) -> None:
    """Scheme, host and port, the usual port left off."""
    assert origin_of(url) == origin


def test_an_issuers_page_is_for_its_own_frames(client: FlaskClient) -> None:
    """Each answer names the origins of the issuer that it is about (row 22)."""
    for slug in ("ehr", "other"):
        for path in (f"/launch?iss=https://{slug}.test/fhir&launch=x", f"/standalone/{slug}", f"/callback/{slug}"):
            policy = client.get(path).headers["Content-Security-Policy"]

            assert policy.endswith("frame-ancestors " + " ".join(an_issuer(slug).ehr_origins))
