"""The launch against a strict authorization server that is not ours (oidc-provider): threat row 5, row 6, row 14."""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fhir_adapters.auth import OwnCache, Renewed
from fhir_adapters.http import FhirHttp
from fhir_adapters.smart import BackendServices, HttpSmartServer, Keys
from fhir_adapters.smart.calls import Calls
from fhir_adapters.smart.client_auth import assertion
from plugin.domain.errors import LaunchRefused, Unauthorized
from plugin.domain.issuer import ClientAuth, Issuer
from plugin.domain.launch import Granted, PendingLaunch, Refusal
from plugin.domain.source import Source
from tests.live.smart.strict_server import REDIRECT_URI, StrictServer, strict_server


def now() -> datetime:
    """oidc-provider has a clock of its own, so this is the real one."""
    return datetime.now(UTC)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    made = Keys(tmp_path_factory.mktemp("keys") / "jwks.json", now)
    made.make()
    return made


@pytest.fixture(scope="module")
def strict(keys: Keys) -> Iterator[StrictServer]:
    with strict_server(keys.jwks()) as server:
        yield server


@pytest.fixture
def issuer(strict: StrictServer) -> Issuer:
    return Issuer(
        id=1,
        slug="strict",
        fhir_base=strict.fhir_base,
        source="main",
        client_id="milepost",
        client_auth=ClientAuth.KEY,
        algorithm="ES384",
        oidc_issuer=strict.issuer,
        ehr_origins=(),
        allowed_hosts=(),
    )


@pytest.fixture
def server(issuer: Issuer, keys: Keys) -> HttpSmartServer:
    return HttpSmartServer(issuer, redirect_uri=REDIRECT_URI, keys=keys, clock=now)


@pytest.fixture
def pending() -> PendingLaunch:
    return PendingLaunch(
        issuer="strict",
        verifier=secrets.token_urlsafe(64),
        nonce=secrets.token_urlsafe(32),
        secret_hash="0" * 64,
        begun_at=now(),
    )


def come_back(strict: StrictServer, server: HttpSmartServer, pending: PendingLaunch) -> Mapping[str, str]:
    return strict.come_back(server.authorize_url(pending, state="a-state", launch="a-launch"))


def launched(strict: StrictServer, server: HttpSmartServer, pending: PendingLaunch) -> Granted:
    said = come_back(strict, server, pending)
    return server.redeem(pending, code=said["code"], iss=said["iss"])


def test_a_launch_from_its_beginning_to_the_patient(
    strict: StrictServer, server: HttpSmartServer, pending: PendingLaunch
) -> None:
    """Authorize, code, tokens, id_token, and the patient read with the person's own token."""
    granted = launched(strict, server, pending)
    patient = server.patient(granted.tokens, granted.patient)

    assert (granted.patient, granted.identity.subject) == ("Patient/p1", "nurse-1")
    assert granted.identity.fhir_user == "Practitioner/nurse-1"
    assert "patient/Patient.r" in granted.tokens.scopes
    assert patient is not None
    assert patient.ref == "Patient/p1"


def test_the_other_algorithm_is_good_too(
    strict: StrictServer, issuer: Issuer, keys: Keys, pending: PendingLaunch
) -> None:
    """A client that is registered with RS384 signs with it."""
    rsa = replace(issuer, client_id="milepost-rsa", algorithm="RS384")
    server = HttpSmartServer(rsa, redirect_uri=REDIRECT_URI, keys=keys, clock=now)

    assert launched(strict, server, pending).patient == "Patient/p1"


def test_a_code_is_good_once(strict: StrictServer, server: HttpSmartServer, pending: PendingLaunch) -> None:
    """Row 5: whoever shows it again gets nothing."""
    said = come_back(strict, server, pending)
    server.redeem(pending, code=said["code"], iss=said["iss"])

    with pytest.raises(LaunchRefused) as refused:
        server.redeem(pending, code=said["code"], iss=said["iss"])

    assert refused.value.reason == Refusal.CODE_REFUSED


def test_a_stolen_code_is_no_use_without_the_verifier(
    strict: StrictServer, server: HttpSmartServer, pending: PendingLaunch
) -> None:
    """PKCE: the code of another launch is refused by the server."""
    said = come_back(strict, server, pending)

    with pytest.raises(LaunchRefused) as refused:
        server.redeem(replace(pending, verifier=secrets.token_urlsafe(64)), code=said["code"], iss=said["iss"])

    assert refused.value.reason == Refusal.CODE_REFUSED


def test_a_callback_must_say_that_it_is_this_servers(
    strict: StrictServer, server: HttpSmartServer, pending: PendingLaunch
) -> None:
    """Row 6: the server says that it names itself (RFC 9207), so a callback without a name is none of its."""
    said = come_back(strict, server, pending)

    for iss in (None, strict.fhir_base, f"{strict.issuer}/"):
        with pytest.raises(LaunchRefused) as refused:
            server.redeem(pending, code=said["code"], iss=iss)
        assert refused.value.reason == Refusal.WRONG_SERVER


def test_a_refresh_token_is_good_once(strict: StrictServer, server: HttpSmartServer, pending: PendingLaunch) -> None:
    """Each refresh brings another one; the old one ends the whole family."""
    first = launched(strict, server, pending).tokens
    second = server.refresh(first, "Patient/p1")

    with pytest.raises(LaunchRefused) as refused:
        server.refresh(first, "Patient/p1")
    with pytest.raises(LaunchRefused):
        server.refresh(second, "Patient/p1")

    assert first.refresh != second.refresh
    assert first.access != second.access
    assert second.scopes == first.scopes
    assert refused.value.reason == Refusal.SESSION_REFUSED


def test_what_was_revoked_opens_nothing(strict: StrictServer, server: HttpSmartServer, pending: PendingLaunch) -> None:
    """RFC 7009: access and refresh token both."""
    tokens = launched(strict, server, pending).tokens

    server.revoke(tokens)

    for use in (server.patient, server.refresh):
        with pytest.raises(LaunchRefused) as refused:
            use(tokens, "Patient/p1")
        assert refused.value.reason == Refusal.SESSION_REFUSED


def test_an_assertion_is_good_once(strict: StrictServer, keys: Keys) -> None:
    """Row 14: a replayed one is answered with 401, so each request needs one of its own."""
    token_endpoint = f"{strict.issuer}/token"
    proof = assertion("milepost", token_endpoint, "ES384", keys, now())
    form = {"grant_type": "client_credentials", "scope": "system/Patient.rs", **proof.form}
    calls = Calls(strict.fhir_base)

    answers = [calls.post(token_endpoint, form) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 401]
    assert answers[1].error == "invalid_client"


def test_keys_that_the_server_does_not_know_open_nothing(strict: StrictServer, issuer: Issuer, tmp_path: Path) -> None:
    """The server checks the signature, and says so without being repeated."""
    strange = Keys(tmp_path / "jwks.json", now)
    strange.make()
    source = Source(id=1, slug="main", base_url=strict.fhir_base, client_id="milepost")

    with pytest.raises(Unauthorized, match="401, invalid_client"):
        BackendServices(source, keys=strange, clock=now).mint()


def test_backend_services_read_with_a_token_of_our_own(strict: StrictServer, keys: Keys) -> None:
    """Discovery, assertion, token, and a request that carries it; one that was taken back is replaced, once."""
    source = Source(
        id=1, slug="main", base_url=strict.fhir_base, client_id="milepost", auth_scopes=("system/Patient.rs",)
    )
    services, cache = BackendServices(source, keys=keys, clock=now), OwnCache(now)
    http = FhirHttp(source.base_url, Renewed(services.key, services.mint, cache))

    first = http.get("Patient/p1")
    old = cache.token(services.key, services.mint)
    revoke(strict, keys, old)
    second = http.get("Patient/p1")

    assert (first["id"], second["id"]) == ("p1", "p1")
    assert cache.token(services.key, services.mint) != old


def revoke(strict: StrictServer, keys: Keys, token: str) -> None:
    """As an administrator there would."""
    proof = assertion("milepost", f"{strict.issuer}/token", "ES384", keys, now())
    Calls(strict.fhir_base).post(f"{strict.issuer}/token/revocation", {"token": token, **proof.form})
