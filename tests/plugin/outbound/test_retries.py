"""Tests of plugin/outbound/retries.py."""

from datetime import timedelta

import pytest

from plugin.outbound import Retries

RETRIES = Retries(attempts=6, first_pause=timedelta(seconds=1), longest_pause=timedelta(seconds=5))


@pytest.mark.parametrize(
    ("attempt", "least", "most"), [(1, 0.5, 1.0), (2, 1.0, 2.0), (3, 2.0, 4.0), (4, 2.5, 5.0), (5, 2.5, 5.0)]
)
def test_pauses_grow_to_a_limit_and_are_spread(attempt: int, least: float, most: float) -> None:
    """Each pause doubles, up to the longest, and chance spreads it over its upper half."""
    assert RETRIES.pause_after(attempt, None, 0.0) == timedelta(seconds=least)
    assert RETRIES.pause_after(attempt, None, 1.0) == timedelta(seconds=most)


def test_the_last_attempt_is_the_last() -> None:
    """After as many attempts as allowed there is no pause, whatever the server asks for."""
    assert RETRIES.pause_after(6, None, 0.5) is None
    assert RETRIES.pause_after(6, timedelta(seconds=1), 0.5) is None


def test_the_server_gets_at_least_the_time_it_asks_for() -> None:
    """`Retry-After` is the least pause; chance only adds to it."""
    pause = RETRIES.pause_after(1, timedelta(seconds=3), 0.0)

    assert pause is not None
    assert pause >= timedelta(seconds=3)


def test_a_server_that_asks_for_more_than_the_longest_pause_is_not_waited_for() -> None:
    """The day before, the day, the day after: up to the longest pause we wait, beyond it the caller decides."""
    assert RETRIES.pause_after(1, timedelta(seconds=5), 0.0) is not None
    assert RETRIES.pause_after(1, timedelta(seconds=5, microseconds=1), 0.0) is None
