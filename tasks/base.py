"""The task base: what a task works with, when it is tried again, and what is told of every run."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from celery import Task
from celery.exceptions import TaskPredicate

from plugin.domain.errors import MilepostError, PermanentFailure, TemporaryFailure
from plugin.domain.job import JobRun
from plugin.ops.logs import log_for, where
from plugin.usecases.jobs import remember_run
from plugin.usecases.services import Services
from tasks.app import Equipment, Turns, celery_app

FIRST_PAUSE = timedelta(seconds=2)
LONGEST_PAUSE = timedelta(minutes=5)
LONGEST_WAIT = timedelta(minutes=15)
"""However long a server asks us to stay away: the next regular run asks it again anyway."""

_log = log_for("tasks")


class MilepostTask(Task):  # type: ignore[misc] # Celery publishes no types
    """Tried again after a TemporaryFailure; everything else ends the task, with a line in the log. Nothing is raised
    into Celery, whose own lines quote an error's words and a task's arguments."""

    abstract = True
    max_retries = 3

    @property
    def services(self) -> Services:
        """The ports, as they were built in this process."""
        return self._equipment.services

    @property
    def turns(self) -> Turns:
        """Whose turn it is to poll a source."""
        return self._equipment.turns

    @property
    def _equipment(self) -> Equipment:
        equipment: Equipment | None = self.app.equipment
        if equipment is None:
            raise RuntimeError("this process runs tasks, and nobody has equipped it (tasks/worker.py)")
        return equipment

    def __call__(self, *ids: int) -> None:
        """One run, measured. Returns nothing, since nobody reads results."""
        began, began_at = time.monotonic(), self.services.clock()
        outcome = "lost"
        try:
            self.run(*ids)
            outcome = "done"
        except TaskPredicate:
            outcome = "retried"
            raise
        except TemporaryFailure as failure:
            outcome = "gave-up" if self._is_last_try else "retried"
            self._again(failure, ids)
        except PermanentFailure as failure:
            outcome = "failed"
            _log.error("task_failed", task=self.name, ids=ids, error=type(failure).__name__, words=str(failure))
        except Exception as error:  # noqa: BLE001 the task base is one of the places where all ends
            outcome = "crashed"
            _log.error("task_crashed", task=self.name, ids=ids, error=type(error).__name__, where=where(error))
        finally:
            self.services.metrics.observe("task_seconds", time.monotonic() - began, task=self.name, outcome=outcome)
            if not ids:
                self._remember(began_at, outcome)

    def _remember(self, began: datetime, outcome: str) -> None:
        """That a periodic job ran, for those who look whether all is well. What cannot be written down is only that."""
        failed = None if outcome == "done" else outcome
        try:
            remember_run(self.services, JobRun(self.name, began, self.services.clock(), failed))
        except MilepostError as error:
            _log.warning("run_not_remembered", task=self.name, error=type(error).__name__)

    @property
    def _is_last_try(self) -> bool:
        return bool(self.request.retries >= self.max_retries)

    def _again(self, failure: TemporaryFailure, ids: tuple[int, ...]) -> None:
        """Raises Retry, unless it was the last try."""
        event: dict[str, Any] = {  # Any: a log line's fields
            "task": self.name,
            "ids": ids,
            "tries": self.request.retries + 1,
            "error": type(failure).__name__,
            "words": str(failure),
        }
        if self._is_last_try:
            _log.error("task_gave_up", **event)
            return
        wait = pause(self.request.retries, failure.retry_after)
        _log.warning("task_retried", wait_s=round(wait.total_seconds(), 1), **event)
        raise self.retry(countdown=wait.total_seconds())


def task(name: str) -> Callable[[Callable[..., None]], MilepostTask]:
    """Registers a task's body under an explicit name. It gets the task itself, and ids."""

    def register(body: Callable[..., None]) -> MilepostTask:
        registered: MilepostTask = celery_app.task(name=name, base=MilepostTask, bind=True)(body)
        return registered

    return register


def pause(tries: int, retry_after: timedelta | None = None, spread: float | None = None) -> timedelta:
    """How long to wait after so many tries that failed before: doubled each time, between half of that and all of it so
    that workers do not come back together, and at least what the server asked for. ``spread`` from 0 to 1, else chance.
    """
    longest = min(FIRST_PAUSE * (1 << tries), LONGEST_PAUSE)
    chosen = random.random() if spread is None else spread  # nosec B311  # spreads load, hides nothing
    wait = longest * (0.5 + chosen / 2)
    return max(wait, min(retry_after or timedelta(), LONGEST_WAIT))
