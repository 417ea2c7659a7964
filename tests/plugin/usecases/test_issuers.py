"""EHRs are registered, listed and tried."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pytest

from plugin.domain.errors import BadInput, TooSlow, UnknownName
from plugin.domain.issuer import ClientAuth
from plugin.usecases.issuers import add_issuer, addresses_of, check_issuer, every_issuer, issuer_named
from tests.builders import World
from tests.contract.storage.given import an_issuer
from tests.fake_launch import FakeSmart

EHR = an_issuer(source="main")
COMPLETE: Mapping[str, object] = {
    "authorization_endpoint": "https://ehr.example/authorize",
    "revocation_endpoint": "https://ehr.example/revoke",
    "capabilities": ["launch-ehr", "launch-standalone", "sso-openid-connect"],
    "scopes": ["launch", "openid"],
    "missing": [],
}


@dataclass
class Saying(FakeSmart):
    """An authorization server that says this of itself."""

    said: Mapping[str, object] = field(default_factory=dict)

    def probe(self) -> Mapping[str, object]:
        return {**super().probe(), **self.said}


def tried(world: World, said: Mapping[str, object]) -> dict[str, tuple[bool, str]]:
    """What comes of each check, by its name."""
    services = replace(world.services, smart=Saying(said=said))
    return {check.what: (check.is_good, check.words) for check in check_issuer(services, EHR)}


def test_what_is_added_is_there(world: World) -> None:
    """Checked, with the FHIR base as a launch will be compared with it."""
    added = add_issuer(world.services, replace(EHR, fhir_base="https://ehr.example/fhir/"))

    assert added.fhir_base == "https://ehr.example/fhir"
    assert every_issuer(world.services) == [added]
    assert issuer_named(world.services, "ehr") == added


def test_what_is_wrong_is_not_added(world: World) -> None:
    """Neither a record that does not fit together, nor one of a source that is none."""
    with pytest.raises(BadInput, match="needs its secret"):
        add_issuer(world.services, replace(EHR, client_auth=ClientAuth.SECRET))
    with pytest.raises(UnknownName, match="no source elsewhere"):
        add_issuer(world.services, replace(EHR, source="elsewhere"))

    assert every_issuer(world.services) == []


def test_addresses_to_be_registered(world: World) -> None:
    """Ours, where we have one."""
    addresses = addresses_of(world.services, EHR)

    assert addresses == ("https://milepost.test/launch", "https://milepost.test/callback/ehr")
    assert addresses_of(replace(world.services, public_url=None), EHR) is None


def test_a_complete_server(world: World) -> None:
    """Everything is good, and the address that must be registered is named."""
    found = tried(world, COMPLETE)

    assert all(is_good for is_good, _ in found.values())
    assert found["scopes"] == (True, "launch openid")
    assert found["revocation_endpoint"] == (True, "offered")
    assert found["our address"] == (True, "https://milepost.test/callback/ehr must be registered at the EHR")


def test_what_is_missing_and_what_that_means(world: World) -> None:
    """What keeps people out is not good; the rest is only explained."""
    found = tried(world, {"authorization_endpoint": "x", "missing": ["S256"], "capabilities": ["launch-ehr"]})

    bad = {what: words for what, (is_good, words) in found.items() if not is_good}
    assert bad == {"S256": "missing: nobody can open the panel until the EHR offers it"}
    assert "lives on" in found["revocation_endpoint"][1]
    assert "outside the chart" in found["launch-standalone"][1]
    assert found["launch-ehr"] == (True, "offered")


def test_a_server_that_does_not_answer(world: World) -> None:
    """Its failure, in words; what our own record says is told all the same."""
    services = replace(world.services, smart=FakeSmart(failure=TooSlow("The EHR did not answer.")), public_url=None)

    checks = check_issuer(services, replace(EHR, ehr_origins=(), is_active=False))

    assert [check.what for check in checks if not check.is_good] == ["smart-configuration", "our address", "state"]
    assert checks[0].words == "The EHR did not answer. Nobody can open the panel."
    assert {check.what for check in checks if check.is_good} == {"origins", "least role"}
