"""Tests of fhir_adapters/servers/: each kind has its differences, and only those."""

from datetime import timedelta

import pytest

from fhir_adapters.servers import HAPI, OPENEMR, R4, Server, server_of
from plugin.domain.errors import BadSettings


def test_any_r4_server_is_read_by_its_links() -> None:
    """The defaults rest on nothing but the specification."""
    assert server_of("r4") is R4
    assert (R4.keyset, R4.overlap) == (False, timedelta(seconds=120))


def test_hapi_is_read_by_keyset() -> None:
    """The fast way: no stored search, at most 1,000 a page."""
    assert server_of("hapi") is HAPI
    assert HAPI.keyset
    assert HAPI.search_headers == {"Cache-Control": "no-store, max-results=1000"}
    assert HAPI.page_size == 1000


def test_the_stamps_of_openemr_are_no_change_stamps() -> None:
    """What the Flow Board changes does not move them: a version came to be when we first saw it."""
    assert server_of("openemr") is OPENEMR
    assert OPENEMR.change_stamp is False


@pytest.mark.parametrize("server", [R4, HAPI])
def test_no_server_answers_from_its_memory(server: Server) -> None:
    """Every kind says so with each search, for HAPI would repeat an answer for a minute."""
    assert "no-" in server.search_headers["Cache-Control"]


def test_an_unknown_kind_names_the_known_ones() -> None:
    """A typing error in a source's settings is answered with what is allowed."""
    with pytest.raises(BadSettings, match="hapi, openemr, r4"):
        server_of("happy")
