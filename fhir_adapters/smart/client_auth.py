"""How we prove who we are at a token endpoint: not at all, by a secret (HTTP Basic), or by an assertion that we sign."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import quote_plus

from fhir_adapters.smart.keys import Keys
from plugin.domain.errors import BadSettings, CannotDo
from plugin.domain.issuer import ALGORITHMS, ClientAuth, Issuer

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_HOLDS_FOR = timedelta(minutes=4)
"""SMART allows five; the fifth is for clocks that differ."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What goes into the form, and beside it."""

    form: Mapping[str, str] = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


def proof(issuer: Issuer, token_endpoint: str, keys: Keys, now: datetime) -> Proof:
    """Of this issuer's client. An assertion is made for one request and never kept."""
    if issuer.client_auth is ClientAuth.PUBLIC:
        return Proof({"client_id": issuer.client_id})
    if issuer.client_auth is ClientAuth.SECRET:
        return Proof({}, {"Authorization": _basic(issuer)})
    return assertion(issuer.client_id, token_endpoint, issuer.algorithm, keys, now)


def assertion(client_id: str, token_endpoint: str, algorithm: str, keys: Keys, now: datetime) -> Proof:
    """https://hl7.org/fhir/smart-app-launch/STU2.2/client-confidential-asymmetric.html"""
    issued = int(now.timestamp())
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": token_endpoint,
        "iat": issued,
        "exp": issued + int(_HOLDS_FOR.total_seconds()),
        "jti": secrets.token_urlsafe(24),
    }
    return Proof({"client_assertion_type": ASSERTION_TYPE, "client_assertion": keys.sign(claims, algorithm)})


def algorithm_for(offered: frozenset[str], server: str) -> str:
    """ES384 where the server says that it takes it; RS384 else: OpenEMR 8.2 takes no other."""
    if not offered:
        return ALGORITHMS[0]
    common = [name for name in reversed(ALGORITHMS) if name in offered]
    if not common:
        raise CannotDo(
            f"The authorization server of {server} takes no assertion signed with {' or '.join(ALGORITHMS)}."
        )
    return common[0]


def _basic(issuer: Issuer) -> str:
    """RFC 6749 §2.3.1: both halves are form-encoded first."""
    if not issuer.client_secret:
        raise BadSettings(f"Issuer {issuer.slug}: its client secret is missing.")
    pair = f"{quote_plus(issuer.client_id)}:{quote_plus(issuer.client_secret)}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"
