"""The vocabulary of conditions as such (DESIGN §8)."""

from datetime import date
from typing import get_args

import pytest

from plugin.domain.calendar import Practice
from plugin.domain.circumstance import Circumstances, holds
from plugin.domain.condition import KEYS, WHATS, Condition, Operator, What
from plugin.domain.condition_words import condition_words
from plugin.domain.record import Coding, Record
from tests.charts import CHICAGO

NOBODY = Circumstances(record=Record("Patient/p1", "bundle"), practice=Practice(CHICAGO), patient=None)


@pytest.mark.parametrize("what", get_args(What))
def test_every_kind_has_its_keys_an_answer_and_words(what: What) -> None:
    """Nothing can be said that nobody answers; of somebody who is not in the chart little is known."""
    assert what in KEYS
    assert what in WHATS
    assert holds(Condition(what), NOBODY, date(2026, 6, 15)) == (what in ("all", "not"))
    assert condition_words(Condition(what)) != ""


@pytest.mark.parametrize(
    ("operator", "answers"),
    [
        ("lt", (True, False, False)),
        ("le", (True, True, False)),
        ("gt", (False, False, True)),
        ("ge", (False, True, True)),
    ],
)
def test_how_numbers_are_compared(operator: str, answers: tuple[bool, bool, bool]) -> None:
    """Below the limit, on it, above it."""
    assert tuple(Operator(operator).compares(number, 7) for number in (6.9, 7, 7.1)) == answers


def test_all_codes_of_all_parts_are_named() -> None:
    """So that the charts keep what they ask for."""
    one, two = Coding("urn:a", "1"), Coding("urn:b", "2")
    denied = Condition("not", (Condition("flag", codes=(two,)),))
    condition = Condition("any", (Condition("condition", codes=(one,)), denied))

    assert list(condition.all_codes()) == [one, two]
