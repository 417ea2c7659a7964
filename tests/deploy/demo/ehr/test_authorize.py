"""The authorization endpoint: who gets a code, and how everybody else is told."""

from urllib.parse import urlsplit

import pytest

from deploy.demo.ehr.grants import LAUNCH_S
from tests.smart_app import BACK, EHR, App, Clock, query_of


def said(app: App, launch: str | None = None) -> dict[str, str]:
    """What the app's address is told."""
    answer = app.authorize(launch)
    assert answer.status_code == 302
    assert answer.location.split("?")[0] == BACK
    return query_of(answer.location)


def test_a_launch_from_a_chart_is_answered_at_once(app: App) -> None:
    """With the state that was sent and the server's name (RFC 9207)."""
    told = said(app, app.launch())

    assert told.keys() == {"code", "state", "iss"}
    assert (told["state"], told["iss"]) == ("s" * 43, EHR)


def test_a_launch_needs_no_cookie(app: App) -> None:
    """In another site's frame the browser sends none; the launch itself says whose it is."""
    launch = app.launch()
    app.web.delete_cookie(app.ehr.cookie, domain="127.0.0.1")

    assert "code" in said(app, launch)


def test_a_launch_is_good_once(app: App) -> None:
    """Also when its first use failed."""
    launch = app.launch()
    app.asks = {"scope": "launch"}
    assert said(app, launch)["error"] == "invalid_scope"
    app.asks = {}
    assert "code" in said(app, launch)

    assert said(app, launch)["error"] == "invalid_request"


def test_a_launch_runs_out(app: App, clock: Clock) -> None:
    """Five minutes after the chart was drawn."""
    early, late = app.launch(), app.launch()

    clock.now += LAUNCH_S - 1
    assert "code" in said(app, early)
    clock.now += 1
    assert said(app, late)["error"] == "invalid_request"


def test_a_launch_of_another_app_is_no_launch(app: App) -> None:
    """Nor one of another login, or of one that has ended."""
    others = App(app.ehr, app.web, app.ehr.clients["app-public"]).launch()
    assert said(app, others)["error"] == "invalid_request"

    of_provider = app.launch(login="samplewright")
    app.log_in("ledgerly")
    assert said(app, of_provider)["error"] == "invalid_request"

    ended = app.launch()
    app.web.post("/logout")
    assert said(app, ended)["error"] == "invalid_request"


@pytest.mark.parametrize(
    ("asks", "error"),
    [
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"state": None}, "invalid_request"),
        ({"aud": "http://127.0.0.1:1/fhir"}, "invalid_request"),
        ({"aud": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "launch openid"}, "invalid_scope"),
        ({"scope": "patient/*.rs"}, "invalid_scope"),
        ({"scope": "launch system/*.rs"}, "invalid_scope"),
        ({"state": ["a", "b"]}, "invalid_request"),
    ],
)
def test_a_question_that_may_not_be_asked_so_is_declined(app: App, asks: dict[str, object], error: str) -> None:
    """PKCE by S256, state and audience are a must for every app."""
    launch = app.launch()
    app.asks = asks

    assert said(app, launch)["error"] == error


@pytest.mark.parametrize(
    "asks",
    [
        {"client_id": "nobody"},
        {"client_id": None},
        {"redirect_uri": "http://localhost:18790/callback/other"},
        {"redirect_uri": f"{BACK}/"},
        {"redirect_uri": f"{BACK}?x=1"},
        {"redirect_uri": [BACK, "http://evil.example/"]},
        {"redirect_uri": None},
    ],
)
def test_an_address_that_is_not_registered_is_told_nothing(app: App, asks: dict[str, object]) -> None:
    """The person is told instead, and what was sent is not repeated."""
    launch = app.launch()
    app.asks = asks

    answer = app.authorize(launch)

    assert answer.status_code == 400
    assert "Location" not in answer.headers
    assert "was not let in" in answer.text
    assert "evil" not in answer.text


def test_from_the_menu_somebody_logs_in_and_chooses_a_patient(app: App) -> None:
    """Then the app is told by a code, and the token is for that patient, with a banner of its own."""
    app.asks = {"scope": "launch/patient openid fhirUser patient/*.rs"}
    choice = app.authorize().location
    assert urlsplit(app.web.get(choice).location).path == "/login"
    word = urlsplit(choice).path.split("/")[2]
    assert app.web.post("/login", data={"login": "stubbins", "then": word}).location == choice
    page = app.web.get(choice)
    assert "Testa Sampleton-b" in page.text

    answer = app.web.post(choice, data={"patient": "b"})

    tokens = app.redeem(query_of(answer.location)["code"]).get_json()
    assert (tokens["patient"], tokens["need_patient_banner"]) == ("b", True)
    assert app.web.post(choice, data={"patient": "a"}).status_code == 400


def test_whoever_chooses_no_patient_lets_no_app_in(app: App) -> None:
    """Nor does a patient that is not there."""
    app.asks = {"scope": "launch/patient patient/*.rs"}
    app.log_in()

    for patient in ("", "nobody", "../a"):
        choice = app.authorize().location
        assert query_of(app.web.post(choice, data={"patient": patient}).location)["error"] == "access_denied"
