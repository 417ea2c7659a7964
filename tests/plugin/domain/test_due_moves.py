"""Which steps would be due on another day."""

from dataclasses import replace
from datetime import date

from plugin.domain.assessment import Status
from plugin.domain.due_moves import DueMove, due_moves
from tests.panel_file import a_step, on_time

JUNE, JULY, AUGUST = date(2026, 6, 10), date(2026, 7, 15), date(2026, 8, 1)


def test_what_moves() -> None:
    """Those that both have, in the order of the new days; what comes to have no day comes last."""
    before = [a_step("k1", due=JUNE), on_time("k2", due=JULY), on_time("k3", due=JULY), on_time("same", due=JULY)]
    after = [a_step("k1", due=AUGUST), on_time("k2", due=None), on_time("k3", due=JUNE), on_time("same", due=JULY)]

    assert [(move.key, move.before, move.after) for move in due_moves(before, after)] == [
        ("k3", JULY, JUNE),
        ("k1", JUNE, AUGUST),
        ("k2", JULY, None),
    ]


def test_what_is_not_told() -> None:
    """Steps that only one has, what is done, and turns that lie far ahead."""
    before = [a_step("gone"), a_step("done", status=Status.COMPLETED), on_time("far", to_write=False)]
    after = [a_step("new"), replace(before[1], due=AUGUST), replace(before[2], due=AUGUST)]

    assert due_moves(before, after) == []


def test_a_turn() -> None:
    """Of a step that repeats it is said which."""
    before, after = a_step("k", repeats=True, iteration=3), a_step("k", repeats=True, iteration=3, due=AUGUST)

    assert due_moves([before], [after]) == [DueMove("k", "HbA1c", JUNE, AUGUST, 3)]
