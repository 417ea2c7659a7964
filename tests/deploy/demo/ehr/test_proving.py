"""Who asks at the token endpoint: every way in which an assertion or a secret can be wrong."""

import base64
import json
from collections.abc import Iterator, Mapping

import pytest
from joserfc.jwk import ECKey, RSAKey

from deploy.demo.ehr.clients import Proof
from deploy.demo.ehr.proving import LONGEST_S, SKEW_S, NotProven, Proving
from tests.fake_hapi import FakeHapi, fake_hapi
from tests.smart_app import ASSERTION, NOW, PUBLIC, RSA, TOKEN, Clock, assertion, registered

CLIENTS = {client.id: client for client in map(registered, Proof)}
ID = "app-private_key_jwt"
SAME_KEY = RSAKey.import_key({name: value for name, value in RSA.as_dict(private=True).items() if name != "alg"})
STRANGER = ECKey.generate_key("P-384", {"kid": "es"}, auto_kid=False)


@pytest.fixture
def proving(clock: Clock) -> Proving:
    """Of the three clients."""
    return Proving(CLIENTS, TOKEN, clock)


def form(word: str, **other: str) -> Mapping[str, str]:
    """An assertion as it is sent."""
    return {"client_assertion_type": ASSERTION, "client_assertion": word, **other}


def basic(pair: str) -> str:
    """HTTP Basic."""
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def test_either_algorithm_proves_it(proving: Proving) -> None:
    """RS384 and ES384, each with the client's key of that name."""
    assert proving.client(form(assertion(ID)), None).id == ID
    assert proving.client(form(assertion(ID, key=RSA, alg="RS384", kid="rs"), client_id=ID), None).id == ID


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"aud": "http://127.0.0.1:18800"}, "aud"),
        ({"aud": None}, "aud"),
        ({"aud": [TOKEN]}, "aud"),
        ({"sub": "app-public"}, "sub"),
        ({"exp": NOW}, "expired"),
        ({"exp": None}, "expired"),
        ({"exp": "soon"}, "expired"),
        ({"exp": True}, "expired"),
        ({"exp": NOW + LONGEST_S + SKEW_S + 1}, "five minutes"),
        ({"jti": None}, "no jti"),
        ({"jti": ""}, "no jti"),
        ({"jti": 7}, "no jti"),
    ],
)
def test_each_claim_must_hold(proving: Proving, claims: dict[str, object], why: str) -> None:
    """An assertion is for this endpoint, for now, and for once."""
    with pytest.raises(NotProven, match=why):
        proving.client(form(assertion(ID, claims)), None)


def test_an_assertion_is_taken_once(proving: Proving, clock: Clock) -> None:
    """Also in the very last second in which it is good."""
    word = assertion(ID)
    proving.client(form(word), None)

    for clock.now in (NOW, NOW + 239):
        with pytest.raises(NotProven, match="used before"):
            proving.client(form(word), None)


@pytest.mark.parametrize(
    "word",
    [
        assertion(ID, key=STRANGER),
        assertion(ID, key=SAME_KEY, alg="RS256", kid="rs"),
        assertion(ID, kid="other"),
        assertion("nobody"),
        assertion("app-public"),
        assertion("app-client_secret"),
        "x.y.z",
        "",
        assertion(ID).replace(".", "..", 1),
        base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=") + "." + assertion(ID).split(".")[1] + ".",
    ],
)
def test_whoever_signed_otherwise_is_not_the_client(proving: Proving, word: str) -> None:
    """Another key, another algorithm, another name for the key, no signature, another way than the registered one."""
    with pytest.raises(NotProven):
        proving.client(form(word), None)


def test_the_kind_of_assertion_and_the_name_beside_it_must_fit(proving: Proving) -> None:
    """A form that says two things says nothing."""
    with pytest.raises(NotProven, match="client_assertion_type"):
        proving.client({"client_assertion": assertion(ID)}, None)
    with pytest.raises(NotProven, match="another client"):
        proving.client(form(assertion(ID), client_id="app-public"), None)


@pytest.mark.parametrize(
    "header",
    [
        basic("app-client_secret:wrong"),
        basic("app-client_secret:"),
        basic("app-public:"),
        basic(f"{ID}:p%3Aw%25d%2F1"),
        "Basic ???",
        "Bearer abc",
        "Basic " + base64.b64encode(b"\xff\xfe").decode(),
    ],
)
def test_another_secret_is_none(proving: Proving, header: str) -> None:
    """Whatever is wrong with it."""
    with pytest.raises(NotProven):
        proving.client({}, header)


def test_a_secret_goes_by_basic_and_only_so(proving: Proving) -> None:
    """Both halves are form-encoded (RFC 6749, §2.3.1); a client with a secret or a key cannot come without."""
    assert proving.client({}, basic("app-client_secret:p%3Aw%25d%2F1")).id == "app-client_secret"
    assert proving.client({"client_id": "app-public"}, None).id == "app-public"
    for id_ in ("app-client_secret", ID, "nobody"):
        with pytest.raises(NotProven, match="not registered"):
            proving.client({"client_id": id_}, None)


class TestKeysByAddress:
    """Keys that lie at the client's registered address."""

    @pytest.fixture
    def keys(self) -> Iterator[FakeHapi]:
        """A server that answers with whatever it holds."""
        with fake_hapi() as server:
            server.resources["Keys/1"] = json.loads(json.dumps(PUBLIC))
            yield server

    def proving(self, keys: FakeHapi, clock: Clock) -> Proving:
        """Of a client that gave an address instead of keys."""
        known = registered(Proof.KEY, jwks={}, jwks_uri=f"{keys.url}/Keys/1")
        return Proving({ID: known}, TOKEN, clock)

    def test_they_are_fetched_once_and_again_for_an_unknown_name(self, keys: FakeHapi, clock: Clock) -> None:
        """A client that rotates is known again; a flood of unknown names asks no flood of questions."""
        proving = self.proving(keys, clock)
        for _ in range(2):
            proving.client(form(assertion(ID)), None)
        assert len(keys.asked) == 1
        new = ECKey.generate_key("P-384", {"kid": "new"}, auto_kid=False)
        keys.resources["Keys/1"] = {"keys": [new.as_dict(private=False)]}
        clock.now += 3

        proving.client(form(assertion(ID, key=new, kid="new")), None)

        for _ in range(3):
            with pytest.raises(NotProven):
                proving.client(form(assertion(ID)), None)
        assert len(keys.asked) == 2

    def test_an_address_that_does_not_answer_proves_nothing(self, keys: FakeHapi, clock: Clock) -> None:
        """Nor does one that holds no keys."""
        keys.resources["Keys/1"] = {"keys": "none"}

        with pytest.raises(NotProven, match="kid"):
            self.proving(keys, clock).client(form(assertion(ID)), None)
