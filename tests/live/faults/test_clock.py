"""A clock that jumps a day ahead and back again: what was done once is not done again, and nothing is forgotten."""

from datetime import timedelta

import pytest

from tests.faults.inside import inside
from tests.faults.outcome import differences, of_database, of_server
from tests.faults.site import Site, Watched

pytestmark = [pytest.mark.live, pytest.mark.fault]

FEW = 8
A_DAY = timedelta(days=1)


def test_a_clock_that_jumps(site: Site) -> None:
    """Today, tomorrow, today again, the day before, and tomorrow for good: as if it had gone straight on."""
    with site.watched(practice=site.practice(FEW)) as straight, site.watched(practice=site.practice(FEW)) as jumping:
        _live_through(straight, [0, 1])

        _live_through(jumping, [0, 1, 0, -1, 1])

        assert differences(_database(jumping), _database(straight)) == []
        assert differences(of_server(jumping.practice), of_server(straight.practice)) == []


def _live_through(watched: Watched, days: list[int]) -> None:
    milepost = inside(watched.milepost)
    for day in days:
        milepost.clock.ahead = day * A_DAY
        milepost.sweep()
        milepost.sweep()


def _database(watched: Watched) -> dict[str, object]:
    return dict(of_database(watched.milepost.database_url, watched.practice))
