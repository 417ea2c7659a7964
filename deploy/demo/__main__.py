"""`python -m deploy.demo`: the demo practice in an EHR, with Milepost at work on it, until Ctrl-C."""

import argparse
import signal
import sys
from pathlib import Path
from types import FrameType

from rich.console import Console

from deploy.demo.command import ROOT
from deploy.demo.generator.__main__ import a_tag, some_patients
from deploy.demo.generator.stream import DEFAULT_PATIENTS
from deploy.demo.runner import Demo, demo
from deploy.demo.screen import Screen, StepFailed
from deploy.demo.stage import Wishes
from deploy.demo.trial import short

INTERRUPTED = 130


class Ending:
    """The first signal that asks for the end interrupts; those that follow do not disturb the tidying up."""

    def __init__(self) -> None:
        self.is_wanted = False
        signals = [signal.SIGINT, signal.SIGTERM]
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # under nohup a closed terminal is no end
            signals.append(signal.SIGHUP)
        for which in signals:
            signal.signal(which, self._note)

    def _note(self, _: int, __: FrameType | None) -> None:
        if not self.is_wanted:
            self.is_wanted = True
            raise KeyboardInterrupt


def wishes(arguments: list[str] | None) -> Wishes:
    """What was typed."""
    made = argparse.ArgumentParser(prog="python -m deploy.demo", description=__doc__)
    made.add_argument("--patients", type=some_patients, default=DEFAULT_PATIENTS, help="how many (default 340)")
    made.add_argument("--once", action="store_true", help="stop everything after the summary")
    made.add_argument("--keep", action="store_true", help="go on with the data of the last time")
    made.add_argument("--folder", type=Path, default=ROOT / "var" / "demo", help="where its data go (default var/demo)")
    made.add_argument("--fhir", metavar="URL", help="a FHIR server that runs already, instead of an own HAPI")
    made.add_argument("--tag", type=a_tag, default="", help="the practice's own tag, on a server that it shares")
    made.add_argument(
        "--ehr",
        choices=("hapi", "openemr"),
        default="hapi",
        help="a FHIR server with an EHR in front of it, or the recorded OpenEMR (default hapi)",
    )
    made.add_argument(
        "--sink",
        choices=("companion", "message"),
        default="companion",
        help="where OpenEMR's milestone Tasks go: a FHIR store beside it, or staff's inboxes (default companion)",
    )
    chosen = made.parse_args(arguments)
    if chosen.keep and chosen.ehr != "hapi":
        made.error("the recorded OpenEMR keeps nothing when it ends: with --ehr openemr everything is made anew")
    if chosen.sink != "companion" and chosen.ehr == "hapi":
        made.error("HAPI takes milestone Tasks itself: --sink is for --ehr openemr")
    return Wishes(
        folder=chosen.folder.absolute(),
        patients=chosen.patients,
        once=chosen.once,
        keep=chosen.keep,
        fhir=chosen.fhir.rstrip("/") if chosen.fhir else None,
        tag=chosen.tag,
        ehr=chosen.ehr,
        sink=chosen.sink,
    )


def main(arguments: list[str] | None = None) -> int:
    """0 when all went well and the user ended it; 1 when a step failed, 130 when it was cut off before the summary."""
    wished = wishes(arguments)
    screen = Screen(Console())
    Ending()
    try:
        with demo(wished, screen) as running:
            return _run(running)
    except StepFailed as failure:
        screen.say(f"The demo stopped. {failure}", style="red")
        if failure.log is not None:
            screen.say(f"Its words are at the end of {short(failure.log)}.")
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED


def _run(running: Demo) -> int:
    """Says what it is waiting for, when it is interrupted."""
    try:
        running.run()
    except KeyboardInterrupt:
        running.screen.say("Stopping everything ...")
        return 0 if running.is_complete else INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main())
