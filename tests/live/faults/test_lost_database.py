"""A database that is lost: a new one adopts what stands on the server by its tag, and writes nothing a second time."""

import json

import pytest

from tests.faults.kills import Undisturbed
from tests.faults.outcome import differences, of_database, of_server
from tests.faults.site import KINDS, Site

pytestmark = [pytest.mark.live, pytest.mark.fault]


@pytest.mark.parametrize("database", KINDS)
def test_a_new_database_adopts_what_stands_there(site: Site, calm: Undisturbed, database: str) -> None:
    """The first sweep with it ends as if it had always been there; every version on the server is what it was, and a second
    sweep has nothing to do."""
    with site.watched() as lost:
        assert lost.milepost.run("sweep").code == 0
        before = of_server(lost.practice)

    with site.watched(database, lost.practice) as new:
        swept = new.milepost.run("sweep", "--format", "json")
        again = new.milepost.run("sweep", "--format", "json")

        assert (swept.code, json.loads(swept.out)["delivered"]["written"]) == (0, 0)
        assert (again.code, json.loads(again.out)["delivered"]["claimed"]) == (0, 0)
        assert differences(of_server(new.practice), before) == []
        assert differences(of_database(new.milepost.database_url, new.practice), calm.database) == []
