"""Tests of an OpenEMR as the use cases see it, against the recorded one: a clinic that answers by OpenEMR's rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import responses

from deploy.openemr.recorded.clinic import Clinic
from deploy.openemr.recorded.rows import CarePlanRow, Patient
from deploy.openemr.recorded.server import RecordedOpenEmr, recorded_openemr
from fhir_adapters.auth import Bearer
from fhir_adapters.servers.openemr.ehr import OpenEmr
from fhir_adapters.servers.openemr.http import OpenEmrHttp
from fhir_adapters.servers.openemr.memory import Memory
from fhir_adapters.servers.openemr.requests import ALLOWED
from fhir_adapters.servers.openemr.rhythm import Rhythm
from fhir_adapters.servers.openemr.sink import TaskSink
from fhir_adapters.sinks import NoSink
from plugin.domain.errors import CannotDo, MilepostError, NotFhir, NotGranted, SwitchedOff, Unauthorized
from plugin.domain.record import Appointment
from plugin.domain.source import Cursor, Extent, Page, Source, Standing
from plugin.usecases.ports import Ehr
from tests.fhir_adapters.servers.openemr.desk import Remembered
from tests.openemr_recordings import recording

NEW_YORK = ZoneInfo("America/New_York")
NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
SCOPES = [f"system/{type_}.read" for type_ in ALLOWED]
NO_SINK = NoSink("nobody has chosen where Tasks go")


class Practice:
    """A clinic with three charts, two of them with a plan, and somebody who reads it."""

    def __init__(self, server: RecordedOpenEmr, token: str) -> None:
        self.server = server
        self.clinic = server.clinic
        self.memory = Remembered()
        self.ehr = self.reader(token)
        self.nora = self.clinic.add_user("nora", fname="Nora", lname="Hale", npi="1234567893")
        self.nurse = self.clinic.add_user("ines", fname="Ines", lname="Poe")
        names = (("Ada", "Marlow"), ("Ben", "Okafor"), ("Cleo", "Sample"))
        self.ada, self.ben, self.cleo = (self.clinic.register_patient(*name, dob=date(1968, 3, 14)) for name in names)
        self.visit = self.clinic.open_encounter(self.ada, at=wall("2026-07-15T09:30"), provider=self.nora)
        self.form = self.clinic.new_care_plan(self.visit, [line("Cardiology follow-up")])

    def reader(self, token: str) -> OpenEmr:
        return an_ehr(OpenEmrHttp(self.server.fhir_base, Bearer(token), spent=self.memory.spent), memory=self.memory)

    def poll(self) -> list[Page]:
        """Everything there is, as a first poll reads it."""
        pages: list[Page] = []
        types = sorted(self.ehr.types, key=lambda type_: type_ != "CarePlan")
        for page in self.ehr.pages_of({type_: Cursor() for type_ in types}):
            pages.append(page)
            self.memory.on_file.update(page.on_file)
            if page.type == "CarePlan":
                self.memory.followed.update(str(getattr(fact, "subject", "")) for fact in page.facts)
        return pages


def an_ehr(http: OpenEmrHttp, sink: TaskSink = NO_SINK, memory: Memory | None = None) -> OpenEmr:
    source = Source(id=1, slug="clinic", base_url=http.base_url, kind="openemr")
    rhythm = Rhythm(NEW_YORK, always=True)
    return OpenEmr(http, source, sink, memory or Remembered(), clock=lambda: NOW, zone=NEW_YORK, rhythm=rhythm)


def wall(text: str) -> datetime:
    """As people type it into OpenEMR: without a zone."""
    return datetime.fromisoformat(text)


def line(description: str, **more: Any) -> CarePlanRow:
    given = {"date": wall("2026-07-15T10:00"), "proposed_date": wall("2026-12-01")} | more
    return CarePlanRow(description=description, code="SNOMED-CT:390906007", codetext="Follow-up encounter", **given)


def ref(patient: Patient) -> str:
    return f"Patient/{patient.uuid}"


def refs(pages: Sequence[Page], type_: str) -> set[str]:
    return {fact.ref for page in pages if page.type == type_ for fact in page.facts}


@pytest.fixture
def practice() -> Iterator[Practice]:
    clinic = Clinic(clock=lambda: NOW, zone=NEW_YORK)
    clinic.furnish()
    with recorded_openemr(clinic) as server:
        made = Practice(server, clinic.issue_token(SCOPES))
        yield made
        made.ehr.close()


# ------------------------------------------------------------------------------------------------------------- what it is
def test_it_is_what_the_use_cases_ask_for() -> None:
    """The port, method by method; what OpenEMR lacks is named, and nothing of it is asked for."""
    ehr: Ehr = an_ehr(OpenEmrHttp("https://emr.example/apis/default/fhir"))

    assert ehr.types[:2] == ("Patient", "CarePlan")
    assert set(ehr.types) | {"Person"} == set(ALLOWED)
    assert ehr.not_offered == ("Task", "Flag", "Consent", "PractitionerRole")
    assert ehr.followed == ()
    assert ehr.subscribe("https://milepost.example/hooks/fhir/x", "secret") is None


def test_a_probe_says_what_its_plans_and_visits_do_not_tell() -> None:
    """Recording 001; it has no version of its software in it."""
    with responses.RequestsMock() as server:
        server.get("https://emr.example/apis/default/fhir/metadata", body=recording(1).raw)
        found = an_ehr(OpenEmrHttp("https://emr.example/apis/default/fhir")).probe()

    assert (found["kind"], found["fhir_version"], found["software"], found["software_version"]) == (
        "openemr",
        "4.0.1",
        "OpenEMR",
        "",
    )
    assert (found["steps_have_no_status"], found["encounters_always_finished"]) == (True, True)
    assert found["change_stamp"] is False
    assert "Task" not in str(found["types"])


def test_what_it_does_not_say_to_have_is_not_offered() -> None:
    """By its account of when it was asked last."""
    ehr = OpenEmr(
        OpenEmrHttp("https://emr.example/apis/default/fhir"),
        Source(id=1, slug="clinic", base_url="", kind="openemr", capability={"types": {"Patient": {}, "CarePlan": {}}}),
        NO_SINK,
        Remembered(),
        clock=lambda: NOW,
        zone=NEW_YORK,
    )

    assert ehr.types == ("Patient", "CarePlan")


# --------------------------------------------------------------------------------------------------------------- reading
def test_a_clinic_is_read_whole(practice: Practice) -> None:
    """Plans of people whom nobody tracked before, and what belongs to them."""
    booked = practice.clinic.book(practice.ada, day=date(2026, 11, 24), start=time(9), provider=practice.nurse)
    practice.clinic.book(None, day=date(2026, 11, 24), start=time(12), provider=practice.nora)

    pages = practice.poll()

    assert practice.memory.on_file == {ref(practice.ada), ref(practice.ben), ref(practice.cleo)}
    assert refs(pages, "CarePlan") == {f"CarePlan/{practice.visit.uuid}-SK-{practice.form.form_id}"}
    assert refs(pages, "Appointment") == {f"Appointment/{booked.uuid}"}
    assert refs(pages, "Encounter") == {f"Encounter/{practice.visit.uuid}"}
    assert f"Practitioner/{practice.nurse.uuid}" in refs(pages, "Practitioner")
    assert {type(page.cursor) for page in pages} == {Cursor, type(None)}


def test_what_it_is_asked_is_never_in_an_address(practice: Practice) -> None:
    """Every search is a form, every answer far below what it can log."""
    practice.poll()

    assert {seen.method for seen in practice.server.requests} == {"POST"}
    assert all(seen.path.endswith("/_search") and seen.bytes < 1_000_000 for seen in practice.server.requests)


def test_what_is_spent_is_told(practice: Practice) -> None:
    """Answer by answer: as many bytes as OpenEMR stores. At the end of a reading it is to be kept: a command ends there."""
    practice.poll()

    assert practice.memory.settled == len(practice.memory.costs) > 0

    assert sum(bytes_ for _, bytes_, _ in practice.memory.costs) == practice.server.bytes_read()
    assert sum(requests for requests, _, _ in practice.memory.costs) == len(practice.server.requests)


def test_a_no_show_on_the_flow_board_is_seen(practice: Practice) -> None:
    """Its stamp does not move (recordings 370-372): the days around today are read for that."""
    booked = practice.clinic.book(practice.ada, day=date(2026, 11, 23), start=time(9), at=wall("2026-10-01T09:00"))
    practice.clinic.mark_on_flow_board(booked, "?")

    found = [f for page in practice.poll() for f in page.facts if isinstance(f, Appointment)]

    assert {(f.ref, f.status) for f in found} == {(f"Appointment/{booked.uuid}", "noshow")}


def test_a_form_that_was_deleted_is_missing_in_a_complete_answer(practice: Practice) -> None:
    """Recording 369: nothing else tells."""
    practice.poll()
    practice.clinic.delete_form(practice.form)

    pages = [page for page in practice.poll() if page.type == "CarePlan"]

    assert refs(pages, "CarePlan") == set()
    assert [page.extent for page in pages] == [
        Extent(frozenset({ref(practice.ada), ref(practice.ben), ref(practice.cleo)}))
    ]


def test_one_patient_is_read_back(practice: Practice) -> None:
    """All that is theirs; of what is asked for from a day on nothing is taken to be complete."""
    practice.clinic.book(practice.ada, day=date(2028, 2, 1), start=time(9))
    practice.clinic.book(practice.ben, day=date(2026, 12, 1), start=time(9))

    pages = list(practice.ehr.read_patient(ref(practice.ada), date(2026, 7, 1)))
    by_type = {page.type: page for page in pages}

    assert {len(page.facts) for type_, page in by_type.items() if type_ in ("Patient", "CarePlan", "Encounter")} == {1}
    assert len(by_type["Appointment"].facts) == 1
    assert by_type["Appointment"].extent == Extent(frozenset({ref(practice.ada)}))
    assert by_type["Encounter"].extent is None
    assert list(practice.ehr.read_patient("Patient/12345", None)) == []


def test_resources_are_read_by_name(practice: Practice) -> None:
    """What is gone is not in the answer, nor what could not be a resource there."""
    booked = practice.clinic.book(practice.ada, day=date(2026, 11, 24), start=time(9))
    gone = practice.clinic.book(practice.ada, day=date(2026, 11, 25), start=time(9))
    practice.clinic.delete_appointment(gone)
    plan = f"CarePlan/{practice.visit.uuid}-SK-{practice.form.form_id}"
    wanted = [ref(practice.ada), plan, f"Appointment/{booked.uuid}", f"Practitioner/{practice.nurse.uuid}"]

    pages = list(practice.ehr.read([*wanted, f"Appointment/{gone.uuid}", "Appointment/garbage", "Flag/1", "Task/mp-1"]))

    assert {fact.ref for page in pages for fact in page.facts} == set(wanted)


def test_versions_are_of_what_is_said(practice: Practice) -> None:
    """The nightly comparison and the poll tell the same one; an edit tells another, a form saved again does not."""
    polled = {fact.ref: fact.version for page in practice.poll() for fact in page.facts if page.type == "CarePlan"}
    practice.clinic.save_care_plan(practice.form, practice.clinic.care_plan(practice.form))
    same = dict(pair for refs in practice.ehr.references("CarePlan") for pair in refs)
    practice.clinic.save_care_plan(practice.form, [line("Cardiology follow-up", proposed_date=wall("2026-12-08"))])
    moved = dict(pair for refs in practice.ehr.references("CarePlan") for pair in refs)

    assert same == polled
    assert moved.keys() == polled.keys()
    assert moved != polled


def test_patients_are_counted_and_nothing_else_is(practice: Practice) -> None:
    """`total` is the number of what was sent; that a type can be read at all is seen."""
    assert practice.ehr.count("Patient") == 3
    with pytest.raises(CannotDo, match="does not count"):
        practice.ehr.count("CarePlan")
    with pytest.raises(NotGranted):
        practice.reader(practice.clinic.issue_token(["system/Patient.read"])).count("CarePlan")


# --------------------------------------------------------------------------------------------------------- what goes wrong
def test_a_token_that_is_not_known_is_told_from_one_without_the_right(practice: Practice) -> None:
    """Both are 401 there."""
    with pytest.raises(Unauthorized, match="not accepted"):
        practice.reader("token-of-nobody").count("Patient")
    with pytest.raises(NotGranted, match="scope"):
        practice.reader(practice.clinic.issue_token(["system/Goal.read"])).count("Patient")


def test_a_trust_that_was_withdrawn_is_told(practice: Practice) -> None:
    """A 400 there; a new token would be refused just so."""
    token = practice.clinic.issue_token(SCOPES)
    practice.clinic.end_trust(token)

    with pytest.raises(Unauthorized, match="sign in anew"):
        practice.reader(token).count("Patient")


def test_an_api_that_is_switched_off_stops_the_poll(practice: Practice) -> None:
    """And loses nothing."""
    practice.poll()
    practice.server.switch_off_api()

    with pytest.raises(SwitchedOff):
        practice.poll()


@pytest.mark.parametrize("kind", ["html", "half", "empty"])
def test_a_spoilt_answer_is_no_empty_one(practice: Practice, kind: str) -> None:
    """No page comes of it, and so no extent in which something would be missing."""
    practice.poll()
    practice.server.answer_next_with(kind, path="CarePlan")
    pages: list[Page] = []

    with pytest.raises(NotFhir):
        pages.extend(practice.ehr.pages("CarePlan", Cursor()))

    assert pages == []


# ------------------------------------------------------------------------------------------------------------------ writing
class ReadableStore(NoSink):
    """A sink in which people change our Tasks."""

    def edits(self, cursor: Cursor) -> Iterator[Page]:
        yield Page(type="Task", cursor=Cursor("2026-11-23T17:00:00Z", complete=True))

    def read(self, refs: Sequence[str]) -> Iterator[Page]:
        yield Page(type="Task", read=len(refs))

    def ours(self) -> Iterator[Sequence[Standing]]:
        yield [Standing("Task/mp-1", "3", "d"), Standing("Device/mp", "1", "d")]

    def ours_by_type(self) -> Mapping[str, int]:
        return {"Task": 1}


def test_tasks_are_read_where_the_sink_has_them() -> None:
    """In a companion store; then they are a type of the feed like any other."""
    ehr = an_ehr(OpenEmrHttp("https://emr.example/apis/default/fhir"), ReadableStore("it has one"))

    assert "Task" in ehr.types
    assert "Task" not in ehr.not_offered
    assert [page.cursor for page in ehr.pages("Task", Cursor())] == [Cursor("2026-11-23T17:00:00Z", complete=True)]
    assert [page.read for page in ehr.read(["Task/mp-1", "Task/mp-2"])] == [2]
    assert list(ehr.references("Task")) == [[("Task/mp-1", "3")]]


def test_what_is_written_goes_to_the_sink() -> None:
    """OpenEMR itself takes nothing (recordings 196-200)."""
    ehr = an_ehr(OpenEmrHttp("https://emr.example/apis/default/fhir"), ReadableStore("it has one"))

    assert ehr.ours_by_type() == {"Task": 1}
    assert [[each.ref for each in page] for page in ehr.ours()] == [["Task/mp-1", "Device/mp"]]
    with pytest.raises(MilepostError):
        ehr.device()
