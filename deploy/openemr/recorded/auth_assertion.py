"""A client's own signature at the token endpoint, checked as OpenEMR 8.2 checks it (recordings 038 to 065)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson
import urllib3
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import Key, KeySet

from deploy.demo.ehr.clients import is_loopback
from deploy.openemr.recorded.auth_clients import Client, Clients, OAuthError

ALGORITHMS = ["RS384"]
"""Nothing else, whatever the openid-configuration says (recordings 054 and 055)."""
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LONGEST_S = 24 * 3600
OLDEST_S = 300
LEEWAY_S = 60
MALFORMED = (
    "The request is missing a required parameter, includes an invalid parameter value, includes a parameter more than "
    "once, or is otherwise malformed."
)
NO_KEYS = "property_exists(): Argument #1 ($object_or_class) must be of type object|string, null given"
ANSWER_S = 5.0
LARGEST = 64 * 1024
OK = 200
Claims = Mapping[str, Any]  # Any: JSON


class BrokenAnswer(Exception):
    """OpenEMR falls over: a 500 whose body is no JSON (recording 456)."""


def not_the_client(status: int = 400) -> OAuthError:
    """400 for a bad assertion, 401 for a client that is not there or not enabled."""
    return OAuthError(status, "invalid_client", "Client authentication failed")


def malformed(hint: str) -> OAuthError:
    """league/oauth2-server's ``invalid_request``."""
    return OAuthError(400, "invalid_request", MALFORMED, hint)


class Assertions:
    """``jti`` are never taken twice, whoever used them."""

    def __init__(self, clients: Clients, token_url: str, clock: Callable[[], float]) -> None:
        self._clients = clients
        self._token_url = token_url
        self._clock = clock
        self._http = urllib3.PoolManager(timeout=urllib3.Timeout(ANSWER_S), retries=False)
        self._used: set[str] = set()

    def client(self, form: Mapping[str, str]) -> Client:
        """Who signed. Raises OAuthError, or BrokenAnswer."""
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise malformed("assertion type is not supported")
        assertion = form.get("client_assertion", "")
        header, claimed = _unverified(assertion)
        found = self._clients.enabled(claimed.get("sub"))
        if found is None or claimed.get("iss") != found.id:
            raise not_the_client(401)
        try:
            claims = jwt.decode(assertion, self._key(found, header.get("kid")), algorithms=ALGORITHMS).claims
        except (JoseError, ValueError) as error:
            raise not_the_client() from error
        self._check(claims)
        return found

    def _key(self, client: Client, kid: object) -> Key:
        """The one that is named; a set's only key also when another is named, or none (recordings 039 and 057)."""
        keys = self._keys(client)
        named = [key for key in keys if key.kid == kid] or (keys if len(keys) == 1 else [])
        if not named:
            raise not_the_client()
        return named[0]

    def _keys(self, client: Client) -> list[Key]:
        jwks = self._fetched(client.jwks_uri) if client.jwks_uri else dict(client.jwks or {})
        try:
            return list(KeySet.import_key_set(jwks).keys)  # type: ignore[arg-type]  # checked by the library: strangers' JSON
        except (JoseError, TypeError, ValueError, KeyError) as error:
            raise not_the_client() from error

    def _fetched(self, url: str) -> dict[str, object]:
        """At every call anew. One that cannot be read is a PHP error (OpenEMR 8.2, recording 456)."""
        if not is_loopback(url):
            raise BrokenAnswer(NO_KEYS)
        try:
            answer = self._http.request("GET", url, redirect=False, preload_content=False)
            body = answer.read(LARGEST)
            answer.release_conn()
            found = orjson.loads(body)
        except (urllib3.exceptions.HTTPError, orjson.JSONDecodeError) as error:
            raise BrokenAnswer(NO_KEYS) from error
        if answer.status != OK or not isinstance(found, dict):
            raise BrokenAnswer(NO_KEYS)
        return found

    def _check(self, claims: Claims) -> None:
        now, id_ = self._clock(), claims.get("jti")
        issued, begins, expires = (_time(claims.get(name)) for name in ("iat", "nbf", "exp"))
        if not isinstance(id_, str) or not id_:
            raise malformed("Missing jti claim")
        if issued is not None and issued < now - OLDEST_S:
            raise malformed("Token issued too far in the past")
        if expires is not None and expires > now + LONGEST_S:
            raise malformed("Token expiration exceeds maximum allowed time")
        if expires is None or expires <= now - LEEWAY_S or max(issued or 0, begins or 0) > now + LEEWAY_S:
            raise not_the_client()
        if self._token_url not in _listed(claims.get("aud")) or id_ in self._used:
            raise not_the_client()
        self._used.add(id_)


def _time(value: object) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _unverified(assertion: str) -> tuple[Claims, Claims]:
    """Header and claims, believed only as far as to look for the client and its key."""
    try:
        taken = jws.extract_compact(assertion.encode())
        claims = orjson.loads(taken.payload)
    except (JoseError, orjson.JSONDecodeError, ValueError) as error:
        raise not_the_client() from error
    if not isinstance(claims, dict):
        raise not_the_client()
    return taken.headers(), claims
