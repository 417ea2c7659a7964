"""The public keys of clients: what was registered, and what their registered address says."""

from __future__ import annotations

import threading

import orjson
import urllib3
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from deploy.demo.ehr.clients import Client
from deploy.demo.ehr.vault import Clock

KEPT_S = 300.0
AGAIN_AFTER_S = 2.0
LARGEST = 64 * 1024
ANSWER_S = 5.0
OK = 200


class Keyring:
    """Asks a client's ``jwks_uri`` when it does not know a key, at most every two seconds."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._http = urllib3.PoolManager(timeout=urllib3.Timeout(ANSWER_S), retries=False)
        self._lock = threading.Lock()
        self._fetched: dict[str, tuple[float, KeySet]] = {}

    def with_key(self, client: Client, kid: str) -> KeySet | None:
        """The set that has this key; None when none has."""
        registered = _key_set(dict(client.jwks))
        if _has(registered, kid):
            return registered
        with self._lock:
            at, known = self._fetched.get(client.id, (0.0, None))
            age = self._clock() - at
            if age > KEPT_S or (not _has(known, kid) and age > AGAIN_AFTER_S):
                known = self._fetch(client)
                self._fetched[client.id] = (self._clock(), known or KeySet([]))
        return known if _has(known, kid) else None

    def _fetch(self, client: Client) -> KeySet | None:
        if client.jwks_uri is None:
            return None
        try:
            answer = self._http.request("GET", client.jwks_uri, redirect=False, preload_content=False)
            body = answer.read(LARGEST)
            answer.release_conn()
            return _key_set(orjson.loads(body)) if answer.status == OK else None
        except (urllib3.exceptions.HTTPError, orjson.JSONDecodeError):
            return None


def _key_set(jwks: object) -> KeySet | None:
    if not isinstance(jwks, dict) or not jwks.get("keys"):
        return None
    try:
        return KeySet.import_key_set(jwks)  # type: ignore[arg-type]  # checked by the library: it is a stranger's JSON
    except (JoseError, TypeError, ValueError, KeyError):
        return None


def _has(keys: KeySet | None, kid: str) -> bool:
    return keys is not None and any(key.kid == kid for key in keys.keys)
