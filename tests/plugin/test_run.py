"""`milepost run`: all parts together, and none of them alone."""

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from plugin.run import WORKERS, Part, parts, supervise
from tasks.routes import ACTING, PEOPLE, PREVIEWING, READING


def part(name: str, code: str, *words: str) -> Part:
    """A Python program as a part."""
    return Part(name, (sys.executable, "-c", code, *words))


def is_alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def noted(pid_file: Path) -> int:
    """The number that a part wrote down when it began."""
    deadline = time.monotonic() + 120
    while not (pid_file.exists() and pid_file.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return int(pid_file.read_text())


NOTING = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(600)"
NOTED = "import sys, time, os; f = sys.argv[1]\nwhile not (os.path.exists(f) and os.path.getsize(f)): time.sleep(0.02)"
"""Ends when the other has written its number down."""


def test_one_that_ends_takes_the_others_with_it(tmp_path: Path) -> None:
    """Half a Milepost would look alive and do nothing; whoever started it sees a non-zero exit and the reason."""
    said: list[str] = []
    file = tmp_path / "pid"

    code = supervise([part("beat", NOTING, str(file)), part("web", f"{NOTED}\nsys.exit(3)", str(file))], said.append)

    assert code == 1
    assert said == ["The web ended by itself (exit status 3)."]
    assert not is_alive(noted(file))


@pytest.mark.parametrize("which", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_all_and_is_no_failure(tmp_path: Path, which: signal.Signals) -> None:
    """Ctrl-C and a service manager's stop both come to the parent, which asks each part once."""
    file = tmp_path / "pid"

    def ask() -> None:
        noted(file)
        os.kill(os.getpid(), which)

    threading.Thread(target=ask).start()
    before = signal.getsignal(which)

    code = supervise([part("web", NOTING, str(file))], lambda words: None)

    assert code == 0
    assert not is_alive(noted(file))
    assert signal.getsignal(which) is before


def test_what_does_not_listen_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With everything that it has started."""
    monkeypatch.setattr("plugin.run.STOP_WITHIN_S", 0.3)  # a constant of the module: waiting 20 s would test no more
    deaf = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n{NOTING}"
    file = tmp_path / "pid"

    supervise([part("worker", deaf, str(file)), part("web", NOTED, str(file))], lambda words: None)

    assert not is_alive(noted(file))


def test_the_parts_consume_every_route() -> None:
    """The names in plugin/run.py, which may not import Celery's, are those of tasks/routes.py."""
    assert WORKERS == {"reading": READING, "acting": ACTING, "people": PEOPLE, "previewing": PREVIEWING}
    started = ["web", "reading worker", "acting worker", "people worker", "previewing worker", "beat"]
    assert [p.name for p in parts("127.0.0.1:8700")] == started


def test_no_secret_is_on_a_command_line() -> None:
    """Settings reach the parts by the environment: a command line can be read by every user of the machine."""
    words = " ".join(word for p in parts("127.0.0.1:8700") for word in p.command)

    assert "redis:" not in words
    assert "postgres" not in words
