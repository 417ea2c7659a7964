"""`python -m deploy.demo.openemr --port N`: the recorded OpenEMR with the demo practice in it, until Ctrl-C. On
loopback only."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from types import FrameType

from deploy.demo.generator.__main__ import a_day, some_patients, this_day
from deploy.demo.generator.stream import DEFAULT_PATIENTS
from deploy.demo.openemr.practice import entered
from deploy.openemr.recorded.pages import with_pages
from deploy.openemr.recorded.server import recorded_openemr


def main(arguments: list[str] | None = None) -> int:
    """Serves until it is stopped; a login leads to the showcase's chart."""
    made = argparse.ArgumentParser(prog="python -m deploy.demo.openemr", description=__doc__)
    made.add_argument("--port", type=int, default=8880, help="default 8880")
    made.add_argument("--patients", type=some_patients, default=DEFAULT_PATIENTS, help="how many (default 340)")
    made.add_argument("--today", type=a_day, help="the day from which all dates are counted (default: today)")
    chosen = made.parse_args(arguments)
    ended = threading.Event()
    for which in (signal.SIGINT, signal.SIGTERM):
        signal.signal(which, lambda _number, _frame: _end(ended, _frame))
    practice = entered(chosen.today or this_day(), chosen.patients)
    if practice.showcase is not None:
        practice.clinic.first_chart = practice.showcase.pid
    with recorded_openemr(practice.clinic, port=chosen.port, dress=with_pages) as running:
        print(f"{running.base_url}/", flush=True)
        ended.wait()
    return 0


def _end(ended: threading.Event, _: FrameType | None) -> None:
    ended.set()


if __name__ == "__main__":
    sys.exit(main())
