"""Two processes at the same patients: what one has in hand the other leaves to it, and every effect is carried out
once."""

from collections import Counter

import pytest

from tests.faults.gate import Row
from tests.faults.gateway import Held, Point, until
from tests.faults.kills import Undisturbed
from tests.faults.outcome import Json, differences, of_database, of_server
from tests.faults.site import KINDS, Site, Watched

pytestmark = [pytest.mark.live, pytest.mark.fault]

ARRIVAL_S = 60.0


def unlike(watched: Watched, calm: Undisturbed) -> list[str]:
    """What is not as after an undisturbed sweep, but for which Provenance tells of what."""
    here = of_database(watched.milepost.database_url, watched.practice)
    return differences(told(of_server(watched.practice)), told(calm.server)) + differences(here, calm.database)


def told(server: dict[str, Json]) -> dict[str, Json]:
    """How often each resource is named by a Provenance, in place of the Provenances: two workers have two transactions."""
    named = Counter(
        target["reference"]
        for shown in server.values()
        if shown["body"]["resourceType"] == "Provenance"
        for target in shown["body"]["target"]
    )
    others = {name: shown for name, shown in server.items() if shown["body"]["resourceType"] != "Provenance"}
    return {**others, "named by a Provenance": dict(named)}


def test_two_ticks(site: Site, calm: Undisturbed) -> None:
    """The second finds all patients locked and leaves them alone, without waiting."""
    with site.watched() as watched:
        assert watched.gate is not None
        watched.milepost.run("sync")
        watched.gate.close(Row("milestone", "INSERT", 10))
        first = watched.milepost.start("tick")
        until(lambda: watched.gate is not None and watched.gate.stopped, ARRIVAL_S, "the first did not come so far")

        second = watched.milepost.run("tick", "--format", "json")
        watched.gate.open()

        assert (second.code, '"claimed": 0' in second.out) == (0, True)
        assert first.wait().code == 0
        assert watched.milepost.run("deliver").code == 0
        assert unlike(watched, calm) == []


def test_two_deliveries(site: Site, calm: Undisturbed) -> None:
    """What the first has claimed and not yet written is not the second's, as long as the first is alive."""
    with site.watched() as watched:
        held = site.gateway.watch = Held(lambda exchange: exchange.writes, Point.ARRIVED)
        first = watched.milepost.start("sweep")
        until(held.is_held.is_set, ARRIVAL_S, "the first did not come so far")

        second = watched.milepost.run("deliver", "--format", "json")
        held.let_pass()

        assert (second.code, '"claimed": 0' in second.out) == (0, True)
        assert first.wait().code == 0
        assert unlike(watched, calm) == []


@pytest.mark.parametrize("database", KINDS)
def test_two_sweeps_from_the_beginning(site: Site, calm: Undisturbed, database: str) -> None:
    """Both read, both reassess, both write, in whatever order it happens; at the end it is as if there had been one. (On
    SQLite, with its one writer, the second may have to say that the other is at work.)"""
    with site.watched(database) as watched:
        both = [watched.milepost.start("sweep"), watched.milepost.start("sweep")]
        ended = [command.wait() for command in both]

        assert [(one.code, one.err) for one in ended if one.code and not one.is_plain] == []
        assert database == "sqlite" or [one.code for one in ended] == [0, 0]
        assert watched.milepost.run("sweep").code == 0
        assert unlike(watched, calm) == []
