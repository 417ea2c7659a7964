"""One line for each step, readable at any width and in any log."""

import io

import pytest
from rich.console import Console

from deploy.demo.screen import Screen, StepFailed

ERASED = "\x1b[1A\x1b[2K"  # the line above
URL = "http://127.0.0.1:8190/fhir/Appointment/demo-appointment-000331-2"


def a_screen(width: int, *, terminal: bool = False) -> tuple[Screen, io.StringIO]:
    """A screen, and what is written on it."""
    written = io.StringIO()
    return Screen(Console(file=written, width=width, force_terminal=terminal, color_system=None)), written


def test_a_log_says_what_is_being_done_and_what_it_came_to() -> None:
    """Without a terminal each step is announced, since nothing moves while it lasts."""
    screen, written = a_screen(80)

    with screen.step("Redis", "starting") as step:
        step.words = "127.0.0.1:6390"

    announced, done = written.getvalue().splitlines()
    assert announced == "Redis: starting ..."
    assert done.split() == ["Redis", "127.0.0.1:6390", "0.0", "s"]
    assert [step.label for step in screen.steps] == ["Redis"]


def test_a_terminal_ends_with_one_line_for_a_step() -> None:
    """What moved is gone when the step is done."""
    screen, written = a_screen(80, terminal=True)

    with screen.step("Redis", "starting") as step:
        step.words = "127.0.0.1:6390"

    last = written.getvalue().splitlines()[-1].removeprefix(ERASED)
    assert last.split()[:2] == ["Redis", "127.0.0.1:6390"]


def test_a_step_that_fails_says_nothing_of_being_done() -> None:
    """Its failure is told by whoever catches it."""
    screen, written = a_screen(80)

    with pytest.raises(StepFailed), screen.step("Redis", "starting"):
        raise StepFailed("it did not start")

    assert written.getvalue().splitlines() == ["Redis: starting ..."]
    assert screen.steps == []


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    """A narrow one folds; a wide one is not filled, since long lines are hard to read."""
    screen, written = a_screen(width)

    screen.fact("Written into the EHR", "1,359 Tasks, 146 DetectedIssues, 130 Flags, 28 Communications, 355 Provenance")

    lines = written.getvalue().splitlines()
    assert max(len(line.rstrip()) for line in lines) <= min(width, 110)
    assert "355" in written.getvalue()


def test_a_line_to_be_copied_is_never_broken() -> None:
    """Whatever the width: what is pasted must be whole."""
    screen, written = a_screen(30)

    screen.exactly(f"curl -X PATCH {URL}")

    assert written.getvalue() == f"curl -X PATCH {URL}\n"
