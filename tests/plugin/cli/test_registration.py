"""`milepost source registration`: what an administrator copies into an OpenEMR."""

import json
from dataclasses import replace

import pytest

from plugin.usecases.registration import registrations
from tests.builders import World
from tests.plugin.cli.typed import Typed

BASE = "https://emr.test/apis/default/fhir"
KEYS = {"keys": [{"kty": "RSA", "kid": "rs", "alg": "RS384", "use": "sig", "n": "abc", "e": "AQAB"}]}


@pytest.fixture(autouse=True)
def reachable(world: World) -> None:
    """We have an address and a key."""
    world.services = replace(world.services, public_url="https://milepost.test", jwks=lambda: KEYS)


def test_everything_can_be_copied(world: World, typed: Typed) -> None:
    """Each step, each command, and each text as it is posted; before there is any such source."""
    said = typed.text("source", "registration", "clinic", BASE)

    made = registrations(world.services, "clinic", BASE)
    assert made.endpoint in said
    for client in made.clients:
        assert client.body in said
        assert client.command in said
    for step in made.steps:
        assert step.title in said
        assert all(line in said for line in step.text.splitlines())


def test_scripts_get_the_same(world: World, typed: Typed) -> None:
    """As JSON; each body is one that can be posted as it is."""
    said = typed.json("source", "registration", "clinic", BASE)

    bodies = {client["name"]: json.loads(client["body"]) for client in said["clients"]}
    assert bodies["panel"]["initiate_login_uri"] == "https://milepost.test/launch"
    assert said["endpoint"] == "https://emr.test/oauth2/default/registration"
