"""One line of the table, and what one stage gives to it."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

Rates = Mapping[int, float]
"""Patients a second, by the number of workers side by side."""


class Row(NamedTuple):
    """One figure: what, how much of it, the figure and its goal in words, and whether it is met. Without a goal it is told
    all the same."""

    what: str
    extent: str
    figure: str
    goal: str = ""
    is_met: bool = True
    beside: str = ""

    @property
    def verdict(self) -> str:
        """In a word; none without a goal."""
        if not self.goal:
            return ""
        return "met" if self.is_met else "missed"


class Part(NamedTuple):
    """What came out of one stage: its lines, its keys, which do not change, the details beside them, and how many
    workers gave a figure that is the better one of several."""

    rows: Sequence[Row]
    keys: Mapping[str, object]
    details: Mapping[str, object]
    workers: Mapping[str, int] = {}


def rate_row(what: str, extent: str, rates: Rates, least: float) -> Row:
    """The better rate counts."""
    workers, rate = best(rates)
    others = ", ".join(f"{_workers(n)} {found:,.0f}/s" for n, found in rates.items())
    figure = f"{rate:,.0f} patients/s ({_workers(workers)})"
    return Row(what, extent, figure, f"≥ {least:,.0f}", rate >= least, others)


def best(rates: Rates) -> tuple[int, float]:
    """With how many workers, and how many a second."""
    return max(rates.items(), key=lambda pair: pair[1])


def by_text(rates: Rates) -> Mapping[str, float]:
    """As JSON has keys."""
    return {str(workers): rate for workers, rate in rates.items()}


def _workers(count: int) -> str:
    return f"{count} worker{'s' if count > 1 else ''}"
