"""Whether and when to ask again: only what is temporary, only what may be repeated, with growing, jittered pauses."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Retries:
    """`attempts` counts the first one too. A server that asks for more patience than `longest_pause` is not waited
    for here: the caller gets the failure, with that time on it, and a worker is free for other sources meanwhile."""

    attempts: int = 4
    first_pause: timedelta = timedelta(seconds=0.5)
    longest_pause: timedelta = timedelta(seconds=20)

    def pause_after(self, attempt: int, retry_after: timedelta | None, chance: float) -> timedelta | None:
        """The pause before the next attempt, or None when there shall be none.

        `chance`, in [0, 1), spreads the pause over the upper half of its range, so that workers that failed together
        do not come back together. What the server asked for is the least that it gets.
        """
        if attempt >= self.attempts:
            return None
        grown: timedelta = min(self.first_pause * 2 ** (attempt - 1), self.longest_pause)
        jittered = grown * (0.5 + chance / 2)
        if retry_after is None:
            return jittered
        return retry_after + jittered / 2 if retry_after <= self.longest_pause else None
