"""A worker's equipment made of fakes; tasks run in this process, and are tried again at once."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from tasks.app import Equipment, celery_app
from tests.builders import World


@dataclass
class FakeTurns:
    """The port ``Turns``: always ours; ``is_wanted_again`` once it is set."""

    is_wanted_again: bool = False
    polled: list[int] = field(default_factory=list)

    def run(self, source_id: int, poll: Callable[[], object]) -> bool:
        self.polled.append(source_id)
        poll()
        return self.is_wanted_again


@pytest.fixture
def world() -> World:
    """One source, never read."""
    return World()


@pytest.fixture
def turns() -> FakeTurns:
    """Nobody else polls."""
    return FakeTurns()


@pytest.fixture(autouse=True)
def equipped(world: World, turns: FakeTurns, monkeypatch: pytest.MonkeyPatch) -> None:
    """As tasks/worker.py does after the fork."""
    monkeypatch.setattr(celery_app, "equipment", Equipment(services=world.services, turns=turns))
