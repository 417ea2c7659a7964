"""The guard of tests/conftest.py: a test reaches this machine and no other."""

import socket

import pytest


def test_a_name_out_there_is_not_looked_up() -> None:
    """Even asking for an address would leave the machine."""
    with pytest.raises(RuntimeError, match="tests may not reach"):
        socket.getaddrinfo("fhir.example.org", 443)


def test_an_address_out_there_is_not_connected_to() -> None:
    """A number needs no look-up, and is refused all the same."""
    with socket.socket() as outgoing, pytest.raises(RuntimeError, match="tests may not reach"):
        outgoing.connect(("192.0.2.1", 443))


def test_loopback_is_reached() -> None:
    """Real servers on this machine are what the live tests talk to."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()

        with socket.create_connection(listening.getsockname()) as connection:
            assert connection.getpeername() == listening.getsockname()
