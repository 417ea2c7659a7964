"""`kill -9` of the sweeping, the ticking and the delivering process: nothing is lost and nothing doubled.

The real command is a child process, killed from outside at a seeded moment and repeated until it leaves nothing to do.
Then every row of the database and everything on the server, down to the versions, equals what an undisturbed run of the
same practice makes. `make faults N=50` does the same 50 times for each verb.
"""

import pytest

from tests.faults.aims import VERBS
from tests.faults.kills import Undisturbed, kill_one
from tests.faults.scene import Place
from tests.faults.site import Site

pytestmark = [pytest.mark.live, pytest.mark.fault]

MOMENTS = range(4)
HURTS = {
    ("sweep", 0): {Place.PAGE_HALF_READ, Place.PAGE_HALF_STORED},
    ("tick", 0): {Place.IN_REASSESS},
    ("deliver", 0): {Place.CLAIMED},
    ("deliver", 1): {Place.WRITTEN},
}
"""Where these must have fallen, by what was seen at the moment of the kill; the others may fall anywhere."""


@pytest.mark.parametrize("number", MOMENTS)
@pytest.mark.parametrize("verb", VERBS)
def test_it_may_be_killed(site: Site, calm: Undisturbed, verb: str, number: int) -> None:
    """At any moment, on PostgreSQL and on SQLite; the same command again goes on where it was cut off."""
    fall = kill_one(site, verb, number, calm)

    assert fall.differences == [], fall
    assert fall.place in HURTS.get((verb, number), set(Place)), fall
