"""The bar of phases and the lines of the scores as numbers for SVG: no style attribute is allowed in a page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from plugin.domain.panel.view import BarPhase
from plugin.domain.score import ScoreSeries

GAP = 0.4
"""Between two pieces, in percent of the width; between two phases it is `PHASE_GAP`."""
PHASE_GAP = 1.6
WIDTH, HEIGHT = 120, 36
"""Of a score's line, in its own units."""
_EDGE = 4


class Piece(NamedTuple):
    """A piece of the bar: where it begins and how wide it is, in percent."""

    look: str
    x: float
    width: float


def pieces(bar: Sequence[BarPhase]) -> list[Piece]:
    """All pieces, as wide as the milestones that they stand for are many."""
    total = sum(phase.of for phase in bar)
    gaps = sum((len(phase.segments) - 1) * GAP for phase in bar) + (len(bar) - 1) * PHASE_GAP
    unit = max(0.0, 100 - gaps) / total if total else 0
    found: list[Piece] = []
    x = 0.0
    for phase in bar:
        for segment in phase.segments:
            width = unit * segment.size
            found.append(Piece(segment.look.value, round(x, 2), round(width, 2)))
            x += width + GAP
        x += PHASE_GAP - GAP
    return found


class Dot(NamedTuple):
    """A point of a line."""

    x: float
    y: float


def dots(series: ScoreSeries) -> list[Dot]:
    """The totals over time: 0 at the bottom, the instrument's highest at the top."""
    days = [point.on for point in series.points]
    if not days:
        return []
    first, span = days[0], max(1, (days[-1] - days[0]).days)
    return [Dot(_across(point.on, first, span), _up(point.value, series.highest)) for point in series.points]


def path(line: Sequence[Dot]) -> str:
    """For a polyline's ``points``."""
    return " ".join(f"{dot.x:g},{dot.y:g}" for dot in line)


def _across(on: date, first: date, span: int) -> float:
    return round(_EDGE + (WIDTH - 2 * _EDGE) * (on - first).days / span, 1)


def _up(value: float, highest: int) -> float:
    return round(HEIGHT - _EDGE - (HEIGHT - 2 * _EDGE) * value / highest, 1)
