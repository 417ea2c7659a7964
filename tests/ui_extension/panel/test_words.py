"""The panel's words: every code that can come has one, and days, names and ages are written as a nurse would."""

import re
from datetime import date, datetime
from pathlib import Path

import pytest

import plugin.domain.status
from plugin.domain.act import BARRIERS, REASONS, ContactOutcome
from plugin.domain.assessment import Status, Strength
from plugin.domain.panel.view import Day, Look, Strip, Who
from plugin.domain.permissions import Data, Role
from plugin.domain.record import Said
from tests.builders import CHICAGO
from ui_extension.panel import words
from ui_extension.panel.act_words import BARRIER_WORDS, OUTCOMES, REASON_WORDS

TODAY = date(2026, 6, 22)
RULINGS = re.findall(
    r'Ruling\(Status\.(\w+), "([a-z-]+)"', Path(plugin.domain.status.__file__).read_text(encoding="utf-8")
)
"""Every status with every reason that the rules give it."""


def test_every_code_has_a_word() -> None:
    """None is shown as it is."""
    assert set(Look) <= words.LOOKS.keys()
    assert set(Status) <= words.STATUSES.keys()
    assert set(Said) <= words.SAID.keys()
    assert set(Role) <= words.ROLES.keys()
    assert {str(int(strength)) for strength in Strength} == words.STRENGTHS.keys()
    assert {Data.SCHEDULE, Data.PLAN, Data.RESULTS, Data.NOTES} <= words.HIDDEN.keys()
    assert set(ContactOutcome) <= OUTCOMES.keys()
    assert {reason for reasons in REASONS.values() for reason in reasons} <= REASON_WORDS.keys()
    assert set(BARRIERS) <= BARRIER_WORDS.keys()


def test_every_reason_has_words() -> None:
    """Why something is in review, held or cancelled: all that the rules can say (S5)."""
    reasons = {status: {reason for of, reason in RULINGS if of == status} for status, _ in RULINGS}

    assert reasons["IN_REVIEW"] <= words.REVIEWS.keys() & words.ASKED.keys()
    assert reasons["CANCELLED"] | {"removed-from-plan"} <= words.ENDS.keys()
    assert reasons["ON_HOLD"] <= words.HELD.keys()


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        (date(2026, 6, 15), "15 June"),
        (date(2025, 12, 31), "31 December 2025"),
        (date(2026, 1, 1), "1 January"),
        (date(2027, 1, 1), "1 January 2027"),
    ],
)
def test_day(on: date, expected: str) -> None:
    """With the year where it is not this one."""
    assert words.day(on, TODAY) == expected


def test_days_as_precise_as_the_chart() -> None:
    """A month is a month; a visit has its weekday and its time."""
    visit = Day(date(2026, 6, 25), "day", datetime(2026, 6, 25, 10, 30, tzinfo=CHICAGO))

    assert words.due_day(Day(date(2026, 6, 30), "month"), TODAY) == "June 2026"
    assert words.due_day(Day(date(2026, 12, 31), "year"), TODAY) == "2026"
    assert words.visit_day(visit, TODAY) == "Thu 25 June, 10:30"
    assert words.visit_day(Day(date(2026, 6, 25)), TODAY) == "Thu 25 June"
    assert words.visit_day(Day(date(2026, 6, 1), "month"), TODAY) == "June 2026"


def test_born() -> None:
    """With the age; an infant's in months; a part of a date as it is; none is said."""
    on = date(1961, 4, 2)

    assert words.born(Strip(ref="x", born=Day(on), age_years=65)) == "2 Apr 1961 (65)"
    assert words.born(Strip(ref="x", born=Day(on), age_years=0, age_months=0)) == "2 Apr 1961 (0 months)"
    assert words.born(Strip(ref="x", born=Day(on, "month"))) == "Apr 1961"
    assert words.born(Strip(ref="x", born=Day(on, "year"))) == "1961"
    assert words.born(Strip(ref="x")) == "date unknown"


def test_people() -> None:
    """A name, else the role, else that nobody is named."""
    assert words.who(Who("Dr. Demo", "provider")) == "Dr. Demo"
    assert words.who(Who(None, "night-nurse")) == "night nurse"
    assert words.who(Who()) == "somebody whom the chart does not name"


@pytest.mark.parametrize(("text", "expected"), [("es", "Spanish"), ("es-MX", "Spanish"), ("Q'eqchi'", "Q'eqchi'")])
def test_languages(text: str, expected: str) -> None:
    """The chart's own name, or the tag's."""
    assert words.language(text) == expected


def test_an_unknown_language() -> None:
    """Said to be one, rather than shown as a word."""
    assert words.language("qxz") == "the language with the code qxz"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no evidence since 2026-05-13", "No evidence since 13 May"),
        ("booked for 2026-06-25T10:30:00-05:00", "Booked for 25 June, 10:30"),
        ("ServiceRequest/sr1 says completed", "The order in the chart says completed"),
        ("CarePlan/cp1#activity[0] is on hold", "The step in the plan in the chart is on hold"),
        ("said to be done on 2026-13-99", "Said to be done on 2026-13-99"),
        ("the plan is revoked", "The plan is revoked"),
    ],
)
def test_the_rules_own_words(text: str, expected: str) -> None:
    """Days as they are written here; what a resource is in place of its reference."""
    assert words.plainly(text, TODAY) == expected


def test_days_late() -> None:
    """One day is a day."""
    assert [words.days_late(count) for count in (1, 2, 12)] == ["1 day late", "2 days late", "12 days late"]


def test_due_from() -> None:
    """In the clinic's words, whatever element of FHIR it is."""
    assert words.due_from("activity.detail.scheduledPeriod.end") == "the plan in the chart"
    assert words.due_from("ServiceRequest.occurrenceDateTime") == "the order in the chart"
    assert words.due_from("program") == "the program's rule"


def test_a_target_that_the_title_says() -> None:
    """It is not said twice."""
    assert words.says_no_more("at most 7 %", "HbA1c below 7 %")
    assert not words.says_no_more("at most 80 kg", "Lose weight")
    assert not words.says_no_more("gone", "Pain")
