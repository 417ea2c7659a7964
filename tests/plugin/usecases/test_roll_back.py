"""Roll back, retire, take back: what was published does not hold any more, and what it was stays known."""

from datetime import timedelta

import pytest

from plugin.domain.configuration import LADDER, LIMITS, PROGRAM, Enactment, Publication
from plugin.domain.errors import BadForm, BadInput, Forbidden, ProofNeeded, Stale, UnknownName
from plugin.domain.permissions import Role
from plugin.usecases.drafts import save_draft
from plugin.usecases.publish_draft import publish_draft
from plugin.usecases.publish_form import look_at_publishing
from plugin.usecases.roll_back import all_histories, history_of, move_others, retire, roll_back, take_back
from plugin.usecases.second_person import approve
from plugin.usecases.tick import tick
from tests.builders import World
from tests.fake_storage import FakeDatabase
from tests.publishing import (
    CODE,
    WHY,
    Body,
    an_editor,
    drafted,
    in_force,
    later,
    published,
    retitled,
    shipped_world,
)

DAY = timedelta(days=1)


@pytest.fixture
def shipped() -> World:
    """The shipped programs."""
    return shipped_world(FakeDatabase())


def _due_sooner(body: Body) -> None:
    body["milestones"][0]["due"] = {"days": 33}


def test_back_and_forth(shipped: World) -> None:
    """No new content, and both in the history, twice; a past day keeps what was in force on it."""
    lee, moments = an_editor(shipped), []
    published(shipped, lee, drafted(shipped, lee, _due_sooner))
    moments.append(shipped.clock())
    for version in ("1", "2", "1"):
        shipped.clock.forward(minutes=1)
        made = published(shipped, lee, roll_back(shipped.services, lee, PROGRAM, CODE, version))
        assert isinstance(made, Enactment)
        assert made.version == version == in_force(shipped)
        moments.append(shipped.clock())

    history = history_of(shipped.services, lee, PROGRAM, CODE)
    assert [made.version for made in history.enactments] == ["1", "2", "1", "2", "1"]
    assert [version.version for version in history.versions] == ["1", "2"]
    with shipped.look() as uow:
        then = [{v.code: v.version for v in uow.configurations.in_force_at(moment)}[CODE] for moment in moments]
    assert then == ["2", "1", "2", "1"]


def test_roll_back_is_previewed_and_agreed_to(shipped: World) -> None:
    """As any other change: unseen it is refused, over the cap it waits, and nobody edits it."""
    lee, kim = an_editor(shipped), an_editor(shipped, "kim")
    published(shipped, lee, drafted(shipped, lee, _due_sooner))
    draft = roll_back(shipped.services, kim, PROGRAM, CODE, "1")

    with pytest.raises(BadForm):
        publish_draft(shipped.services, kim, draft.id, 1, None, WHY, None)
    with pytest.raises(BadInput):
        save_draft(shipped.services, kim, draft.id, {"title": "New"}, 1)
    asked = published(shipped, kim, draft, patients=6)
    assert isinstance(asked, Publication)
    with pytest.raises(Forbidden):
        approve(shipped.services, kim, asked.id)
    assert approve(shipped.services, lee, asked.id).version == in_force(shipped) == "1"


def test_roll_back_does_not_wait_for_a_draft(shipped: World) -> None:
    """Somebody else's draft goes on; it is told that something else is in force."""
    lee, kim = an_editor(shipped), an_editor(shipped, "kim")
    published(shipped, lee, drafted(shipped, lee, _due_sooner))
    other = drafted(shipped, kim, retitled("New"))

    published(shipped, lee, roll_back(shipped.services, lee, PROGRAM, CODE, "1"))

    assert history_of(shipped.services, lee, PROGRAM, CODE).draft == other


def test_nothing_to_roll_back_to(shipped: World) -> None:
    """What is in force now, and what never was."""
    lee = an_editor(shipped)

    with pytest.raises(BadInput, match="in force now"):
        roll_back(shipped.services, lee, PROGRAM, CODE, "1")
    with pytest.raises(UnknownName):
        roll_back(shipped.services, lee, PROGRAM, CODE, "7")
    with pytest.raises(UnknownName):
        history_of(shipped.services, lee, PROGRAM, "none")
    assert len({history.code for history in all_histories(shipped.services, lee)}) > 1


def test_retired_program(shipped: World) -> None:
    """Nothing of it is in force; it can come back under its own number. As it claims orders again, two agree to that."""
    lee = an_editor(shipped)
    draft = retire(shipped.services, lee, PROGRAM, CODE)

    made = published(shipped, lee, draft)

    assert isinstance(made, Enactment)
    assert (made.version, in_force(shipped)) == (None, None)
    history = history_of(shipped.services, lee, PROGRAM, CODE)
    assert (history.in_force, history.title) == (None, "Chronic care")
    with pytest.raises(BadInput):
        retire(shipped.services, lee, PROGRAM, CODE)
    asked = published(shipped, lee, roll_back(shipped.services, lee, PROGRAM, CODE, "1"))
    assert isinstance(asked, Publication)
    approve(shipped.services, an_editor(shipped, "kim"), asked.id)
    assert in_force(shipped) == "1"


def test_other_plans_are_moved(shipped: World) -> None:
    """To the version in force, with a draft of its own; once all follow it there is nobody left to move."""
    lee = an_editor(shipped)
    with pytest.raises(BadInput, match="for everybody"):
        move_others(shipped.services, lee, PROGRAM, CODE)
    published(shipped, lee, drafted(shipped, lee, _due_sooner), new_plans_only=True)
    shipped.clock.forward(minutes=1)
    moved, again = (move_others(shipped.services, lee, PROGRAM, CODE) for _ in range(2))
    change = look_at_publishing(shipped.services, lee, moved.id, None).change
    assert ["due 33 days" in line.after for line in change] == [True]

    made = published(shipped, lee, moved)

    assert isinstance(made, Enactment)
    assert (made.version, made.plans_from) == ("2", None)
    with pytest.raises(BadForm, match="says the same"):
        published(shipped, lee, again)


def test_nothing_to_move_to_any_more(shipped: World) -> None:
    """Another version came into force since: to which one the others are to move must be said anew."""
    lee = an_editor(shipped)
    published(shipped, lee, drafted(shipped, lee, _due_sooner), new_plans_only=True)
    moved = move_others(shipped.services, lee, PROGRAM, CODE)
    shipped.clock.forward(minutes=1)
    published(shipped, lee, drafted(shipped, lee, retitled("Another")), new_plans_only=True)

    with pytest.raises(BadForm, match="not the one in force"):
        published(shipped, lee, moved)


def test_ladder_that_is_climbed(shipped: World) -> None:
    """It stays as long as a program names it; calendar and limits are changed, not retired."""
    lee = an_editor(shipped)

    with pytest.raises(BadForm) as told:
        published(shipped, lee, retire(shipped.services, lee, LADDER, "standard"))
    assert "Chronic care" in told.value.fields["draft"]
    with pytest.raises(BadInput):
        retire(shipped.services, lee, LIMITS, "practice")


def test_taken_back_before_its_day(shipped: World) -> None:
    """It never holds; on its day it is too late."""
    lee, moment = an_editor(shipped), shipped.clock() + DAY
    made = published(shipped, lee, drafted(shipped, lee, _due_sooner), from_=moment)
    assert isinstance(made, Enactment)

    with pytest.raises(BadForm):
        take_back(shipped.services, lee, made.id, "")
    with pytest.raises(ProofNeeded):
        take_back(shipped.services, later(lee, minutes=11), made.id, "no")
    take_back(shipped.services, lee, made.id, "not yet")

    shipped.clock.now = moment
    tick(shipped.services)
    assert in_force(shipped) == "1"
    (taken,) = [m for m in history_of(shipped.services, lee, PROGRAM, CODE).enactments if m.taken_back_at]
    assert taken.taken_back_by == lee.who
    with pytest.raises(Stale):
        take_back(shipped.services, an_editor(shipped), made.id, "again")


def test_two_for_the_same_moment(shipped: World) -> None:
    """The one that was decided later holds; the log knows of both."""
    lee, moment = an_editor(shipped), shipped.clock() + DAY
    published(shipped, lee, drafted(shipped, lee, _due_sooner), from_=moment)
    shipped.clock.forward(seconds=1)
    published(shipped, lee, drafted(shipped, lee, retitled("New")), from_=moment)

    shipped.clock.now = moment
    tick(shipped.services)

    assert in_force(shipped) == "3"


def test_reader_cannot(shipped: World) -> None:
    """A coordinator reads the history and changes nothing."""
    sam = an_editor(shipped, "sam", roles=(Role.COORDINATOR.value,))

    assert history_of(shipped.services, sam, PROGRAM, CODE).in_force is not None
    for attempt in (
        lambda: roll_back(shipped.services, sam, PROGRAM, CODE, "1"),
        lambda: retire(shipped.services, sam, PROGRAM, CODE),
        lambda: take_back(shipped.services, sam, 1, "no"),
    ):
        with pytest.raises(Forbidden):
            attempt()
