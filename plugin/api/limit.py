"""How often something may happen: a bucket that fills up steadily and is emptied by each time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Budget:
    """``per_second`` in the long run, and as many at once after a rest. Of one process; safe between threads."""

    def __init__(self, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._clock = clock
        self._lock = threading.Lock()
        self._left = per_second
        self._filled_at = clock()

    def allows(self) -> bool:
        """Takes one, if there is one."""
        with self._lock:
            now = self._clock()
            self._left = min(self._per_second, self._left + (now - self._filled_at) * self._per_second)
            self._filled_at = now
            if self._left < 1:
                return False
            self._left -= 1
            return True
