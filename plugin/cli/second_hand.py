"""A second process for a command that reassesses many: PostgreSQL lets two work side by side, and most machines, too.

It is forked while the command has opened nothing yet, waits for the word, and works with connections of its own.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

from plugin.domain.errors import MilepostError
from plugin.usecases.reassess import Reassessed
from plugin.usecases.services import Services
from plugin.usecases.tick import tick

LONGEST_FAREWELL_S = 5.0


@contextmanager
def second_hand(database_url: str, services: Callable[[], Services]) -> Iterator[SecondHand | None]:
    """None on SQLite, which has one writer, and on a machine with one core. ``services`` are built over there."""
    if not database_url.startswith("postgresql") or len(os.sched_getaffinity(0)) < 2:
        yield None
        return
    hand = SecondHand(services)
    try:
        yield hand
    finally:
        hand.leave()


class SecondHand:
    """The port ``Hand``."""

    def __init__(self, services: Callable[[], Services]) -> None:
        context = multiprocessing.get_context("fork")
        self._end, theirs = context.Pipe()
        self._process = context.Process(target=_wait, args=(services, theirs, self._end), daemon=True)
        self._process.start()
        theirs.close()

    def begin(self) -> None:
        """See the port."""
        self._end.send(True)

    def finish(self) -> Reassessed:
        """See the port."""
        try:
            done = self._end.recv()
        except (EOFError, OSError):
            return Reassessed()
        return done if isinstance(done, Reassessed) else Reassessed()

    def leave(self) -> None:
        """It is needed no more."""
        self._end.close()
        self._process.join(LONGEST_FAREWELL_S)
        if self._process.is_alive():
            self._process.kill()


def _wait(
    services: Callable[[], Services],
    end: Connection[Any, Any],  # Any: a pipe takes anything
    of_parent: Connection[Any, Any],
) -> None:
    """Without a word about what goes wrong: the parent meets the same, and says so."""
    of_parent.close()
    try:
        while end.recv():
            end.send(tick(services()))
    except (EOFError, OSError, KeyboardInterrupt, MilepostError):
        return
