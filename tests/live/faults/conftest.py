"""The site of the faults: the run's HAPI behind a gateway, its PostgreSQL, and what an undisturbed sweep makes
there."""

from collections.abc import Iterator

import pytest

from deploy.hapi.server import HapiServer
from deploy.services.postgres import PostgresServer
from tests.faults.kills import Undisturbed, undisturbed
from tests.faults.site import Site, site_of


@pytest.fixture(scope="session")
def site(hapi: HapiServer, postgres: PostgresServer) -> Iterator[Site]:
    """Servers and empty databases. What cannot be started fails the tests; none is skipped."""
    with site_of(hapi.base_url, postgres) as made:
        yield made


@pytest.fixture(scope="session")
def calm(site: Site) -> Undisturbed:
    """What must be true at the end, whatever happened on the way."""
    return undisturbed(site)
