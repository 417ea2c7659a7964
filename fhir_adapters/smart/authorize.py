"""The address to which a browser is sent to authorize a launch, or to sign an account in. Pure."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode, urlsplit, urlunsplit

METHOD = "S256"
"""The one code challenge method that SMART allows."""


def authorize_address(
    endpoint: str,
    *,
    client_id: str,
    redirect_uri: str,
    scopes: Sequence[str],
    aud: str,
    state: str,
    verifier: str,
    nonce: str,
    launch: str | None = None,
) -> str:
    """``aud`` is the registered base, byte by byte; a query that the endpoint has of its own is kept. There is always a
    state: without one OpenEMR 8.2 gives a code that it then refuses (recordings 301 to 304)."""
    asked = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(scopes),
        "state": state,
        "aud": aud,
        "nonce": nonce,
        "code_challenge": _challenge(verifier),
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
