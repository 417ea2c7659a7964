"""Seconds that a piece of work took, and the middle of several."""

import statistics
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def timed(work: Callable[[], T]) -> tuple[float, T]:
    """How long one run took, and what it gave."""
    begun = time.perf_counter()
    given = work()
    return time.perf_counter() - begun, given


def median(values: Sequence[float]) -> float:
    """The middle one: one run that somebody disturbed does not count."""
    return float(statistics.median(values))


def median_ratio(of: Sequence[float], to: Sequence[float]) -> float:
    """The middle of the ratios pair by pair: what was measured one after the other was disturbed alike."""
    return median([one / other for one, other in zip(of, to, strict=True)])
