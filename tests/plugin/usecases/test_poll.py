"""Who is polled or compared, and whose hook a call is."""

from dataclasses import replace

import pytest

from plugin.domain.source import Source
from plugin.usecases.measure import measure
from plugin.usecases.poll import is_hooks_own, poll_all, reconcile_all, source_of_hook
from plugin.usecases.readiness import readiness
from plugin.usecases.sources import every_ehr, every_source, source_named
from plugin.usecases.sync import sync
from tests.builders import World


def add(world: World, slug: str, *, paused: bool = False) -> Source:
    """Another source."""
    with world.database.begin() as uow:
        wanted = Source(id=0, slug=slug, base_url=f"http://127.0.0.1/{slug}", hook_path=slug, hook_secret=f"s-{slug}")
        added = uow.sources.add(wanted, world.clock())
        uow.sources.update(replace(added, paused=paused), world.clock())
        uow.commit()
    return added


def test_each_source_is_asked_for_alone_and_paused_ones_are_not(world: World) -> None:
    """A job for each: one that is slow or broken keeps no other waiting."""
    other = add(world, "other")
    add(world, "resting", paused=True)

    poll_all(world.services)
    reconcile_all(world.services)

    assert sorted(world.jobs.asked) == sorted(
        f"{job} {source.id}" for job in ("poll", "reconcile") for source in (world.source, other)
    )


def test_a_hook_belongs_to_the_source_with_its_path(world: World) -> None:
    """Exactly, and to nobody without one."""
    other = add(world, "other")

    found = source_of_hook(world.services, "other")

    assert found is not None
    assert found.id == other.id
    assert source_of_hook(world.services, "othe") is None
    assert source_of_hook(world.services, "") is None


@pytest.mark.parametrize(
    ("secret", "shown", "is_own"),
    [
        ("secret", "Bearer secret", True),
        ("secret", "bearer secret", False),
        ("secret", "secret", False),
        ("secret", "Bearer secret ", False),
        ("secret", "", False),
        ("sécret", "Bearer sécret", True),
        (None, "Bearer ", False),
        (None, "Bearer None", False),
        ("", "Bearer ", False),
    ],
)
def test_only_the_secret_of_the_subscription_opens_the_hook(secret: str | None, shown: str, is_own: bool) -> None:
    """And where there is none, nothing does."""
    source = Source(id=1, slug="main", base_url="http://127.0.0.1/fhir", hook_path="path", hook_secret=secret)

    assert is_hooks_own(source, shown) is is_own


def test_a_companion_store_is_neither_polled_nor_compared(world: World) -> None:
    """Nor is it behind, nor an EHR that a command could mean; it is in the list of sources all the same."""
    store = add(world, "store")
    with world.database.begin() as uow:
        uow.sources.update(replace(store, use="store"), world.clock())
        uow.commit()

    poll_all(world.services)
    reconcile_all(world.services)

    assert world.jobs.asked == [f"poll {world.source.id}", f"reconcile {world.source.id}"]
    assert sync(world.services, store.id) is None
    assert source_named(world.services, None).slug == "main"
    healths = {health.source.slug: health.is_behind for health in every_source(world.services)}
    assert healths == {"main": True, "store": False}
    assert [health.source.slug for health in every_ehr(world.services)] == ["main"]
    assert [health.source.slug for health in readiness(world.services).behind] == ["main"]
    assert {gauge.labels["source"] for gauge in measure(world.services) if "source" in gauge.labels} == {"main"}


def test_a_poll_in_which_nothing_was_due_says_nothing_of_the_server(world: World) -> None:
    """It has asked nothing: when the source was last read, and what failed last, stays as it is."""
    world.sweep()
    read_at = world.now_source().last_read_at
    world.clock.forward(minutes=10)
    world.ehr.pages_of = lambda cursors: iter(())  # type: ignore[method-assign]  # nothing is due

    sync(world.services, world.source.id)

    assert world.now_source().last_read_at == read_at


def test_a_poll_that_read_what_was_due_is_a_complete_one(world: World) -> None:
    """Of one type, if no other was due."""
    world.sweep()
    world.clock.forward(minutes=10)
    world.ehr.types = ("Appointment",)

    sync(world.services, world.source.id)

    assert world.now_source().last_read_at == world.clock()


def test_edits_in_a_store_say_nothing_of_the_ehr(world: World) -> None:
    """They are read there with every poll, while the EHR itself is down or not asked."""
    world.sweep()
    read_at = world.now_source().last_read_at
    with world.database.begin() as uow:
        elsewhere = replace(world.now_source(), kind="openemr", sink="companion", companion="store")
        uow.sources.update(elsewhere, world.clock())
        uow.commit()
    world.clock.forward(minutes=10)
    world.ehr.types = ("Task",)

    sync(world.services, world.source.id)

    assert world.now_source().last_read_at == read_at
