"""The token endpoint: codes once, refresh tokens once, clients on their own; what follows from a second time."""

from collections.abc import Callable

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from werkzeug.test import TestResponse

from deploy.demo.ehr.clients import Proof
from deploy.demo.ehr.grants import ACCESS_S, CODE_S, REFRESH_S
from tests.smart_app import BACK, EHR, NOW, App, Clock, Said


def refused(answer: TestResponse, error: str) -> bool:
    """Whether an answer is that error and no more."""
    said: Said = answer.get_json()
    return said.keys() == {"error", "error_description"} and said["error"] == error


@pytest.mark.parametrize("proof", list(Proof))
def test_each_kind_of_client_gets_tokens_for_one_patient(app_by: Callable[[Proof], App], proof: Proof) -> None:
    """Public, by secret, by key: the same launch, the same answer, which nobody may keep."""
    app = app_by(proof)

    answer = app.redeem(app.code("a"))

    said = answer.get_json()
    assert answer.headers["Cache-Control"] == "no-store"
    assert (said["token_type"], said["expires_in"], said["patient"]) == ("Bearer", int(ACCESS_S), "a")
    assert said["scope"] == "launch openid fhirUser online_access patient/*.rs"
    assert said["need_patient_banner"] is False
    assert app.fhir(said["access_token"], "Patient/a").status_code == 200


def test_the_id_token_says_who_is_there(app: App) -> None:
    """Signed by the server's own key, for this app and this question only."""
    keys = KeySet.import_key_set(app.web.get("/auth/jwks").get_json())

    claims = jwt.decode(app.tokens()["id_token"], keys, algorithms=["RS256"]).claims

    assert claims == {
        "iss": EHR,
        "sub": "samplewright",
        "aud": app.client.id,
        "iat": int(NOW),
        "exp": int(NOW) + 300,
        "nonce": "n-1",
        "name": "Testa Samplewright",
        "fhirUser": f"{EHR}/fhir/Practitioner/demo-provider-1",
    }


def test_the_keys_that_are_published_are_public(app: App) -> None:
    """No half that signs."""
    (key,) = app.web.get("/auth/jwks").get_json()["keys"]

    assert not {"d", "p", "q", "dp", "dq", "qi"} & key.keys()


@pytest.mark.parametrize(
    "other",
    [
        {"code_verifier": "w" * 64},
        {"code_verifier": ""},
        {"redirect_uri": "http://localhost:18790/callback/other"},
        {"redirect_uri": f"{BACK}/"},
    ],
)
def test_a_code_is_good_only_for_what_it_was_given_for(app: App, other: dict[str, str]) -> None:
    """Another verifier or address gets nothing, and has spoilt it for good."""
    code = app.code()

    assert refused(app.redeem(code, **other), "invalid_grant")
    assert refused(app.redeem(code), "invalid_grant")


def test_a_code_of_another_client_is_none(app: App, app_by: Callable[[Proof], App]) -> None:
    """Stolen codes are worth nothing."""
    assert refused(app_by(Proof.PUBLIC).redeem(app.code()), "invalid_grant")


def test_a_code_that_comes_again_ends_its_tokens(app: App) -> None:
    """Somebody else may have it (RFC 6749, §4.1.2)."""
    code = app.code()
    tokens = app.redeem(code).get_json()

    assert refused(app.redeem(code), "invalid_grant")

    assert app.fhir(tokens["access_token"], "Patient/a").status_code == 401
    assert refused(app.refresh(tokens["refresh_token"]), "invalid_grant")


def test_a_code_runs_out(app: App, clock: Clock) -> None:
    """After a minute."""
    early, late = app.code(), app.code()

    clock.now += CODE_S - 1
    assert app.redeem(early).status_code == 200
    clock.now += 1
    assert refused(app.redeem(late), "invalid_grant")


def test_an_access_token_runs_out(app: App, clock: Clock) -> None:
    """After five minutes; the refresh token gives another for the same patient."""
    tokens = app.tokens("b")
    clock.now += ACCESS_S
    assert app.fhir(tokens["access_token"], "Patient/b").status_code == 401

    fresh = app.refresh(tokens["refresh_token"]).get_json()

    assert fresh["patient"] == "b"
    assert fresh["refresh_token"] != tokens["refresh_token"]
    assert app.fhir(fresh["access_token"], "Patient/b").status_code == 200


def test_a_refresh_token_that_comes_again_ends_the_family(app: App) -> None:
    """Neither the thief nor the app goes on; another launch of the same app does."""
    other = app.tokens()
    first = app.tokens()
    second = app.refresh(first["refresh_token"]).get_json()

    assert refused(app.refresh(first["refresh_token"]), "invalid_grant")

    assert refused(app.refresh(second["refresh_token"]), "invalid_grant")
    assert app.fhir(second["access_token"], "Patient/a").status_code == 401
    assert app.fhir(other["access_token"], "Patient/a").status_code == 200


def test_a_refresh_token_is_its_clients_and_lasts_a_working_day(
    app: App, app_by: Callable[[Proof], App], clock: Clock
) -> None:
    """Another client gets nothing for it, and the next day nobody does."""
    word = app.tokens()["refresh_token"]

    assert refused(app_by(Proof.SECRET).refresh(word), "invalid_grant")
    clock.now += REFRESH_S
    assert refused(app.refresh(word), "invalid_grant")


def test_online_access_ends_with_the_login_and_offline_access_does_not(app: App) -> None:
    """Who logs out of the EHR takes the apps along, as far as they are only there for this."""
    online = app.tokens()["refresh_token"]
    app.asks = {"scope": "launch offline_access patient/*.rs"}
    offline = app.tokens()["refresh_token"]
    app.web.post("/logout")

    assert refused(app.refresh(online), "invalid_grant")
    assert app.refresh(offline).status_code == 200


def test_nobody_gets_a_refresh_token_without_asking(app: App) -> None:
    """Nor an id_token."""
    app.asks = {"scope": "launch patient/Patient.r"}

    assert app.tokens().keys() == {
        "access_token",
        "token_type",
        "expires_in",
        "scope",
        "patient",
        "need_patient_banner",
    }


def test_a_revoked_token_ends_the_family(app: App, app_by: Callable[[Proof], App]) -> None:
    """By either of its tokens; to another client nothing is said and nothing done."""
    tokens = app.tokens()
    stranger = app_by(Proof.SECRET)

    for who, token in ((stranger, tokens["refresh_token"]), (app, "nonsense")):
        proof, headers = who.proof()
        assert who.ehr_client().post("/auth/revoke", data={**proof, "token": token}, headers=headers).status_code == 200
    assert app.fhir(tokens["access_token"], "Patient/a").status_code == 200
    proof, _ = app.proof()
    app.ehr_client().post("/auth/revoke", data={**proof, "token": tokens["refresh_token"]})

    assert app.fhir(tokens["access_token"], "Patient/a").status_code == 401
    assert refused(app.refresh(tokens["refresh_token"]), "invalid_grant")


def test_a_client_on_its_own_gets_system_scopes_and_no_more(app: App) -> None:
    """No refresh token, no patient, no person; what it may not have is left out."""
    said = app.token(grant_type="client_credentials", scope="system/*.cruds system/Task.crus patient/*.rs openid")

    assert said.get_json().keys() == {"access_token", "token_type", "expires_in", "scope"}
    assert said.get_json()["scope"] == "system/*.rs system/Task.crus"


@pytest.mark.parametrize("proof", [Proof.PUBLIC, Proof.SECRET])
def test_only_a_client_with_keys_may_ask_for_itself(app_by: Callable[[Proof], App], proof: Proof) -> None:
    """A secret is no proof for a machine that nobody watches."""
    answer = app_by(proof).token(grant_type="client_credentials", scope="system/*.rs")

    assert refused(answer, "unauthorized_client")


def test_a_machine_that_asks_for_nothing_gets_nothing(app: App) -> None:
    """Nor does one that asks in an unknown way."""
    assert refused(app.token(grant_type="client_credentials", scope="patient/*.rs"), "invalid_scope")
    assert refused(app.token(grant_type="client_credentials"), "invalid_scope")
    assert refused(app.token(grant_type="password"), "unsupported_grant_type")
    assert refused(app.token(grant_type=["client_credentials", "password"]), "invalid_client")
