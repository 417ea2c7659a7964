"""A practice of fakes behind the web process."""

import pytest
from flask.testing import FlaskClient

from plugin.app import create_app
from tests.builders import World

METRICS_TOKEN = "a-token-of-the-test"


@pytest.fixture
def world() -> World:
    """One source, never read."""
    return World()


@pytest.fixture
def client(world: World) -> FlaskClient:
    """Asks from this machine."""
    return create_app(world.services, metrics_token=METRICS_TOKEN).test_client()
