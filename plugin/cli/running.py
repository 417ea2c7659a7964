"""`milepost run`: web, worker and beat together, for one machine; one that ends takes the others with it."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType

import click

from plugin import bootstrap, config
from plugin.domain.errors import PermanentFailure

_LOOK_EVERY = 0.5
_PATIENCE = 20.0
"""Seconds in which a process may end by itself after it was asked to."""

Process = subprocess.Popen[bytes]


@click.command()
@click.option("--workers", type=click.IntRange(1, 32), default=1, show_default=True, help="Processes of the worker.")
def run(*, workers: int) -> None:
    """Runs web, worker and beat until Ctrl-C. Redis must be running; see MILEPOST_REDIS_URL."""
    settings = config.settings()
    bootstrap.build(settings).database.check()
    commands = commands_for(settings, workers)
    click.echo(f"Milepost runs at http://{settings.bind}; Ctrl-C stops it.", err=True)
    supervise(commands)


def commands_for(settings: config.Settings, workers: int) -> Mapping[str, Sequence[str]]:
    """What is started, by name. Arguments hold no secret: settings reach the processes by the environment."""
    python = [sys.executable, "-m"]
    celery = [*python, "celery", "--app", "tasks.worker", "--quiet"]
    level = ["--loglevel", settings.log_level]
    return {
        "web": [
            *python,
            "gunicorn",
            "plugin.app:create_app()",
            "--bind",
            settings.bind,
            "--workers",
            "1",
            "--threads",
            "4",
        ],
        "worker": [*celery, "worker", *level, "--concurrency", str(workers), "--without-gossip", "--without-mingle"],
        "beat": [*celery, "beat", *level],
    }


def supervise(commands: Mapping[str, Sequence[str]]) -> None:
    """Starts all and waits. Ends when asked to (Ctrl-C, SIGTERM); raises PermanentFailure when one ends by itself."""
    with _asked_to_stop() as asked:
        running: dict[str, Process] = {}
        try:
            for name, command in commands.items():
                running[name] = subprocess.Popen(command, start_new_session=True)
            while not asked:
                ended = next((name for name, process in running.items() if process.poll() is not None), None)
                if ended is not None:
                    code = running[ended].returncode
                    raise PermanentFailure(f"The {ended} process ended by itself (exit code {code}); all are stopped.")
                time.sleep(_LOOK_EVERY)
        finally:
            _stop(running.values())


def _stop(processes: Iterable[Process]) -> None:
    """Asks all at once, waits, and kills those that do not listen."""
    left = [process for process in processes if process.poll() is None]
    for process in left:
        process.terminate()
    deadline = time.monotonic() + _PATIENCE
    for process in left:
        try:
            process.wait(max(deadline - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def _asked_to_stop() -> Iterator[list[int]]:
    """Collects the signals that ask us to stop, instead of dying of them before the processes are stopped."""
    asked: list[int] = []

    def remember(number: int, frame: FrameType | None) -> None:
        asked.append(number)

    before = {number: signal.signal(number, remember) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
