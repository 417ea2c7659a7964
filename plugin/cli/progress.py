"""A progress bar for each thing that a sweep does: how many of how many, the rate, the time left. On standard error."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.0f}/s")


class Bars:
    """Drawn where standard error is a terminal; elsewhere nothing is drawn, so that logs stay readable."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description:<22}"),
            BarColumn(),
            MofNCompleteColumn(),
            _Rate(),
            TimeRemainingColumn(compact=True),
            console=console,
            transient=True,  # what was done is told once, by the summary that follows
            disable=not console.is_terminal,
        )
        self._bars: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def show(self, what: str, done: int, of: int | None) -> None:
        """The sweep's progress; a total that turns out too small grows with what is done."""
        if what not in self._bars:
            self._finish_others()
            self._bars[what] = self._progress.add_task(what, total=of)
        total = None if of is None else max(of, done)
        self._progress.update(self._bars[what], completed=done, total=total)

    def _finish_others(self) -> None:
        """A type of which less came than was counted is done all the same."""
        for task in self._progress.tasks:
            if not task.finished:
                self._progress.update(task.id, total=task.completed)
