"""The recorded OpenEMR's authorize, login, picker, consent and launch against what a real one answered, step by
step."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.deploy.openemr.oauth_world import (
    APP,
    MARLOW,
    SECOND,
    VERIFIER,
    World,
    challenge,
    compare,
    kept,
    recording,
    world,
)

Query = Mapping[str, str]


@pytest.fixture(scope="module")
def served() -> Iterator[World]:
    """One clinic for all."""
    with world() as made:
        yield made


@pytest.fixture
def at(served: World) -> World:
    """A new browser, at which ``admin`` has Ada Marlow's chart open; no launch is silent."""
    served.cookies.clear()
    served.change(APP, skips_login=False)
    sessions = served.clinic.sessions
    word = sessions.log_in("admin")
    sessions.open_chart(word, 1)
    served.cookies["OpenEMR"] = word
    return served


def test_the_login_and_the_consent_are_asked_for_as_recorded(at: World) -> None:
    """Step by step to the token, without the scopes that only JavaScript adds; the code is good a second time."""
    compare("289", _ask(at, "289"))
    compare("290", at.send("290"))
    compare("291", _fill(at, "291"))
    compare("292", at.send("292"))
    moved = _fill(at, "293")
    compare("293", moved)

    compare("294", _redeem(at, "294", moved))
    again = _redeem(at, "296", moved)
    compare("296", again)
    _check_id_token(at, again.json()["id_token"])


def test_the_scopes_that_are_ticked_are_granted(at: World) -> None:
    """With what JavaScript adds."""
    compare("297", _ask(at, "297"))
    _fill(at, "291")
    compare("298", at.send("298"))
    moved = _fill(at, "299")
    compare("299", moved)

    compare("300", _redeem(at, "300", moved))


def test_without_state_there_is_a_code_that_is_refused(at: World) -> None:
    """302 with a code, then 400 "Bad request"."""
    compare("301", _ask(at, "301"))
    _fill(at, "291")
    compare("302", at.send("302"))
    moved = _fill(at, "303")
    compare("303", moved)

    compare("304", _redeem(at, "304", moved))


def test_without_launch_aud_may_be_missing(at: World) -> None:
    """But it may not be another's."""
    compare("305", _ask(at, "305"))
    _fill(at, "291")
    compare("306", at.send("306"))
    moved = _fill(at, "307")
    compare("307", moved)

    compare("308", _redeem(at, "308", moved))
    compare("310", _ask(at, "310"))


@pytest.mark.parametrize("number", ["311", "313", "314", "457"])
def test_a_question_that_is_none_is_refused(at: World, number: str) -> None:
    """At the app's address for a scope, and without ``state`` there; in the browser for all else."""
    compare(number, _ask(at, number, {"launch": _launched(at)} if number == "457" else {}))


def test_a_launch_token_that_was_changed_is_refused(at: World) -> None:
    """400, in the browser."""
    compare("458", _ask(at, "458", {"launch": f"{_launched(at)}x"}))


TOKEN_CALLS: dict[str, tuple[Query, Query]] = {
    "309": ({"nonce": ""}, {}),
    "312": ({"scope": f"{recording('297').query['scope']} user/Medication.read"}, {}),
    "315": ({"code_challenge": "", "code_challenge_method": ""}, {}),
    "316": ({}, {"code_verifier": "x" * 50}),
    "317": ({}, {}),
    "318": ({}, {"client_secret": "wrong"}),
}


@pytest.mark.parametrize("number", TOKEN_CALLS)
def test_a_code_is_redeemed_or_refused_as_recorded(at: World, number: str) -> None:
    """No nonce, a scope that is not registered, no PKCE, a wrong verifier, no secret, a wrong secret."""
    changed, sent = TOKEN_CALLS[number]
    moved = _through(at, "297", "299", changed)

    compare(number, _redeem(at, number, moved, **sent))


def test_a_code_is_good_for_a_minute(at: World) -> None:
    """After 66 seconds it is not."""
    moved = _through(at, "297", "299")
    at.later(timedelta(seconds=66))

    compare("459", _redeem(at, "459", moved))


def test_a_refusal_is_a_code_too(at: World) -> None:
    """Which the token endpoint takes back."""
    compare("319", _ask(at, "319"))
    _fill(at, "291")
    compare("320", at.send("320"))
    moved = _fill(at, "321")
    compare("321", moved)

    compare("322", _redeem(at, "322", moved))


@pytest.mark.parametrize("number", ["328", "437"])
def test_a_public_app_chooses_a_patient(at: World, number: str) -> None:
    """Login, picker, consent; the token is bound to that patient."""
    compare("323", _ask(at, "323"))
    at.send("290")
    _fill(at, "344")
    compare("324", at.send("324"))
    compare("325", _fill(at, "325"))
    compare("326", at.send("326"))
    moved = _fill(at, "327")
    compare("327", moved)

    token = _redeem(at, number, moved)

    compare(number, token)
    bearer = token.json()["access_token"]
    assert [entry["resource"]["id"] for entry in at.send("438", bearer=bearer).json()["entry"]] == [MARLOW]
    assert at.send("440", bearer=bearer).json()["total"] == 0
    compare("441", at.send("441", bearer=bearer))
    compare("442", at.send("442", bearer=bearer))


def test_a_public_app_must_have_a_challenge(at: World) -> None:
    """400, in the browser."""
    refused = _ask(at, "323", {"code_challenge": "", "code_challenge_method": ""})

    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request")


def test_openemr_s_own_login_may_not_be_framed(at: World) -> None:
    """DENY, unlike the login for apps."""
    answer = at.send("329")

    assert answer.headers["X-Frame-Options"] == "DENY"
    compare("329", answer)


def test_a_launch_asks_for_login_and_consent(at: World) -> None:
    """In the frame; the patient comes from the launch."""
    launched = _click(at, "330")
    compare("330", launched)
    compare("331", _ask(at, "331", {"launch": _word(launched)}))
    compare("332", at.send("332"))
    compare("333", _fill(at, "333"))
    compare("334", at.send("334"))
    moved = _fill(at, "335")
    compare("335", moved)

    compare("336", _redeem(at, "336", moved))


SILENT = {"337": None, "354": 7, "358": 7, "362": 7}


@pytest.mark.parametrize("first", SILENT)
def test_a_silent_launch_asks_for_nothing(at: World, first: str) -> None:
    """With the flag it grants more than was asked; encounter, intent and appointment come from the session and the click."""
    launch, asks, submits, token = (f"{int(first) + step}" for step in range(4))
    at.change(APP, skips_login=True)
    at.clinic.sessions.open_chart(at.cookies["OpenEMR"], 1, SILENT[first])

    launched = _click(at, launch)
    compare(launch, launched)
    page = _ask(at, asks, {"launch": _word(launched)})
    compare(asks, page)
    moved = _submit(at, page)
    compare(submits, moved)

    compare(token, _redeem(at, token, moved))


def test_launch_patient_wins_over_launch(at: World) -> None:
    """The picker is shown, and another patient can be chosen than the chart's; the intent is lost."""
    at.change(APP, scopes=(*at.client(APP).scopes, "launch/patient"))
    launched = _click(at, "341")
    compare("341", launched)
    compare("342", _ask(at, "342", {"launch": _word(launched)}))
    compare("343", at.send("343"))
    compare("344", _fill(at, "344"))
    compare("345", at.send("345"))
    compare("346", _fill(at, "346"))
    compare("347", at.send("347"))
    moved = _fill(at, "348")
    compare("348", moved)

    token = _redeem(at, "349", moved)

    at.change(APP, scopes=at.client(APP).scopes[:-1])
    compare("349", token)
    assert token.json()["patient"] == SECOND


def test_launch_patient_in_silence_keeps_the_chart_s_patient(at: World) -> None:
    """No picker then; the banner is asked for all the same."""
    at.change(APP, skips_login=True, scopes=(*at.client(APP).scopes, "launch/patient"))
    launched = _click(at, "350")
    compare("350", launched)
    page = _ask(at, "351", {"launch": _word(launched)})
    compare("351", page)
    moved = _submit(at, page)
    compare("352", moved)

    token = _redeem(at, "353", moved)

    at.change(APP, scopes=at.client(APP).scopes[:-1])
    compare("353", token)


def test_a_launch_takes_the_patient_of_the_session_not_of_the_page(at: World) -> None:
    """Another tab opened another chart before the click: the app is opened for that other patient."""
    at.change(APP, skips_login=True)
    at.clinic.sessions.open_chart(at.cookies["OpenEMR"], 2)

    page = _ask(at, "338", {"launch": _word(_click(at, "337"))})
    token = _redeem(at, "340", _submit(at, page))

    assert token.json()["patient"] == SECOND


def test_a_session_that_ended_on_the_way_shows_the_login_in_the_frame(at: World) -> None:
    """A silent launch turns into one that asks; a click after the end leads to OpenEMR's own login."""
    at.change(APP, skips_login=True)
    page = _ask(at, "338", {"launch": _word(_click(at, "337"))})
    at.clinic.end_sessions()

    moved = at.keep(_submit(at, page))

    assert (moved.status_code, moved.headers["Location"]) == (307, "/oauth2/default/provider/login")
    assert at.ask("POST", moved.headers["Location"]).status_code == 200
    assert at.send("337").headers["Location"].startswith("/interface/login_screen.php")


def test_a_launch_address_with_a_query_gets_a_second_question_mark(at: World) -> None:
    """OpenEMR appends blindly."""
    address = "http://localhost:8000/launch?x=1"
    before = at.client(APP)
    at.change(APP, initiate_login_uri=address)

    launched = _click(at, "330")

    at.change(APP, initiate_login_uri=before.initiate_login_uri)
    assert launched.headers["Location"].startswith(f"{address}?launch=")


def _ask(at: World, number: str, changed: Query | None = None) -> requests.Response:
    """The recorded question with our challenge; an empty value leaves a parameter out."""
    query = {"code_challenge": challenge(), **(changed or {})}
    return at.keep(at.send(number, query=query))


def _fill(at: World, number: str) -> requests.Response:
    """The recorded form, with the word that our page before it had."""
    asking = at.clinic.sessions.asking(at.cookies["authserverOpenEMR"])
    assert asking is not None
    return at.keep(at.send(number, csrf_token_form=asking.csrf, csrf_token=asking.csrf))


def _through(at: World, asked: str, consent: str, changed: Query | None = None) -> requests.Response:
    _ask(at, asked, changed)
    _fill(at, "291")
    return _fill(at, consent)


def _click(at: World, number: str) -> requests.Response:
    """ "Launch", in the chart that the session has open."""
    login = at.clinic.sessions.login(at.cookies["OpenEMR"])
    assert login is not None
    return at.send(number, query={"csrf_token": login.csrf})


def _launched(at: World) -> str:
    return _word(_click(at, "330"))


def _word(launched: requests.Response) -> str:
    (word,) = parse_qs(urlsplit(launched.headers["Location"]).query)["launch"]
    return word


def _submit(at: World, page: requests.Response) -> requests.Response:
    """What the page's script does."""
    action = re.search(r'action="([^"]+)"', page.text)
    assert action is not None
    return at.ask("POST", action[1].replace("&amp;", "&"))


def _redeem(at: World, number: str, moved: requests.Response, **sent: str) -> requests.Response:
    (code,) = parse_qs(urlsplit(moved.headers["Location"]).query)["code"]
    filled: dict[str, Any] = {"code": code, "code_verifier": VERIFIER, "client_secret": at.client(APP).secret, **sent}
    return at.send(number, **filled)


def _check_id_token(at: World, token: str) -> None:
    """As decoded in recording 295."""
    told = kept("295")
    (jwk,) = at.ask("GET", "/oauth2/default/jwk").json()["keys"]
    decoded = jwt.decode(token, RSAKey.import_key(jwk), algorithms=["RS256"])
    assert decoded.header == told["id_token_header"]
    assert list(decoded.claims) == list(told["id_token_claims"])
    moving = ("iat", "exp")
    fixed = {name: value for name, value in decoded.claims.items() if name not in moving}
    assert fixed == {name: value for name, value in told["id_token_claims"].items() if name not in moving}
