"""What the demo shows: one line for each step with how long it took, drawn for a terminal or written for a log."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

LABEL_WIDTH = 22
WIDEST = 110


class StepFailed(Exception):
    """A step of the demo did not succeed; the message says what to do, and `log` where to read more."""

    def __init__(self, words: str, log: Path | None = None) -> None:
        super().__init__(words)
        self.log = log


@dataclass
class Step:
    """A step under way; what it has to say when it is done."""

    label: str
    words: str = ""
    seconds: float = 0.0


@dataclass
class Screen:
    """The console, and what was done so far."""

    console: Console
    steps: list[Step] = field(default_factory=list)

    @property
    def width(self) -> int:
        """Lines longer than that are hard to read."""
        return min(self.console.width, WIDEST)

    @contextmanager
    def step(self, label: str, doing: str, *, draws_itself: bool = False) -> Iterator[Step]:
        """One step. On a terminal it is seen to go on, unless it draws a bar of its own; elsewhere it is announced."""
        step = Step(label)
        begun = time.monotonic()
        shown = not draws_itself and self.console.is_terminal
        if not self.console.is_terminal:
            self.say(f"{label}: {doing} ...")
        with self.console.status(f"{label}: {doing}", spinner="line") if shown else nullcontext():
            yield step
        step.seconds = time.monotonic() - begun
        self.steps.append(step)
        self._row(step.label, Text(step.words), f"{step.seconds:.1f} s")

    def fact(self, label: str, words: str | Text) -> None:
        """One line of the summary."""
        self._row(label, Text(words) if isinstance(words, str) else words, "")

    def say(self, words: str = "", style: str = "") -> None:
        """A line that is broken between words only."""
        self.console.print(Text(words, style=style), width=self.width)

    def exactly(self, words: str) -> None:
        """A line to be copied: never broken, whatever the width."""
        self.console.print(Text(words), soft_wrap=True)

    def _row(self, label: str, words: Text, after: str) -> None:
        grid = Table.grid(padding=(0, 2), expand=True)
        grid.add_column(width=LABEL_WIDTH, no_wrap=True, style="bold")
        grid.add_column(ratio=1, overflow="fold")
        if after:
            grid.add_column(justify="right", no_wrap=True, width=7, style="dim")
        grid.add_row(label, words, *([after] if after else []))
        self.console.print(grid, width=self.width)
