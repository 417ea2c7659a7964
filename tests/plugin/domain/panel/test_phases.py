"""How far, what slipped, what next; the bar that repeats it."""

from datetime import date

import pytest

from plugin.domain.assessment import Status
from plugin.domain.panel.view import Look
from tests.panel_file import a_step, on_time, shown


def test_summary() -> None:
    """How far, what slipped, what next; what was cancelled is not counted."""
    steps = (
        a_step(),
        on_time("k2"),
        on_time("k3", status=Status.COMPLETED, completed_on=date(2026, 6, 1)),
        on_time("k4", status=Status.CANCELLED, reason="not-applicable"),
    )

    summary = shown(*steps).summary

    assert (summary.done, summary.of, summary.late, summary.latest_days, summary.dropped) == (1, 3, 1, 12, 1)
    assert summary.coming is not None
    assert (summary.coming.key, summary.coming.is_booked, summary.coming.whose.name) == ("k2", False, "M. Test Cho")


@pytest.mark.parametrize(("due", "key"), [(21, None), (22, "k2"), (23, "k2")])
def test_what_comes_next(due: int, key: str | None) -> None:
    """What is due today comes next; what was due yesterday is late."""
    coming = shown(on_time(due=date(2026, 6, due))).summary.coming

    assert (coming.key if coming else None) == key


def test_a_booking_comes_before_what_is_only_due() -> None:
    """On one day; and what is put aside or must be looked at is not next."""
    booked = on_time("k3", status=Status.SCHEDULED, booked_for="2026-07-15T10:30:00-05:00")
    held = on_time("k4", status=Status.ON_HOLD, reason="held", due=date(2026, 6, 25))

    coming = shown(on_time(), booked, held).summary.coming

    assert coming is not None
    assert (coming.key, coming.is_booked) == ("k3", True)
    assert coming.day.at is not None
    assert coming.day.at.hour == 10


def test_bar() -> None:
    """A piece for each step of a short plan; of a long one a piece for each look."""
    few = shown(a_step(), on_time()).bar
    many = shown(*[on_time(f"k{n}", status=Status.COMPLETED) for n in range(30)]).bar

    assert [(piece.look, piece.size) for piece in few[0].segments] == [(Look.LATE, 1), (Look.READY, 1)]
    assert [(piece.look, piece.size) for piece in many[0].segments] == [(Look.DONE, 30)]
