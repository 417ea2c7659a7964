"""`milepost run`: web, workers and beat together, for one machine. If one of them ends, all do.

Nothing is restarted here: whatever runs Milepost for good (systemd, a container) restarts the whole of it and sees why.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Self

from plugin import bootstrap
from plugin.config import Settings

WEB_PROCESSES = 2
WEB_THREADS = 4
WEB_TIMEOUT_S = 30

WORKERS: Mapping[str, Sequence[str]] = {
    "reading": ("milepost.sync", "milepost.maintenance"),
    "acting": ("milepost.tick", "milepost.deliver"),
    "people": ("milepost.people",),
    "previewing": ("milepost.preview",),
}
"""The sorts of worker and the broker routes that each consumes; why there are four stands in tasks/routes.py."""

CONCURRENCY = 2

STOP_WITHIN_S = 20.0
"""After that a part is killed, which loses nothing."""

_LOOK_EVERY_S = 0.2

Say = Callable[[str], None]
Process = subprocess.Popen[bytes]


@dataclass(frozen=True)
class Part:
    """One process of Milepost, and how it is started."""

    name: str
    command: Sequence[str]


def parts(bind: str) -> Sequence[Part]:
    """What runs. deploy/compose.yaml starts the same."""
    size = ("--workers", WEB_PROCESSES, "--threads", WEB_THREADS, "--timeout", WEB_TIMEOUT_S)
    # An EHR's launch may take thousands of letters; gunicorn 27's control socket is shared by all its servers here.
    line = ("--limit-request-line", 8190, "--no-control-socket", "--log-level", "warning")
    return (
        Part("web", _python("gunicorn", "--bind", bind, *size, *line, "plugin.app:create_app()")),
        *(Part(f"{name} worker", _worker(name, routes)) for name, routes in WORKERS.items()),
        Part("beat", _celery("beat")),
    )


def run(settings: Settings, say: Say) -> int:
    """Until SIGINT or SIGTERM (0), or until a part ends by itself (1). Raises what stands in the way of starting."""
    bootstrap.verify_database(settings)
    bootstrap.verify_broker(settings)
    say(f"Milepost runs: http://{settings.bind}/readyz tells how it is. Ctrl-C stops it.")
    return supervise(parts(settings.bind), say)


def supervise(wanted: Sequence[Part], say: Say) -> int:
    """Starts all and waits for the end of one of them, or for somebody to ask for the end of all."""
    running: dict[str, Process] = {}
    with _Ending() as ending:
        try:
            for part in wanted:
                running[part.name] = _start(part)
            return _watch(running, ending, say)
        finally:
            _stop(running.values())


class _Ending:
    """Notes that somebody asked for the end, while the block runs."""

    is_wanted = False

    def __enter__(self) -> Self:
        self._before = {which: signal.signal(which, self._note) for which in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *_: object) -> None:
        for which, handler in self._before.items():
            signal.signal(which, handler)

    def _note(self, _: int, __: FrameType | None) -> None:
        self.is_wanted = True


def _watch(running: Mapping[str, Process], ending: _Ending, say: Say) -> int:
    while not ending.is_wanted:
        ended = {name: child.returncode for name, child in running.items() if child.poll() is not None}
        if ended:
            say(" ".join(f"The {name} ended by itself (exit status {code})." for name, code in ended.items()))
            return 1
        time.sleep(_LOOK_EVERY_S)
    return 0


def _start(part: Part) -> Process:
    """In a session of its own, so that a Ctrl-C reaches us alone and each part is asked once to end. Where there is
    `setpriv` (Linux), a part is asked to end also when we are killed."""
    setpriv = shutil.which("setpriv")
    guard = [setpriv, "--pdeathsig=TERM"] if setpriv else []
    return subprocess.Popen([*guard, *part.command], stdin=subprocess.DEVNULL, start_new_session=True)


def _stop(children: Collection[Process]) -> None:
    """Asks all, waits, kills what is left with all that it had started."""
    for child in children:
        if child.poll() is None:
            child.terminate()
    deadline = time.monotonic() + STOP_WITHIN_S
    for child in children:
        try:
            child.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def _worker(name: str, routes: Sequence[str]) -> Sequence[str]:
    options = ("--hostname", f"{name}@%h", "--queues", ",".join(routes), "--concurrency", CONCURRENCY)
    return _celery("worker", *options, "--without-gossip", "--without-mingle", "--without-heartbeat")


def _celery(*words: object) -> Sequence[str]:
    return _python("celery", "--app", "tasks.worker", "--quiet", *words)


def _python(module: str, *words: object) -> Sequence[str]:
    return (sys.executable, "-m", module, *map(str, words))
