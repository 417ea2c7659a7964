"""Our public keys, for whoever asks."""

from dataclasses import replace

from plugin.app import create_app
from tests.builders import World


def test_the_keys_are_public_and_kept_for_minutes(world: World) -> None:
    """As SMART asks for; a rotation waits for as long."""
    keys = {"keys": [{"kty": "EC", "kid": "one"}]}
    client = create_app(replace(world.services, jwks=lambda: keys)).test_client()

    answer = client.get("/.well-known/jwks.json")

    assert answer.get_json() == keys
    assert answer.headers["Cache-Control"] == "public, max-age=300"
