"""Tests of fhir_adapters/smart/backend.py, and of how a source's requests carry its tokens."""

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from fhir_adapters.auth import OwnCache, Renewed
from fhir_adapters.http import FhirHttp
from fhir_adapters.smart import BackendServices, Keys
from plugin.domain.errors import BadSettings, CannotDo, OutsideSource, Unauthorized
from plugin.domain.source import Source
from tests.fakes import FakeClock
from tests.fhir_adapters.smart.authority import AUTH, BASE, EVIL, TOKEN, Authority, answering


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def authority() -> Iterator[Authority]:
    made = Authority()
    made.answer.update(patient=None, scope="system/Patient.rs", id_token=None)
    with answering(made):
        yield made


@pytest.fixture(scope="module")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "jwks.json"
    Keys(path, FakeClock()).make()
    return path


def a_source(scopes: tuple[str, ...] = ("system/Patient.rs",), hosts: tuple[str, ...] = ("auth.test",)) -> Source:
    return Source(id=1, slug="main", base_url=BASE, client_id="milepost", auth_scopes=scopes, auth_hosts=hosts)


@pytest.fixture
def services(clock: FakeClock, key_file: Path, authority: Authority) -> BackendServices:
    return BackendServices(a_source(), keys=Keys(key_file, clock), clock=clock)


def test_a_token_is_asked_for_with_an_assertion(services: BackendServices, authority: Authority) -> None:
    """Client credentials, scopes, and nothing that could be stolen from us."""
    tokens = services.mint()

    form = dict(authority.posted()[0])
    assertion = form.pop("client_assertion")
    assert tokens.access == "new-access"
    assert assertion.count(".") == 2
    assert form == {
        "grant_type": "client_credentials",
        "scope": "system/Patient.rs",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    }


def test_without_scopes_of_its_own_all_that_we_need_is_asked_for(
    clock: FakeClock, key_file: Path, authority: Authority
) -> None:
    """What is read may be read and searched; what is written may be written; nothing more."""
    BackendServices(a_source(scopes=()), keys=Keys(key_file, clock), clock=clock).mint()

    asked = authority.posted()[0]["scope"].split()
    assert {"system/Patient.rs", "system/CarePlan.rs", "system/Observation.rs", "system/Task.cruds"} <= set(asked)
    assert [scope for scope in asked if scope.startswith("system/Task.")] == ["system/Task.cruds"]
    assert not any("*" in scope for scope in asked)


@pytest.mark.parametrize(
    ("offered", "algorithm"), [([], "RS384"), (["RS384"], "RS384"), (["RS384", "ES384"], "ES384"), (["ES384"], "ES384")]
)
def test_the_algorithm_is_one_that_the_server_takes(
    services: BackendServices,
    authority: Authority,
    clock: FakeClock,
    key_file: Path,
    offered: list[str],
    algorithm: str,
) -> None:
    """RS384 where it does not say: OpenEMR takes no other."""
    authority.smart["token_endpoint_auth_signing_alg_values_supported"] = offered

    services.mint()

    signer = Keys(key_file, clock).signing(algorithm)
    header = authority.posted()[0]["client_assertion"].partition(".")[0]
    assert signer.kid in base64.urlsafe_b64decode(f"{header}==").decode()


def test_a_server_that_takes_neither_is_told_so(services: BackendServices, authority: Authority) -> None:
    """In words, for `milepost source add`."""
    authority.smart["token_endpoint_auth_signing_alg_values_supported"] = ["HS256"]

    with pytest.raises(CannotDo, match="RS384 or ES384"):
        services.mint()


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (401, {"error": "invalid_client", "error_description": "CANARY"}),
        (400, {"error": "CANARY"}),
        (200, {"access_token": "CANARY CANARY", "token_type": "bearer"}),
        (200, {"access_token": "CANARY", "token_type": "mac"}),
        (200, {}),
    ],
)
def test_a_server_that_gives_no_token_is_told_of_in_words(
    services: BackendServices, authority: Authority, status: int, answer: dict[str, object]
) -> None:
    """Without what it said."""
    authority.status, authority.answer = status, answer

    with pytest.raises(Unauthorized) as refused:
        services.mint()

    assert "CANARY" not in str(refused.value)


def test_a_token_endpoint_elsewhere_is_not_asked(clock: FakeClock, key_file: Path, authority: Authority) -> None:
    """The source's own host, and those that it was registered with."""
    services = BackendServices(a_source(hosts=()), keys=Keys(key_file, clock), clock=clock)
    with pytest.raises(OutsideSource, match="allowed hosts"):
        services.mint()

    authority.smart["token_endpoint"] = f"{EVIL}/token"
    with pytest.raises(OutsideSource):
        BackendServices(a_source(), keys=Keys(key_file, clock), clock=clock).mint()

    assert authority.posted() == []


def test_without_a_key_the_command_that_makes_one_is_named(
    clock: FakeClock, tmp_path: Path, authority: Authority
) -> None:
    """So that who adds a source knows what to do."""
    with pytest.raises(BadSettings, match="milepost keys make"):
        BackendServices(a_source(), keys=Keys(tmp_path / "none", clock), clock=clock).mint()


def test_other_scopes_are_another_token(services: BackendServices, clock: FakeClock, key_file: Path) -> None:
    """So is another client."""
    other = BackendServices(a_source(scopes=("system/*.rs",)), keys=Keys(key_file, clock), clock=clock)

    assert services.key != other.key


def test_requests_carry_one_token_until_shortly_before_it_runs_out(
    services: BackendServices, authority: Authority, clock: FakeClock
) -> None:
    """Thirty seconds before, a new one is asked for."""
    authority.resources["Patient/p1"] = {"resourceType": "Patient", "id": "p1"}
    http = FhirHttp(BASE, Renewed(services.key, services.mint, OwnCache(clock)))

    for seconds in (0, 269, 1, 1):
        clock.forward(seconds=seconds)
        http.get("Patient/p1")

    assert len(authority.posted()) == 2
    assert [place for place in authority.places() if place in (TOKEN, f"{AUTH}/keys")] == [TOKEN, TOKEN]
    assert authority.headers[-1]["Authorization"] == "Bearer new-access"
