"""PHQ-9, GAD-7 and PCL-5 over time: totals with their severity, and what has changed since the first of the episode.

Cut-offs and their sources are in ``instrument.py``. A total of 0 is a total.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from plugin.domain.instrument import INSTRUMENTS, LOINC, Instrument
from plugin.domain.measurement import Candidate, Measurement, Result, measured, numbers_in, one_a_day, results_of
from plugin.domain.record import Record

BASELINE_DAYS = timedelta(days=30)
"""A total that is not older than this when the episode begins is its first."""
HALF = 50.0

_AS_TOTAL, _IN_PANEL, _ANSWERED, _SUMMED = 3, 2, 1, 0
"""How well founded a total is, where one day has several."""


@dataclass(frozen=True, slots=True)
class ScorePoint:
    """A total on a local day, with its severity in a word."""

    on: date
    value: float
    band: str
    ref: str
    precision: str = "day"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreSeries:
    """One instrument's totals, newest last, never two of one day. ``first`` is where the episode began. ``crisis`` is the
    newest answer to the question about death or self-harm, whether or not there is a total with it."""

    instrument: str
    about: str
    highest: int
    points: tuple[ScorePoint, ...]
    first: ScorePoint | None = None
    change: float | None = None
    """Points since the first; below 0 is better. None with fewer than two totals in the episode."""
    change_percent: float | None = None
    """None also where the first was 0."""
    is_response: bool | None = None
    """Half of the first score or more is gone."""
    is_remission: bool | None = None
    """Below the cut-off after having been at or above it in this episode; None where none is published."""
    reliable: str | None = None
    """``better`` or ``worse``, where the change is more than the instrument's own error; else None."""
    crisis: Measurement | None = None

    @property
    def last_three(self) -> tuple[ScorePoint, ...]:
        """The newest three, or as many as there are, newest last."""
        return self.points[-3:]

    @property
    def latest(self) -> ScorePoint | None:
        """The newest."""
        return self.points[-1] if self.points else None


def scores(record: Record, zone: ZoneInfo, since: date | None = None) -> tuple[ScoreSeries, ...]:
    """A series for each instrument of which the chart holds something. ``since`` is the day on which the episode began
    (the plan's start); without it the first total is where it began."""
    results = results_of(record, zone)
    found = (_series(instrument, results, since) for instrument in INSTRUMENTS)
    return tuple(series for series in found if series.points or series.crisis)


def _series(instrument: Instrument, results: Sequence[Result], since: date | None) -> ScoreSeries:
    totals = one_a_day(found for result in results for found in _totals(instrument, result))
    points = tuple(ScorePoint(m.on, m.value, instrument.band_of(m.value), m.ref, m.precision) for m in totals)
    episode = _episode(points, since)
    base = ScoreSeries(
        instrument=instrument.name,
        about=instrument.about,
        highest=instrument.highest,
        points=points,
        first=episode[0] if episode else None,
        crisis=_crisis(instrument, results),
    )
    return _with_change(base, instrument, episode) if len(episode) > 1 else base


def _episode(points: Sequence[ScorePoint], since: date | None) -> Sequence[ScorePoint]:
    """From the first total on: the last one before the beginning, if it is recent enough, else the next one after it."""
    if since is None:
        return points
    earliest = since - BASELINE_DAYS
    before = [index for index, point in enumerate(points) if earliest <= point.on <= since]
    begins = before[-1] if before else sum(1 for point in points if point.on <= since)
    return points[begins:]


def _with_change(series: ScoreSeries, instrument: Instrument, episode: Sequence[ScorePoint]) -> ScoreSeries:
    first, latest = episode[0].value, episode[-1].value
    change = latest - first
    percent = 100 * change / first if first else None
    cut_off = instrument.remission_below
    return replace(
        series,
        change=change,
        change_percent=percent,
        is_response=percent is not None and percent <= -HALF,
        is_remission=None if cut_off is None else latest < cut_off <= max(point.value for point in episode),
        reliable=_reliable(change, instrument.reliable_change),
    )


def _reliable(change: float, least: int) -> str | None:
    if abs(change) < least:
        return None
    return "better" if change < 0 else "worse"


def _totals(instrument: Instrument, result: Result) -> Iterator[Candidate]:
    """The total of one result, where it has one that can be one."""
    found = _total_of(instrument, result)
    if found is not None and 0 <= found[0] <= instrument.highest:
        value, rank = found
        yield Candidate(result, measured(result, value), rank)


def _total_of(instrument: Instrument, result: Result) -> tuple[float, int] | None:
    """Stated as such, or as the value of the panel; else the sum of all its answers."""
    is_form = result.event.type == "QuestionnaireResponse"
    stated = next(numbers_in(result, [(LOINC, instrument.total)]), None)
    if stated is not None:
        return stated.value, _ANSWERED if is_form else _AS_TOTAL
    of_panel = next(numbers_in(result, [(LOINC, instrument.panel)]), None)
    if of_panel is not None:
        return of_panel.value, _IN_PANEL
    total = _sum(instrument, _answers(result))
    return None if total is None else (total, _SUMMED)


def _answers(result: Result) -> Mapping[str, Sequence[float]]:
    found: dict[str, list[float]] = defaultdict(list)
    for measure in result.event.components:
        if measure.system == LOINC:
            found[measure.code].append(measure.value)
    return found


def _sum(instrument: Instrument, answers: Mapping[str, Sequence[float]]) -> float | None:
    """Only of a complete form: every question answered once, with one of the instrument's answers."""
    allowed = range(instrument.highest_answer + 1)
    given = [answers.get(item, ()) for item in instrument.items]
    if not given or any(len(values) != 1 or values[0] not in allowed for values in given):
        return None
    return float(sum(values[0] for values in given))


def _crisis(instrument: Instrument, results: Sequence[Result]) -> Measurement | None:
    """The newest answer; where one day has several, the highest."""
    if instrument.crisis_item is None:
        return None
    asked = [(LOINC, instrument.crisis_item)]
    allowed = range(instrument.highest_answer + 1)
    found = [answer for result in results for answer in numbers_in(result, asked) if answer.value in allowed]
    return max(found, key=lambda answer: (answer.on, answer.value, answer.ref), default=None)
