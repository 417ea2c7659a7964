"""What an authorization server says of itself in ``.well-known/smart-configuration``; ``metadata`` is never asked.
OpenEMR says half of it in its openid-configuration.

https://hl7.org/fhir/smart-app-launch/STU2.2/conformance.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urljoin

from fhir_adapters.smart import openemr
from fhir_adapters.smart.calls import Calls, Clock, Remembered, Said
from plugin.domain.errors import CannotDo, NotFound, OutsideSource

KEPT_FOR = timedelta(hours=1)
_PATH = ".well-known/smart-configuration"
OPENID_PATH = ".well-known/openid-configuration"
_SIGNS = "token_endpoint_auth_signing_alg_values_supported"


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
    is_openemr: bool = False
    """It takes no scope but those that it lists, and a secret only in the form (see smart/openemr.py)."""


def discovery(base_url: str, calls: Calls, clock: Clock) -> Remembered[Configuration]:
    """The configuration of the server with this FHIR base, read when it is first asked for and kept for an hour."""
    base = base_url.rstrip("/")

    def read() -> Configuration:
        try:
            said = calls.read(f"{base}/{_PATH}")
        except NotFound as error:
            raise CannotDo(f"{base} has no {_PATH}: no launches and no tokens there.") from error
        known = configuration_of(said, base, calls.allowed)
        if not known.is_openemr:
            return known
        return configuration_of(_completed(said, known, calls), base, calls.allowed)

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
    scopes = said.get("scopes_supported")
    return Configuration(
        token_endpoint=token_endpoint,
        authorization_endpoint=endpoint("authorization_endpoint"),
        revocation_endpoint=endpoint("revocation_endpoint"),
        capabilities=texts(said, "capabilities"),
        scopes=texts({"scopes_supported": openemr.flat(scopes)}, "scopes_supported"),
        challenges=texts(said, "code_challenge_methods_supported"),
        signs=texts(said, _SIGNS),
        sends_iss=said.get("authorization_response_iss_parameter_supported") is True,
        is_openemr=openemr.is_openemr(scopes),
    )


def _completed(said: Said, known: Configuration, calls: Calls) -> Said:
    """OpenEMR 8.2 (recordings 002, 003): its smart-configuration has no ``system/`` scope and no signing algorithm; its
    openid-configuration has both, and offers things besides that SMART forbids (``plain``): no more is taken of it."""
    at = openemr.openid_base(known.token_endpoint)
    if at is None:
        return said
    openid = calls.read(f"{at}/{OPENID_PATH}")
    scopes = known.scopes | texts(openid, "scopes_supported")
    return {_SIGNS: openid.get(_SIGNS), **said, "scopes_supported": [sorted(scopes)]}


def texts(said: Said, name: str) -> frozenset[str]:
    """The texts of a list; anything else is empty."""
    value = said.get(name)
    return frozenset(text for text in value if isinstance(text, str)) if isinstance(value, list) else frozenset()
