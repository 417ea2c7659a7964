"""The tasks that compare sources with what is stored."""

from tasks.reconcile import reconcile_source, reconcile_sources
from tasks.routes import RECONCILE, RECONCILE_ALL
from tests.builders import World, a_patient, a_plan


def test_every_source_is_asked_for(world: World) -> None:
    """One job for each."""
    reconcile_sources.apply()

    assert world.jobs.asked == [f"reconcile {world.source.id}"]


def test_a_deletion_is_found(world: World) -> None:
    """The feed never shows one."""
    world.server.put(a_patient(), a_plan())
    world.sweep()
    world.server.delete("CarePlan/cp1")

    reconcile_source.apply(args=(world.source.id,))

    assert "CarePlan/cp1" not in world.kept()
    assert "tick" in world.jobs.asked


def test_names_are_explicit() -> None:
    """A message outlives a move of the code."""
    assert (reconcile_sources.name, reconcile_source.name) == (RECONCILE_ALL, RECONCILE)
