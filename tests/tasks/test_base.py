"""The task base: what is tried again, what is not, and what is told of it."""

import logging
from collections.abc import Callable
from datetime import timedelta

import pytest

from plugin.domain.errors import BadInput, CircuitOpen, ServerBusy, Unauthorized, Unreachable
from tasks.app import celery_app
from tasks.base import FIRST_PAUSE, LONGEST_PAUSE, LONGEST_WAIT, MilepostTask, pause, task
from tests.builders import World

CANARY = "canary-4711"
NAME = "milepost.test"
Body = Callable[[], None]


@pytest.fixture
def tries() -> list[int]:
    """The ids of each run."""
    return []


@pytest.fixture
def run(tries: list[int]) -> Callable[[list[Exception | None]], None]:
    """Runs a task whose tries end in these ways, one after the other; the last way goes on for ever."""

    def running(ways: list[Exception | None]) -> None:
        @task(NAME)
        def body(this: MilepostTask, source_id: int) -> None:
            tries.append(source_id)
            way = ways[min(len(tries), len(ways)) - 1]
            if way is not None:
                raise way

        try:
            body.apply(args=(7,)).get(disable_sync_subtasks=False)
        finally:
            celery_app.tasks.pop(NAME)

    return running


Run = Callable[[list[Exception | None]], None]


def outcomes(world: World, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The outcomes that are observed from now on."""
    seen: list[str] = []
    monkeypatch.setattr(world.metrics, "observe", lambda name, seconds, **labels: seen.append(labels["outcome"]))
    return seen


def test_a_task_that_works_runs_once(run: Run, tries: list[int], world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its ids, measured."""
    seen = outcomes(world, monkeypatch)

    run([None])

    assert tries == [7]
    assert seen == ["done"]


@pytest.mark.parametrize("failure", [Unreachable("no connection"), ServerBusy("HTTP 503"), CircuitOpen("not asked")])
def test_a_temporary_failure_is_tried_again(
    run: Run, tries: list[int], world: World, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    """With the same ids, until it works."""
    seen = outcomes(world, monkeypatch)

    run([failure, failure, None])

    assert tries == [7, 7, 7]
    assert sorted(seen) == ["done", "retried", "retried"]


def test_at_last_it_gives_up(run: Run, tries: list[int], world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next regular run tries anew; what fails for ever does not fill the broker."""
    seen = outcomes(world, monkeypatch)

    run([Unreachable("no connection")])

    assert len(tries) == 4
    assert sorted(seen) == ["gave-up", "retried", "retried", "retried"]


@pytest.mark.parametrize("failure", [Unauthorized("HTTP 401", status_code=401), BadInput("no such source")])
def test_a_permanent_failure_is_told_and_not_tried_again(
    run: Run,
    tries: list[int],
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    failure: Exception,
) -> None:
    """A person must look: the log has its words, which hold nothing of a record."""
    seen = outcomes(world, monkeypatch)

    run([failure])

    assert tries == [7]
    assert seen == ["failed"]
    (record,) = [r for r in caplog.records if r.name == "milepost.tasks"]
    assert "task_failed" in str(record.msg)
    assert str(failure) in str(record.msg)


def test_an_unexpected_error_ends_the_task_and_is_not_quoted(
    run: Run, tries: list[int], world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Its words may be a patient's; type and place are told, and nothing reaches Celery's own log."""
    seen = outcomes(world, monkeypatch)

    with caplog.at_level(logging.DEBUG):
        run([KeyError(CANARY)])

    assert tries == [7]
    assert seen == ["crashed"]
    logged = str([r.msg for r in caplog.records] + [r.exc_text for r in caplog.records])
    assert "KeyError" in logged
    assert "test_base.py" in logged
    assert CANARY not in logged


def test_a_process_without_equipment_says_so(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistake of ours, not a patient's record: it is raised."""
    monkeypatch.setattr(celery_app, "equipment", None)

    with pytest.raises(RuntimeError, match="nobody has equipped it"):
        run([None])


@pytest.mark.parametrize(("tries_before", "longest"), [(0, 2), (1, 4), (2, 8), (3, 16), (7, 256), (8, 300), (30, 300)])
def test_pauses_grow_and_are_spread(tries_before: int, longest: int) -> None:
    """Doubled each time up to five minutes; somewhere between half of it and all of it."""
    assert pause(tries_before, spread=1.0) == timedelta(seconds=longest)
    assert pause(tries_before, spread=0.0) == timedelta(seconds=longest) / 2
    assert timedelta(seconds=longest) / 2 <= pause(tries_before) <= timedelta(seconds=longest)
    assert FIRST_PAUSE <= pause(0, spread=1.0) <= pause(30, spread=1.0) == LONGEST_PAUSE


@pytest.mark.parametrize(
    ("asked", "wait"),
    [
        (None, timedelta(seconds=2)),
        (timedelta(seconds=1), timedelta(seconds=2)),
        (timedelta(seconds=90), timedelta(seconds=90)),
        (timedelta(days=1), LONGEST_WAIT),
    ],
)
def test_what_the_server_asks_for_is_the_least(asked: timedelta | None, wait: timedelta) -> None:
    """Retry-After is honoured, up to a limit: the next regular run asks anyway."""
    assert pause(0, asked, spread=1.0) == wait
