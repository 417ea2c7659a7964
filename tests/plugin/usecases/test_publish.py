"""What is shipped: published where the practice goes along, offered where it has decided for itself."""

from dataclasses import replace

import pytest

from plugin.catalog.loader import FileCatalog
from plugin.domain.configuration import PROGRAM, ConfigVersion, Enactment
from plugin.usecases.publish import publish_shipped
from plugin.usecases.roll_back import history_of, roll_back
from tests.builders import World
from tests.fake_storage import FakeDatabase
from tests.publishing import CODE, an_editor, drafted, in_force, published, retitled, shipped_world


class Newer(FileCatalog):
    """The next version of Milepost: its chronic care is version 2."""

    def shipped(self) -> list[ConfigVersion]:
        return [
            replace(version, version="2", body={**version.body, "version": "2", "title": "Chronic care, newer"})
            if version.code == CODE
            else version
            for version in super().shipped()
        ]


@pytest.fixture
def world() -> World:
    """The shipped programs."""
    return shipped_world(FakeDatabase())


def _upgrade(world: World) -> list[str]:
    world.clock.forward(minutes=1)
    world.services = replace(world.services, catalog=Newer())
    return [version.code for version in publish_shipped(world.services)]


def test_again_changes_nothing(world: World) -> None:
    """Nobody is looked at again for it."""
    assert publish_shipped(world.services) == []


def test_practice_that_goes_along(world: World) -> None:
    """It moves to the new version from the upgrade on; what was in force before stays known."""
    before = world.clock()

    assert _upgrade(world) == [CODE]

    assert in_force(world) == "2"
    with world.look() as uow:
        then = {v.code: v.version for v in uow.configurations.in_force_at(before)}
    assert then[CODE] == "1"
    assert _upgrade(world) == []


def test_practice_with_its_own_version(world: World) -> None:
    """It stays in force; the shipped one is offered, under a name of its own where its number is taken, and can be used."""
    lee = an_editor(world)
    published(world, lee, drafted(world, lee, retitled("Ours")))

    assert _upgrade(world) == []
    assert _upgrade(world) == []

    history = history_of(world.services, lee, PROGRAM, CODE)
    assert history.in_force is not None
    assert history.in_force.body["title"] == "Ours"
    assert [(offer.version, offer.by) for offer in history.offers] == [("shipped-2", "milepost")]
    made = published(world, lee, roll_back(world.services, lee, PROGRAM, CODE, "shipped-2"))
    assert isinstance(made, Enactment)
    assert in_force(world) == "shipped-2"
    world.clock.forward(minutes=1)
    published(world, lee, drafted(world, lee, retitled("Ours once more")))
    assert in_force(world) == "3"


def test_practice_that_went_back(world: World) -> None:
    """Whoever has taken a shipped version back is not moved on by the next one."""
    assert _upgrade(world) == [CODE]
    lee = an_editor(world)
    published(world, lee, roll_back(world.services, lee, PROGRAM, CODE, "1"))

    assert _upgrade(world) == []
    assert in_force(world) == "1"
