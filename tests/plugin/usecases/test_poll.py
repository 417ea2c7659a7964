"""Who is polled or compared, and whose hook a call is."""

from dataclasses import replace

import pytest

from plugin.domain.source import Source
from plugin.usecases.poll import is_hooks_own, poll_all, reconcile_all, source_of_hook
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
