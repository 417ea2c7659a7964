"""Starts a server's program, waits until it answers, and sees to it that it ends with whoever started it."""

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

START_TIMEOUT_S = 180.0
STOP_TIMEOUT_S = 20.0
POLL_S = 0.05
_FIRST_PORT, _PORTS = 10_000, 20_000


class ServerMissing(RuntimeError):
    """A server cannot be started; the message says what to do."""


def free_port() -> int:
    """A port that was free a moment ago. It lies below those that the system gives to outgoing connections, one of which
    could otherwise take it before the server does."""
    while True:
        port = _FIRST_PORT + secrets.randbelow(_PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def binary(name: str) -> str:
    """The path of a server's program; Debian keeps PostgreSQL's off the path."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: float(folder.parent.name))
    found = shutil.which(name, path=os.pathsep.join(str(folder) for folder in reversed(versions))) or shutil.which(name)
    if found is None:
        raise ServerMissing(f"{name} is not installed; run `sh deploy/system-packages.sh`")
    return found


def program_version(name: str, option: str) -> str:
    """The first line of what a program says of itself."""
    told = subprocess.run([binary(name), option], capture_output=True, text=True, check=False, timeout=STOP_TIMEOUT_S)
    return next(iter((told.stdout + told.stderr).splitlines()), "unknown")


def wait_until(answers: Callable[[], bool], process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Until the server answers; its log's end is the message when it ends first or never does."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while not answers():
        if process.poll() is not None or time.monotonic() > deadline:
            tail = log.read_text(errors="replace")[-1500:]
            raise ServerMissing(f"{process.args!r} did not answer; its log ends with:\n{tail}")
        time.sleep(POLL_S)


@contextlib.contextmanager
def folder_of(user: str | None) -> Iterator[Path]:
    """A temporary folder that `user` owns and can reach (pytest's own is closed to other users)."""
    folder = Path(tempfile.mkdtemp(prefix="milepost-"))
    if user is not None:
        shutil.chown(folder, user)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def running(
    command: Sequence[str],
    *,
    log: Path,
    stop_with: signal.Signals,
    user: str | None = None,
    environment: Mapping[str, str] | None = None,
    stop_within: float = STOP_TIMEOUT_S,
) -> Iterator["subprocess.Popen[bytes]"]:
    """The server while the block runs, in a session of its own, so that a Ctrl-C reaches only whoever started it.
    `setpriv` ends it too when whoever started it is killed."""
    guarded = ["setpriv", f"--pdeathsig={stop_with.name.removeprefix('SIG')}", *command]
    with log.open("wb") as output:
        process = subprocess.Popen(
            guarded,
            env=None if environment is None else dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=user,
            group=None if user is None else pwd.getpwnam(user).pw_gid,
            extra_groups=None if user is None else (),
        )
    try:
        yield process
    finally:
        process.send_signal(stop_with)
        try:
            process.wait(stop_within)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
