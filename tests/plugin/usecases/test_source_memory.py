"""What an adapter remembers between polls."""

from datetime import date
from zoneinfo import ZoneInfo

from plugin.domain.source import Page, ReadingCost
from plugin.usecases.ingest import ingest
from plugin.usecases.source_memory import SETTLE_EVERY, SourceMemory
from tests.builders import World, a_plan

AUCKLAND = ZoneInfo("Pacific/Auckland")


def memory(world: World, source_id: int | None = None) -> SourceMemory:
    """Of the world's source."""
    id_ = world.source.id if source_id is None else source_id
    return SourceMemory(world.database, id_, world.clock, AUCKLAND)


def costs(world: World) -> list[ReadingCost]:
    """As they are stored."""
    with world.look() as uow:
        return list(uow.reading_costs.since(world.source, date(2026, 1, 1)))


def test_whom_a_page_names_is_on_file(world: World) -> None:
    """Tracked or not; the adapter that was opened before the page came sees them after it."""
    remembered = memory(world)
    world.server.put(a_plan(1))
    ingest(world.services, world.source, Page(type="Patient", on_file=("Patient/p1", "Patient/p2")))
    world.sweep()

    assert list(remembered.patients()) == ["Patient/p1", "Patient/p2"]
    assert list(remembered.tracked()) == ["Patient/p1"]


def test_costs_are_stored_every_few_seconds(world: World) -> None:
    """Not in a transaction for each answer; on the clinic's own day (it is tomorrow there)."""
    remembered = memory(world)

    remembered.spent(1, 1000, 0.5)
    remembered.spent(1, 2000, 0.25)
    early = costs(world)
    world.clock.now += SETTLE_EVERY
    remembered.spent(1, 4000, 0.25)

    assert early == []
    assert costs(world) == [ReadingCost(date(2026, 6, 16), 3, 7000, 1.0)]


def test_settling_stores_the_rest_once(world: World) -> None:
    """Two adapters of one source add to one another."""
    for remembered in (memory(world), memory(world)):
        remembered.spent(1, 1000, 0.5)
        remembered.settle()
        remembered.settle()

    assert costs(world) == [ReadingCost(date(2026, 6, 16), 2, 2000, 1.0)]


def test_a_source_that_is_just_being_added_remembers_nothing(world: World) -> None:
    """It is asked what it can do before it has a number."""
    remembered = memory(world, 0)

    remembered.spent(1, 1000, 0.5)
    remembered.settle()

    assert (remembered.patients(), remembered.tracked(), costs(world)) == ((), (), [])
