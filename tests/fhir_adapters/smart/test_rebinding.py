"""Threat row 2: a name on the list that suddenly leads to another machine (DNS rebinding).

A list of names says nothing of numbers, and private ones cannot be refused: hospitals' EHRs have them. What stands
against it is the certificate, which is asked for before the first byte of a request: so the attack is made here over
TLS.
"""

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from fhir_adapters.smart.calls import Calls, terms_for
from plugin.domain.errors import Untrusted
from tests.certificates import certificate, served_with
from tests.rogue import Rogue, answers, rogue_server

EHR = "ehr.test"
BASE = f"https://{EHR}/fhir"
TOKEN = f"https://{EHR}/token"


@dataclass
class Resolver:
    """Says where a name leads, and may say otherwise the next time; ``asked`` is every name that it was asked for."""

    server: Rogue
    asked: list[str] = field(default_factory=list)

    def __call__(self, host: str, *_: object, **__: object) -> list[Any]:  # Any: tuples as `socket` makes them
        self.asked.append(host)
        address = ("127.0.0.1", urlsplit(self.server.url).port)
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", address)]


@dataclass(frozen=True)
class Net:
    """The EHR, somebody else, and the resolver between them."""

    ehr: Rogue
    stranger: Rogue
    resolver: Resolver
    ca_bundle: Path

    def calls(self) -> Calls:
        """As for a new launch: no connection stands yet."""
        return Calls(BASE, terms=terms_for(str(self.ca_bundle)))


@pytest.fixture(params=[EHR, "stranger.test"])
def net(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Net]:
    """The stranger shows a certificate that nobody vouches for, for the EHR's name or for another."""
    own, foreign = certificate(tmp_path / "ehr.pem", EHR), certificate(tmp_path / "stranger.pem", request.param)
    with rogue_server(served_with(own)) as ehr, rogue_server(served_with(foreign)) as stranger:
        for server in (ehr, stranger):
            server.plays(answers(200, b'{"issuer":"x"}'))
        resolver = Resolver(ehr)
        monkeypatch.setattr(socket, "getaddrinfo", resolver)  # where urllib3 asks; there is no setting for it
        yield Net(ehr, stranger, resolver, own)


def test_a_name_that_leads_elsewhere_by_now_gets_nothing(net: Net) -> None:
    """Between discovery and token request the name's number is another: no line of the request goes there, above all not
    the code; and no other name was ever asked for."""
    net.calls().read(f"{BASE}/.well-known/smart-configuration")
    net.resolver.server = net.stranger

    with pytest.raises(Untrusted, match="certificate"):
        net.calls().post(TOKEN, {"code": "a-code"}, {"Authorization": "Basic a-secret"})

    assert [seen.path for seen in net.ehr.seen] == ["/fhir/.well-known/smart-configuration"]
    assert net.stranger.seen == []
    assert set(net.resolver.asked) == {EHR}


def test_a_connection_that_stands_is_not_looked_up_again(net: Net) -> None:
    """The name is asked for once: what was answered by the EHR goes on with the EHR."""
    calls = net.calls()
    calls.read(f"{BASE}/.well-known/smart-configuration")
    net.resolver.server = net.stranger

    answer = calls.post(TOKEN, {"code": "a-code"})

    assert answer.is_good
    assert [len(server.seen) for server in (net.ehr, net.stranger)] == [2, 0]
