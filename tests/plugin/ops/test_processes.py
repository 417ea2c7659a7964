"""Processes by name: the living are never taken for gone."""

import os
import subprocess
import sys

from plugin.ops.processes import Processes

PRINT_NAME = "from plugin.ops.processes import Processes; print(Processes().name())"


def test_this_process_is_not_gone() -> None:
    """Its name is the same whenever it is asked for."""
    processes = Processes()

    assert processes.name() == processes.name()
    assert not processes.is_gone(processes.name())


def test_a_process_that_has_ended_is_gone() -> None:
    """However it ended."""
    ended = subprocess.run([sys.executable, "-c", PRINT_NAME], capture_output=True, text=True, check=True)

    assert Processes().is_gone(ended.stdout.strip())


def test_a_number_that_came_again_is_another_process() -> None:
    """The number alone would say that it lives."""
    host, _, _ = Processes().name().split(":")

    assert Processes().is_gone(f"{host}:{os.getpid()}:1")


def test_of_others_nothing_is_known() -> None:
    """Another machine, another way of naming, nothing at all: their leases run out instead."""
    gone = [Processes().is_gone(name) for name in ("elsewhere:1:1", "acting@host", "", "host:x:y", "host:1:0")]

    assert gone == [False] * 5
