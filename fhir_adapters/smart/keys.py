"""Our own signing keys: made by a command, kept in a file of mode 0600; their public halves as a JWKS.

A new key is published first and signs ten minutes later, when nobody's copy of the JWKS is older than it; the key that
it replaces stays published for another day.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import cast

import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from plugin.domain.errors import BadSettings
from plugin.domain.issuer import ALGORITHMS

SIGNS_AFTER = timedelta(minutes=10)
KEPT_FOR = timedelta(hours=24)
_PUBLIC = frozenset({"kty", "n", "e", "crv", "x", "y"})
_OWNER_ONLY = stat.S_IRUSR | stat.S_IWUSR
_OTHERS = stat.S_IRWXG | stat.S_IRWXO

Jwk = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class OurKey:
    """One key pair. ``jwk`` is the private one."""

    kid: str
    algorithm: str
    made_at: datetime
    jwk: Jwk = field(repr=False)

    @property
    def signs_from(self) -> datetime:
        return self.made_at + SIGNS_AFTER

    @property
    def public(self) -> dict[str, str]:
        """As it is published: with ``alg`` (some servers look for keys by it), without ``key_ops`` (some leave out a
        key that has it)."""
        members = {name: value for name, value in self.jwk.items() if name in _PUBLIC}
        return {**members, "kid": self.kid, "use": "sig", "alg": self.algorithm}


class Keys:
    """The keys of one file, read anew each time: a rotation reaches running processes by itself."""

    def __init__(self, path: Path, clock: Callable[[], datetime]) -> None:
        self._path = path
        self._clock = clock

    def make(self) -> Sequence[OurKey]:
        """A key for each algorithm that has none; what is there is kept. The new ones."""
        there = self._read() if self._path.exists() else []
        new = [_made(name, self._clock()) for name in ALGORITHMS if all(key.algorithm != name for key in there)]
        if new:
            self._write([*there, *new])
        return new

    def rotate(self) -> Sequence[OurKey]:
        """A new key for each algorithm; those that were replaced long ago are forgotten. The new ones."""
        there = published(self._read(), self._clock())
        new = [_made(name, self._clock()) for name in ALGORITHMS]
        self._write([*there, *new])
        return new

    def listed(self) -> Sequence[tuple[OurKey, str]]:
        """Those that are published, oldest first, and what each does: it ``waits`` to sign, ``signs``, or is
        ``replaced``."""
        found = published(self._read(), self._clock())
        signing = {name: _signing(found, name, self._clock()) for name in ALGORITHMS}
        return [(key, _state(key, signing[key.algorithm])) for key in found]

    def jwks(self) -> Mapping[str, object]:
        """The public halves, as a JWK Set; empty where no key was ever made."""
        found = published(self._read(), self._clock()) if self._path.exists() else []
        return {"keys": [key.public for key in found]}

    def signing(self, algorithm: str) -> OurKey:
        """The key that signs now. Raises BadSettings when there is none."""
        key = _signing(self._read(), algorithm, self._clock())
        if key is None:
            raise BadSettings(
                f"There is no {algorithm} key in {self._path} (MILEPOST_JWK_FILE); run `milepost keys make`."
            )
        return key

    def sign(self, claims: Mapping[str, object], algorithm: str) -> str:
        """A JWT of these claims."""
        key = self.signing(algorithm)
        header = {"alg": algorithm, "kid": key.kid, "typ": "JWT"}
        try:
            return jwt.encode(header, dict(claims), _imported(tuple(key.jwk.items())), algorithms=[algorithm])
        except (JoseError, ValueError):
            raise _no_keys(self._path) from None

    def _read(self) -> list[OurKey]:
        """Oldest first. Raises BadSettings: none there, open to others, not our keys."""
        try:
            mode, text = self._path.stat().st_mode, self._path.read_bytes()
        except FileNotFoundError as error:
            raise BadSettings(
                f"There are no signing keys at {self._path} (MILEPOST_JWK_FILE); run `milepost keys make`."
            ) from error
        except OSError as error:
            raise BadSettings(f"The signing keys {self._path} (MILEPOST_JWK_FILE) cannot be read.") from error
        if mode & _OTHERS:
            raise BadSettings(
                f"The signing keys {self._path} are open to others than their owner; run `chmod 600 {self._path}`."
            )
        return sorted(_keys_in(text, self._path), key=lambda key: key.made_at)

    def _write(self, keys: Iterable[OurKey]) -> None:
        """Whole or not at all: whoever reads meanwhile sees the old file or the new one."""
        stored = {"keys": [{**key.jwk, **key.public, "iat": key.made_at.timestamp()} for key in keys]}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        new = self._path.with_name(f"{self._path.name}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY), "wb") as file:
            file.write(orjson.dumps(stored, option=orjson.OPT_INDENT_2))
        new.replace(self._path)


def published(keys: Iterable[OurKey], now: datetime) -> list[OurKey]:
    """All but those whose follower has been signing for a day."""
    kept = list(keys)
    return [key for key in kept if not any(_has_replaced(other, key, now) for other in kept)]


def _signing(keys: Sequence[OurKey], algorithm: str, now: datetime) -> OurKey | None:
    """The newest that everybody has had time to fetch; of the first ones, the first."""
    ours = [key for key in keys if key.algorithm == algorithm]
    return next((key for key in reversed(ours) if key.signs_from <= now), ours[0] if ours else None)


def _state(key: OurKey, signing: OurKey | None) -> str:
    if signing is None or key.kid == signing.kid:
        return "signs"
    return "waits" if key.made_at > signing.made_at else "replaced"


def _has_replaced(newer: OurKey, key: OurKey, now: datetime) -> bool:
    is_newer = newer.algorithm == key.algorithm and newer.made_at > key.made_at
    return is_newer and newer.signs_from + KEPT_FOR <= now


def _made(algorithm: str, now: datetime) -> OurKey:
    key = RSAKey.generate_key(2048) if algorithm == "RS384" else ECKey.generate_key("P-384")
    jwk = {name: value for name, value in key.as_dict(private=True).items() if isinstance(value, str)}
    return OurKey(kid=key.thumbprint(), algorithm=algorithm, made_at=now, jwk=jwk)


@lru_cache(maxsize=8)
def _imported(jwk: tuple[tuple[str, str], ...]) -> RSAKey | ECKey:
    """Once for each key: that an RSA key holds is proved anew with each import, which takes a quarter of a second."""
    members = cast("dict[str, str | list[str]]", dict(jwk))
    return RSAKey.import_key(members) if members["kty"] == "RSA" else ECKey.import_key(members)


def _keys_in(text: bytes, path: Path) -> list[OurKey]:
    try:
        return [_key(stored) for stored in orjson.loads(text)["keys"]]
    except (AttributeError, KeyError, TypeError, ValueError):
        # The parser's error holds the whole file, so it goes no further than here.
        raise _no_keys(path) from None


def _key(stored: Mapping[str, object]) -> OurKey:
    jwk = {name: value for name, value in stored.items() if isinstance(value, str)}
    return OurKey(
        kid=jwk["kid"], algorithm=jwk["alg"], made_at=datetime.fromtimestamp(float(str(stored["iat"])), UTC), jwk=jwk
    )


def _no_keys(path: Path) -> BadSettings:
    return BadSettings(f"The file {path} (MILEPOST_JWK_FILE) does not hold our signing keys.")
