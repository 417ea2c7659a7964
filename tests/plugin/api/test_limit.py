"""The budget of what may happen how often."""

from plugin.api.limit import Budget


def test_it_allows_so_many_and_fills_up_steadily() -> None:
    """All at once after a rest; then one for each share of a second; never more than after a rest."""
    now = 0.0
    budget = Budget(4, clock=lambda: now)

    at_once = [budget.allows() for _ in range(5)]
    now += 0.25
    after_a_quarter = [budget.allows() for _ in range(2)]
    now += 3600
    after_an_hour = [budget.allows() for _ in range(5)]

    assert at_once == [True] * 4 + [False]
    assert after_a_quarter == [True, False]
    assert after_an_hour == [True] * 4 + [False]
