"""Values behind words that nobody can guess, each until its time is up. In memory, and nowhere else."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Clock = Callable[[], float]
"""Seconds since 1970."""

T = TypeVar("T")
_SWEEP_EVERY = 256


class Vault(Generic[T]):
    """One kind of thing: launches, codes, tokens, logins."""

    def __init__(self, clock: Clock, lifetime: float) -> None:
        self._clock = clock
        self._lifetime = lifetime
        self._lock = threading.Lock()
        self._held: dict[str, tuple[float, T]] = {}
        self._puts = 0

    def put(self, value: T) -> str:
        """The word (256 bits) under which it is found."""
        word = secrets.token_urlsafe(32)
        self.add(word, value)
        return word

    def add(self, word: str, value: T, *, until: float | None = None) -> bool:
        """Under a word from elsewhere; False when that is taken."""
        now = self._clock()
        with self._lock:
            self._sweep(now)
            if word in self._held and self._held[word][0] > now:
                return False
            self._held[word] = (now + self._lifetime if until is None else until, value)
            return True

    def get(self, word: str) -> T | None:
        """None when it is unknown, taken, or too old."""
        with self._lock:
            return self._living(self._held.get(word))

    def take(self, word: str) -> T | None:
        """The same, once."""
        with self._lock:
            return self._living(self._held.pop(word, None))

    def has(self, word: str) -> bool:
        """Whether something stands under it, even None."""
        with self._lock:
            held = self._held.get(word)
            return held is not None and held[0] > self._clock()

    def _living(self, found: tuple[float, T] | None) -> T | None:
        return found[1] if found and found[0] > self._clock() else None

    def _sweep(self, now: float) -> None:
        self._puts += 1
        if self._puts % _SWEEP_EVERY == 0:
            self._held = {word: held for word, held in self._held.items() if held[0] > now}
