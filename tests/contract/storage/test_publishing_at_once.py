"""Two people who publish in the same moment: one wins, the other is told, and nothing is published by halves."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from plugin.domain.configuration import PROGRAM, Publication
from plugin.domain.errors import BadForm, Stale
from plugin.usecases.ports import Database
from plugin.usecases.publish_draft import publish_draft
from plugin.usecases.roll_back import roll_back
from plugin.usecases.second_person import approve
from tests.builders import World
from tests.publishing import CODE, WHY, an_editor, drafted, previewed, published, retitled, shipped_world

Act = Callable[[], object]


@pytest.fixture
def world(database: Database) -> World:
    """The shipped programs, on each database."""
    return shipped_world(database)


def _at_once(*acts: Act) -> list[bool]:
    """Who won, in order; who lost was told in one of the two ways."""
    together = threading.Barrier(len(acts))

    def act(one: Act) -> bool:
        together.wait(timeout=30)
        try:
            one()
        except (BadForm, Stale):
            return False
        return True

    with ThreadPoolExecutor(len(acts)) as pool:
        return [done.result(timeout=60) for done in [pool.submit(act, one) for one in acts]]


def _versions(world: World) -> list[str | None]:
    with world.look() as uow:
        return [made.version for made in uow.configurations.history(PROGRAM, CODE)]


def test_the_same_draft(world: World) -> None:
    """It is published once."""
    lee, kim = an_editor(world), an_editor(world, "kim")
    draft = drafted(world, lee, retitled("New"))
    preview = previewed(world, draft)

    won = _at_once(
        lambda: publish_draft(world.services, lee, draft.id, 1, None, WHY, preview.id),
        lambda: publish_draft(world.services, kim, draft.id, 1, None, WHY, preview.id),
    )

    assert sorted(won) == [False, True]
    assert _versions(world) == ["2", "1"]


def test_a_draft_and_a_roll_back(world: World) -> None:
    """The preview of the second does not say any more what would happen."""
    lee, kim = an_editor(world), an_editor(world, "kim")
    published(world, lee, drafted(world, lee, retitled("New")))
    world.clock.forward(seconds=1)
    drafts = [drafted(world, lee, retitled("Newer")), roll_back(world.services, kim, PROGRAM, CODE, "1")]
    new, back = ((draft.id, previewed(world, draft).id) for draft in drafts)
    world.clock.forward(seconds=1)

    won = _at_once(
        lambda: publish_draft(world.services, lee, new[0], 1, None, WHY, new[1]),
        lambda: publish_draft(world.services, kim, back[0], 1, None, WHY, back[1]),
    )

    assert sorted(won) == [False, True]
    assert _versions(world) == (["3", "2", "1"] if won[0] else ["1", "2", "1"])


def test_two_who_agree(world: World) -> None:
    """One of them is the second person."""
    lee = an_editor(world)
    asked = published(world, lee, drafted(world, lee, retitled("New")), patients=50)
    assert isinstance(asked, Publication)
    others = [an_editor(world, name) for name in ("kim", "sam")]

    won = _at_once(*(lambda me=me: approve(world.services, me, asked.id) for me in others))

    assert sorted(won) == [False, True]
    assert _versions(world) == ["2", "1"]
