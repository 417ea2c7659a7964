"""Tests of deploy/bench/events.py: which of several waits is the one that counts."""

import pytest

from deploy.bench.events import percentile


@pytest.mark.parametrize(("count", "expected"), [(1, 1), (10, 10), (19, 19), (20, 19), (100, 95)], ids=str)
def test_of_few_the_slowest_counts(count: int, expected: int) -> None:
    """Nearest rank: of ten waits the ninety-fifth percentile is the longest, of a hundred the ninety-fifth."""
    assert percentile(list(range(count, 0, -1)), 95) == expected
