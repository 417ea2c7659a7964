"""Processes of this machine by a name that is never given twice: what a process that is gone had claimed is free."""

from __future__ import annotations

import os
import socket
from pathlib import Path

_STARTED = 19
"""Fields of /proc/PID/stat between the command's closing bracket and ``starttime`` (proc(5), field 22)."""


class Processes:
    """The port ``Processes``. Asks Linux's /proc; where there is none, nobody is ever said to be gone."""

    def name(self) -> str:
        """Of this process: host, number, and when it began, since numbers come again."""
        pid = os.getpid()
        return f"{socket.gethostname()}:{pid}:{_started(pid) or 0}"

    def is_gone(self, name: str) -> bool:
        """True only for a process of this machine that has surely ended."""
        host, _, rest = name.partition(":")
        pid, _, started = rest.partition(":")
        if host != socket.gethostname() or not pid.isdigit() or not started.isdigit() or started == "0":
            return False
        return Path("/proc/self/stat").exists() and _started(int(pid)) != int(started)


def _started(pid: int) -> int | None:
    """When a process began, in clock ticks since the machine did; None when there is no such process."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    return int(text.rpartition(")")[2].split()[_STARTED])
