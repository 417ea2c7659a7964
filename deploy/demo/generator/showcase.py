"""Two charts that hold something of everything that a care-gap panel shows, both with a gap; one is of a program."""

import random

from deploy.demo.generator.chart import Chart

FULL = frozenset({0, 2})
SHOWCASE = 2
"""The chart of a program, so that its phases are seen too: a visitor of the demo looks at this one first."""


def is_full(chart: Chart) -> bool:
    """Everything is to be in this chart."""
    return chart.number in FULL


def takes(chart: Chart, every: int, place: int) -> bool:
    """One patient in so many, beginning at a place; the full charts always."""
    return is_full(chart) or chart.number % every == place


def more(chart: Chart, what: str) -> random.Random:
    """Numbers for what was added to the charts later: those of the plan stay as they were."""
    return random.Random(f"{chart.run.seed}:{chart.number}:{what}")  # synthetic charts, no secrets: # nosec B311
