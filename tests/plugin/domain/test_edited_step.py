"""Tests of which step of before an edited one is: what is unambiguous is kept, nothing else (DESIGN §4.1)."""

from __future__ import annotations

from datetime import date

import pytest

from plugin.domain.edited_step import Trace, pairs

VISIT, LAB = ("sct|390906007",), ("loinc|4548-4",)
FIRST, SECOND, THIRD = date(2026, 6, 1), date(2026, 7, 1), date(2026, 8, 1)


def by_code(codes: tuple[str, ...], due: date | None = None) -> Trace:
    return Trace(codes, due, "")


def by_words(title: str, due: date | None = None) -> Trace:
    return Trace((), due, title)


def paired(gone: list[Trace], fresh: list[Trace]) -> dict[int, int]:
    """Which of the new ones was which of the old ones, by place."""
    found = pairs({str(place): step for place, step in enumerate(gone)}, dict(enumerate(fresh)))
    return {place: int(key) for place, key in found}


def test_one_that_went_and_one_that_came_with_a_code_are_the_same() -> None:
    """Whatever day it was moved to."""
    assert paired([by_code(LAB, FIRST)], [by_code(LAB, SECOND)]) == {0: 0}
    assert paired([by_code(LAB, FIRST)], [by_code(VISIT, FIRST)]) == {}


def test_several_of_one_code_are_told_apart_by_their_day() -> None:
    """Two visits whose descriptions were edited in one go."""
    assert paired([by_code(VISIT, FIRST), by_code(VISIT, SECOND)], [by_code(VISIT, SECOND), by_code(VISIT, FIRST)]) == {
        0: 1,
        1: 0,
    }


def test_the_one_that_is_left_over_is_the_one_that_was_moved() -> None:
    """One kept its day, so that the other is plain too."""
    assert paired([by_code(VISIT, FIRST), by_code(VISIT, SECOND)], [by_code(VISIT, THIRD), by_code(VISIT, FIRST)]) == {
        1: 0,
        0: 1,
    }


@pytest.mark.parametrize(
    ("gone", "fresh"),
    [
        ([by_code(VISIT)], [by_code(VISIT), by_code(VISIT)]),
        ([by_code(VISIT), by_code(VISIT)], [by_code(VISIT)]),
        ([by_code(VISIT, FIRST), by_code(VISIT, FIRST)], [by_code(VISIT, FIRST)]),
        ([by_words("Call the patient")], [by_words("Call the patient!"), by_words("Call the patient.")]),
        ([by_words("Call the patient!"), by_words("Call the patient.")], [by_words("Call the patient")]),
    ],
)
def test_what_is_not_plain_is_new(gone: list[Trace], fresh: list[Trace]) -> None:
    """A hold on the wrong step is worse than one that is lost, and seen to be."""
    assert paired(gone, fresh) == {}


@pytest.mark.parametrize(
    ("before", "after", "is_same"),
    [
        ("Phone check-in, no date set", "Phone check-in with the nurse", True),
        ("Recheck BP", "recheck  bp at home", True),
        ("Recheck BP", "Recheck BP", True),
        ("Recheck BP", "Diet referral", False),
        ("Phone check-in", "Eye exam", False),
        ("", "", False),
        ("", "Recheck BP", False),
    ],
)
def test_without_a_code_the_words_tell(before: str, after: str, is_same: bool) -> None:
    """A corrected line of a form is the same line; another line is another, also on the same day."""
    assert paired([by_words(before, FIRST)], [by_words(after, FIRST)]) == ({0: 0} if is_same else {})


def test_words_are_not_held_against_a_code() -> None:
    """A line that was given a code may mean something else by now."""
    assert paired([by_words("Recheck BP")], [Trace(VISIT, None, "Recheck BP")]) == {}


def test_two_corrected_lines_find_each_their_own() -> None:
    """In whatever order they come back."""
    gone = [by_words("A: recheck BP"), by_words("B: diet referral to Ms. Poe")]
    fresh = [by_words("B: diet referral to Mr. Roe"), by_words("A: recheck BP twice")]

    assert paired(gone, fresh) == {0: 1, 1: 0}
