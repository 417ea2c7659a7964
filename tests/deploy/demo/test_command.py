"""Milepost's command as the demo types it: its answer, its failure, its log; and children that are waited for."""

import socket
import sys
from pathlib import Path

import pytest

from deploy.demo import children
from deploy.demo.command import Command
from deploy.demo.place import Place, environment_of
from deploy.demo.screen import StepFailed


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """With settings of a demo that has no database yet."""
    place = Place(tmp_path)
    return Command(environment_of(place.settings("redis://127.0.0.1:9/0", 8790)), place.command_log)


def test_a_failure_is_told_in_the_commands_words(command: Command) -> None:
    """And the log, which is named, has them too."""
    with pytest.raises(
        StepFailed, match=r"`milepost status --format json` failed with exit code 2.*milepost init"
    ) as caught:
        command.answer("status")

    assert caught.value.log == command.log
    assert "$ milepost status --format json" in command.log.read_text()


def test_a_child_that_ends_by_itself_is_noticed_at_once(tmp_path: Path) -> None:
    """Nobody waits for a page that will never come."""
    log = tmp_path / "log"
    ending = [sys.executable, "-c", "print('no such setting'); raise SystemExit(3)"]

    with (
        children.child("milepost run", ending, log=log, environment={}) as child,
        pytest.raises(StepFailed, match=r"milepost run ended by itself \(exit code 3\)"),
    ):
        child.wait_until(lambda: False, within=30)
    assert log.read_text() == "no such setting\n"


def test_a_child_that_does_not_answer_is_given_up_and_stopped(tmp_path: Path) -> None:
    """In time, with its log named."""
    waiting = [sys.executable, "-c", "import time; time.sleep(60)"]

    with children.child("milepost run", waiting, log=tmp_path / "log", environment={}) as child:
        with pytest.raises(StepFailed, match="did not answer within 0 s") as caught:
            child.wait_until(lambda: False, within=0)

        assert caught.value.log == tmp_path / "log"
    assert child.process.poll() is not None


def test_a_port_that_is_taken_is_passed_over() -> None:
    """The demo comes up beside whatever runs already."""
    with socket.socket() as taken:
        taken.bind((children.HOST, 0))
        taken.listen()
        port: int = taken.getsockname()[1]

        assert children.free_port(port) not in (0, port)
