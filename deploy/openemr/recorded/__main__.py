"""`python -m deploy.openemr.recorded --port N`: the recorded OpenEMR with a small clinic, until Ctrl-C. On loopback
only."""

from __future__ import annotations

import argparse
import contextlib
import sys
import threading
from datetime import date, datetime, time, timedelta

from deploy.openemr.recorded.clinic import Clinic
from deploy.openemr.recorded.pages import with_pages
from deploy.openemr.recorded.pages_admin import API_CLIENTS
from deploy.openemr.recorded.rows import CarePlanRow
from deploy.openemr.recorded.server import RecordedOpenEmr, recorded_openemr

PEOPLE = (
    ("adams", "Adele", "Adams", "1000000004", "Physicians"),
    ("nurse", "Noor", "Nolan", None, "Clinicians"),
    ("desk", "Dana", "Dorn", None, "Front Office"),
)
PATIENTS = (
    ("Ada", "Marlow", date(1951, 4, 2), "Female"),
    ("Bruno", "Tell", date(1964, 9, 30), "Male"),
    ("Carla", "Voss", date(1978, 12, 11), "Female"),
)


def small_clinic() -> Clinic:
    """Four users and three patients, each with a visit, a care plan and an appointment; all of it invented."""
    clinic = Clinic()
    clinic.furnish("Sample Street Clinic")
    for username, fname, lname, npi, group in PEOPLE:
        clinic.add_user(username, fname=fname, lname=lname, npi=npi, group=group)
    for fname, lname, dob, sex in PATIENTS:
        _with_a_plan(clinic, fname, lname, dob=dob, sex=sex)
    return clinic


def _with_a_plan(clinic: Clinic, fname: str, lname: str, *, dob: date, sex: str) -> None:
    number = 1001 + len(clinic.patients)
    patient = clinic.register_patient(fname, lname, dob=dob, sex=sex, pubpid=f"MRN{number}")
    now, provider = clinic.now(), clinic.user_named("adams")
    seen = datetime.combine(now.date() - timedelta(days=30), time(10))
    visit = clinic.open_encounter(patient, at=seen, reason="Check-up", provider=provider)
    rows = [
        CarePlanRow(
            description="Follow-up visit in 6 weeks",
            code="SNOMED-CT:390906007",
            codetext="Follow-up encounter",
            date=seen,
            proposed_date=datetime.combine(seen.date() + timedelta(weeks=6), time()),
        ),
        CarePlanRow(
            description="Repeat HbA1c",
            code="LOINC:4548-4",
            codetext="Hemoglobin A1c",
            date=seen,
            proposed_date=datetime.combine(seen.date() + timedelta(days=25), time()),
        ),
    ]
    clinic.new_care_plan(visit, rows, user="adams")
    clinic.book(patient, day=now.date(), start=time(8 + number % 10), provider=provider)


def main(arguments: list[str] | None = None) -> int:
    """Serves until it is stopped."""
    made = argparse.ArgumentParser(prog="python -m deploy.openemr.recorded", description=__doc__)
    made.add_argument("--port", type=int, default=8300, help="default 8300")
    chosen = made.parse_args(arguments)
    clinic = small_clinic()
    with recorded_openemr(
        clinic, port=chosen.port, site=f"http://localhost:{chosen.port}", dress=with_pages
    ) as running:
        print(_words(running), flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()
    return 0


def _words(running: RecordedOpenEmr) -> str:
    users = ", ".join(user.username for user in running.clinic.users.values() if user.is_active)
    return "\n".join(
        (
            "The recorded OpenEMR, for demonstration:",
            f"  pages         {running.base_url}/",
            f"  API clients   {running.base_url}{API_CLIENTS}",
            f"  FHIR          {running.fhir_base}",
            f"  registration  {running.base_url}/oauth2/default/registration",
            f"  users         {users}; the password of each is: pass",
        )
    )


if __name__ == "__main__":
    sys.exit(main())
