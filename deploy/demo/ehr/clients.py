"""The apps that are registered with the demo EHR: from a JSON file, exact strings, on this machine only."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson


class BadClient(Exception):
    """A registration that cannot be taken; the message says why."""


class Proof(StrEnum):
    """How a client proves who it is at the token endpoint (SMART App Launch 2.2)."""

    PUBLIC = "public"
    SECRET = "client_secret"  # nosec B105  # the name of a method, not a secret
    KEY = "private_key_jwt"


@dataclass(frozen=True, kw_only=True)
class Client:
    """One app. ``launch_url`` is opened in a chart, ``standalone_url`` from the menu. Of a client with keys, ``jwks`` is
    what it gave at registration, and ``jwks_uri`` is asked for a key that is not among them."""

    id: str
    name: str
    proof: Proof
    scopes: tuple[str, ...]
    redirect_uris: tuple[str, ...] = ()
    launch_url: str | None = None
    standalone_url: str | None = None
    secret: str | None = field(default=None, repr=False)
    jwks_uri: str | None = None
    jwks: Mapping[str, Any] = field(default_factory=dict, repr=False)  # Any: a JWK Set, as JSON

    def __post_init__(self) -> None:
        for url in filter(None, (*self.redirect_uris, self.launch_url, self.standalone_url, self.jwks_uri)):
            if not is_loopback(url):
                raise BadClient(f"Client {self.id}: {url} is not on this machine; the demo EHR speaks with no other.")
        if self.proof is Proof.SECRET and not self.secret:
            raise BadClient(f"Client {self.id} has no secret.")
        if self.proof is Proof.KEY and not (self.jwks_uri or self.jwks):
            raise BadClient(f"Client {self.id} has neither jwks_uri nor jwks.")

    @property
    def origins(self) -> frozenset[str]:
        """Of the pages that it shows."""
        urls = filter(None, (*self.redirect_uris, self.launch_url, self.standalone_url))
        return frozenset("{0.scheme}://{0.netloc}".format(urlsplit(url)) for url in urls)


def is_loopback(url: str) -> bool:
    """Whether an http address leads to this machine."""
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and is_loopback_host(parts.hostname or "")


def is_loopback_host(host: str) -> bool:
    """By name or number."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def read_clients(file: Path) -> list[Client]:
    """Those of a JSON file: a list of objects with the names of ``Client``'s fields."""
    try:
        listed = orjson.loads(file.read_bytes())
        return [_client(entry) for entry in listed]
    except (OSError, orjson.JSONDecodeError, TypeError, ValueError, KeyError) as error:
        raise BadClient(f"{file} holds no list of clients ({type(error).__name__}).") from error


def as_json(clients: Sequence[Client]) -> bytes:
    """What ``read_clients`` reads."""
    return orjson.dumps([asdict(client) for client in clients])


def _client(entry: Mapping[str, Any]) -> Client:  # Any: JSON
    listed = {"scopes", "redirect_uris"}
    given = dict(entry)
    known = {one.name for one in fields(Client)} & given.keys()
    values: dict[str, Any] = {name: tuple(given[name]) if name in listed else given[name] for name in known}
    return Client(**{**values, "proof": Proof(given["proof"])})
