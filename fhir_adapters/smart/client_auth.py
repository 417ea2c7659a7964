"""How we prove who we are at a token endpoint: not at all, by a secret (HTTP Basic), or by an assertion that we
sign."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import quote_plus

from fhir_adapters.smart.discovery import Configuration
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """One of our clients, as a server has it registered; ``whose`` names it in a message."""

    id: str
    auth: ClientAuth
    secret: str | None = field(default=None, repr=False)
    algorithm: str = ALGORITHMS[0]
    whose: str = ""


def client_of(issuer: Issuer) -> Client:
    return Client(
        id=issuer.client_id,
        auth=issuer.client_auth,
        secret=issuer.client_secret,
        algorithm=issuer.algorithm,
        whose=f"Issuer {issuer.slug}",
    )


def proof(client: Client, known: Configuration, keys: Keys, now: datetime) -> Proof:
    """An assertion is made for one request and never kept. A secret goes with every request, also where none is looked at
    (OpenEMR 8.2, a refresh: recordings 271, 272)."""
    if client.auth is ClientAuth.PUBLIC:
        return Proof({"client_id": client.id})
    if client.auth is ClientAuth.KEY:
        return assertion(client.id, known.token_endpoint, client.algorithm, keys, now)
    if not client.secret:
        raise BadSettings(f"{client.whose}: its client secret is missing.")
    if known.is_openemr:  # 8.2 offers client_secret_post alone in its openid-configuration, and was recorded with it
        return Proof({"client_id": client.id, "client_secret": client.secret})
    return Proof({}, {"Authorization": _basic(client.id, client.secret)})


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


def _basic(client_id: str, client_secret: str) -> str:
    """RFC 6749 §2.3.1: both halves are form-encoded first."""
    pair = f"{quote_plus(client_id)}:{quote_plus(client_secret)}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"
