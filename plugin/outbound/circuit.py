"""A circuit breaker: a source that fails again and again is left alone for a while."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta

from plugin.domain.errors import CircuitOpen


class Circuit:
    """Opens after `threshold` temporary failures in a row; after `pause` one call is let through to try.

    Kept per source and process. The usual threshold is that of two calls at once, each tried four times, twice over: one
    outage of a moment ends both in their own words. While that one call is under way, and for another pause if nobody hears of its end,
    the others are still refused.
    """

    def __init__(
        self,
        threshold: int = 16,
        pause: timedelta = timedelta(seconds=30),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._threshold = threshold
        self._pause = pause.total_seconds()
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._closed_from = 0.0

    def admit(self, shown: str) -> None:
        """Raises CircuitOpen, with the time to wait, unless a call may be made now."""
        with self._lock:
            if not self._is_open():
                return
            wait = self._closed_from - self._clock()
            if wait > 0:
                raise CircuitOpen(
                    f"{shown}: not asked, the server failed {self._failures} times in a row. Next try in {wait:.0f} s.",
                    retry_after=timedelta(seconds=wait),
                )
            self._closed_from = self._clock() + self._pause

    @property
    def is_open(self) -> bool:
        with self._lock:
            return self._is_open()

    def succeeded(self) -> None:
        with self._lock:
            self._failures = 0

    def failed(self) -> None:
        with self._lock:
            self._failures += 1
            self._closed_from = self._clock() + self._pause

    def _is_open(self) -> bool:
        return self._failures >= self._threshold
