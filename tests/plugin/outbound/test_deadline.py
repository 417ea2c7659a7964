"""Tests of plugin/outbound/deadline.py over TLS: the deadline holds there too, and so does the certificate."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from plugin.domain.errors import TooSlow, Untrusted
from plugin.outbound import GuardedSession, Retries, Terms
from tests import rogue as play
from tests.certificates import certificate as certificate_for
from tests.certificates import served_with
from tests.rogue import Rogue, rogue_server


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For 127.0.0.1, signed by itself."""
    return certificate_for(tmp_path_factory.mktemp("tls") / "server.pem", "127.0.0.1")


@pytest.fixture
def rogue(certificate: Path) -> Iterator[Rogue]:
    with rogue_server(served_with(certificate)) as server:
        yield server.plays(play.answers())


def a_session(rogue: Rogue, ca_bundle: Path | None, deadline: timedelta = timedelta(minutes=1)) -> GuardedSession:
    terms = Terms(
        read=timedelta(minutes=1),
        deadline=deadline,
        retries=Retries(attempts=1),
        ca_bundle=str(ca_bundle) if ca_bundle else None,
    )
    return GuardedSession(rogue.url, terms=terms)


def test_a_certificate_of_our_own_bundle_is_trusted(rogue: Rogue, certificate: Path) -> None:
    """A hospital's own authority is a setting; with it, requests go out as usual, over one connection."""
    session = a_session(rogue, certificate)

    assert [session.send("GET", "Patient/p1").status_code for _ in range(3)] == [200, 200, 200]
    session.close()


def test_an_unknown_certificate_is_refused(rogue: Rogue) -> None:
    """A server that cannot prove who it is gets no request, and it is not asked again."""
    with pytest.raises(Untrusted, match="certificate"):
        a_session(rogue, None).send("GET", "Patient/p1")

    assert rogue.seen == []


@pytest.mark.parametrize("fault", [play.drips_headers, play.drips_body])
def test_a_drip_over_tls_ends_at_the_deadline(rogue: Rogue, certificate: Path, fault: play.Behaviour) -> None:
    """Threat 15: encryption hides nothing from the clock."""
    rogue.plays(fault)

    with pytest.raises(TooSlow):
        a_session(rogue, certificate, deadline=timedelta(seconds=0.5)).send("GET", "Patient/p1")
