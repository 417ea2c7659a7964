"""An EHR's authorization server as it is registered with us: exact strings, nothing guessed from what a launch says."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from enum import StrEnum
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from plugin.domain.errors import BadInput
from plugin.domain.permissions import Role
from plugin.domain.slug import checked_slug


class ClientAuth(StrEnum):
    """How we prove who we are at the token endpoint (SMART App Launch 2.2, client authentication)."""

    PUBLIC = "public"
    SECRET = "client_secret"  # nosec B105  # the name of a method, not a secret
    KEY = "private_key_jwt"


ALGORITHMS = ("RS384", "ES384")
"""In which SMART wants assertions signed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """One record per authorization server. ``fhir_base`` is what ``iss`` of a launch must equal, byte by byte after one
    trailing slash is dropped; ``oidc_issuer`` is what an id_token's ``iss`` must equal (OpenEMR 8.2 signs another than its
    discovery says). ``allowed_hosts`` (``host`` or ``host:port``) are where its endpoints may lie; ``ehr_origins`` are the
    pages that may frame the panel. ``source`` is the slug of its one source. ``least_role`` is what a person without a
    grant gets; None refuses such a person. ``scopes`` replace ours where the EHR wants others; ``algorithm`` signs our
    assertions (RS384 or ES384)."""

    id: int
    slug: str
    fhir_base: str
    source: str
    client_id: str
    client_auth: ClientAuth
    oidc_issuer: str
    ehr_origins: tuple[str, ...]
    allowed_hosts: tuple[str, ...]
    client_secret: str | None = field(default=None, repr=False)
    algorithm: str = "RS384"
    scopes: tuple[str, ...] = ()
    least_role: str | None = None
    is_active: bool = True


_PORTS = {"https": 443, "http": 80}
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:.]+\]", re.ASCII)
_CLIENT_ID = re.compile(r"[!-~]{1,255}", re.ASCII)
_SCOPE = re.compile(r"[!#-\[\]-~]+", re.ASCII)
"""A scope token, by RFC 6749, section 3.3."""


def checked(issuer: Issuer) -> Issuer:
    """The record as it may be stored, the FHIR base without its trailing slash. Raises BadInput, in words, at the first
    field that is wrong."""
    checked_slug(issuer.slug)
    base = issuer.fhir_base.removesuffix("/")
    _check_address("FHIR base", base)
    _check_address("OIDC issuer", issuer.oidc_issuer)
    for origin in issuer.ehr_origins:
        _check_origin(origin)
    for host in issuer.allowed_hosts:
        _check_host(host)
    _check_client(issuer)
    if issuer.least_role is not None and issuer.least_role not in tuple(Role):
        raise BadInput(f"The least role {issuer.least_role!r} is none; there is: {', '.join(Role)}.")
    return replace(issuer, fhir_base=base)


def host_of(address: str) -> str:
    """``host`` or ``host:port`` of an address, as it may be listed among the allowed hosts. BadInput when it has none."""
    return _parts("address", address).netloc.lower()


def origin_of(address: str) -> str:
    """Scheme, host and port of an address. BadInput when it has none."""
    parts = _parts("address", address)
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _check_client(issuer: Issuer) -> None:
    if not _CLIENT_ID.fullmatch(issuer.client_id):
        raise BadInput(
            "The client id is what the EHR gave us when Milepost was registered there: no blanks, not empty."
        )
    if issuer.algorithm not in ALGORITHMS:
        raise BadInput(f"The algorithm {issuer.algorithm!r} is none that SMART knows: {' or '.join(ALGORITHMS)}.")
    needs_secret = issuer.client_auth is ClientAuth.SECRET
    if needs_secret and not issuer.client_secret:
        raise BadInput("A client_secret client needs its secret.")
    if issuer.client_secret and not needs_secret:
        raise BadInput(f"A {issuer.client_auth} client has no secret; only a client_secret client has one.")
    for scope in issuer.scopes:
        if not _SCOPE.fullmatch(scope):
            raise BadInput(f"The scope {scope!r} is none: no blanks, no quotes.")


def _check_address(what: str, address: str) -> None:
    parts = _parts(what, address)
    if parts.query or parts.fragment or "?" in address or "#" in address:
        raise BadInput(f"The {what} must hold no query and no fragment.")
    if address.endswith("//"):
        raise BadInput(f"The {what} ends with more than one slash.")


def _check_origin(origin: str) -> None:
    parts = _parts("origin", origin)
    port = "" if parts.port in (None, _PORTS[parts.scheme]) else f":{parts.port}"
    exact = f"{parts.scheme}://{_host(parts)}{port}"
    if origin != exact:
        raise BadInput(f"The origin {origin!r} must be as a browser says it, without a path: {exact}")


def _check_host(host: str) -> None:
    parts = _split("allowed host", f"https://{host}")
    exact = _host(parts) if parts.port is None else f"{_host(parts)}:{parts.port}"
    if host != exact or not _HOST.fullmatch(_host(parts)):
        raise BadInput(f"The allowed host {host!r} must be host or host:port, in small letters, without https://.")


def _parts(what: str, address: str) -> SplitResult:
    """An address of https, or of http on this machine alone, with a host that is one and nobody's name in it."""
    parts = _split(what, address)
    if "\\" in address or not address.isascii() or not address.isprintable() or " " in address:
        raise BadInput(f"The {what} must hold no blanks, backslashes or letters that an address cannot have.")
    if parts.username is not None or parts.password is not None:
        raise BadInput(f"The {what} must hold no user name and no password.")
    if parts.scheme not in _PORTS or not _HOST.fullmatch(_host(parts)):
        raise BadInput(f"The {what} {address!r} must be a whole address: https://host[:port]/path.")
    if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
        raise BadInput(f"The {what} {address!r} must begin with https; http is for this machine alone.")
    return parts


def _split(what: str, address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError as error:
        raise BadInput(f"The {what} cannot be read as an address.") from error
    return parts


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    return f"[{host}]" if ":" in host else host


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
