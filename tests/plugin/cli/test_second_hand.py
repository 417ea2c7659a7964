"""Tests of plugin/cli/second_hand.py: a second process, or none; and what happens when it dies."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from plugin.cli.second_hand import SecondHand, second_hand
from plugin.domain.errors import TemporaryFailure
from plugin.usecases.reassess import Reassessed
from plugin.usecases.services import Services
from tests.builders import World, a_plan

POSTGRES = "postgresql+psycopg://milepost@127.0.0.1/milepost"


def due() -> Services:
    """A practice of fakes, built over there, in which two are due."""
    world = World()
    world.server.put(a_plan(1), a_plan(2))
    world.sweep()
    with world.database.begin() as uow:
        uow.patients.mark_all(world.clock())
        uow.commit()
    return world.services


def busy() -> Services:
    raise TemporaryFailure("the database does not answer")


def gone() -> Services:
    os._exit(9)


@contextmanager
def hand_of(build: object) -> Iterator[SecondHand]:
    made = SecondHand(build)  # type: ignore[arg-type]  # any of the three
    try:
        yield made
    finally:
        made.leave()


def test_it_reassesses_in_a_process_of_its_own() -> None:
    """At a word, with services of its own, and tells what it did."""
    with hand_of(due) as hand:
        hand.begin()

        assert hand.finish() == Reassessed(claimed=2, unchanged=2)


@pytest.mark.parametrize("build", [busy, gone])
def test_one_that_fails_or_dies_has_done_nothing(build: object) -> None:
    """Its work is due again, and the command does it alone."""
    with hand_of(build) as hand:
        hand.begin()

        assert hand.finish() == Reassessed()


def test_one_that_is_never_needed_leaves() -> None:
    """A command that fails before it has anything to reassess leaves no process behind."""
    with hand_of(gone):
        pass


def test_sqlite_has_one_writer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes would only wait for each other; so would they on one core."""
    with second_hand("sqlite:///milepost.db", busy) as none:
        assert none is None
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0})
    with second_hand(POSTGRES, busy) as none_either:
        assert none_either is None
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0, 1})
    with second_hand(POSTGRES, busy) as hand:
        assert hand is not None
