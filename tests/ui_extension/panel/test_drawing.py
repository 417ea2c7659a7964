"""The bar and the scores' lines as numbers."""

from datetime import date

from plugin.domain.panel.view import BarPhase, Look, Segment
from plugin.domain.score import ScorePoint, ScoreSeries
from ui_extension.panel.drawing import HEIGHT, WIDTH, dots, path, pieces


def a_phase(*sizes: int) -> BarPhase:
    """A phase of pieces of these sizes."""
    return BarPhase("Phase", 0, sum(sizes), tuple(Segment(Look.READY, size) for size in sizes))


def a_series(*totals: tuple[date, float]) -> ScoreSeries:
    """A PHQ-9."""
    points = tuple(ScorePoint(on, value, "mild", "Observation/o") for on, value in totals)
    return ScoreSeries(instrument="PHQ-9", about="depression", highest=27, points=points)


def test_pieces_fill_the_bar() -> None:
    """Side by side, none over another, and the last one ends where the bar does; as wide as they stand for many."""
    found = pieces([a_phase(1, 1), a_phase(2)])

    ends = [piece.x + piece.width for piece in found]
    assert [round(piece.width / found[0].width, 1) for piece in found] == [1, 1, 2]
    assert all(end < after.x for end, after in zip(ends, found[1:], strict=False))
    assert round(ends[-1]) == 100


def test_an_empty_bar() -> None:
    """Has no pieces."""
    assert pieces([]) == []


def test_a_line_stays_within() -> None:
    """0 at the bottom, the highest at the top, first day left, last day right; one total is one point."""
    line = dots(a_series((date(2026, 1, 1), 27), (date(2026, 2, 1), 0)))

    assert line[0].x < line[1].x <= WIDTH
    assert 0 <= line[0].y < line[1].y <= HEIGHT
    assert path(line) == f"{line[0].x:g},{line[0].y:g} {line[1].x:g},{line[1].y:g}"
    assert len(dots(a_series((date(2026, 1, 1), 5)))) == 1
    assert dots(a_series()) == []
