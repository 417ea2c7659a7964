"""The contract of the reading half of the port `Ehr`: a HAPI, and an OpenEMR that can do much less, keep the same
promises.

The HAPI here is one in memory with HAPI's ways of searching, the OpenEMR the recorded one; tests/live has a real HAPI.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

import pytest

from deploy.openemr.recorded.clinic import Clinic
from deploy.openemr.recorded.rows import CarePlanRow, Form, Patient
from deploy.openemr.recorded.server import RecordedOpenEmr, recorded_openemr
from fhir_adapters.auth import Bearer
from fhir_adapters.ehr import FhirEhr
from fhir_adapters.http import FhirHttp
from fhir_adapters.servers.openemr.ehr import OpenEmr
from fhir_adapters.servers.openemr.http import OpenEmrHttp
from fhir_adapters.servers.openemr.requests import ALLOWED
from fhir_adapters.servers.openemr.rhythm import Rhythm
from fhir_adapters.sinks import NoSink
from plugin.domain.errors import TemporaryFailure
from plugin.domain.record import CarePlan, Fact
from plugin.domain.source import Cursor, Page, Source
from plugin.outbound import Retries, Terms, Timing
from plugin.usecases.ports import Ehr
from tests.fhir_adapters.search_server import BASE, SearchServer, serving
from tests.fhir_adapters.servers.openemr.desk import Remembered

NEW_YORK = ZoneInfo("America/New_York")
TYPES = ("CarePlan", "Patient", "Encounter")
"""What both worlds have; in the order in which a poll asks for them."""
NEVER = "9a1b2c3d-0000-4000-8000-0000000000e1"


class World(Protocol):
    """A practice with two charts, and what people do in it. Time passes with each act."""

    @property
    def ehr(self) -> Ehr: ...

    @property
    def charts(self) -> tuple[str, str]:
        """Of both patients, by reference."""
        ...

    def plan(self, chart: str, words: str) -> str:
        """A new care plan, with its visit; its reference."""
        ...

    def edit(self, plan: str, words: str) -> None: ...

    def delete(self, plan: str) -> None: ...

    def fails(self) -> None:
        """From now on the server does not answer."""
        ...

    def met(self, page: Page) -> None:
        """What whoever stores the page would remember of it."""
        ...


@dataclass
class Hapi:
    """FHIR's own ways: stamps, versions, links."""

    server: SearchServer
    http: FhirHttp
    charts: tuple[str, str] = ("Patient/one", "Patient/two")
    ehr: Ehr = field(init=False)

    def __post_init__(self) -> None:
        self.ehr = FhirEhr(self.http, Source(id=1, slug="main", base_url=BASE, kind="hapi"))
        for chart in self.charts:
            self.server.put(chart, name=[{"family": "Sampleton"}])

    def plan(self, chart: str, words: str) -> str:
        self.server.passes(minutes=10)
        ref = f"CarePlan/cp{len(self.server.standing)}"
        self.server.put(f"Encounter/e{len(self.server.standing)}", subject={"reference": chart}, status="finished")
        self._put(ref, chart, words)
        return ref

    def edit(self, plan: str, words: str) -> None:
        self.server.passes(minutes=10)
        self._put(plan, self.server.standing[plan]["subject"]["reference"], words)

    def delete(self, plan: str) -> None:
        self.server.passes(minutes=10)
        self.server.delete(plan)

    def fails(self) -> None:
        self.server.refuses = dict.fromkeys(TYPES, 503)

    def met(self, page: Page) -> None:
        """It needs no memory."""

    def _put(self, ref: str, chart: str, words: str) -> None:
        activity = [{"detail": {"status": "in-progress", "description": words}}]
        self.server.put(ref, subject={"reference": chart}, status="active", intent="plan", activity=activity)


@dataclass
class OpenEmrClinic:
    """Neither stamps nor versions nor links, and plans by patient only."""

    server: RecordedOpenEmr
    now: datetime = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
    memory: Remembered = field(default_factory=Remembered)
    forms: dict[str, Form] = field(default_factory=dict)
    ehr: Ehr = field(init=False)
    charts: tuple[str, str] = field(init=False)

    def __post_init__(self) -> None:
        clinic = self.server.clinic
        token = clinic.issue_token([f"system/{type_}.read" for type_ in ALLOWED])
        once = Terms(retries=Retries(attempts=1))
        http = OpenEmrHttp(self.server.fhir_base, Bearer(token), terms=once, timing=Timing(sleep=lambda _: None))
        source = Source(id=1, slug="clinic", base_url=self.server.fhir_base, kind="openemr")
        sink = NoSink("nobody has chosen where Tasks go")
        rhythm = Rhythm(NEW_YORK, always=True)
        self.ehr = OpenEmr(http, source, sink, self.memory, clock=lambda: self.now, zone=NEW_YORK, rhythm=rhythm)
        people = [clinic.register_patient(name, "Sampleton", dob=date(1968, 3, 14)) for name in ("One", "Two")]
        self.charts = (f"Patient/{people[0].uuid}", f"Patient/{people[1].uuid}")

    def plan(self, chart: str, words: str) -> str:
        self.now += timedelta(minutes=10)
        visit = self.server.clinic.open_encounter(self._patient(chart))
        form = self.server.clinic.new_care_plan(visit, [self._line(words)])
        ref = f"CarePlan/{visit.uuid}-SK-{form.form_id}"
        self.forms[ref] = form
        return ref

    def edit(self, plan: str, words: str) -> None:
        self.now += timedelta(minutes=10)
        self.server.clinic.save_care_plan(self.forms[plan], [self._line(words)])

    def delete(self, plan: str) -> None:
        self.now += timedelta(minutes=10)
        self.server.clinic.delete_form(self.forms[plan])

    def fails(self) -> None:
        self.server.down()

    def met(self, page: Page) -> None:
        self.memory.on_file.update(page.on_file)
        self.memory.followed.update(plan.subject for plan in plans(page) if plan.subject)

    def _patient(self, chart: str) -> Patient:
        found = self.server.clinic.patient_with(chart.partition("/")[2])
        assert found is not None
        return found

    def _line(self, words: str) -> CarePlanRow:
        return CarePlanRow(description=words, date=datetime.fromisoformat("2026-07-15T10:00"))


@pytest.fixture(params=["hapi", "openemr"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    if request.param == "hapi":
        server = SearchServer()
        with serving(server) as http:
            yield Hapi(server, http)
        return
    times: list[OpenEmrClinic] = []
    clinic = Clinic(clock=lambda: times[0].now if times else OpenEmrClinic.now, zone=NEW_YORK)
    with recorded_openemr(clinic) as running:
        times.append(OpenEmrClinic(running))
        yield times[0]


@dataclass
class Reader:
    """Polls as a worker does: what comes is stored page by page, cursor and all."""

    world: World
    cursors: dict[str, Cursor] = field(default_factory=dict)
    facts: dict[str, Fact] = field(default_factory=dict)

    def poll(self, *, pages: int = 1_000) -> list[str]:
        """References that came as new or in another version; after so many pages the worker is killed."""
        came: list[str] = []
        asked = {type_: self.cursors.get(type_, Cursor()) for type_ in TYPES}
        for count, page in enumerate(self.world.ehr.pages_of(asked)):
            if count == pages:
                break
            came += [fact.ref for fact in page.facts if self._is_new(fact)]
            self.facts.update({fact.ref: fact for fact in page.facts})
            self.world.met(page)
            if page.cursor is not None:
                self.cursors[page.type] = page.cursor
        return came

    def _is_new(self, fact: Fact) -> bool:
        known = self.facts.get(fact.ref)
        return known is None or known.version != fact.version


def plans(page: Page) -> list[CarePlan]:
    return [fact for fact in page.facts if isinstance(fact, CarePlan)]


def words_of(fact: Fact) -> list[str | None]:
    assert isinstance(fact, CarePlan)
    return [activity.detail.description for activity in fact.activities if activity.detail]


# ------------------------------------------------------------------------------------------------------------- promises
def test_the_first_poll_brings_everything(world: World) -> None:
    """And says so: each type's first pass is complete."""
    ref = world.plan(world.charts[0], "Recheck BP")
    reader = Reader(world)

    came = reader.poll()

    assert {ref, *world.charts} <= set(came)
    assert [fact.ref for fact in reader.facts.values() if fact.type == "Encounter"]
    assert all(reader.cursors[type_].complete for type_ in TYPES)


def test_a_poll_in_which_nothing_happened_brings_nothing_new(world: World) -> None:
    """What comes twice has the version that it had."""
    world.plan(world.charts[0], "Recheck BP")
    reader = Reader(world)
    reader.poll()

    assert reader.poll() == []


def test_an_edit_comes_with_the_next_poll(world: World) -> None:
    """In another version, with what it says now."""
    ref, other = world.plan(world.charts[0], "Recheck BP"), world.plan(world.charts[1], "Eye exam")
    reader = Reader(world)
    reader.poll()
    world.edit(ref, "Recheck BP twice")

    came = reader.poll()

    assert ref in came
    assert other not in came
    assert words_of(reader.facts[ref]) == ["Recheck BP twice"]


def test_a_new_plan_of_somebody_who_had_none_comes(world: World) -> None:
    """Nobody has to tell for whom to look."""
    world.plan(world.charts[0], "Recheck BP")
    reader = Reader(world)
    reader.poll()

    assert world.plan(world.charts[1], "Eye exam") in Reader.poll(reader)


@pytest.mark.parametrize("pages", [0, 1, 2, 3])
def test_a_poll_that_was_killed_loses_nothing(world: World, pages: int) -> None:
    """Whatever was stored with its cursor, the next poll brings the rest."""
    refs = {world.plan(chart, "Recheck BP") for chart in world.charts}
    reader = Reader(world)
    reader.poll(pages=pages)

    reader.poll()

    assert refs | set(world.charts) <= reader.facts.keys()
    assert len([ref for ref in reader.facts if ref.startswith("Encounter/")]) == len(refs)


def test_what_is_gone_is_not_in_an_answer_by_name(world: World) -> None:
    """Nor what never was; the rest is."""
    gone, stays = (world.plan(chart, "Recheck BP") for chart in world.charts)
    world.delete(gone)

    found = [fact.ref for page in world.ehr.read([gone, stays, f"CarePlan/{NEVER}-SK-1"]) for fact in page.facts]

    assert found == [stays]


def test_what_is_there_is_told_with_the_version_of_the_feed(world: World) -> None:
    """So that the nightly comparison finds what was deleted, and nothing else to read again."""
    gone, stays = (world.plan(chart, "Recheck BP") for chart in world.charts)
    reader = Reader(world)
    reader.poll()
    world.delete(gone)

    told = dict(pair for page in world.ehr.references("CarePlan") for pair in page)

    assert told == {stays: reader.facts[stays].version}


def test_one_patients_record_has_nothing_of_anybody_else(world: World) -> None:
    """A read-back."""
    mine, theirs = (world.plan(chart, "Recheck BP") for chart in world.charts)

    found = {fact.ref: fact for page in world.ehr.read_patient(world.charts[0], None) for fact in page.facts}

    assert {world.charts[0], mine} <= found.keys()
    assert not {world.charts[1], theirs} & found.keys()
    assert {getattr(fact, "subject", None) for fact in found.values()} <= {world.charts[0], None}


def test_a_server_that_is_away_is_not_an_empty_one(world: World) -> None:
    """No page comes of it, and the cursors stay."""
    world.plan(world.charts[0], "Recheck BP")
    reader = Reader(world)
    reader.poll()
    cursors = dict(reader.cursors)
    world.fails()

    for ask in (
        reader.poll,
        lambda: list(world.ehr.read([world.charts[0]])),
        lambda: list(world.ehr.read_patient(world.charts[0], None)),
        lambda: list(world.ehr.references("CarePlan")),
    ):
        with pytest.raises(TemporaryFailure):
            ask()

    assert reader.cursors == cursors


def test_what_it_offers_is_told_apart_from_what_it_lacks(world: World) -> None:
    """No type is both, and plans and patients are always there."""
    ehr = world.ehr

    assert not set(ehr.types) & set(ehr.not_offered)
    assert not set(ehr.types) & set(ehr.followed)
    assert {"Patient", "CarePlan", "Appointment"} <= set(ehr.types)
