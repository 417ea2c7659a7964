"""The address to which a browser is sent to authorize a launch. Pure."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode, urlsplit, urlunsplit

from plugin.domain.issuer import Issuer
from plugin.domain.launch import PendingLaunch

METHOD = "S256"
"""The one code challenge method that SMART allows."""


def authorize_address(
    endpoint: str,
    issuer: Issuer,
    pending: PendingLaunch,
    *,
    redirect_uri: str,
    scopes: Sequence[str],
    state: str,
    launch: str | None,
) -> str:
    """``aud`` is the registered base, byte by byte; a query that the endpoint has of its own is kept."""
    asked = {
        "response_type": "code",
        "client_id": issuer.client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(scopes),
        "state": state,
        "aud": issuer.fhir_base,
        "nonce": pending.nonce,
        "code_challenge": _challenge(pending.verifier),
        "code_challenge_method": METHOD,
        **({} if launch is None else {"launch": launch}),
    }
    return _with_query(endpoint, asked)


def _challenge(verifier: str) -> str:
    """RFC 7636, section 4.2."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode("ascii")).digest()).rstrip(b"=").decode()


def _with_query(endpoint: str, parameters: Mapping[str, str]) -> str:
    parts = urlsplit(endpoint)
    query = "&".join(part for part in (parts.query, urlencode(parameters)) if part)
    return urlunsplit(parts._replace(query=query))
