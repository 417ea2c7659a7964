"""Tests of deploy/bench/stopwatch.py."""

import pytest

from deploy.bench.stopwatch import median, median_ratio, timed


def test_one_disturbed_run_does_not_count() -> None:
    """The middle one is taken."""
    assert median([1.0, 9.0, 2.0]) == 2.0


def test_ratios_are_taken_pair_by_pair() -> None:
    """Twice as slow a machine for one pair changes nothing."""
    assert median_ratio([3.0, 6.0, 3.0], [2.0, 4.0, 2.0]) == 1.5
    with pytest.raises(ValueError, match="argument"):
        median_ratio([1.0], [1.0, 2.0])


def test_what_was_timed_is_given_back() -> None:
    """With the seconds it took."""
    took, given = timed(lambda: "done")

    assert took >= 0
    assert given == "done"
