"""What bootstrap builds for launches and for our own access: by the settings, and remembered."""

from dataclasses import replace
from pathlib import Path

import pytest

from plugin import bootstrap
from plugin.config import Settings, settings
from plugin.domain.errors import BadSettings, LaunchRefused, ServerBusy
from plugin.domain.launch import Refusal
from plugin.domain.source import Source
from plugin.sessions.cipher import make_key_file
from plugin.usecases.services import Services
from tests.fhir_adapters.smart.authority import BASE, PENDING, Authority, an_issuer, answering

SOURCE = Source(id=1, slug="main", base_url=BASE, client_id="milepost", auth_hosts=("auth.test",))


@pytest.fixture
def given(tmp_path: Path) -> Settings:
    """Settings with all files in a folder of this test, and with keys."""
    made = settings(
        {
            "MILEPOST_DATABASE_URL": f"sqlite:///{tmp_path / 'milepost.db'}",
            "MILEPOST_KEY_FILE": str(tmp_path / "milepost.key"),
            "MILEPOST_PUBLIC_URL": "https://milepost.test",
        }
    )
    make_key_file(made.key_file)
    bootstrap.signing_keys(made).make()
    return made


@pytest.fixture
def services(given: Settings) -> Services:
    return bootstrap.build(given)


def test_a_source_with_a_client_id_is_asked_with_tokens_of_our_own(services: Services) -> None:
    """One token for several requests; the assertion is signed with our keys."""
    authority = Authority()
    authority.answer.update(patient=None, id_token=None)
    with answering(authority) as told:
        told.mock.add("GET", f"{BASE}/metadata", status=503, headers={"Retry-After": "600"})
        for _ in range(2):
            with pytest.raises(ServerBusy):
                services.ehr(SOURCE).probe()
        shown = [call.request.headers.get("Authorization") for call in told.mock.calls]

    assert len(authority.posted()) == 1
    assert shown[-2:] == ["Bearer new-access"] * 2


def test_a_source_whose_client_changed_is_opened_anew(services: Services) -> None:
    """A running worker takes it up."""
    changed = replace(SOURCE, auth_scopes=("system/Patient.rs",))

    assert services.ehr(SOURCE) is services.ehr(SOURCE)
    assert services.ehr(changed) is not services.ehr(SOURCE)


def test_an_authorization_server_is_remembered_until_its_record_changes(services: Services) -> None:
    """What it said of itself is asked once an hour, not at each launch."""
    first = services.smart(an_issuer())

    assert services.smart(an_issuer()) is first
    assert services.smart(an_issuer(client_id="other")) is not first


def test_the_callback_is_ours(services: Services, given: Settings) -> None:
    """Under the public address, one for each issuer; without such an address nobody launches."""
    without = bootstrap.build(replace(given, public_url=None))
    with answering(Authority()):
        url = services.smart(an_issuer()).authorize_url(PENDING, state="s", launch="l")
        with pytest.raises(LaunchRefused) as refused:
            without.smart(an_issuer()).authorize_url(PENDING, state="s", launch="l")

    assert "redirect_uri=https%3A%2F%2Fmilepost.test%2Fcallback%2Fmain" in url
    assert refused.value.reason == Refusal.NO_ADDRESS


def test_our_public_keys_are_those_of_the_file(services: Services, given: Settings) -> None:
    """A rotation is seen at once."""
    before = services.jwks()["keys"]
    bootstrap.signing_keys(given).rotate()
    after = services.jwks()["keys"]

    assert isinstance(before, list)
    assert isinstance(after, list)
    assert (len(before), len(after)) == (2, 4)
    assert after[:2] == before


def test_keys_that_others_may_read_are_not_used(services: Services, given: Settings) -> None:
    """Neither signed with nor published."""
    given.jwk_file.chmod(0o644)

    with pytest.raises(BadSettings, match="chmod 600"):
        services.jwks()
