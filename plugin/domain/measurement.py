"""Numbers of a chart on their local days: final results of this patient, of which each day's last one counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from plugin.domain.moment import Days, days
from plugin.domain.piece import FINAL
from plugin.domain.record import Event, Record
from plugin.domain.unit import with_unit

_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_WITH_NUMBERS = frozenset({"Observation", "QuestionnaireResponse"})

Code = tuple[str, str]
"""System and code."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """A number on a local day; of a date that knows only its month or year (``precision``) the first of its days."""

    on: date
    value: float
    ref: str
    unit: str | None = None
    precision: str = "day"


class Result(NamedTuple):
    """A final result or questionnaire, and the days that its date means."""

    event: Event
    when: Days


class Candidate(NamedTuple):
    """A measurement among others of its day: the later one counts, then the better founded (``rank``), then the newer."""

    result: Result
    measurement: Measurement
    rank: int = 0


def results_of(record: Record, zone: ZoneInfo) -> list[Result]:
    """The patient's own, as far as they are final (E1) and have a date."""
    names = record.names
    found: list[Result] = []
    for fact in record.facts.values():
        if not isinstance(fact, Event) or fact.type not in _WITH_NUMBERS or fact.status not in FINAL[fact.type]:
            continue
        moment = fact.start or fact.end or fact.issued
        when = days(moment, zone) if moment and fact.subject in (None, *names) else None
        if when is not None:
            found.append(Result(fact, when))
    return found


def measured(result: Result, value: float, unit: str | None = None) -> Measurement:
    """A number of a result."""
    return Measurement(result.when.first, value, result.event.ref, unit, result.when.precision)


def numbers_in(result: Result, codes: Iterable[Code]) -> Iterator[Measurement]:
    """The numbers under one of these codes: the result's own, else those of its components."""
    event, wanted = result.event, frozenset(codes)
    own = {(coding.system, coding.code) for concept in event.concepts for coding in concept.codings}
    if event.value is not None and own & wanted:
        yield measured(result, event.value, event.unit)
        return
    for measure in event.components:
        if (measure.system, measure.code) in wanted:
            yield measured(result, measure.value, measure.unit)


def one_a_day(candidates: Iterable[Candidate]) -> tuple[Measurement, ...]:
    """Oldest first, the one that counts of each day."""
    of_day = {found.measurement.on: found.measurement for found in sorted(candidates, key=_order)}
    return tuple(of_day[day] for day in sorted(of_day))


def figures(measured: Sequence[Measurement]) -> list[tuple[Measurement, str]]:
    """As a row is read: ``7.9``, ``8.3``, ``7.0 %``, each with as many decimals as the most precise of them, the last with
    its unit."""
    decimals = max((len(f"{m.value:.10g}".partition(".")[2]) for m in measured), default=0)
    rows = [(m, f"{m.value:.{decimals}f}") for m in measured]
    return [(m, with_unit(text, m.unit) if m is measured[-1] else text) for m, text in rows]


def _order(found: Candidate) -> tuple[datetime, int, datetime, str]:
    event, when = found.result
    return (when.instant or _LONG_AGO, found.rank, event.seen or _LONG_AGO, event.ref)
