"""A recorded OpenEMR with two charts in it, and a Milepost that an administrator has set up beside it by its own
texts."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import requests
from playwright.sync_api import Frame, FrameLocator, Page, expect

from deploy.demo.command import Command
from deploy.demo.ehr.server import DemoEhr
from deploy.demo.place import Place, environment_of, web_at
from deploy.demo.site import Site
from deploy.openemr.recorded.clinic import Clinic
from deploy.openemr.recorded.pages import with_pages
from deploy.openemr.recorded.rows import CarePlanRow, Patient
from deploy.openemr.recorded.server import RecordedOpenEmr, recorded_openemr
from deploy.services.process import free_port
from tests.live.browser.visitor import Visitor, painted

SOURCE = "clinic"
USER, PASSWORD = "nurse", "pass"
TITLE = "Milepost"
PARTS = ("web", "people worker")

Json = dict[str, Any]  # Any: JSON


@dataclass(frozen=True)
class Beside:
    """All that runs. ``panel`` is the client's id there."""

    site: Site
    openemr: RecordedOpenEmr
    alma: Patient
    bruno: Patient
    panel: str

    def asks_for_login(self, is_asked: bool) -> None:
        """Whether a launch makes people log in and agree once more."""
        self.openemr.clinic.clients.change(self.panel, skips_login=not is_asked)


class Desk:
    """Somebody at OpenEMR's pages, in one browser: several tabs of it share one session, and so one open chart."""

    def __init__(self, visitor: Visitor, beside: Beside) -> None:
        self.visitor, self._openemr = visitor, beside.openemr

    def logs_in(self) -> None:
        """Without looking at OpenEMR's own door."""
        door = f"{self._openemr.base_url}/interface/main/main_screen.php?auth=login&site=default"
        answer = self.visitor.context.request.post(door, form={"authUser": USER, "clearPass": PASSWORD})
        assert "dynamic_finder" in answer.url

    def logs_in_here(self, frame: FrameLocator, answer: str) -> None:
        """In the frame, where OpenEMR asks once more who it is and whether Milepost may be opened."""
        frame.get_by_label("User name").fill(USER)
        frame.get_by_label("Password").fill(PASSWORD)
        frame.get_by_role("button", name="Log in").click()
        frame.get_by_role("button", name=answer).click()

    def opens(self, patient: Patient) -> Page:
        """A tab with this patient's chart."""
        page = self.visitor.context.new_page()
        page.goto(f"{self._openemr.base_url}/interface/patient_file/summary/demographics.php?set_pid={patient.pid}")
        expect(page.get_by_role("heading", name="SMART Enabled Apps")).to_be_visible()
        return page

    def launches(self, page: Page) -> FrameLocator:
        """The frame over the chart."""
        page.bring_to_front()
        page.get_by_role("button", name=f"Launch {TITLE}", exact=True).click()
        return page.frame_locator("dialog iframe")

    def panel_in(self, page: Page) -> Frame:
        """When the panel is painted in that frame."""
        handle = page.locator("dialog iframe").element_handle()
        frame = handle.content_frame()
        assert frame is not None
        return painted(frame)


@contextmanager
def set_up(folder: Path, redis_url: str) -> Iterator[Beside]:
    """Everything from the registration to the first sweep; no login is needed for a launch to begin with."""
    clinic = Clinic()
    clinic.furnish("Harbour Clinic")
    clinic.add_user(USER, fname="Nadia", lname="Testperson", group="Clinicians")
    alma, bruno = _chart(clinic, "Alma", date(1961, 4, 2)), _chart(clinic, "Bruno", date(1955, 9, 30))
    with recorded_openemr(clinic, dress=with_pages) as openemr:
        site = _milepost(folder, openemr, redis_url)
        clients = {name: _registered(openemr, body) for name, body in _texts(site.command, openemr).items()}
        for client in clients.values():
            clinic.clients.change(client["client_id"], is_enabled=True, skips_login=True)
        _introduce(site, openemr, clients)
        with site.milepost_running(*PARTS):
            yield Beside(site, openemr, alma, bruno, clients["panel"]["client_id"])


def _chart(clinic: Clinic, name: str, dob: date) -> Patient:
    patient = clinic.register_patient(name, f"Sampleton-{name}", dob=dob, pubpid=f"SYN-{name}")
    begun = datetime.combine(clinic.now().date() - timedelta(days=60), time(9))
    visit = clinic.open_encounter(patient, at=begun, reason="Care plan")
    late, later = begun + timedelta(days=40), begun + timedelta(days=90)
    rows = [
        CarePlanRow(description=f"Blood test of {name}", code="LOINC:4548-4", date=begun, proposed_date=late),
        CarePlanRow(description=f"Visit of {name}", code="SNOMED-CT:390906007", date=begun, proposed_date=later),
    ]
    clinic.new_care_plan(visit, rows, at=begun)
    return patient


def _milepost(folder: Path, openemr: RecordedOpenEmr, redis_url: str) -> Site:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    place, port = Place(folder), free_port()
    rhythm = {"MILEPOST_POLL_SECONDS": "60", "MILEPOST_TICK_SECONDS": "60"}
    command = Command(environment_of({**place.settings(redis_url, port), **rhythm}), place.command_log)
    command.python("deploy.demo.several", "init", "keys make")
    return Site(DemoEhr(openemr.base_url), web_at(port), place, command, behind=openemr.fhir_base, tag="")


def _texts(command: Command, openemr: RecordedOpenEmr) -> dict[str, str]:
    """What Milepost says is to be registered, as it is copied."""
    said = command.answer("source", "registration", SOURCE, openemr.fhir_base)
    return {client["name"]: client["body"] for client in said["clients"]}


def _registered(openemr: RecordedOpenEmr, body: str) -> Json:
    answer = requests.post(
        f"{openemr.base_url}/oauth2/default/registration",
        data=body,
        headers={"Content-Type": "application/json"},
        timeout=30,
    )
    assert answer.status_code == 200, answer.text
    return dict(json.loads(answer.text))


def _introduce(site: Site, openemr: RecordedOpenEmr, clients: dict[str, Json]) -> None:
    secret = site.place.folder / "panel-secret"
    secret.write_text(clients["panel"]["client_secret"])
    base, oauth = openemr.fhir_base, f"{openemr.base_url}/oauth2/default"
    reading, panel = clients["reading"]["client_id"], clients["panel"]["client_id"]
    commands = (
        ("source", "add", SOURCE, base, "--kind", "openemr", "--client-id", reading),
        (
            *("issuer", "add", SOURCE, base, "--source", SOURCE, "--client-id", panel, "--auth", "client_secret"),
            *("--secret-file", str(secret), "--oidc-issuer", oauth, "--origin", openemr.base_url),
            *("--least-role", "coordinator"),
        ),
        ("sweep", SOURCE),
    )
    site.command.python("deploy.demo.several", *(shlex.join(words) for words in commands))
