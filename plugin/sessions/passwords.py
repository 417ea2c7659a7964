"""Passwords as Argon2id hashes: the port ``Passwords``."""

from __future__ import annotations

import base64
import threading
import unicodedata
from contextlib import suppress

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_AT_ONCE = 2
"""Each takes 64 MiB while it is worked out: however many people sign in at the same moment, this process takes no more."""


class ArgonPasswords:
    """With argon2-cffi's own parameters (RFC 9106, second recommended option)."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self._turn = threading.BoundedSemaphore(_AT_ONCE)
        self._nobodys = _of_nobody(self._hasher)

    def hash(self, password: str) -> str:
        """See the port."""
        with self._turn:
            return self._hasher.hash(_composed(password))

    def is_right(self, password: str, hash_: str | None) -> bool:
        """See the port."""
        wanted = hash_ or self._nobodys
        with self._turn, suppress(VerificationError, InvalidHashError):
            self._hasher.verify(wanted, _composed(password))  # raises where it does not fit
            return hash_ is not None
        return False


def _of_nobody(hasher: PasswordHasher) -> str:
    """Something to compare with where there is no account: it takes as long, from the first time on, and fits nothing that
    anybody knows."""
    terms = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    salt, hash_ = (base64.b64encode(bytes(size)).rstrip(b"=").decode() for size in (hasher.salt_len, hasher.hash_len))
    return f"$argon2id$v=19${terms}${salt}${hash_}"


def _composed(password: str) -> str:
    """One keyboard writes é as one sign, another as two."""
    return unicodedata.normalize("NFKC", password)
