"""How OpenEMR 8.2 differs from SMART App Launch 2.2 where rights are asked for; known by its own discovery.

Recordings 002, 003 (discovery), 010, 027, 311 (unknown scopes), 034, 061, 312 (scopes that were not registered).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

_TOKEN = "/token"  # nosec B105  # the end of an address, not a secret
_OTHERWISE: Mapping[str, str] = {"read": "rs", "rs": "read", "write": "cud", "cud": "write"}
"""The same permission in the other version of SMART's scopes."""


def is_openemr(scopes_supported: object) -> bool:
    """OpenEMR 8.2 puts the list of its scopes into another list; nobody else is known to."""
    return isinstance(scopes_supported, list) and any(isinstance(entry, list) for entry in scopes_supported)


def flat(scopes_supported: object) -> object:
    """OpenEMR 8.2: ``[[…]]`` as the list that it stands for; any other value as it is."""
    if not isinstance(scopes_supported, list):
        return scopes_supported
    return [scope for entry in scopes_supported for scope in (entry if isinstance(entry, list) else [entry])]


def openid_base(token_endpoint: str) -> str | None:
    """Where its openid-configuration lies, and what its id_tokens name as issuer: the address above its token endpoint.
    Its smart-configuration names the FHIR base as issuer (8.2), which no id_token does."""
    return token_endpoint.removesuffix(_TOKEN) if token_endpoint.endswith(_TOKEN) else None


def negotiated(wanted: Iterable[str], offered: frozenset[str]) -> tuple[str, ...]:
    """As this server's list spells each; what it does not list is left out: one unknown scope, and the whole request is
    refused (8.2)."""
    found = (listed(scope, offered) for scope in wanted)
    return tuple(scope for scope in found if scope is not None)


def listed(scope: str, offered: frozenset[str]) -> str | None:
    """In the one version or the other."""
    right, _, may = scope.rpartition(".")
    spellings = (scope, f"{right}.{_OTHERWISE[may]}") if may in _OTHERWISE else (scope,)
    return next((one for one in spellings if one in offered), None)
