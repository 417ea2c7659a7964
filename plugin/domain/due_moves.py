"""Which steps would be due on another day: two assessments of one patient, compared."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from plugin.domain.assessment import Milestone


class DueMove(NamedTuple):
    """A step that both have and that can still be done, due on another day, or without one."""

    key: str
    title: str
    before: date | None
    after: date | None
    turn: int | None = None


def due_moves(before: Iterable[Milestone], after: Iterable[Milestone]) -> list[DueMove]:
    """In the order of the new days, those without one last. Turns that lie far ahead move with the ones before them, and
    are not told."""
    stood = {step.key: step for step in before if not step.status.is_final}
    moved = [
        DueMove(step.key, step.title, stood[step.key].due, step.due, step.iteration if step.repeats else None)
        for step in after
        if step.key in stood and step.to_write and not step.status.is_final and step.due != stood[step.key].due
    ]
    return sorted(moved, key=lambda move: (move.after is None, move.after or date.max, move.key))
