"""What reading a source costs, and how fresh each type is."""

from dataclasses import replace
from datetime import date, timedelta

from plugin.domain.source import Page, ReadingCost
from plugin.usecases.ingest import ingest
from plugin.usecases.source_reading import oldest_part, source_costs, types_read
from tests.builders import World, a_booking, a_plan

TODAY = date(2026, 6, 15)


def spend(world: World, *costs: ReadingCost) -> None:
    """As an adapter told it."""
    with world.database.begin() as uow:
        for cost in costs:
            uow.reading_costs.add(world.source, cost)
        uow.commit()


def test_today_and_a_week(world: World) -> None:
    """The average is of whole days, of the last seven; what is older is not counted."""
    spend(
        world,
        ReadingCost(TODAY, 10, 1_500_000, 2.0),
        ReadingCost(TODAY - timedelta(days=1), 300, 20_000_000, 60.0),
        ReadingCost(TODAY - timedelta(days=7), 100, 10_000_000, 20.0),
        ReadingCost(TODAY - timedelta(days=8), 9_000, 900_000_000, 900.0),
    )

    found = source_costs(world.services, world.source)

    assert (found.today.requests, found.mb_today) == (10, 1.5)
    assert (found.requests_per_day, found.mb_per_day) == (200.0, 15.0)


def test_nothing_was_read_yet(world: World) -> None:
    """There is no average of no days; and today is the clinic's."""
    found = source_costs(world.services, replace(world.source, zone="Pacific/Auckland"))

    assert found.today == ReadingCost(TODAY + timedelta(days=1), 0, 0, 0.0)
    assert (found.requests_per_day, found.mb_per_day) == (None, None)


def test_each_type_has_its_own_time(world: World) -> None:
    """The one that was read longest ago comes first; marks of ours are no types."""
    world.server.put(a_plan(1), a_booking(1))
    world.sweep()
    before = world.clock()
    world.clock.forward(minutes=10)
    with world.look() as uow:
        cursor = uow.sources.cursor(world.source, "Appointment")
    ingest(world.services, world.source, Page(type="Appointment", cursor=cursor))

    times = types_read(world.services, world.source)

    assert list(times)[-1] == "Appointment"
    assert times["Appointment"] == world.clock()
    assert times["CarePlan"] == before
    assert "first-read" not in times
    with world.look() as uow:
        assert oldest_part(uow, world.source) == before


def test_a_part_that_was_never_read(world: World) -> None:
    """Then nobody can say how old the rest is."""
    with world.look() as uow:
        assert oldest_part(uow, world.source) is None
