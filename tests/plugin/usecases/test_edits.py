"""Our own Tasks that come back: echoes are dropped, people's edits become statements."""

from tests.builders import World, a_patient, a_plan, a_result


def test_our_own_write_that_comes_back_is_no_news(world: World) -> None:
    """The feed shows us what we wrote; nobody said anything."""
    world.server.put(a_patient(1), a_plan(1))
    world.sweep()

    world.clock.forward(minutes=1)
    swept = world.sweep()

    assert swept.reading.read["Task"] == 1
    assert world.statements() == []
    assert not any(ref.startswith("Task/") for ref in world.kept())


def test_a_task_that_a_nurse_completed_is_a_statement(world: World) -> None:
    """People's edits in the EHR win: the step is completed, by whom Provenance names."""
    world.server.put(a_patient(1), a_plan(1))
    world.sweep()
    (ref,) = world.tasks()

    world.server.edit_task(ref, "completed", author="Practitioner/nurse")
    world.clock.forward(minutes=1)
    world.sweep()

    assert [(s.said.value, s.by) for s in world.statements()] == [("completed", "Practitioner/nurse")]
    assert world.statuses() == ["completed"]
    assert world.tasks() == {ref: "completed"}


def test_without_a_provenance_it_was_someone(world: World) -> None:
    """Never the Task's owner."""
    world.server.put(a_patient(1), a_plan(1))
    world.sweep()
    (ref,) = world.tasks()

    world.server.edit_task(ref, "completed")
    world.clock.forward(minutes=1)
    world.sweep()

    assert [s.by for s in world.statements()] == ["someone in the EHR"]


def test_an_edit_is_taken_once(world: World) -> None:
    """The same version may be read ten times."""
    world.server.put(a_patient(1), a_plan(1))
    world.sweep()
    (ref,) = world.tasks()
    world.server.edit_task(ref, "completed")

    for _ in range(3):
        world.clock.forward(minutes=1)
        world.sweep()

    assert len(world.statements()) == 1


def test_a_completion_that_is_taken_back_is_undone(world: World) -> None:
    """Set back to ready by a person, what held before holds again, and our next write stands on that version."""
    world.server.put(a_patient(1), a_plan(1))
    world.sweep()
    (ref,) = world.tasks()
    world.server.edit_task(ref, "completed")
    world.clock.forward(minutes=1)
    world.sweep()

    world.server.edit_task(ref, "ready")
    world.clock.forward(minutes=1)
    world.sweep()

    assert [s.said.value for s in world.statements()] == ["completed", "undo"]
    assert world.statuses() == ["ready"]


def test_an_edit_that_races_with_our_write_is_seen_before_it_is_overwritten(world: World) -> None:
    """If-Match fails, the Task is read again, the nurse's word is taken, and it is decided again."""
    world.server.put(a_patient(1), a_plan(1))
    world.sweep()
    (ref,) = world.tasks()
    world.server.put(a_result(1, on="2026-06-14"))
    world.server.edit_task(ref, "on-hold")
    world.ehr.types = tuple(type_ for type_ in world.ehr.types if type_ != "Task")
    world.clock.forward(minutes=1)

    swept = world.sweep()

    assert swept.delivered is not None
    assert swept.delivered.conflicts == 1
    assert [s.said.value for s in world.statements()] == ["hold"]
    assert world.tasks() == {ref: "completed"}
