"""Tests of plugin/outbound/deadline.py over TLS: the deadline holds there too, and so does the certificate."""

import ipaddress
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from plugin.domain.errors import TooSlow, Untrusted
from plugin.outbound import GuardedSession, Retries, Terms
from tests import rogue as play
from tests.rogue import Rogue, rogue_server


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1, signed by itself, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return file


@pytest.fixture
def rogue(certificate: Path) -> Iterator[Rogue]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with rogue_server(context) as server:
        yield server.plays(play.answers())


def a_session(rogue: Rogue, ca_bundle: Path | None) -> GuardedSession:
    terms = Terms(
        deadline=timedelta(seconds=0.5),
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
    started = time.monotonic()

    with pytest.raises(TooSlow):
        a_session(rogue, certificate).send("GET", "Patient/p1")

    assert time.monotonic() - started < 2
