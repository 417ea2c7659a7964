"""`milepost run` as a child of the demo: started, waited for, watched; and free ports, and pages that answer."""

import contextlib
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import requests

from deploy.demo.screen import StepFailed
from deploy.services.process import running

HOST = "127.0.0.1"
ANSWER_S = 5.0
OK = 200
POLL_S = 0.1
STOP_WITHIN_S = 40.0  # longer than `milepost run` itself waits for its parts
SOON_S = 5.0

Process = subprocess.Popen[bytes]


@dataclass(frozen=True)
class Child:
    """A server under way, by the name that a user knows."""

    name: str
    process: Process
    log: Path

    def wait_until(self, answers: Callable[[], bool], within: float) -> None:
        """Until it answers; StepFailed when it ends first, or does not in time."""
        deadline = time.monotonic() + within
        while not answers():
            self.check()
            if time.monotonic() > deadline:
                raise StepFailed(f"{self.name} did not answer within {within:.0f} s.", self.log)
            time.sleep(POLL_S)

    def check(self) -> None:
        """StepFailed when it has ended."""
        code = self.process.poll()
        if code is not None:
            raise StepFailed(f"{self.name} ended by itself (exit code {code}).", self.log)


@contextlib.contextmanager
def child(
    name: str,
    command: Sequence[str],
    *,
    log: Path,
    environment: Mapping[str, str],
    stop_within: float = STOP_WITHIN_S,
) -> Iterator[Child]:
    """While the block runs."""
    started = running(command, log=log, stop_with=signal.SIGTERM, environment=environment, stop_within=stop_within)
    with started as process:
        yield Child(name, process, log)


def free_port(wished: int) -> int:
    """The port that was wished for, else one of the next that nobody listens on."""
    for port in (*range(wished, wished + 20), 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind((HOST, port))
                found: int = probe.getsockname()[1]
                return found
    raise StepFailed("This machine has no free port.")


def page_is_good(url: str) -> bool:
    """Whether a page answers 200."""
    with requests.Session() as session:
        session.trust_env = False
        try:
            code: int = session.get(url, timeout=ANSWER_S, allow_redirects=False).status_code
        except requests.RequestException:
            return False
    return code == OK
