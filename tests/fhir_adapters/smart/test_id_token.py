"""Tests of fhir_adapters/smart/id_token.py: threat row 14, wrong in each claim, signed by the wrong one, or not at
all."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator

import pytest
from joserfc import jwt

from fhir_adapters.smart.calls import Calls
from fhir_adapters.smart.id_token import IdTokens
from plugin.domain.errors import LaunchRefused
from plugin.domain.launch import Refusal
from tests.fakes import START, FakeClock
from tests.fhir_adapters.smart.authority import (
    AUTH,
    BASE,
    EVIL,
    PENDING,
    Authority,
    Json,
    answering,
    elliptic,
    public,
    rsa,
)

NOW = int(START.timestamp())


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def authority() -> Iterator[Authority]:
    with answering(Authority()) as made:
        yield made


@pytest.fixture
def id_tokens(authority: Authority, clock: FakeClock) -> IdTokens:
    calls = Calls(BASE, ["auth.test"])
    return IdTokens(calls, oidc_issuer=AUTH, client_id="milepost", fhir_base=BASE, clock=clock)


def refuse(id_tokens: IdTokens, raw: str | None) -> None:
    """Refused, in words that hold nothing of it."""
    with pytest.raises(LaunchRefused) as refused:
        id_tokens.check(raw, PENDING.nonce)
    assert refused.value.reason == Refusal.BAD_TOKEN
    assert "CANARY" not in str(refused.value)


def key_reads(authority: Authority) -> int:
    return authority.places().count(f"{AUTH}/keys")


def encoded(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize("algorithm", ["RS256", "RS384", "ES384"])
def test_a_token_that_holds_says_who_it_is(id_tokens: IdTokens, authority: Authority, algorithm: str) -> None:
    """In each algorithm of the list that a server may use."""
    key = elliptic() if algorithm == "ES384" else rsa()
    authority.keys = [public(key)]

    identity = id_tokens.check(authority.signed(key, algorithm), PENDING.nonce)

    assert (identity.oidc_issuer, identity.subject) == (AUTH, "sub-1")
    assert (identity.fhir_user, identity.name) == ("Practitioner/nurse-1", "Demo-Nurse, Nora")


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("iss", EVIL),
        ("iss", f"{AUTH}/"),
        ("iss", BASE),
        ("iss", [AUTH]),
        ("iss", None),
        ("aud", "CANARY"),
        ("aud", ["CANARY"]),
        ("aud", {"milepost": 1}),
        ("aud", None),
        ("aud", ["milepost", "CANARY"]),  # without azp
        ("azp", "CANARY"),
        ("exp", NOW - 90),
        ("exp", None),
        ("exp", "CANARY"),
        ("exp", True),
        ("iat", NOW + 91),
        ("iat", None),
        ("iat", "CANARY"),
        ("nbf", NOW + 91),
        ("nonce", "CANARY"),
        ("nonce", ["the-nonce"]),
        ("nonce", None),
        ("sub", None),
        ("sub", ""),
        ("sub", 7),
        ("sub", "s" * 256),
        ("fhirUser", f"{EVIL}/fhir/Practitioner/1"),
        ("fhirUser", "https://ehr.test/other/Practitioner/1"),
        ("fhirUser", "//evil.test/Practitioner/1"),
        ("fhirUser", "Practitioner/../CANARY"),
        ("fhirUser", "Device/CANARY"),
        ("fhirUser", "CANARY"),
        ("fhirUser", ""),
        ("fhirUser", 7),
    ],
)
def test_a_token_that_is_wrong_in_one_claim_is_refused(
    id_tokens: IdTokens, authority: Authority, claim: str, value: object
) -> None:
    """One at a time; the others are right."""
    authority.claims[claim] = value

    refuse(id_tokens, authority.signed())


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": NOW - 89},
        {"iat": NOW + 90},
        {"nbf": NOW + 90},
        {"aud": ["milepost"]},
        {"aud": ["milepost", "other"], "azp": "milepost"},
        {"azp": "milepost"},
        {"fhirUser": f"{BASE}/Practitioner/nurse-1"},
    ],
)
def test_what_is_still_right_is_taken(id_tokens: IdTokens, authority: Authority, changes: Json) -> None:
    """Clocks may differ by ninety seconds; an audience may be a list; a user may be absolute."""
    authority.claims.update(changes)

    assert id_tokens.check(authority.signed(), PENDING.nonce).fhir_user == "Practitioner/nurse-1"


@pytest.mark.parametrize("missing", ["iss", "aud", "exp", "iat", "nonce", "sub"])
def test_what_must_be_said_may_not_be_left_out(id_tokens: IdTokens, authority: Authority, missing: str) -> None:
    """A token that never runs out, or is for anybody, is none."""
    del authority.claims[missing]

    refuse(id_tokens, authority.signed())


@pytest.mark.parametrize("missing", ["fhirUser", "name"])
def test_what_is_only_for_display_may_be_missing(id_tokens: IdTokens, authority: Authority, missing: str) -> None:
    """Who it is follows from issuer and subject."""
    del authority.claims[missing]

    assert id_tokens.check(authority.signed(), PENDING.nonce).subject == "sub-1"


def test_a_name_is_printable_and_not_long(id_tokens: IdTokens, authority: Authority) -> None:
    """It goes onto pages."""
    authority.claims["name"] = "N\x00ora\n" + "x" * 1000

    name = id_tokens.check(authority.signed(), PENDING.nonce).name

    assert name is not None
    assert (name[:5], len(name)) == ("Norax", 200)


def none(authority: Authority) -> str:
    """No signature at all."""
    return f"{encoded({'alg': 'none', 'typ': 'JWT'})}.{encoded(authority.claims)}."


def hs256_with_the_public_pem(authority: Authority) -> str:
    """The public key, as text, taken for a shared secret."""
    signed = f"{encoded({'alg': 'HS256', 'kid': 'r1'})}.{encoded(authority.claims)}"
    mac = hmac.new(rsa().as_pem(private=False), signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def a_strange_key_under_a_known_kid(authority: Authority) -> str:
    strange = rsa("strange")
    return jwt.encode({"alg": "RS256", "kid": "r1"}, authority.claims, strange, algorithms=["RS256"])


def a_key_that_it_brings_itself(authority: Authority) -> str:
    """In its header, and where that header says (row 2: that address is never asked)."""
    strange = rsa("strange")
    header = {"alg": "RS256", "kid": "strange", "jku": f"{EVIL}/keys", "x5u": f"{EVIL}/cert", "jwk": public(strange)}
    return jwt.encode(header, authority.claims, strange, algorithms=["RS256"])


def an_algorithm_off_the_list(authority: Authority) -> str:
    return jwt.encode({"alg": "PS256", "kid": "r1"}, authority.claims, rsa(), algorithms=["PS256"])


def a_changed_body(authority: Authority) -> str:
    header, _, signature = authority.signed().split(".")
    return f"{header}.{encoded({**authority.claims, 'sub': 'sub-2'})}.{signature}"


def a_critical_header(authority: Authority) -> str:
    _, body, signature = authority.signed().split(".")
    return f"{encoded({'alg': 'RS256', 'kid': 'r1', 'crit': ['x'], 'x': 1})}.{body}.{signature}"


def one_part_only(authority: Authority) -> str:
    return "CANARY"


def what_is_no_object(authority: Authority) -> str:
    authority.claims = ["CANARY"]  # type: ignore[assignment] # on purpose
    return f"{encoded({'alg': 'RS256', 'kid': 'r1'})}.{encoded(['CANARY'])}.{authority.keys[0]['n']}"


@pytest.mark.parametrize(
    "forged",
    [
        none,
        hs256_with_the_public_pem,
        a_strange_key_under_a_known_kid,
        a_key_that_it_brings_itself,
        an_algorithm_off_the_list,
        a_changed_body,
        a_critical_header,
        one_part_only,
        what_is_no_object,
    ],
)
def test_a_forged_token_is_refused(
    id_tokens: IdTokens, authority: Authority, forged: Callable[[Authority], str]
) -> None:
    """And no address that it names is asked."""
    refuse(id_tokens, forged(authority))

    assert {place.removeprefix(AUTH) for place in authority.places()} <= {"/.well-known/openid-configuration", "/keys"}


def test_no_token_is_refused(id_tokens: IdTokens) -> None:
    """Nobody gets in as nobody."""
    refuse(id_tokens, None)


def test_without_a_kid_one_key_will_do_and_two_will_not(id_tokens: IdTokens, authority: Authority) -> None:
    """A server with one key may leave it out; which of two is meant is not tried out."""
    raw = jwt.encode({"alg": "RS256"}, authority.claims, rsa(), algorithms=["RS256"])

    assert id_tokens.check(raw, PENDING.nonce).subject == "sub-1"

    authority.keys = [public(rsa()), public(rsa("r2"))]
    other = IdTokens(
        Calls(BASE, ["auth.test"]), oidc_issuer=AUTH, client_id="milepost", fhir_base=BASE, clock=FakeClock()
    )
    refuse(other, raw)


def test_keys_that_are_none_are_passed_over(id_tokens: IdTokens, authority: Authority) -> None:
    """A secret, a key for encryption, a broken one, a new kind: none of them stops the good one, or is used."""
    bad = [
        {"kty": "oct", "k": encoded("secret"), "kid": "r1"},
        {**public(rsa("enc")), "use": "enc", "kid": "r1"},
        {"kty": "RSA", "kid": "r1", "n": "§", "e": "AQAB"},
        {"kty": "EC", "kid": "r1", "crv": "P-999"},
        {"kty": "new"},
        "CANARY",
    ]
    authority.keys = [*bad, public(rsa())]  # type: ignore[list-item] # on purpose

    assert id_tokens.check(authority.signed(), PENDING.nonce).subject == "sub-1"


def test_no_keys_at_all_is_a_refusal(id_tokens: IdTokens, authority: Authority) -> None:
    """Not a token that is taken unseen."""
    authority.keys = []

    refuse(id_tokens, authority.signed())


def test_a_new_key_is_fetched_once(id_tokens: IdTokens, authority: Authority, clock: FakeClock) -> None:
    """An unknown kid is looked for once more; whoever sends many of them causes one request a minute."""
    id_tokens.check(authority.signed(), PENDING.nonce)
    authority.keys.append(public(rsa("r2")))

    assert id_tokens.check(authority.signed(rsa("r2")), PENDING.nonce).subject == "sub-1"
    for _ in range(5):
        refuse(id_tokens, authority.signed(rsa("strange")))
    assert key_reads(authority) == 2

    clock.forward(seconds=61)
    refuse(id_tokens, authority.signed(rsa("strange")))
    assert key_reads(authority) == 3


def test_keys_are_kept_for_an_hour(id_tokens: IdTokens, authority: Authority, clock: FakeClock) -> None:
    """And one that was taken back is not believed for longer."""
    id_tokens.check(authority.signed(), PENDING.nonce)
    raw = authority.signed()
    authority.keys = [public(rsa("r2"))]
    clock.forward(minutes=61)

    refuse(id_tokens, raw)
