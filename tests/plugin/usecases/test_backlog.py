"""Plans that were overdue when a source was first read send no message by themselves."""

from datetime import date, timedelta

from plugin.domain.calendar import Practice
from plugin.domain.record import Said, Statement
from plugin.usecases.backlog import A_DAY, turn_of
from plugin.usecases.tick import tick
from tests.builders import CHICAGO, World, a_patient, a_plan, a_result
from tests.fakes import START


def overdue_by(world: World, days: int, number: int = 1) -> None:
    """A plan that is overdue by so many days."""
    due = (world.clock().date() - timedelta(days=days)).isoformat()
    world.server.put(a_patient(number), a_plan(number, due=due, start="2026-05-01"))


def test_the_backlog_is_one_work_item_and_no_message(world: World) -> None:
    """Overdue at first sight: the coordinator gets it, the patient hears nothing."""
    overdue_by(world, 3)

    world.sweep()
    world.clock.forward(days=1)
    world.sweep()

    assert world.work() == {"coordinator": {"backlog": 1}}
    assert "message" not in world.effects()


def test_what_becomes_overdue_later_is_none_of_it(world: World) -> None:
    """A plan that was in time when it was first seen gets its message."""
    world.server.put(a_plan(1, due="2026-06-16"))
    world.sweep()

    world.clock.forward(days=2)
    world.sweep()

    assert world.effects()["message"] == {"planned": 1}
    assert "backlog" not in str(world.work())


def test_a_plan_first_seen_after_the_first_reading_is_none_of_it(world: World) -> None:
    """Only what was there when the source was first read."""
    world.sweep()
    world.clock.forward(hours=1)
    overdue_by(world, 3)

    world.sweep()

    assert world.effects()["message"] == {"planned": 1}


def test_released_it_is_treated_like_the_others(world: World) -> None:
    """Someone looked: the message goes out, the work item is gone."""
    overdue_by(world, 3)
    world.sweep()
    said = Statement(id="s1", said=Said.RELEASE_BACKLOG, by="Practitioner/lead", at=world.clock())
    with world.database.begin() as uow:
        uow.statements.add(world.source, "Patient/p1", said, world.clock())
        uow.commit()

    tick(world.services)

    assert world.effects()["message"] == {"planned": 1}
    assert world.effects()["work"] == {"withdrawn": 1}


def test_it_ends_when_no_gap_is_left(world: World) -> None:
    """The step is done after all; the next gap of this patient is an ordinary one."""
    overdue_by(world, 3)
    world.sweep()
    world.clock.forward(days=1)
    world.sweep()

    world.server.put(a_result(1, on="2026-06-14"))
    world.clock.forward(minutes=1)
    world.sweep()

    assert world.work() == {}


def test_so_many_a_day() -> None:
    """Patients get the mornings of the working days that follow, fifty each."""
    practice = Practice(CHICAGO)

    mornings = [practice.day(turn_of(place, practice, START)) for place in (0, A_DAY - 1, A_DAY, 5 * A_DAY)]

    assert mornings == [date(2026, 6, 15), date(2026, 6, 15), date(2026, 6, 16), date(2026, 6, 22)]


def test_a_day_once_given_stays(world: World) -> None:
    """Reassessed for another reason, the patient keeps the turn."""
    for number in range(3):
        overdue_by(world, 3, number)
    world.sweep()
    before = world.effects()["work"]

    world.clock.forward(minutes=10)
    world.server.put(a_patient(1, active=True), a_plan(1, due="2026-06-11", start="2026-05-01"))
    world.sweep()

    assert world.effects()["work"] == before
