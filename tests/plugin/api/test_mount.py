"""Below a path of a host that has others, too."""

from dataclasses import replace

import pytest

from plugin.app import create_app
from tests.builders import World


@pytest.mark.parametrize("path", ["/milepost/healthz", "/healthz"])
def test_a_proxy_may_leave_the_path_on_or_take_it_off(world: World, path: str) -> None:
    """Both are served."""
    client = create_app(replace(world.services, public_url="https://ehr.test/milepost")).test_client()

    assert client.get(path).status_code == 200


def test_pages_name_addresses_below_the_path(world: World) -> None:
    """Styles and scripts, or a browser would look for them elsewhere."""
    client = create_app(replace(world.services, public_url="https://ehr.test/milepost")).test_client()

    page = client.get("/launch")

    assert 'href="/milepost/static/' in page.text


def test_without_a_path_nothing_stands_before_ours(world: World) -> None:
    """The usual case, and the one without a public address."""
    for url in (None, "https://milepost.test", "https://milepost.test/"):
        client = create_app(replace(world.services, public_url=url)).test_client()

        assert 'href="/static/' in client.get("/launch").text
