"""The whole demo, as `make demo ONCE=1` runs it, on the run's own HAPI: what it says is what stands in the server."""

import re
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from deploy.demo.chart_side import OUR_TAG, WRITTEN, Ehr
from deploy.hapi.server import HapiServer
from tests.architecture.house import ROOT

PATIENTS = 20
WITHIN_S = 280

pytestmark = pytest.mark.live

Versions = dict[str, str]
"""Reference -> version."""


def run_demo(folder: Path, fhir: str, tag: str) -> str:
    """What it prints, on lines that are wide enough."""
    options = ["--once", "--patients", str(PATIENTS), "--folder", str(folder), "--fhir", fhir, "--tag", tag]
    ran = subprocess.run(
        [sys.executable, "-m", "deploy.demo", *options],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "COLUMNS": "250", "MILEPOST_LOG_LEVEL": "nonsense"},
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def standing(ehr: Ehr) -> Versions:
    """Everything that Milepost wrote, with its version."""
    found: Versions = {}
    for type_ in WRITTEN:
        bundle = ehr.session.get(
            f"{ehr.base}/{type_}", params=[("_tag", OUR_TAG), ("_tag", ehr.filter), ("_count", "500")]
        )
        resources = [entry["resource"] for entry in bundle.json().get("entry", ())]
        found |= {f"{type_}/{resource['id']}": resource["meta"]["versionId"] for resource in resources}
    return found


def line_of(printed: str, pattern: str) -> tuple[str, ...]:
    """The groups of the one line that matches."""
    match = re.search(pattern, printed)
    assert match, printed
    return match.groups()


def test_the_demo_tells_what_stands_in_the_server_and_a_second_one_doubles_nothing(
    hapi: HapiServer, tmp_path: Path
) -> None:
    """Books and Milepost agree, every CarePlan is accounted for, and loading and sweeping again with a new database
    writes nothing: what stands there is adopted."""
    ehr = Ehr(hapi.base_url, uuid.uuid4().hex[:12])

    first = run_demo(tmp_path / "demo", ehr.base, ehr.tag)

    written = standing(ehr)
    counted = ehr.written()
    assert counted == {type_: sum(ref.startswith(f"{type_}/") for ref in written) for type_ in WRITTEN}
    assert counted["Task"] > PATIENTS
    tasks, gaps, flags = line_of(first, r"Written into the EHR +(\d+) Tasks, (\d+) DetectedIssues, (\d+) Flags")
    assert (int(tasks), int(gaps), int(flags)) == (counted["Task"], counted["DetectedIssue"], counted["Flag"])
    own, ours = line_of(first, r"own books: (\d+) patients with a gap; Milepost: (\d+)")
    assert own == ours == flags
    plans, on_server = line_of(first, r"Plans +(\d+) CarePlans: .*the server's own count: (\d+)")
    assert plans == on_server == str(ehr.count("CarePlan"))
    assert line_of(first, r"Patients +(\d+) in the EHR") == (str(PATIENTS),)
    assert line_of(first, r"in front of HAPI: from here on by (token)")
    assert line_of(first, r"may open the panel; (\d+) people have a role") == ("4",)
    assert line_of(first, r"(\d+) people may sign in at /admin") == ("5",)

    second = run_demo(tmp_path / "demo", ehr.base, ehr.tag)

    assert standing(ehr) == written
    assert re.findall(r"wrote (\d+)", second) == ["0", "0"]
    assert ehr.count("Patient") == PATIENTS
    assert line_of(second, r"own books: (\d+) patients with a gap; Milepost: (\d+)") == (own, ours)
