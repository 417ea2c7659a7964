"""What an authorization server says of itself in ``.well-known/smart-configuration``; ``metadata`` is never asked.

https://hl7.org/fhir/smart-app-launch/STU2.2/conformance.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urljoin

from fhir_adapters.smart.calls import Calls, Clock, Remembered, Said
from plugin.domain.errors import CannotDo, NotFound, OutsideSource

KEPT_FOR = timedelta(hours=1)
_PATH = ".well-known/smart-configuration"


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """Endpoints are absolute, on allowed hosts. None and empty: not said."""

    token_endpoint: str
    authorization_endpoint: str | None = None
    revocation_endpoint: str | None = None
    capabilities: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    challenges: frozenset[str] = frozenset()
    signs: frozenset[str] = frozenset()
    """Algorithms in which our assertions may be signed."""
    sends_iss: bool = False
    """Whether its callbacks say who they come from (RFC 9207)."""


def discovery(base_url: str, calls: Calls, clock: Clock) -> Remembered[Configuration]:
    """The configuration of the server with this FHIR base, read when it is first asked for and kept for an hour."""
    base = base_url.rstrip("/")

    def read() -> Configuration:
        try:
            said = calls.read(f"{base}/{_PATH}")
        except NotFound as error:
            raise CannotDo(f"{base} has no {_PATH}: no launches and no tokens there.") from error
        return configuration_of(said, base, calls.allowed)

    return Remembered(read, KEPT_FOR, clock)


def configuration_of(said: Said, base: str, allowed: Callable[[str], str]) -> Configuration:
    """Raises CannotDo without a token endpoint, OutsideSource when any endpoint of use lies elsewhere."""

    def endpoint(name: str) -> str | None:
        value = said.get(name)
        if not isinstance(value, str) or not value:
            return None
        try:
            address = urljoin(f"{base}/", value)
        except ValueError as error:
            raise OutsideSource(f"The {name} that {base} names cannot be read as an address.") from error
        return allowed(address)

    token_endpoint = endpoint("token_endpoint")
    if token_endpoint is None:
        raise CannotDo(f"The smart-configuration of {base} names no token_endpoint.")
    return Configuration(
        token_endpoint=token_endpoint,
        authorization_endpoint=endpoint("authorization_endpoint"),
        revocation_endpoint=endpoint("revocation_endpoint"),
        capabilities=texts(said, "capabilities"),
        scopes=texts(said, "scopes_supported"),
        challenges=texts(said, "code_challenge_methods_supported"),
        signs=texts(said, "token_endpoint_auth_signing_alg_values_supported"),
        sends_iss=said.get("authorization_response_iss_parameter_supported") is True,
    )


def texts(said: Said, name: str) -> frozenset[str]:
    """The texts of a list; anything else is empty."""
    value = said.get(name)
    return frozenset(text for text in value if isinstance(text, str)) if isinstance(value, list) else frozenset()
