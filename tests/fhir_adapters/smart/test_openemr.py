"""Tests of what OpenEMR 8.2 does otherwise, with its recorded answers: discovery, scopes, our reading, a launch."""

import base64
import json
from urllib.parse import parse_qs, urlsplit

import pytest

from fhir_adapters.auth import EARLY, OwnCache, Renewed
from fhir_adapters.servers.openemr.requests import ALLOWED
from fhir_adapters.smart import BackendServices, HttpSmartServer, Keys
from fhir_adapters.smart.openemr import is_openemr, listed, negotiated, openid_base
from plugin.domain.errors import LaunchRefused, Unauthorized
from plugin.domain.issuer import ClientAuth, Issuer
from plugin.domain.launch import PendingLaunch, Refusal, Tokens
from plugin.domain.rights import FOR_PANEL, FOR_READING, FOR_STAFF, READING
from plugin.domain.source import Source
from tests.fakes import START, FakeClock
from tests.fhir_adapters.smart.authority import an_issuer
from tests.fhir_adapters.smart.openemr_answers import BASE, OAUTH, PATIENT, OpenEmrAnswers, answering, recorded

PENDING = PendingLaunch(issuer="openemr", verifier="v" * 64, nonce="the-nonce", secret_hash="0" * 64, begun_at=START)
TOKENS = Tokens(access="a", refresh="r", expires_at=START, scopes=("user/Patient.read",))


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    made = Keys(tmp_path_factory.mktemp("keys") / "jwks.json", FakeClock())
    made.make()
    return made


def reading(keys: Keys, **fields: object) -> BackendServices:
    """Our own access to it."""
    source = Source(id=1, slug="openemr", base_url=BASE, kind="openemr", client_id="reading", **fields)  # type: ignore[arg-type]
    return BackendServices(source, keys=keys, clock=FakeClock())


def its_issuer(**changes: object) -> Issuer:
    """As an administrator registers it."""
    fields = {
        "slug": "openemr",
        "fhir_base": BASE,
        "client_id": "panel",
        "client_auth": ClientAuth.SECRET,
        "client_secret": "the secret",
        "oidc_issuer": OAUTH,
        "ehr_origins": ("http://localhost:8080",),
        "allowed_hosts": (),
        "least_role": "coordinator",
    }
    return an_issuer(**{**fields, **changes})


def launching(keys: Keys, issuer: Issuer | None = None) -> HttpSmartServer:
    """Its authorization server, for launches."""
    return HttpSmartServer(
        issuer or its_issuer(), redirect_uri="https://milepost.test/callback/openemr", keys=keys, clock=FakeClock()
    )


def refusal(server: HttpSmartServer) -> str:
    """Why a code was not good."""
    with pytest.raises(LaunchRefused) as refused:
        server.redeem(PENDING, code="c", iss=None)
    return refused.value.reason


# ------------------------------------------------------------------------------------------------------------- discovery
def test_all_that_is_asked_for_is_listed_there() -> None:
    """One unknown scope kills the whole request (recording 311); both of its documents together list every one."""
    offered = frozenset(recorded(2)[1]["scopes_supported"][0]) | frozenset(recorded(3)[1]["scopes_supported"])

    for wanted in (FOR_READING, FOR_PANEL, FOR_STAFF):
        assert negotiated(wanted, offered) == tuple(wanted)


def test_every_type_that_is_read_may_be_read() -> None:
    """Neither more nor less is asked for than the adapter reads."""
    assert {scope.partition("/")[2].rpartition(".")[0] for scope in FOR_READING} == ALLOWED.keys()


def test_what_its_list_lacks_is_not_asked_for() -> None:
    """In the other version where that is listed, else not at all."""
    offered = frozenset({"system/CarePlan.rs", "user/message.cud", "openid"})

    assert negotiated(("openid", "system/CarePlan.read", "system/Task.cruds", "api:oemr"), offered) == (
        "openid",
        "system/CarePlan.rs",
    )
    assert listed("user/message.write", offered) == "user/message.cud"


@pytest.mark.parametrize(
    ("scopes", "is_it"),
    [
        ([["openid"]], True),
        (["openid", ["launch"]], True),
        (["openid"], False),
        ([], False),
        (None, False),
        ("x", False),
    ],
)
def test_it_is_known_by_its_list_in_a_list(scopes: object, is_it: bool) -> None:
    """Nobody else is known to say it like this."""
    assert is_openemr(scopes) is is_it


def test_an_endpoint_of_another_form_leads_nowhere() -> None:
    """Then there is no second document to be read."""
    assert openid_base(f"{OAUTH}/token") == OAUTH
    assert openid_base("https://ehr.test/get") is None


# ----------------------------------------------------------------------------------------------------------- our reading
def test_our_own_token_is_asked_for_as_it_wants_it(keys: Keys) -> None:
    """RS384, the token's address as ``aud``, a new ``jti`` each time, and every scope in a spelling that it lists."""
    with answering(OpenEmrAnswers([38])) as openemr:
        services = reading(keys)
        services.mint()
        services.mint()

    heads, claims = zip(*(_parts(form["client_assertion"]) for form in openemr.forms), strict=True)
    assert {head["alg"] for head in heads} == {"RS384"}
    assert {claim["aud"] for claim in claims} == {f"{OAUTH}/token"}
    assert claims[0]["exp"] - claims[0]["iat"] <= 300
    assert len({claim["jti"] for claim in claims}) == 2
    assert openemr.forms[0]["scope"].split() == list(FOR_READING)


def test_its_token_is_kept_for_less_than_it_lives(keys: Keys) -> None:
    """300 seconds: a poll must not begin with one that is about to end."""
    clock = FakeClock()
    with answering(OpenEmrAnswers([38])) as openemr:
        auth = Renewed("key", reading(keys).mint, OwnCache(clock))
        auth.headers()
        clock.forward(seconds=300 - EARLY.total_seconds() - 1)
        auth.headers()
        clock.forward(seconds=2)
        auth.headers()

    assert len(openemr.forms) == 2


@pytest.mark.parametrize("number", [60, 61, 63])
def test_a_token_that_allows_nothing_is_none(keys: Keys, number: int) -> None:
    """It answers 200 with an empty scope where nothing of it is registered."""
    with answering(OpenEmrAnswers([number])), pytest.raises(Unauthorized, match="allows nothing"):
        reading(keys).mint()


@pytest.mark.parametrize("number", [29, 40, 56])
def test_a_client_that_is_refused_is_told_so(keys: Keys, number: int) -> None:
    """Not enabled, a wrong address, a foreign key."""
    with (
        answering(OpenEmrAnswers([number])),
        pytest.raises(Unauthorized, match="is our client registered and enabled there"),
    ):
        reading(keys).mint()


def test_what_was_not_granted_is_said_one_by_one(keys: Keys) -> None:
    """By what cannot be done without it. The recorded client had another list than ours."""
    with answering(OpenEmrAnswers([38])):
        services = reading(keys)
        lacking = Renewed("key", services.mint, OwnCache(FakeClock()), lacking=services.lacking).lacking()

    assert "cannot read immunizations: system/Immunization.read was not granted" in lacking
    assert not any("system/Goal.read" in words for words in lacking)
    assert not any("QuestionnaireResponse" in words for words in lacking)  # granted in v1, asked for in v2
    assert len(lacking) < len(READING)


# ---------------------------------------------------------------------------------------------------------------- launch
def test_the_panel_asks_for_little_and_for_nothing_that_outlives_it(keys: Keys) -> None:
    """``launch`` without ``launch/patient``, no refresh token; ``aud``, state and S256 always."""
    with answering(OpenEmrAnswers([336])):
        url = launching(keys).authorize_url(PENDING, state="the-state", launch="abc+/=")

    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert url.startswith(f"{OAUTH}/authorize?")
    assert asked["scope"].split() == ["launch", "openid", "fhirUser", "api:fhir", "user/Patient.read"]
    assert (asked["aud"], asked["state"], asked["launch"]) == (BASE, "the-state", "abc+/=")
    assert asked["code_challenge_method"] == "S256"


@pytest.mark.parametrize("number", [336, 340, 357, 361, 365])
def test_each_recorded_launch_lets_its_user_in(keys: Keys, number: int) -> None:
    """With a login and silently, with an encounter, an appointment, an unknown intent. Its scope holds the word ``nonce``
    and no ``api:`` word, its id_token has no ``kid``, and who has no NPI is a Person."""
    with answering(OpenEmrAnswers([number])) as openemr:
        granted = launching(keys).redeem(PENDING, code="c", iss=None)

    assert granted.patient == f"Patient/{PATIENT}"
    assert granted.identity.oidc_issuer == OAUTH
    assert (granted.identity.fhir_user or "").startswith("Person/")
    form = openemr.forms[0]
    assert (form["client_id"], form["client_secret"]) == ("panel", "the secret")
    assert "Authorization" not in openemr.headers[0]


def test_the_issuer_is_the_one_that_was_pinned(keys: Keys) -> None:
    """It signs another than its smart-configuration names, so the record says which."""
    with answering(OpenEmrAnswers([336], claims={"iss": BASE})):
        assert refusal(launching(keys)) == Refusal.BAD_TOKEN


@pytest.mark.parametrize(
    ("number", "why"),
    [
        (322, Refusal.CODE_REFUSED),  # a refused consent comes back with a code
        (459, Refusal.CODE_REFUSED),  # older than a minute
        (304, Refusal.CODE_REFUSED),
        (318, Refusal.SERVER_SETUP),  # a wrong secret
        (308, Refusal.NO_PATIENT),  # no launch: nobody's chart
        (294, Refusal.MISSING_SCOPES),  # the consent page without JavaScript loses them
    ],
)
def test_each_recorded_refusal_has_its_reason(keys: Keys, number: int, why: Refusal) -> None:
    """So that a page can say what to do."""
    with answering(OpenEmrAnswers([number])):
        assert refusal(launching(keys)) == why


def test_the_patient_is_read_as_it_is_told_there(keys: Keys) -> None:
    """With the person's own token."""
    with answering(OpenEmrAnswers([336])) as openemr:
        patient = launching(keys).patient(TOKENS, f"Patient/{PATIENT}")

    assert patient is not None
    assert patient.ref == f"Patient/{PATIENT}"
    assert openemr.forms == []


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (recorded(420), Refusal.SESSION_REFUSED),  # 400: logged out, or no longer trusted
        (recorded(275), Refusal.SESSION_REFUSED),  # 401
        (recorded(208), Refusal.SESSION_REFUSED),
        ((200, "<html><body>Login</body></html>"), Refusal.SERVER_ANSWER),
    ],
)
def test_a_session_that_ended_there_is_told_apart(keys: Keys, answer: tuple[int, object], why: Refusal) -> None:
    """It is no fault of Milepost's, and no patient who is not there."""
    with answering(OpenEmrAnswers([336], patient=answer)), pytest.raises(LaunchRefused) as refused:
        launching(keys).patient(TOKENS, f"Patient/{PATIENT}")

    assert refused.value.reason == why


def test_warnings_of_php_do_not_hide_the_patient(keys: Keys) -> None:
    """They stand before the JSON where a server shows its errors."""
    status, said = recorded(83)
    body = f"<br />\n<b>Warning</b>:  Undefined array key in <b>/x.php</b> on line <b>3</b><br />\n{json.dumps(said)}"

    with answering(OpenEmrAnswers([336], patient=(status, body))):
        assert launching(keys).patient(TOKENS, f"Patient/{PATIENT}") is not None


@pytest.mark.parametrize("answer", [recorded(100), recorded(444)])
def test_a_patient_whom_the_user_may_not_see_is_none(keys: Keys, answer: tuple[int, object]) -> None:
    """404 with an empty list, and 403 of its access rules."""
    with answering(OpenEmrAnswers([336], patient=answer)):
        assert launching(keys).patient(TOKENS, f"Patient/{PATIENT}") is None


def _parts(assertion: str) -> tuple[dict[str, object], dict[str, object]]:
    head, claims, _ = assertion.split(".")
    return json.loads(base64.urlsafe_b64decode(f"{head}==")), json.loads(base64.urlsafe_b64decode(f"{claims}=="))
