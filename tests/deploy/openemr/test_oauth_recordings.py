"""Registration, tokens and introspection of the recorded OpenEMR against what a real one answered."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from joserfc.jwk import ECKey, RSAKey

from tests.deploy.openemr.oauth_world import (
    APP,
    BACKEND,
    PUBLIC,
    SITE,
    TASKS,
    V2,
    World,
    compare,
    recording,
    world,
)

REGISTRATIONS = [*(f"{number:03}" for number in range(6, 28)), "386", "393", "455", "461"]
Filled = dict[str, Any]  # Any: what a recording left out


@pytest.fixture(scope="module")
def at() -> Iterator[World]:
    """One clinic for all: every test brings its own tokens."""
    with world() as made:
        yield made


@pytest.fixture(autouse=True)
def as_before(at: World) -> None:
    """Clients are enabled, nobody is logged in."""
    at.cookies.clear()
    at.clinic.has_task_module = False
    for number in (APP, PUBLIC, BACKEND, V2, TASKS):
        at.change(number, is_enabled=True)


@pytest.mark.parametrize("number", ["002", "003", "005"])
def test_discovery_is_in_two_halves(at: World, number: str) -> None:
    """Neither document is whole, both are as recorded, scope by scope, and at the root there is none."""
    compare(number, at.send(number))


def test_the_key_set_names_no_key(at: World) -> None:
    """One RSA key without ``kid`` and ``alg``."""
    answer = at.send("004")

    (ours,), (told,) = answer.json()["keys"], recording("004").body["keys"]
    assert list(ours) == list(told)
    assert (ours["kty"], ours["e"], ours["use"]) == (told["kty"], told["e"], told["use"])


@pytest.mark.parametrize("number", REGISTRATIONS)
def test_a_registration_is_taken_or_refused_as_recorded(at: World, number: str) -> None:
    """Every rule, and what of it comes back; a module's scopes only while there is the module."""
    at.clinic.has_task_module = number in ("386", "393")

    answer = at.send(number)

    compare(number, answer)
    if answer.status_code == 200:
        client = at.clinic.clients.get(answer.json()["client_id"])
        assert client is not None
        assert client.is_enabled is (number == PUBLIC)


@pytest.mark.parametrize("number", ["030", "031", "032", "033", "034", "035", "036", "037", "443"])
def test_a_password_is_enough(at: World, number: str) -> None:
    """The client's secret is not looked at, unregistered scopes are dropped, unknown ones kill."""
    compare(number, at.send(number, client_secret=at.client(APP).secret))


def test_scopes_of_the_second_version_are_kept_as_asked(at: World) -> None:
    """``user/Appointment.rs``, although the list has only ``.read``."""
    compare("416", at.send("416"))


def test_a_client_that_waits_for_the_administrator_gets_nothing(at: World) -> None:
    """401, by password and by assertion, and a refresh of one that was disabled since."""
    refresh = _user_tokens(at)["refresh_token"]
    at.change(APP, is_enabled=False)
    at.change(BACKEND, is_enabled=False)

    compare("028", at.send("028"))
    compare("029", at.send("029", client_assertion=at.assertion()))
    compare("288", at.send("288", refresh_token=refresh))


def _now(at: World) -> int:
    return int(at.moment[0].timestamp())


GOOD_ASSERTIONS: dict[str, Filled] = {
    "038": {},
    "039": {"kid": None},
    "041": {"aud": [f"{SITE}/oauth2/default/token", "https://other.example"]},
    "042": {},
    "046": {"exp": -30},
    "047": {"exp": 600},
    "051": {"iat": None},
    "057": {"kid": "nobody"},
    "060": {},
    "061": {},
    "063": {},
}
BAD_ASSERTIONS: dict[str, Filled] = {
    "040": {"aud": "https://other.example/token"},
    "045": {"iat": -900, "exp": -600},
    "048": {"exp": 25 * 3600},
    "049": {"iat": -600},
    "050": {"iat": 120},
    "052": {"jti": None},
    "053": {"nbf": 120},
    "055": {"algorithm": "RS256"},
    "058": {"iss": "nobody", "sub": "nobody"},
    "059": {"iss": "another"},
    "062": {},
    "064": {},
}


@pytest.mark.parametrize("number", [*GOOD_ASSERTIONS, *BAD_ASSERTIONS])
def test_an_assertion_is_taken_or_refused_as_recorded(at: World, number: str) -> None:
    """Each check, and each that is not made."""
    how = dict((GOOD_ASSERTIONS | BAD_ASSERTIONS)[number])
    moved = {name: _now(at) + how[name] for name in ("iat", "exp", "nbf") if isinstance(how.get(name), int)}

    compare(number, at.send(number, client_assertion=at.assertion(**{**how, **moved})))


def test_an_assertion_of_another_key_is_refused(at: World) -> None:
    """A wrong RSA key, and a key of another kind."""
    of_another_kind = ECKey.generate_key("P-384", {"kid": "e1"})
    other = RSAKey.generate_key(2048, {"kid": "k1"})

    compare("056", at.send("056", client_assertion=at.assertion(other)))
    compare("054", at.send("054", client_assertion=at.assertion(of_another_kind, algorithm="ES384", kid="e1")))


def test_a_jti_is_taken_once(at: World) -> None:
    """Neither the same assertion nor another with its jti."""
    first = at.assertion(jti="only-once")

    compare("042", at.send("042", client_assertion=first))
    compare("043", at.send("043", client_assertion=first))
    compare("044", at.send("044", client_assertion=at.assertion(jti="only-once")))


@pytest.mark.parametrize("number", ["065", "066", "067", "068"])
def test_a_request_that_is_none_is_refused(at: World, number: str) -> None:
    """A secret instead of an assertion, another grant, JSON, GET."""
    compare(number, at.send(number))


def test_keys_that_cannot_be_fetched_are_a_php_error(at: World) -> None:
    """500 and text, where an OAuth error belongs."""
    registered = at.send("455", jwks_uri="http://127.0.0.1:9/jwks.json").json()
    at.clinic.clients.change(registered["client_id"], is_enabled=True)
    assertion = at.assertion(iss=registered["client_id"], sub=registered["client_id"])

    compare("456", at.send("456", client_assertion=assertion))


def test_a_modules_scope_is_granted(at: World) -> None:
    """``system/Task.cruds``, with the module."""
    at.clinic.has_task_module = True
    id_ = at.client(TASKS).id

    compare("387", at.send("387", client_assertion=at.assertion(iss=id_, sub=id_)))


def test_a_refresh_rotates_and_ends_the_old_access_token_at_once(at: World) -> None:
    """The secret is not looked at; a used refresh token is refused and does not end its family."""
    first = _user_tokens(at)
    introspected = at.send("260", token=first["access_token"], client_secret=at.client(APP).secret)
    compare("260", introspected)

    second = at.send("271", refresh_token=first["refresh_token"])
    compare("271", second)
    third = at.send("272", refresh_token=second.json()["refresh_token"])
    compare("272", third)
    compare("273", at.send("273", refresh_token=third.json()["refresh_token"]))
    fourth = at.send("274", refresh_token=third.json()["refresh_token"])
    compare("274", fourth)
    compare("275", at.send("275", bearer=third.json()["access_token"]))
    compare("276", at.send("276", refresh_token=third.json()["refresh_token"]))
    assert at.send("277", bearer=fourth.json()["access_token"]).status_code == 200
    compare("278", at.send("278", refresh_token=fourth.json()["refresh_token"]))
    old = at.send("283", token=first["access_token"], client_secret=at.client(APP).secret)
    compare("283", old)


def test_a_refresh_may_narrow_for_good_and_not_widen(at: World) -> None:
    """A wider one does not use the token up; Basic says who asks as well."""
    first = _user_tokens(at)

    narrow = at.send("279", refresh_token=first["refresh_token"])
    compare("279", narrow)
    compare("280", at.send("280", refresh_token=narrow.json()["refresh_token"]))
    compare("281", at.send("281"))
    client = at.client(APP)
    compare("282", at.send("282", refresh_token=narrow.json()["refresh_token"], basic=(client.id, client.secret)))


@pytest.mark.parametrize("number", ["260", "261", "262", "263", "264", "265", "266"])
def test_introspection_is_always_200(at: World, number: str) -> None:
    """A refresh token's scope is a list, an access token's text; whatever is wrong is ``active: false``."""
    tokens = _user_tokens(at)
    kind = "refresh_token" if number in ("262", "263") else "access_token"
    filled: Filled = {} if number == "264" else {"token": tokens[kind]}
    secret = "wrong" if number == "265" else at.client(APP).secret

    answer = at.send(number, **filled, client_secret=secret)

    compare(number, answer)
    if answer.json()["active"]:
        assert answer.json()["exp"] == _now(at) + (92 * 86400 if kind == "refresh_token" else 3600)


def test_a_systems_token_is_introspected_by_an_assertion_for_the_token_endpoint(at: World) -> None:
    """Not for the introspection endpoint, not by another client, not by Basic."""
    token = at.send("038", client_assertion=at.assertion()).json()["access_token"]
    client = at.client(APP)

    compare("267", at.send("267", token=token, client_secret=client.secret))
    compare("268", at.send("268", token=token, client_assertion=at.assertion()))
    wrong = at.assertion(aud=f"{SITE}/oauth2/default/introspect")
    compare("269", at.send("269", token=token, client_assertion=wrong))
    compare("270", at.send("270", token=_user_tokens(at)["access_token"], basic=(client.id, client.secret)))


def test_after_a_logout_a_refresh_answers_and_its_token_is_refused(at: World) -> None:
    """400 for the old token; the refresh is 200 all the same, and would be for ever."""
    tokens = _user_tokens(at)

    logout = at.ask("GET", f"/oauth2/default/logout?id_token_hint={tokens['id_token']}")
    compare("423", logout)
    compare("424", at.send("424", bearer=tokens["access_token"]))
    refreshed = at.send("425", refresh_token=tokens["refresh_token"])
    compare("425", refreshed)
    compare("424", at.send("424", bearer=refreshed.json()["access_token"]))


def test_trust_that_was_taken_away_is_like_a_logout(at: World) -> None:
    """In the administrator's list of trusted users."""
    tokens = _user_tokens(at)
    at.clinic.oauth_tokens.log_out("admin", at.client(APP).id)

    compare("420", at.send("420", bearer=tokens["access_token"]))
    compare("421", at.send("421", refresh_token=tokens["refresh_token"]))


def test_userinfo_is_advertised_and_is_not_there(at: World) -> None:
    """404, with nothing."""
    compare("422", at.send("422", bearer=_user_tokens(at)["access_token"]))


@pytest.mark.parametrize("number", ["203", "204", "205", "206", "207"])
def test_without_a_good_token_nobody_is_let_in(at: World, number: str) -> None:
    """None, a malformed one, a garbled one, a changed one, a password."""
    wrong = {"204": "a.b", "205": "garbage", "206": f"{_user_tokens(at)['access_token']}x"}
    filled: Filled = {"bearer": wrong[number]} if number in wrong else {}

    compare(number, at.send(number, **filled))


def test_a_token_of_a_disabled_client_ends_at_once(at: World) -> None:
    """401, with another code than a stranger's."""
    token = _user_tokens(at)["access_token"]
    at.change(APP, is_enabled=False)

    compare("287", at.send("287", bearer=token))


@pytest.mark.parametrize("number", ["208", "209", "210", "211", "212", "213", "214"])
def test_a_user_s_token_is_let_in_where_its_scopes_reach(at: World, number: str) -> None:
    """401 without the scope, 404 without the route, 403 without either API."""
    compare(number, at.send(number, bearer=_user_tokens(at)["access_token"]))


def test_a_system_s_token_reads_fhir_and_nothing_else(at: World) -> None:
    """403 from the Standard API, 401 without the scope, and 401 after five minutes."""
    token = at.send("038", client_assertion=at.assertion()).json()["access_token"]

    compare("284", at.send("284", bearer=token))
    assert at.send("285", bearer=token).status_code == 200
    compare("286", at.send("286", bearer=token))
    at.later(timedelta(seconds=301))
    compare("460", at.send("460", bearer=token))


def test_a_token_whose_row_is_over_is_refused_in_other_words(at: World) -> None:
    """401, as of the database."""
    token = _user_tokens(at)["access_token"]
    at.clinic.oauth_tokens.expire_in_database(token)

    compare("426", at.send("426", bearer=token))


def test_a_token_with_scopes_of_the_second_version_is_let_in(at: World) -> None:
    """``.rs`` is search and read, also where only the first version is listed."""
    token = at.send("416").json()["access_token"]

    assert [at.send(number, bearer=token).status_code for number in ("417", "418", "419")] == [200, 200, 200]


def test_a_group_without_the_right_is_refused(at: World) -> None:
    """403: the scope is there, the user's group may not."""
    token = at.send("443").json()["access_token"]

    compare("444", at.send("444", bearer=token))
    assert at.send("445", bearer=token).status_code == 200
    assert at.send("446", bearer=token).status_code == 200
    compare("447", at.send("447", bearer=token))


def _user_tokens(at: World) -> dict[str, str]:
    got: dict[str, str] = at.send("030", client_secret=at.client(APP).secret).json()
    return got
