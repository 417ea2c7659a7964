"""What a preview says of patients whom time moves anyway: it is what happens to them, read back from the tables."""

import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from plugin.domain.configuration import PROGRAM, ConfigDraft
from plugin.domain.preview import PreviewSums
from plugin.usecases import backlog
from plugin.usecases.reassess import reassess
from plugin.usecases.sync import read_source
from tests.builders import a_patient, a_plan
from tests.demo_practice import Body, Practice
from tests.fakes import FakeClock, FakeServer
from tests.table_state import state_of


@pytest.fixture
def practice(empty_sqlite: Path, tmp_path: Path) -> Iterator[Practice]:
    """The shipped programs, and nobody who is in one of them: what is due is what their own plans say."""
    shutil.copy(empty_sqlite / "empty.db", tmp_path / "milepost.db")
    made = Practice(f"sqlite:///{tmp_path / 'milepost.db'}", FakeServer(), FakeClock(), is_copied=False)
    yield made
    made.close()


def put(practice: Practice, *due: str) -> None:
    """One patient for each of these days, with one step that is due then."""
    for number, day in enumerate(due, 1):
        practice.server.put(a_patient(number), a_plan(number, due=day, start="2026-05-01"))


def of_nobody(practice: Practice) -> ConfigDraft:
    """A draft that concerns only who is in the program."""

    def sooner(body: Body) -> None:
        body["milestones"][0]["due"] = {"days": 33}

    return practice.drafted(PROGRAM, "chronic-care", sooner)


def assert_only_time(practice: Practice, sums: PreviewSums) -> tuple[Counter[tuple[str, date]], Counter[date]]:
    """The draft changes nothing, and what comes anyway is what then comes: work by role and day, messages by day."""
    practice.settle()
    real = state_of(practice)
    work = Counter((role, day) for _, role, day in real.items.elements())

    assert (sums.failed, sums.changed, sums.work, sums.messages) == (0, 0, {}, {})
    assert (sums.work_before, sums.messages_before) == (work, real.messages)
    return work, real.messages


def test_what_comes_anyway_is_counted_also_of_whom_the_draft_does_not_concern(practice: Practice) -> None:
    """Both are due, and nobody has looked: the message to the one gives way to work, the other one's is only now wanted."""
    put(practice, "2026-06-16", "2026-06-23")
    practice.world.sweep()
    practice.clock.forward(days=2)
    practice.settle()
    planned = state_of(practice)
    practice.clock.forward(days=8)

    _, _, sums = practice.previewed(of_nobody(practice))

    work, messages = assert_only_time(practice, sums)
    assert (planned.items, sum(planned.messages.values())) == ({}, 1)
    assert (sum(work.values()), sum(messages.values())) == (1, 1)
    assert messages != planned.messages


def test_everybody_has_their_own_place_in_the_backlog(practice: Practice, monkeypatch: pytest.MonkeyPatch) -> None:
    """One a day: the first one's turn is given, the two behind are told theirs, each on a day of their own."""
    monkeypatch.setattr(backlog, "A_DAY", 1)
    put(practice, "2026-06-10", "2026-06-11", "2026-06-12")
    read_source(practice.world.services, practice.world.now_source())
    reassess(practice.world.services, practice.clock(), limit=1)

    _, _, sums = practice.previewed(of_nobody(practice))

    work, _ = assert_only_time(practice, sums)
    assert sorted(work.items()) == [(("coordinator", date(2026, 6, day)), 1) for day in (15, 16, 17)]
