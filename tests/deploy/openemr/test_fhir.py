"""The recorded OpenEMR where no recording goes: its rules, on clinics that the recorder did not have."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
import requests

from deploy.openemr.recorded.answer import LARGEST_LOGGED
from deploy.openemr.recorded.clinic import Clinic
from deploy.openemr.recorded.rows import CarePlanRow, Form, Patient
from deploy.openemr.recorded.server import RecordedOpenEmr, recorded_openemr

NOVEMBER = datetime(2026, 11, 22, 17, tzinfo=UTC)
wall = datetime.fromisoformat
READ = ["Patient", "CarePlan", "Goal", "Appointment", "Encounter", "Observation", "Person", "Practitioner"]


class Asked:
    """A clinic over HTTP, asked with a token of its own."""

    def __init__(self, clinic: Clinic, running: RecordedOpenEmr) -> None:
        self.clinic = clinic
        self.running = running
        self._token = clinic.issue_token([f"system/{name}.read" for name in READ])

    def get(self, path: str) -> requests.Response:
        """One request below /fhir."""
        with requests.Session() as session:
            session.trust_env = False
            headers = {"Authorization": f"Bearer {self._token}"}
            return session.get(f"{self.running.fhir_base}/{path}", headers=headers, timeout=30)

    def found(self, path: str) -> list[dict[str, Any]]:  # JSON
        """The resources of a search."""
        return [entry["resource"] for entry in self.get(path).json().get("entry", [])]


class Moved:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = NOVEMBER

    def __call__(self) -> datetime:
        """The time."""
        return self.now


@pytest.fixture
def clock() -> Moved:
    """It stands in November."""
    return Moved()


@pytest.fixture
def at(clock: Moved) -> Iterator[Asked]:
    """A furnished clinic in New York, and a patient with a visit."""
    clinic = Clinic(clock=clock)
    clinic.furnish()
    clinic.add_user("hale", fname="Nora", lname="Hale", npi="1234567893", group="Physicians")
    clinic.open_encounter(clinic.register_patient("Ada", "Sample", dob=date(1968, 3, 14)))
    with recorded_openemr(clinic) as running:
        yield Asked(clinic, running)


def _ada(at: Asked) -> Patient:
    return at.clinic.patients[1]


def _plan(at: Asked, *lines: str, **more: Any) -> Form:  # columns of CarePlanRow
    rows = [CarePlanRow(description=line, date=wall("2026-11-01 09:00"), **more) for line in lines]
    return at.clinic.new_care_plan(at.clinic.encounters[1], rows)


def test_a_time_comes_with_the_offset_of_now_not_of_its_date(at: Asked, clock: Moved) -> None:
    """A morning of July is told otherwise in November than in July, and nobody touched it."""
    at.clinic.book(_ada(at), day=date(2026, 7, 1), start=time(9))

    said = []
    for now in (NOVEMBER, datetime(2026, 7, 2, 12, tzinfo=UTC)):
        clock.now = now
        said.append(at.found("Appointment")[0]["start"])

    assert said == ["2026-07-01T09:00:00-05:00", "2026-07-01T09:00:00-04:00"]


@pytest.mark.parametrize(
    ("asked", "days"),
    [
        ("2026-11", ["2026-11-01", "2026-11-30"]),
        ("2026-12,2027-01", ["2026-12-01", "2027-01-15"]),
        ("2026", ["2026-11-01", "2026-11-30", "2026-12-01"]),
        ("lt2026-11-30", ["2026-11-01"]),
        ("le2026-11", ["2026-11-01", "2026-11-30"]),
        ("gt2026-11", ["2026-12-01", "2027-01-15"]),
        ("ge2026-11-30T23:00:00-05:00", ["2026-11-30", "2026-12-01", "2027-01-15"]),
        ("ne2026", ["2027-01-15"]),
        ("2026-11-01,nonsense", []),
        ("ap2026-11", []),
    ],
)
def test_a_day_of_the_calendar_is_compared_with_whole_months_and_years(asked: str, days: list[str], at: Asked) -> None:
    """Commas are OR; of two bounds after each other the last counts; what cannot be read is nobody."""
    for day in ("2026-11-01", "2026-11-30", "2026-12-01", "2027-01-15"):
        at.clinic.book(_ada(at), day=date.fromisoformat(day), start=time(9))

    assert [one["start"][:10] for one in at.found(f"Appointment?date={asked}")] == days


def test_saving_the_form_replaces_every_line_and_moves_no_date(at: Asked, clock: Moved) -> None:
    """Nothing in the plan says that it was changed."""
    form = _plan(at, "Recheck", "Referral")
    before = at.found("CarePlan")[0]
    clock.now += timedelta(days=1)

    at.clinic.save_care_plan(form, at.clinic.care_plan(form)[1:])

    after = at.found("CarePlan")[0]
    assert after["meta"] == before["meta"]
    assert [one["detail"]["description"] for one in after["activity"]] == ["Referral"]


@pytest.mark.parametrize(("line", "status"), [(0, "completed"), (1, "active")])
def test_the_first_line_alone_closes_the_plan(line: int, status: str, at: Asked) -> None:
    """With it all that is still open in it; a later line changes nothing that is seen."""
    form = _plan(at, "Recheck", "Referral")

    at.clinic.set_plan_status(form, line, "completed")

    plan = at.found("CarePlan")[0]
    activity = "completed" if status == "completed" else "in-progress"
    assert (plan["status"], [one["detail"]["status"] for one in plan["activity"]]) == (status, [activity] * 2)


def test_a_filter_leaves_a_part_of_a_plan_under_its_own_id(at: Asked) -> None:
    """The part is no other plan, and looks whole."""
    form = _plan(at, "Recheck", "Referral")
    at.clinic.set_plan_status(form, 1, "completed")

    (part,) = at.found("CarePlan?status=completed")

    assert part["id"] == at.found("CarePlan")[0]["id"]
    assert len(part["activity"]) == 1


def test_what_is_deleted_leaves_no_trace(at: Asked) -> None:
    """A plan, an appointment, a visit: gone, and a read is 404 with an empty array."""
    form = _plan(at, "Recheck")
    booked = at.clinic.book(_ada(at), day=date(2026, 12, 1), start=time(9))
    ids = [at.found(type_)[0]["id"] for type_ in ("CarePlan", "Appointment", "Encounter")]

    at.clinic.delete_form(form)
    at.clinic.delete_appointment(booked)
    at.clinic.delete_encounter(at.clinic.encounters[1])

    reads = [at.get(f"{type_}/{id_}") for type_, id_ in zip(("CarePlan", "Appointment", "Encounter"), ids, strict=True)]
    assert [(read.status_code, read.json()) for read in reads] == [(404, [])] * 3
    assert [at.found(type_) for type_ in ("CarePlan", "Appointment", "Encounter")] == [[]] * 3


def test_only_the_calendars_own_form_is_seen_by_last_updated(at: Asked, clock: Moved) -> None:
    """The flow board is not."""
    booked = at.clinic.book(_ada(at), day=date(2026, 12, 1), start=time(9))
    clock.now += timedelta(days=2)

    at.clinic.mark_on_flow_board(booked, "?")
    by_board = at.found("Appointment?_lastUpdated=ge2026-11-23")
    at.clinic.move(booked, day=date(2026, 12, 2))
    by_form = at.found("Appointment?_lastUpdated=ge2026-11-23")

    assert (by_board, [one["status"] for one in by_form]) == ([], ["noshow"])


def test_a_patient_with_another_number_keeps_the_uuid_and_all_that_is_theirs(at: Asked) -> None:
    """The number may be somebody else's next."""
    at.clinic.book(_ada(at), day=date(2026, 12, 1), start=time(9))
    _plan(at, "Recheck")
    uuid = _ada(at).uuid

    at.clinic.change_pid(1, 40)
    at.clinic.register_patient("Bo", "Other", dob=date(1970, 1, 1), pid=1)

    assert [len(at.found(f"{type_}?patient={uuid}")) for type_ in ("Appointment", "CarePlan", "Encounter")] == [1, 1, 1]
    assert at.found(f"Appointment?patient={at.clinic.patients[1].uuid}") == []


def test_an_answer_over_eight_megabytes_is_broken(at: Asked) -> None:
    """A whole Bundle, and a second object after it, still 200 (recording 385)."""
    nora = at.clinic.user_named("hale")
    for _ in range(6900):
        at.clinic.book(_ada(at), day=date(2026, 12, 1), start=time(9), provider=nora)

    got = at.get("Appointment?date=2026-12")

    end = got.content.index(b'{"error":"An error occurred while processing the request."')
    assert got.status_code == 200
    assert end > LARGEST_LOGGED
    assert got.content[:end].endswith(b"}]}")
    assert got.headers["Cache-Control"] == "no-cache, private"


def test_care_plans_cost_by_their_number_unless_there_is_the_index(at: Asked) -> None:
    """Reported, not waited: 0.12 s with 500 plans, 2.5 s with 3,000, and with the index as for one."""
    visit = at.clinic.encounters[1]
    spent = []
    for upto in (500, 3000):
        while len(at.clinic.forms) < upto:
            at.clinic.new_care_plan(visit, [])
        at.get(f"CarePlan?patient={_ada(at).uuid}")
        spent.append(at.running.requests[-1].seconds)
    at.clinic.has_index = True
    at.get(f"CarePlan?patient={_ada(at).uuid}")

    assert spent == [pytest.approx(0.12, abs=0.02), pytest.approx(2.4, abs=0.2)]
    assert at.running.requests[-1].seconds == pytest.approx(0.05, abs=0.01)


def test_a_plan_of_before_2022_has_another_id(at: Asked) -> None:
    """An underscore; it is found by it."""
    rows = [CarePlanRow(description="Recheck", date=wall("2021-05-01 09:00"))]
    form = at.clinic.new_care_plan(at.clinic.encounters[1], rows, at=wall("2021-05-01 09:00"))

    id_ = at.found("CarePlan")[0]["id"]

    assert id_ == f"{at.clinic.encounters[1].uuid}_{form.form_id}"
    assert at.get(f"CarePlan/{id_}").json()["id"] == id_
