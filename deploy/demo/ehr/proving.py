"""Who asks at the token endpoint: a public client, one with a secret (HTTP Basic), or one that signs an assertion.

https://hl7.org/fhir/smart-app-launch/STU2.2/client-confidential-asymmetric.html
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus

import orjson
from joserfc import jws, jwt
from joserfc.errors import JoseError

from deploy.demo.ehr.clients import Client, Proof
from deploy.demo.ehr.keyring import Keyring
from deploy.demo.ehr.vault import Clock, Vault

ALGORITHMS = ["RS384", "ES384"]
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LONGEST_S = 300
SKEW_S = 30
Claims = Mapping[str, Any]  # Any: JSON


class NotProven(Exception):
    """It is not shown who asks. The reason is for the answer's ``error_description``; it holds nothing that was sent."""


class Proving:
    """``assertions`` that were used once are never taken again."""

    def __init__(self, clients: Mapping[str, Client], token_url: str, clock: Clock) -> None:
        self._clients = clients
        self._token_url = token_url
        self._clock = clock
        self._keyring = Keyring(clock)
        self._used: Vault[None] = Vault(clock, LONGEST_S + SKEW_S)

    def client(self, form: Mapping[str, str], authorization: str | None) -> Client:
        """Who asks. Raises NotProven."""
        if "client_assertion" in form:
            found = self._by_assertion(form)
        elif authorization is not None:
            found = self._by_secret(authorization)
        else:
            found = self._known(form.get("client_id"), Proof.PUBLIC)
        if form.get("client_id", found.id) != found.id:
            raise NotProven("client_id is another client's")
        return found

    def _known(self, id_: object, proof: Proof) -> Client:
        found = self._clients.get(id_) if isinstance(id_, str) else None
        if found is None or found.proof is not proof:
            raise NotProven("this client is not registered, or not with this way to authenticate")
        return found

    def _by_secret(self, authorization: str) -> Client:
        scheme, _, pair = authorization.partition(" ")
        try:
            id_, _, secret = base64.b64decode(pair, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise NotProven("the Authorization header cannot be read") from error
        if scheme.lower() != "basic":
            raise NotProven("the Authorization header is not Basic")
        found = self._known(unquote_plus(id_), Proof.SECRET)
        if not hmac.compare_digest(unquote_plus(secret).encode(), (found.secret or "").encode()):
            raise NotProven("the secret is another")
        return found

    def _by_assertion(self, form: Mapping[str, str]) -> Client:
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise NotProven("client_assertion_type is another")
        assertion = form["client_assertion"]
        header, claimed = _unverified(assertion)
        found = self._known(claimed.get("iss"), Proof.KEY)
        keys = self._keyring.with_key(found, str(header.get("kid")))
        if keys is None:
            raise NotProven("the assertion's kid is in none of the client's keys")
        try:
            claims = jwt.decode(assertion, keys, algorithms=ALGORITHMS).claims
        except (JoseError, ValueError) as error:
            raise NotProven("the assertion's signature does not hold (RS384 and ES384 are taken)") from error
        self._check(claims, found.id)
        return found

    def _check(self, claims: Claims, client: str) -> None:
        now, expires, id_ = self._clock(), claims.get("exp"), claims.get("jti")
        if claims.get("iss") != client or claims.get("sub") != client:
            raise NotProven("iss and sub are not the client")
        if claims.get("aud") != self._token_url:
            raise NotProven("aud is not the token endpoint")
        if isinstance(expires, bool) or not isinstance(expires, int | float) or expires <= now:
            raise NotProven("the assertion has expired")
        if expires > now + LONGEST_S + SKEW_S:
            raise NotProven("the assertion is good for more than five minutes")
        if not isinstance(id_, str) or not id_:
            raise NotProven("the assertion has no jti")
        if not self._used.add(f"{client} {id_}", None, until=expires + SKEW_S):
            raise NotProven("the assertion was used before")


def _unverified(assertion: str) -> tuple[Claims, Claims]:
    """Header and claims, believed only as far as to look for a key."""
    try:
        taken = jws.extract_compact(assertion.encode())
        claims = orjson.loads(taken.payload)
    except (JoseError, orjson.JSONDecodeError, ValueError) as error:
        raise NotProven("the assertion is no JWT") from error
    if not isinstance(claims, dict):
        raise NotProven("the assertion has no claims")
    return taken.headers(), claims
