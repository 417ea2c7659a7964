"""Tests of plugin/usecases/registration.py: what is copied is what OpenEMR took, and what is asked for later."""

import json
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from plugin.domain.errors import BadInput, CannotDo
from plugin.domain.rights import FOR_PANEL, FOR_READING, FOR_STAFF
from plugin.usecases.registration import Registrations, openemr_registrations, registrations, staff_callback
from plugin.usecases.source_check import INDEX
from tests.builders import World
from tests.tabs import an_issuer

BASE = "https://emr.test/openemr/apis/default/fhir"
OURS = "https://milepost.test/care"
JWKS = {
    "keys": [
        {"kty": "RSA", "kid": "rs", "alg": "RS384", "use": "sig", "n": "abc", "e": "AQAB"},
        {"kty": "EC", "kid": "es", "alg": "ES384", "use": "sig", "crv": "P-384", "x": "x", "y": "y"},
    ]
}
_FIXTURES = Path(__file__).parents[2] / "fixtures" / "openemr"


def made() -> Registrations:
    return openemr_registrations("clinic", BASE, OURS, JWKS, issuer="emr")


def bodies() -> dict[str, dict[str, object]]:
    return {client.name: json.loads(client.body) for client in made().clients}


def test_each_client_asks_for_what_is_asked_for_later() -> None:
    """A scope that was not registered is left out of every answer without a word."""
    scopes = {name: str(body["scope"]).split() for name, body in bodies().items()}

    assert scopes == {"panel": ["launch", *FOR_PANEL], "reading": [*FOR_READING], "messages": [*FOR_STAFF]}
    assert "offline_access" not in scopes["panel"]
    assert "launch/patient" not in scopes["panel"]


@pytest.mark.parametrize(("name", "number"), [("panel", 6), ("reading", 8), ("messages", 461)])
def test_each_has_the_form_that_was_taken(name: str, number: int) -> None:
    """The same members as the recorded registration, and none besides; all are clients that keep a secret."""
    taken = json.loads(next(_FIXTURES.glob(f"{number:03}-*.json")).read_text())["request"]["body"]
    ours = bodies()[name]

    assert ours.keys() == taken.keys()
    assert ours["application_type"] == taken["application_type"] == "private"
    assert ours["token_endpoint_auth_method"] == taken["token_endpoint_auth_method"]


def test_the_launch_address_has_no_query() -> None:
    """OpenEMR 8.2 puts a ``?`` behind it, whatever it holds (recording 019)."""
    launch = urlsplit(str(bodies()["panel"]["initiate_login_uri"]))

    assert (launch.path, launch.query) == ("/care/launch", "")


def test_people_come_back_to_addresses_of_ours() -> None:
    """Compared letter by letter there."""
    found = bodies()

    assert found["panel"]["redirect_uris"] == [f"{OURS}/callback/emr"]
    assert found["messages"]["redirect_uris"] == [staff_callback(OURS, "clinic")]
    assert found["reading"]["redirect_uris"] == [f"{OURS}/callback/emr"]


def test_our_keys_go_with_it_and_only_their_public_halves() -> None:
    """The one kind that OpenEMR can use."""
    private = {"keys": [{**JWKS["keys"][0], "d": "CANARY", "p": "CANARY", "key_ops": ["sign"]}]}
    client = next(one for one in openemr_registrations("c", BASE, OURS, private).clients if one.name == "reading")

    assert bodies()["reading"]["jwks"] == {"keys": [JWKS["keys"][0]]}
    assert "CANARY" not in client.body
    assert "key_ops" not in client.body


def test_the_steps_name_who_does_them_and_everything_to_copy() -> None:
    """The switches, the clients by name, the commands and the one index."""
    steps = made().steps
    said = "\n".join(f"{step.who} {step.title} {' '.join(step.words)} {step.text}" for step in steps)

    for word in ("rest_api", "rest_fhir_api", "rest_system_scopes_api", "site_addr_oath", "api_log", INDEX):
        assert word in said
    for client in bodies().values():
        assert str(client["client_name"]) in said
    assert "--oidc-issuer https://emr.test/openemr/oauth2/default --origin https://emr.test" in said
    assert made().endpoint == "https://emr.test/openemr/oauth2/default/registration"
    assert {step.who for step in steps} == {
        "Milepost's administrator",
        "OpenEMR's administrator",
        "Whoever runs OpenEMR's database",
    }


@pytest.mark.parametrize(
    "base", ["https://emr.test/fhir", f"{BASE}/", f"{BASE}?x", "emr", "https://emr.test/apis/a b/fhir"]
)
def test_an_address_that_is_none_of_openemrs_is_refused(base: str) -> None:
    """In words that say what it ends with."""
    with pytest.raises(BadInput, match="/apis/SITE/fhir"):
        openemr_registrations("clinic", base, OURS, JWKS)


def test_without_a_key_there_is_nothing_to_register() -> None:
    """And the command that makes one is named."""
    with pytest.raises(CannotDo, match="milepost keys make"):
        openemr_registrations("clinic", BASE, OURS, {"keys": [JWKS["keys"][1]]})


def test_it_is_made_from_what_is_configured(world: World) -> None:
    """Our address, our keys, the source's base; the issuer's name where one belongs to the source."""
    services = replace(world.services, public_url=OURS, jwks=lambda: JWKS)

    assert registrations(services, "new", f"{BASE}/") == openemr_registrations("new", BASE, OURS, JWKS)
    with world.database.begin() as uow:
        uow.issuers.add(replace(an_issuer(), slug="door", source=world.source.slug), world.clock())
        uow.commit()
    slug = world.source.slug
    assert registrations(services, slug, BASE) == openemr_registrations(slug, BASE, OURS, JWKS, issuer="door")
    with pytest.raises(CannotDo, match="MILEPOST_PUBLIC_URL"):
        registrations(replace(services, public_url=None), "new", BASE)
