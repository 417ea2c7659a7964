"""Tests of fhir_adapters/smart/server.py: threat row 2, row 6, and the client's part of row 1."""

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import import_key

from fhir_adapters.smart import HttpSmartServer, Keys
from plugin.domain.errors import BadSettings, LaunchRefused, ServerBusy
from plugin.domain.issuer import ClientAuth
from plugin.domain.launch import Refusal
from tests.fakes import FakeClock
from tests.fhir_adapters.smart.authority import (
    AUTH,
    BASE,
    EVIL,
    PENDING,
    REDIRECT_URI,
    TOKEN,
    TOKENS,
    Authority,
    an_issuer,
    answering,
)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def authority() -> Iterator[Authority]:
    with answering(Authority()) as made:
        yield made


@pytest.fixture(scope="module")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "jwks.json"
    Keys(path, FakeClock()).make()
    return path


def a_server(
    clock: FakeClock, keys: Path = Path("none"), redirect_uri: str | None = REDIRECT_URI, **changes: Any
) -> HttpSmartServer:  # Any: fields of an issuer
    return HttpSmartServer(an_issuer(**changes), redirect_uri=redirect_uri, keys=Keys(keys, clock), clock=clock)


@pytest.fixture
def server(clock: FakeClock, authority: Authority) -> HttpSmartServer:
    return a_server(clock)


def reason(call: Any, *arguments: Any, **more: Any) -> str:  # Any: whatever is to be refused
    """Why it was refused; the message holds none of what was received."""
    with pytest.raises(LaunchRefused) as refused:
        call(*arguments, **more)
    assert "CANARY" not in str(refused.value)
    return refused.value.reason


def asked_for(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


# ------------------------------------------------------------------------------------------------- the way there
def test_the_browser_is_sent_with_all_that_smart_asks_for(server: HttpSmartServer) -> None:
    """State, nonce, S256 of the verifier, the base byte by byte, and the launch."""
    url = server.authorize_url(PENDING, state="the-state", launch="the-launch")

    digest = hashlib.sha256(PENDING.verifier.encode()).digest()
    assert url.startswith(f"{AUTH}/authorize?")
    assert asked_for(url) == {
        "response_type": "code",
        "client_id": "milepost",
        "redirect_uri": REDIRECT_URI,
        "scope": "launch openid fhirUser online_access patient/Patient.r",
        "state": "the-state",
        "aud": BASE,
        "nonce": PENDING.nonce,
        "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
        "code_challenge_method": "S256",
        "launch": "the-launch",
    }
    assert PENDING.verifier not in url


def test_a_standalone_launch_asks_for_a_patient(server: HttpSmartServer) -> None:
    """`launch/patient`, and no launch."""
    asked = asked_for(server.authorize_url(PENDING, state="s", launch=None))

    assert asked["scope"].split()[0] == "launch/patient"
    assert "launch" not in asked


@pytest.mark.parametrize(
    ("endpoint", "begins"),
    [("/fhir/auth", "https://ehr.test/fhir/auth?"), ("auth", f"{BASE}/auth?"), (f"{AUTH}/a?x=1", f"{AUTH}/a?x=1&")],
)
def test_endpoints_may_be_relative_and_may_have_a_query(
    server: HttpSmartServer, authority: Authority, endpoint: str, begins: str
) -> None:
    """Resolved against the FHIR base; a query of its own is kept."""
    authority.smart["authorization_endpoint"] = endpoint

    assert server.authorize_url(PENDING, state="s", launch="l").startswith(begins)


def test_discovery_is_asked_once_an_hour(server: HttpSmartServer, authority: Authority, clock: FakeClock) -> None:
    """And `metadata` never."""
    for minutes in (0, 30, 29, 2):
        clock.forward(minutes=minutes)
        server.authorize_url(PENDING, state="s", launch="l")

    assert authority.places() == [f"{BASE}/.well-known/smart-configuration"] * 2


@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge_methods_supported": ["plain"]},
        {"code_challenge_methods_supported": None},
        {"authorization_endpoint": None},
        {"token_endpoint": None},
        {"token_endpoint": 7},
    ],
)
def test_a_server_that_lacks_what_smart_demands_is_refused(
    server: HttpSmartServer, authority: Authority, changes: dict[str, object]
) -> None:
    """No launch goes out without PKCE, or to nowhere."""
    authority.smart.update(changes)

    assert reason(server.authorize_url, PENDING, state="s", launch="l") == Refusal.SERVER_SETUP


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "revocation_endpoint"])
@pytest.mark.parametrize(
    "address",
    [
        f"{EVIL}/token",
        "http://auth.test/token",
        "https://auth.test@evil.test/token",
        "https://auth.test:8443/token",
        "https://auth.test./token",
        "https://auth.test.evil.test/token",
        "//evil.test/token",
        "https://user:pass@auth.test/token",
        "https://auth.test/token#x",
        "https://auth.test\\@evil.test/token",
        "http://169.254.169.254/latest/meta-data",
        "https://[::1/token",
        "file:///etc/passwd",
        "javascript:alert(1)",
    ],
)
def test_an_endpoint_on_a_foreign_host_is_never_used(
    server: HttpSmartServer, authority: Authority, name: str, address: str
) -> None:
    """Row 2: neither the browser nor a code goes there, and no form is posted anywhere."""
    authority.smart[name] = address

    assert reason(server.authorize_url, PENDING, state="s", launch="l") == Refusal.SERVER_SETUP
    assert reason(server.redeem, PENDING, code="CANARY", iss=None) == Refusal.SERVER_SETUP
    assert authority.posted() == []


@pytest.mark.parametrize("field", ["jwks_uri", "issuer"])
def test_keys_on_a_foreign_host_are_never_fetched(server: HttpSmartServer, authority: Authority, field: str) -> None:
    """Row 2: nor are those of an issuer that calls itself by another name; the code is not spent on it."""
    authority.openid[field] = f"{EVIL}/keys"

    assert reason(server.redeem, PENDING, code="CANARY", iss=None) == Refusal.SERVER_SETUP
    assert authority.posted() == []


def test_only_the_registered_addresses_are_ever_asked(server: HttpSmartServer, authority: Authority) -> None:
    """Row 1: whatever the server says of itself elsewhere (its own issuer, other keys), a launch asks these."""
    authority.smart.update(issuer=EVIL, jwks_uri=f"{EVIL}/keys", registration_endpoint=EVIL)

    server.redeem(PENDING, code="c", iss=None)

    assert authority.places() == [
        f"{BASE}/.well-known/smart-configuration",
        f"{AUTH}/.well-known/openid-configuration",
        TOKEN,
        f"{AUTH}/keys",
    ]


def test_a_discovery_that_is_too_large_is_not_read_on(server: HttpSmartServer, authority: Authority) -> None:
    """64 kB are plenty."""
    authority.smart["filler"] = "x" * 70_000

    with pytest.raises(LaunchRefused, match="larger than 65,536 bytes"):
        server.authorize_url(PENDING, state="s", launch="l")


@pytest.mark.parametrize("said", [None, [], "CANARY"])
def test_without_a_discovery_nobody_launches(server: HttpSmartServer, authority: Authority, said: Any) -> None:
    """No smart-configuration, or something else in its place; `metadata` is no substitute."""
    authority.smart = said

    assert reason(server.authorize_url, PENDING, state="s", launch="l") == Refusal.SERVER_SETUP
    assert authority.places() == [f"{BASE}/.well-known/smart-configuration"]


def test_a_redirect_of_the_token_endpoint_is_not_followed(server: HttpSmartServer, authority: Authority) -> None:
    """The code would go with it."""
    authority.status, authority.answer = 307, {}

    assert reason(server.redeem, PENDING, code="CANARY", iss=None) == Refusal.SERVER_ANSWER
    assert len(authority.posted()) == 1


def test_without_an_address_of_our_own_nobody_launches(clock: FakeClock, authority: Authority) -> None:
    """The EHR could not send anybody back."""
    server = a_server(clock, redirect_uri=None)

    assert reason(server.authorize_url, PENDING, state="s", launch="l") == Refusal.NO_ADDRESS


# --------------------------------------------------------------------------------------------------- the way back
def test_a_code_becomes_a_grant(server: HttpSmartServer, authority: Authority, clock: FakeClock) -> None:
    """Tokens, who it is, and the one patient."""
    authority.answer.update(refresh_token="r1", encounter="e1", intent="summary")

    granted = server.redeem(PENDING, code="the-code", iss=None)

    assert (granted.patient, granted.encounter, granted.intent) == ("Patient/p1", "e1", "summary")
    assert (granted.identity.oidc_issuer, granted.identity.subject) == (AUTH, "sub-1")
    assert (granted.tokens.access, granted.tokens.refresh) == ("new-access", "r1")
    assert (granted.tokens.expires_at - clock()).total_seconds() == 300
    assert authority.posted() == [
        {
            "grant_type": "authorization_code",
            "code": "the-code",
            "redirect_uri": REDIRECT_URI,
            "code_verifier": PENDING.verifier,
            "client_id": "milepost",
        }
    ]


def test_a_secret_goes_as_http_basic(clock: FakeClock, authority: Authority) -> None:
    """Form-encoded first (RFC 6749, 2.3.1), and neither it nor the client id in the form."""
    server = a_server(clock, client_auth=ClientAuth.SECRET, client_secret="p:w d", client_id="milepost")

    server.redeem(PENDING, code="c", iss=None)

    shown = next(headers["Authorization"] for headers in authority.headers if "Authorization" in headers)
    assert base64.b64decode(shown.removeprefix("Basic ")) == b"milepost:p%3Aw+d"
    assert "client_id" not in authority.posted()[0]


@pytest.mark.parametrize("algorithm", ["RS384", "ES384"])
def test_an_assertion_is_signed_for_this_request(
    clock: FakeClock, authority: Authority, key_file: Path, algorithm: str
) -> None:
    """iss and sub are the client, aud the token endpoint, four minutes, never the same twice."""
    server = a_server(clock, key_file, client_auth=ClientAuth.KEY, algorithm=algorithm)
    key = Keys(key_file, clock).signing(algorithm)

    for _ in range(2):
        server.redeem(PENDING, code="c", iss=None)

    tokens = [
        jwt.decode(form["client_assertion"], import_key(dict(key.public)), algorithms=[algorithm])
        for form in authority.posted()
    ]
    claims = tokens[0].claims
    assert (claims["iss"], claims["sub"], claims["aud"]) == ("milepost", "milepost", TOKEN)
    assert claims["exp"] - claims["iat"] == 240
    assert tokens[0].header == {"alg": algorithm, "kid": key.kid, "typ": "JWT"}
    assert claims["jti"] != tokens[1].claims["jti"]
    assert "client_id" not in authority.posted()[0]


def test_a_server_that_takes_no_such_assertion_is_refused(
    clock: FakeClock, authority: Authority, key_file: Path
) -> None:
    """Before anybody is sent there."""
    authority.smart["token_endpoint_auth_signing_alg_values_supported"] = ["RS384"]
    server = a_server(clock, key_file, client_auth=ClientAuth.KEY, algorithm="ES384")

    assert reason(server.authorize_url, PENDING, state="s", launch="l") == Refusal.SERVER_SETUP


def test_without_a_key_nothing_is_posted(clock: FakeClock, authority: Authority, tmp_path: Path) -> None:
    """And `milepost issuer test` says which command makes one."""
    server = a_server(clock, tmp_path / "none", client_auth=ClientAuth.KEY)

    assert reason(server.redeem, PENDING, code="c", iss=None) == Refusal.SERVER_SETUP
    assert authority.posted() == []
    with pytest.raises(BadSettings, match="milepost keys make"):
        server.probe()


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"patient": None}, Refusal.NO_PATIENT),
        ({"patient": "CANARY/1"}, Refusal.NO_PATIENT),
        ({"patient": "x" * 65}, Refusal.NO_PATIENT),
        ({"patient": "Patient/1"}, Refusal.NO_PATIENT),
        ({"patient": "../CANARY"}, Refusal.NO_PATIENT),
        ({"patient": "1\n"}, Refusal.NO_PATIENT),
        ({"patient": 1}, Refusal.NO_PATIENT),
        ({"patient": ""}, Refusal.NO_PATIENT),
        ({"scope": "launch openid fhirUser"}, Refusal.MISSING_SCOPES),
        ({"scope": "patient/Patient.cud"}, Refusal.MISSING_SCOPES),
        ({"scope": ""}, Refusal.MISSING_SCOPES),
        ({"scope": None}, Refusal.SERVER_ANSWER),
        ({"scope": ["patient/Patient.r"]}, Refusal.SERVER_ANSWER),
        ({"token_type": "mac"}, Refusal.SERVER_ANSWER),
        ({"token_type": None}, Refusal.SERVER_ANSWER),
        ({"access_token": None}, Refusal.SERVER_ANSWER),
        ({"access_token": "CANARY\r\nX: 1"}, Refusal.SERVER_ANSWER),
        ({"access_token": ["CANARY"]}, Refusal.SERVER_ANSWER),
        ({"expires_in": "CANARY"}, Refusal.SERVER_ANSWER),
        ({"expires_in": -1}, Refusal.SERVER_ANSWER),
        ({"expires_in": 0}, Refusal.SERVER_ANSWER),
        ({"expires_in": True}, Refusal.SERVER_ANSWER),
        ({"id_token": None}, Refusal.BAD_TOKEN),
        ({"id_token": "CANARY"}, Refusal.BAD_TOKEN),
    ],
)
def test_a_token_answer_that_is_none_is_refused(
    server: HttpSmartServer, authority: Authority, changes: dict[str, object], why: str
) -> None:
    """Each with its reason, and with nothing of what was received in the words."""
    authority.answer.update(changes)

    assert reason(server.redeem, PENDING, code="c", iss=None) == why


@pytest.mark.parametrize(
    ("changes", "seconds"),
    [
        ({"expires_in": None}, 300),
        ({"expires_in": "60"}, 60),
        ({"expires_in": 1e12}, 86_400),
        ({"token_type": "bEaReR"}, 300),
    ],
)
def test_what_servers_leave_out_or_write_otherwise_is_understood(
    server: HttpSmartServer, authority: Authority, clock: FakeClock, changes: dict[str, object], seconds: int
) -> None:
    """Without a lifetime a token counts as good for five minutes."""
    authority.answer.update(changes)

    tokens = server.redeem(PENDING, code="c", iss=None).tokens

    assert (tokens.expires_at - clock()).total_seconds() == seconds


@pytest.mark.parametrize(
    ("error", "why"),
    [
        ("invalid_grant", Refusal.CODE_REFUSED),
        ("invalid_request", Refusal.CODE_REFUSED),
        ("access_denied", Refusal.DENIED),
        ("invalid_client", Refusal.SERVER_SETUP),
        ("invalid_scope", Refusal.MISSING_SCOPES),
        ("CANARY", Refusal.SERVER_ANSWER),
        (None, Refusal.SERVER_ANSWER),
    ],
)
def test_a_server_that_says_no_is_understood(
    server: HttpSmartServer, authority: Authority, error: str | None, why: str
) -> None:
    """By OAuth's codes alone; its description is not repeated."""
    authority.status, authority.answer = 400, {"error": error, "error_description": "CANARY"}

    assert reason(server.redeem, PENDING, code="CANARY", iss=None) == why


def test_a_server_in_trouble_is_a_temporary_failure(server: HttpSmartServer, authority: Authority) -> None:
    """The form is not sent twice: a code is good once."""
    authority.status = 503

    with pytest.raises(ServerBusy):
        server.redeem(PENDING, code="CANARY", iss=None)

    assert len(authority.posted()) == 1


@pytest.mark.parametrize("iss", [BASE, EVIL, f"{AUTH}/", "https://AUTH.test", ""])
def test_the_callback_of_another_server_is_refused(server: HttpSmartServer, authority: Authority, iss: str) -> None:
    """Row 6: two issuers cannot be mixed up; the code goes to neither of them."""
    assert reason(server.redeem, PENDING, code="c", iss=iss) == Refusal.WRONG_SERVER
    assert authority.posted() == []


def test_a_server_that_names_itself_must_do_so(server: HttpSmartServer, authority: Authority) -> None:
    """Row 6, RFC 9207: otherwise an attacker would leave the name out."""
    authority.openid["authorization_response_iss_parameter_supported"] = True

    assert reason(server.redeem, PENDING, code="c", iss=None) == Refusal.WRONG_SERVER
    assert server.redeem(PENDING, code="c", iss=AUTH).patient == "Patient/p1"


@pytest.mark.parametrize("changes", [{"patient": None}, {"scope": "openid"}, {"id_token": "none"}])
def test_tokens_that_are_not_used_are_taken_back(
    server: HttpSmartServer, authority: Authority, changes: dict[str, object]
) -> None:
    """A launch that is refused leaves nothing lying about at the server."""
    authority.answer.update(refresh_token="r1", **changes)

    reason(server.redeem, PENDING, code="c", iss=None)

    assert [form["token"] for form in authority.posted()[1:]] == ["r1", "new-access"]


# -------------------------------------------------------------------------------------------------------- later
def test_a_refresh_keeps_what_the_answer_leaves_out(server: HttpSmartServer, authority: Authority) -> None:
    """Scopes and refresh token; an id_token in it, whatever it is, is not looked at."""
    authority.id_token = "CANARY"
    authority.answer.update(scope=None, patient=None)

    new = server.refresh(TOKENS, "Patient/p1")

    assert (new.access, new.refresh, new.scopes) == ("new-access", "old-refresh", TOKENS.scopes)
    assert authority.posted()[0]["refresh_token"] == "old-refresh"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"patient": "p2"}, Refusal.ANOTHER_PATIENT),
        ({"patient": "CANARY/.."}, Refusal.NO_PATIENT),
        ({"scope": "openid"}, Refusal.MISSING_SCOPES),
        ({"token_type": "mac"}, Refusal.SERVER_ANSWER),
    ],
)
def test_a_refresh_that_changes_what_the_session_is_for_is_refused(
    server: HttpSmartServer, authority: Authority, changes: dict[str, object], why: str
) -> None:
    """One session is one patient."""
    authority.answer.update(changes)

    assert reason(server.refresh, TOKENS, "Patient/p1") == why


def test_a_refresh_token_that_is_refused_ends_the_session(server: HttpSmartServer, authority: Authority) -> None:
    """And one that is not there is not asked for."""
    authority.status, authority.answer = 400, {"error": "invalid_grant"}
    without = TOKENS.__class__(access="a", expires_at=TOKENS.expires_at)

    assert reason(server.refresh, TOKENS, "Patient/p1") == Refusal.SESSION_REFUSED
    assert reason(server.refresh, without, "Patient/p1") == Refusal.SESSION_REFUSED
    assert len(authority.posted()) == 1


def test_both_tokens_are_taken_back(server: HttpSmartServer, authority: Authority) -> None:
    """The refresh token first; whatever the server answers."""
    authority.status = 400

    server.revoke(TOKENS)

    assert [(form["token"], form["token_type_hint"]) for form in authority.posted()] == [
        ("old-refresh", "refresh_token"),
        ("old-access", "access_token"),
    ]


def test_where_nothing_can_be_taken_back_nothing_is_asked(server: HttpSmartServer, authority: Authority) -> None:
    """RFC 7009 is optional."""
    del authority.smart["revocation_endpoint"]

    server.revoke(TOKENS)

    assert authority.posted() == []


def test_the_patient_is_read_with_the_persons_token(server: HttpSmartServer, authority: Authority) -> None:
    """And comes back as any other fact."""
    authority.resources["Patient/p1"] = {"resourceType": "Patient", "id": "p1", "birthDate": "1960-02-29"}

    patient = server.patient(TOKENS, "Patient/p1")

    assert patient is not None
    assert patient.ref == "Patient/p1"
    assert authority.headers[-1]["Authorization"] == "Bearer old-access"


def test_a_patient_who_is_not_there_or_is_another_is_none(server: HttpSmartServer, authority: Authority) -> None:
    """What comes back is compared with what was asked for."""
    missing = server.patient(TOKENS, "Patient/p1")
    authority.refuses = 403
    hidden = server.patient(TOKENS, "Patient/p1")
    authority.refuses = None
    authority.resources["Patient/p1"] = {"resourceType": "Patient", "id": "p2"}

    assert (missing, hidden) == (None, None)
    assert server.patient(TOKENS, "Patient/p1") is None


def test_the_probe_says_what_is_there_and_what_is_missing(
    server: HttpSmartServer, authority: Authority, clock: FakeClock
) -> None:
    """For `milepost issuer test`; asked anew."""
    good = server.probe()
    authority.smart.update(code_challenge_methods_supported=[], authorization_endpoint=None, revocation_endpoint=None)
    clock.forward(minutes=2)
    bad = server.probe()

    assert (good["missing"], good["revocation_endpoint"]) == ([], f"{AUTH}/revoke")
    assert good["scopes"] == ["launch", "openid", "fhirUser", "online_access", "patient/Patient.r"]
    assert bad["missing"] == ["an authorization_endpoint", "PKCE with S256"]


def test_tokens_are_nowhere_shown(server: HttpSmartServer, authority: Authority) -> None:
    """Not by printing what was granted, by accident."""
    authority.answer.update(access_token="CANARY", refresh_token="CANARY")

    granted = server.redeem(PENDING, code="CANARY", iss=None)

    assert "CANARY" not in repr(granted)
