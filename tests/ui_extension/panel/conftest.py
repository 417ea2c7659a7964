"""A practice of fakes with two EHRs, behind the web process; and a browser's tab."""

from __future__ import annotations

import secrets
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from plugin.app import create_app
from plugin.usecases.services import Services
from tests.builders import World, a_patient, a_plan
from tests.tabs import Browser, an_issuer


@pytest.fixture
def world() -> World:
    """Two EHRs of one source, which has two patients with a plan; nothing was read yet."""
    world = World()
    world.services = replace(world.services, token=lambda: secrets.token_urlsafe(32))
    with world.database.begin() as uow:
        uow.issuers.add(an_issuer(), world.clock())
        uow.issuers.add(an_issuer("other"), world.clock())
        uow.commit()
    world.server.put(a_patient(1), a_plan(1), a_patient(2), a_plan(2, patient=2))
    world.smart.patients = {f"Patient/p{number}": a_patient(number) for number in (1, 2)}
    return world


@pytest.fixture
def services(world: World) -> Services:
    """Its services."""
    return world.services


@pytest.fixture
def client(services: Services) -> FlaskClient:
    """Asks the web process."""
    return create_app(services).test_client()


@pytest.fixture
def browser(client: FlaskClient) -> Browser:
    """A tab."""
    return Browser(client)
