"""A database that was lost finds what it wrote, and writes nothing a second time."""

from tests.builders import World, a_patient, a_plan, a_result
from tests.fake_storage import FakeDatabase


def test_a_lost_database_adopts_what_stands_there() -> None:
    """A new database on the same server: after the first sweep every count of writes is as before."""
    old = World()
    old.server.put(a_patient(1), a_plan(1, due="2026-05-01", start="2026-04-01"), a_plan(2), a_result(2, patient=2))
    old.sweep()
    before = dict(old.server.writes)

    new = World(FakeDatabase(), server=old.server)
    swept = new.sweep()

    assert swept.delivered is not None
    assert (swept.delivered.written, swept.delivered.unchanged) == (0, 4)
    assert dict(old.server.writes) == before


def test_what_changed_meanwhile_is_written_over_the_version_that_stands_there() -> None:
    """Adopted versions guard the writes that follow."""
    old = World()
    old.server.put(a_patient(1), a_plan(1))
    old.sweep()
    old.server.put(a_result(1))

    new = World(FakeDatabase(), server=old.server)
    swept = new.sweep()

    (ref,) = new.tasks()
    assert swept.delivered is not None
    assert swept.delivered.conflicts == 0
    assert new.server.written[ref].if_match == "1"
    assert new.statements() == []


def test_an_edit_after_the_adoption_is_a_persons_word() -> None:
    """What was adopted counts as ours; what comes later does not."""
    old = World()
    old.server.put(a_patient(1), a_plan(1))
    old.sweep()
    new = World(FakeDatabase(), server=old.server)
    new.sweep()
    (ref,) = new.tasks()

    new.server.edit_task(ref, "completed")
    new.clock.forward(minutes=1)
    new.sweep()

    assert [s.said.value for s in new.statements()] == ["completed"]


def test_the_device_is_written_once_and_before_anything_else(world: World) -> None:
    """Servers check references: what everything refers to comes first."""
    world.server.put(a_plan(1))

    world.sweep()
    world.server.put(a_plan(2))
    world.clock.forward(minutes=1)
    world.sweep()

    assert next(iter(world.server.written)) == "Device/milepost"
    assert world.server.writes["Device/milepost"] == 1
