"""The demo EHR's own key: it lives as long as the process, and signs id_tokens."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from joserfc import jwt
from joserfc.jwk import RSAKey

ALGORITHM = "RS256"


class Signer:
    """One RSA key, under a new name at every start."""

    def __init__(self) -> None:
        self._kid = secrets.token_urlsafe(8)
        self._key = RSAKey.generate_key(2048, {"kid": self._kid, "use": "sig", "alg": ALGORITHM})

    def jwks(self) -> dict[str, object]:
        """The public half, as a JWK Set."""
        return {"keys": [self._key.as_dict(private=False)]}

    def sign(self, claims: Mapping[str, object]) -> str:
        """A JWT."""
        header = {"alg": ALGORITHM, "kid": self._kid, "typ": "JWT"}
        return jwt.encode(header, dict(claims), self._key, algorithms=[ALGORITHM])
