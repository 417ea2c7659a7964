"""The whole demo beside the recorded OpenEMR, as `make demo EHR=openemr ONCE=1` runs it: with the run's own HAPI as the
companion store."""

import re
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from deploy.demo.chart_side import Ehr
from deploy.hapi.server import HapiServer
from tests.architecture.house import ROOT
from tests.live.test_demo import line_of

PATIENTS = 20
WITHIN_S = 280

pytestmark = pytest.mark.live


def run_demo(folder: Path, *options: str) -> str:
    """What it prints, on lines that are wide enough."""
    words = ["-m", "deploy.demo", "--ehr", "openemr", "--once", "--folder", str(folder), *options]
    ran = subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "COLUMNS": "250"},
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def more_than_the_books(printed: str) -> int:
    """How many patients the lines of differences name."""
    more = sum(map(int, re.findall(r"^  (\d+) more: ", printed, re.MULTILINE)))
    return more - sum(map(int, re.findall(r"^  (\d+) less: ", printed, re.MULTILINE)))


def test_the_practice_is_shown_through_openemr_and_its_store(hapi: HapiServer, tmp_path: Path) -> None:
    """Every form is accounted for, what is written stands in the store, three patients wait to be linked, and where the
    books differ, each patient has a reason."""
    store = Ehr(hapi.base_url, uuid.uuid4().hex[:12])

    printed = run_demo(tmp_path / "demo", "--patients", str(PATIENTS), "--fhir", store.base, "--tag", store.tag)

    counted = store.written()
    tasks, gaps, flags = line_of(printed, r"Written into the store +(\d+) Tasks, (\d+) DetectedIssues, (\d+) Flags")
    assert (int(tasks), int(gaps), int(flags)) == (counted["Task"], counted["DetectedIssue"], counted["Flag"])
    assert counted["Task"] > PATIENTS
    plans, on_server = line_of(printed, r"Plans +(\d+) CarePlans: .*the EHR's own count: (\d+)")
    assert plans == on_server
    assert line_of(printed, r"Patients +(\d+) in the EHR") == (str(PATIENTS),)
    assert line_of(printed, r"(\d+) clients by Milepost's own texts") == ("3",)
    own, ours = map(int, line_of(printed, r"own books: (\d+) patients with a gap; Milepost: (\d+)"))
    assert ours - own == more_than_the_books(printed)
    assert "for another reason" not in printed
    assert line_of(printed, r"all patients but one; (\d+) are left for a person to link") == ("3",)
    assert re.search(r"; \d+ wait\s+until their patients are\s+linked", printed)
    assert line_of(printed, r"OpenEMR cannot say +steps done by their own status alone \((\d+)\)")
