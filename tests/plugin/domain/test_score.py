"""Scores over time: what counts as a total, of which day, and what has changed since the first."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from plugin.domain.instrument import GAD_7, LOINC, PCL_5, PHQ_9
from plugin.domain.record import Coding, Concept, Event, Fact, Measure, Moment, Patient, Record
from plugin.domain.score import ScoreSeries, scores
from tests.builders import CHICAGO

SEEN = datetime(2026, 6, 15, tzinfo=UTC)


def a_total(number: int, on: str, value: float | None, *, code: str = PHQ_9.total, **changes: Any) -> Event:
    """``Observation/o1`` with a total."""
    fields: dict[str, Any] = {  # fields by name
        "ref": f"Observation/o{number}",
        "subject": "Patient/p1",
        "status": "final",
        "concepts": (Concept((Coding(LOINC, code),)),),
        "start": Moment(on),
        "value": value,
    }
    return Event(**{**fields, **changes})


def a_form(number: int, on: str, answers: dict[str, float], **changes: Any) -> Event:
    """``QuestionnaireResponse/q1``."""
    numbers = tuple(Measure(LOINC, code, value) for code, value in answers.items())
    form: dict[str, Any] = {
        "ref": f"QuestionnaireResponse/q{number}",
        "concepts": (),
        "status": "completed",
        "components": numbers,
    }
    return a_total(number, on, None, **{**form, **changes})


def series_of(*facts: Fact, since: date | None = None) -> ScoreSeries:
    """The one series that these facts give."""
    (series,) = scores(Record.of("Patient/p1", "ehr", facts), CHICAGO, since)
    return series


def values(*facts: Fact) -> list[float]:
    """The totals of these facts, oldest first."""
    return [p.value for s in scores(Record.of("Patient/p1", "ehr", facts), CHICAGO) for p in s.points]


PHQ_ANSWERS: dict[str, float] = dict.fromkeys(PHQ_9.items, 1.0)


def test_a_score_of_0_is_a_score() -> None:
    """The best that a patient can have is shown, and counts as a change."""
    series = series_of(a_total(1, "2026-01-10", 14), a_total(2, "2026-02-10", 0))

    assert [(p.on, p.value, p.band) for p in series.points] == [
        (date(2026, 1, 10), 14.0, "moderate"),
        (date(2026, 2, 10), 0.0, "minimal"),
    ]
    assert (series.change, series.change_percent) == (-14.0, -100.0)
    assert (series.is_response, series.is_remission, series.reliable) == (True, True, "better")


@pytest.mark.parametrize(
    ("first", "latest", "percent", "response", "remission", "reliable"),
    [
        (10, 6, -40.0, False, False, None),
        (10, 5, -50.0, True, False, None),
        (10, 4, -60.0, True, True, "better"),
        (20, 15, -25.0, False, False, None),
        (20, 14, -30.0, False, False, "better"),
        (4, 2, -50.0, True, False, None),
        (5, 4, -20.0, False, True, None),
        (0, 0, None, False, False, None),
        (0, 5, None, False, False, None),
        (0, 6, None, False, False, "worse"),
        (8, 14, 75.0, False, False, "worse"),
    ],
)
def test_what_a_change_of_a_phq_9_means(
    first: int, latest: int, percent: float | None, response: bool, remission: bool, reliable: str | None
) -> None:
    """Response at half, remission below 5 after 5 or more, reliable from 6 points on: one step before each, and at it."""
    series = series_of(a_total(1, "2026-01-10", first), a_total(2, "2026-02-10", latest))

    assert series.change == latest - first
    assert series.change_percent == percent
    assert (series.is_response, series.is_remission, series.reliable) == (response, remission, reliable)


@pytest.mark.parametrize(
    ("code", "latest", "reliable"),
    [
        (GAD_7.total, 17, None),
        (GAD_7.total, 16, "better"),
        (PCL_5.total, 6, None),
        (PCL_5.total, 5, "better"),
    ],
)
def test_other_instruments_have_a_reliable_change_and_no_remission(
    code: str, latest: int, reliable: str | None
) -> None:
    """4 points of GAD-7, 15 of PCL-5; nobody has published when they are in remission."""
    series = series_of(a_total(1, "2026-01-10", 20, code=code), a_total(2, "2026-02-10", latest, code=code))

    assert (series.reliable, series.is_remission) == (reliable, None)


def test_one_total_has_no_change() -> None:
    """Nothing is said of what cannot be known."""
    series = series_of(a_total(1, "2026-01-10", 3))

    assert series.first == series.latest == series.points[0]
    assert (series.change, series.change_percent, series.is_response, series.is_remission) == (None,) * 4


def test_the_last_three_are_the_newest() -> None:
    """Whatever the order in which the chart gives them."""
    series = series_of(*(a_total(n, f"2026-0{n}-10", n) for n in (4, 1, 3, 2)))

    assert [point.value for point in series.last_three] == [2.0, 3.0, 4.0]


@pytest.mark.parametrize(
    ("since", "first"),
    [
        (None, 1.0),
        (date(2026, 2, 8), 2.0),
        (date(2026, 2, 9), 2.0),
        (date(2026, 3, 11), 2.0),
        (date(2026, 3, 12), 3.0),
        (date(2026, 4, 1), 3.0),
    ],
)
def test_an_episode_begins_with_the_total_at_its_beginning(since: date | None, first: float) -> None:
    """The last one before it, if that is at most 30 days old, else the next one after it."""
    totals = [a_total(1, "2026-01-01", 1), a_total(2, "2026-02-09", 2), a_total(3, "2026-04-20", 3)]

    series = series_of(*totals, since=since)

    assert series.first is not None
    assert series.first.value == first
    assert len(series.points) == 3


def test_an_episode_without_a_total_has_no_change() -> None:
    """What was measured long before it says nothing about it."""
    series = series_of(a_total(1, "2025-01-01", 12), a_total(2, "2025-02-01", 9), since=date(2026, 6, 1))

    assert (series.first, series.change) == (None, None)
    assert len(series.points) == 2


@pytest.mark.parametrize("status", ["entered-in-error", "preliminary", "registered", "cancelled", "unknown", None])
def test_what_is_not_final_is_no_score(status: str | None) -> None:
    """Least of all what was entered in error."""
    assert values(a_total(1, "2026-01-10", 9, status=status)) == []


@pytest.mark.parametrize("status", ["in-progress", "stopped", "entered-in-error", None])
def test_an_unfinished_form_is_no_score(status: str | None) -> None:
    """Even with a total in it."""
    assert values(a_form(1, "2026-01-10", {PHQ_9.total: 9}, status=status)) == []


@pytest.mark.parametrize(
    "total",
    [
        a_total(1, "2026-01-10", None),
        a_total(1, "2026-01-10", -1),
        a_total(1, "2026-01-10", 28),
        a_total(1, "2026-01-10", 9, start=None),
        a_total(1, "2026-01-10", 9, subject="Patient/p2"),
        a_total(1, "2026-01-10", 9, concepts=(Concept((Coding("", PHQ_9.total),)),)),
        a_total(1, "2026-01-10", 9, code="70221-7"),
    ],
)
def test_what_cannot_be_a_total_is_none(total: Event) -> None:
    """No number, one beyond the scale, no date, another patient, another code or none."""
    assert values(total) == []


def test_the_day_is_the_practices() -> None:
    """Late in the evening is not yet tomorrow; a month alone says so."""
    series = series_of(a_total(1, "2026-03-10T03:30:00Z", 9), a_total(2, "2026-04", 8))

    assert [(p.on, p.precision) for p in series.points] == [(date(2026, 3, 9), "day"), (date(2026, 4, 1), "month")]


def test_a_total_is_found_wherever_it_stands() -> None:
    """As a result, as a component of the panel, as the panel's own value, in a form, or as the sum of its answers."""
    panel: dict[str, Any] = {"concepts": (Concept((Coding(LOINC, PHQ_9.panel),)),)}

    assert values(
        a_total(1, "2026-01-10", 1),
        a_total(2, "2026-02-10", None, **panel, components=(Measure(LOINC, PHQ_9.total, 2.0),)),
        a_total(3, "2026-03-10", 3, **panel),
        a_form(4, "2026-04-10", {PHQ_9.total: 4}),
        a_form(5, "2026-05-10", PHQ_ANSWERS),
        a_total(6, "2026-06-10", None, **panel, components=tuple(Measure(LOINC, i, 0.0) for i in PHQ_9.items)),
    ) == [1.0, 2.0, 3.0, 4.0, 9.0, 0.0]


@pytest.mark.parametrize(
    "answers",
    [
        {code: value for code, value in PHQ_ANSWERS.items() if code != PHQ_9.items[3]},
        {**PHQ_ANSWERS, PHQ_9.items[3]: 4.0},
        {**PHQ_ANSWERS, PHQ_9.items[3]: 0.5},
        {"q1": 1.0},
    ],
)
def test_only_a_complete_form_is_summed(answers: dict[str, float]) -> None:
    """A missing answer is not a 0, and another scale is not this one."""
    series = scores(Record.of("Patient/p1", "ehr", [a_form(1, "2026-01-10", answers)]), CHICAGO)

    assert [s.points for s in series] in ([], [()])


def test_two_of_one_day_are_one() -> None:
    """The later counts; at the same time the stated one before the form; of those the newer."""
    morning, evening = "2026-01-10T09:00:00-06:00", "2026-01-10T18:00:00-06:00"

    assert values(a_total(1, evening, 8), a_total(2, morning, 12)) == [8.0]
    assert values(a_form(1, morning, {PHQ_9.total: 7}), a_total(2, morning, 8)) == [8.0]
    assert values(a_form(1, morning, {**PHQ_ANSWERS, PHQ_9.total: 7})) == [7.0]
    assert values(a_total(9, morning, 5), a_total(1, morning, 6, seen=SEEN)) == [6.0]


def test_the_question_about_death_is_never_lost() -> None:
    """The newest answer, and of one day the highest, also where there is no total."""
    asked = [
        a_total(1, "2026-01-10", 2, code="44260-8"),
        a_form(2, "2026-02-10", {"44260-8": 0.0}),
        a_form(3, "2026-02-10", {"44260-8": 1.0}),
        a_total(4, "2026-03-10", 7, code="44260-8"),
    ]

    series = series_of(*asked)

    assert series.crisis is not None
    assert (series.crisis.on, series.crisis.value) == (date(2026, 2, 10), 1.0)
    assert (series.points, series.latest) == ((), None)


def test_a_merged_record_brings_its_scores() -> None:
    """S7: the survivor has them."""
    merged = Patient(ref="Patient/old", replaced_by="Patient/p1")

    assert values(merged, a_total(1, "2026-01-10", 9, subject="Patient/old")) == [9.0]


def test_each_instrument_has_a_series_of_its_own() -> None:
    """In one order, and none where there is nothing."""
    facts = [
        a_total(1, "2026-01-10", 33, code=PCL_5.total),
        a_total(2, "2026-01-10", 9, code=GAD_7.total),
        a_total(3, "2026-01-10", 9),
    ]

    found = scores(Record.of("Patient/p1", "ehr", facts), CHICAGO)

    assert [(s.instrument, s.points[0].band) for s in found] == [
        ("PHQ-9", "mild"),
        ("GAD-7", "mild"),
        ("PCL-5", "at or above the cut-off"),
    ]
    assert scores(Record.of("Patient/p1", "ehr", []), CHICAGO) == ()
