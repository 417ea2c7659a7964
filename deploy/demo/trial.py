"""Something for the user to try: a booking of the practice whose outcome nobody recorded, to be made a no-show."""

import itertools
import json
import shlex
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from deploy.demo.chart_side import Ehr
from deploy.demo.command import MILEPOST, Command
from deploy.demo.noshow import PATCH

MOST_LOOKED_AT = 3  # each look starts a process


@dataclass(frozen=True)
class Trial:
    """One appointment, the patient, and the step that waits for its outcome."""

    appointment: str
    patient: str
    step: str

    @property
    def explained(self) -> str:
        """The line that tells why the patient's steps are as they are."""
        return f"{short(MILEPOST)} explain {self.patient}"

    def entered_by(self, base: str) -> str:
        """The line that enters the no-show into the EHR, as the front desk's program would."""
        url = f"{base}/{self.appointment}"
        if shutil.which("curl"):
            kind = "Content-Type: application/json-patch+json"
            return shlex.join(["curl", "-sS", "-X", "PATCH", "-H", kind, "-d", json.dumps(PATCH), url])
        return f"{short(Path(sys.executable))} -m deploy.demo.noshow {url}"


def find(ehr: Ehr, command: Command, today: date) -> Trial | None:
    """The latest booking that Milepost knows to wait for its outcome; None when there is none."""
    for appointment, patient in itertools.islice(ehr.unrecorded(today), MOST_LOOKED_AT):
        for step in waiting(command, patient):
            return Trial(appointment, patient, step)
    return None


def waiting(command: Command, patient: str, *source: str) -> Iterator[str]:
    """The steps of a patient that wait for the outcome of an appointment."""
    explained = command.answer("explain", patient, *source)
    for plan in explained["plans"]:
        for milestone in plan["milestones"]:
            if milestone["reason"] == "outcome-not-recorded":
                yield milestone["title"]


def short(path: Path) -> str:
    """As it is typed from where the user stands."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
