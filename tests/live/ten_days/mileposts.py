"""Two installations of Milepost by one clock that is moved by hand: beside the recorded OpenEMR, and beside a real
HAPI."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path

from fhir_adapters.ehr import FhirEhr
from fhir_adapters.http import FhirHttp
from fhir_adapters.mapping import Raw
from fhir_adapters.writeback import Names, tags_of
from plugin.bootstrap import build, prepare
from plugin.config import Settings, settings
from plugin.domain.account import SignedIn
from plugin.domain.act import Act, ActKind
from plugin.domain.assessment import Milestone, PlanState
from plugin.domain.configuration import LADDER, PROGRAM, ConfigVersion
from plugin.domain.errors import MilepostError
from plugin.domain.permissions import Role
from plugin.domain.reader import PageReader
from plugin.domain.source import Source
from plugin.domain.work import WorkItem
from plugin.opening import Ehrs
from plugin.usecases.act import act
from plugin.usecases.deliver import Delivered, deliver
from plugin.usecases.ports import Ehr
from plugin.usecases.reconcile import reconcile
from plugin.usecases.services import Services
from plugin.usecases.source_settings import Wanted, settle_source
from plugin.usecases.sources import add_source
from plugin.usecases.sync import read_source
from plugin.usecases.tick import tick
from tests.servers import FhirTag

ZONE = "America/New_York"
PROGRAM_CODE = "harbour-follow-up"


@dataclass
class Clock:
    """The script's."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Milepost:
    """One installation, with the EHR that it reads. ``failures`` are readings that came to nothing, in words."""

    services: Services
    slug: str
    failures: list[str] = field(default_factory=list)

    @property
    def source(self) -> Source:
        """As it is stored now."""
        with self.services.database.begin(reading=True) as uow:
            return uow.sources.get(self.slug)

    def poll(self) -> Delivered:
        """What the workers do: read what is due, assess, write."""
        try:
            read_source(self.services, self.source)
        except MilepostError as error:
            self.failures.append(str(error))
        return self.work()

    def work(self) -> Delivered:
        """Assess what is due, and write."""
        tick(self.services)
        return deliver(self.services)

    def night(self) -> None:
        """The comparison at night."""
        try:
            reconcile(self.services, self.source.id)
        except MilepostError as error:
            self.failures.append(str(error))

    def plans(self, patient: str) -> list[PlanState]:
        """As they are stored."""
        return self.stands(patient)[0]

    def stands(self, patient: str) -> tuple[list[PlanState], list[WorkItem]]:
        """A patient's plans, and what people are to do for them."""
        today = self.services.practice.day(self.services.clock())
        with self.services.database.begin(reading=True) as uow:
            source = uow.sources.get(self.slug)
            tracked = uow.patients.look(source, patient)
            if tracked is None:
                return [], []
            return list(uow.plans.of_patient(source, patient, today)), list(uow.work_items.of_patient(tracked.row.id))

    def says(self, patient: str, title: str, until: date) -> str:
        """A coordinator puts a step aside until then; its key."""
        now, source = self.services.clock(), self.source
        with self.services.database.begin(reading=True) as uow:
            tracked = uow.patients.look(source, patient)
            assert tracked is not None
            plans, versions = uow.plans.shown(tracked.row.id, self.services.practice.day(now))
        step = next(step for plan in plans for step in plan.milestones if step.title == title)
        wish = Act(
            kind=ActKind.HOLD,
            milestone=step.key,
            once=secrets.token_urlsafe(24),
            reason="away",
            until=until.isoformat(),
        )
        reader = PageReader(_coordinator(now), tracked.row.id, source.id, patient)
        act(self.services, reader, wish, patient=patient, version=versions[step.key])
        return step.key

    def step(self, patient: str, key: str) -> Milestone | None:
        """By its key."""
        return next((s for plan in self.plans(patient) for s in plan.milestones if s.key == key), None)


def _coordinator(now: datetime) -> SignedIn:
    return SignedIn(
        session="session-1",
        person_id=1,
        who="person/1",
        name="Demo-Coordinator",
        roles=(Role.COORDINATOR.value,),
        origin="127.0.0.1",
        signed_in_at=now,
        proven_at=now,
        ends_at=now + timedelta(hours=8),
    )


@contextmanager
def installed(folder: Path, clock: Clock, types: str) -> Iterator[tuple[Settings, Services]]:
    """An empty installation with the practice's program; ``types`` is the system of the calendar's categories."""
    folder.mkdir(mode=0o700)
    here = settings(
        {
            "MILEPOST_DATABASE_URL": f"sqlite:///{folder / 'milepost.db'}",
            "MILEPOST_KEY_FILE": str(folder / "key"),
            "MILEPOST_ZONE": ZONE,
            "MILEPOST_OVERLAP_SECONDS": "1",
        }
    )
    prepare(here)
    services = replace(build(here), clock=clock)
    _publish(services, types)
    try:
        yield here, services
    finally:
        services.database.close()


def _publish(services: Services, types: str) -> None:
    ladders = [version for version in services.catalog.shipped() if version.kind == LADDER]
    program = ConfigVersion(kind=PROGRAM, code=PROGRAM_CODE, version="1", body=_program(types), why="for the test")
    with services.database.begin() as uow:
        for version in (*ladders, program):
            assert uow.configurations.publish(version, services.clock())
        uow.commit()


def _program(types: str) -> Mapping[str, object]:
    """Claims every plan: OpenEMR gives each the one category. A visit is known by the calendar's category; the one by which
    no-shows were marked before there was a flow board takes its place, and so it is named, too."""
    snomed, loinc = "http://snomed.info/sct", "http://loinc.org"
    category = {"system": "http://hl7.org/fhir/us/core/CodeSystem/careplan-category", "code": "assess-plan"}
    visit = [{"system": types, "code": code} for code in ("established_patient", "no_show")]
    return {
        "code": PROGRAM_CODE,
        "version": "1",
        "title": "Follow-up",
        "claims": {"plans": [category]},
        "milestones": [
            {
                "code": "visit",
                "title": "Follow-up visit",
                "kind": "visit",
                "codes": [{"system": snomed, "code": "390906007"}, *visit],
                "opens": {"days": 1},
                "due": {"weeks": 12},
                "owner": "coordinator",
            },
            {
                "code": "hba1c",
                "title": "Blood test",
                "kind": "laboratory",
                "codes": [{"system": loinc, "code": "4548-4"}],
                "opens": {"days": 1},
                "due": {"weeks": 12},
                "owner": "coordinator",
            },
        ],
    }


def beside_hapi(
    here: Settings, services: Services, base: str, tag: FhirTag, seen: Callable[[Raw], datetime | None]
) -> Milepost:
    """Reads HAPI and writes its Tasks there. ``seen``: HAPI stamps by a clock of its own."""
    known: dict[int, tuple[Source, Ehr]] = {}

    def opened(source: Source) -> Ehr:
        """Once, as in production, and anew when it was probed."""
        if source.id not in known or known[source.id][0].capability != source.capability:
            names = Names(here.identifier_base, tags=tags_of(source.search_filter))
            made = FhirEhr(FhirHttp(source.base_url), source, names, overlap=here.overlap, seen=seen)
            known[source.id] = (source, made)
        return known[source.id][1]

    services = replace(services, ehr=opened)
    filter_ = {"_tag": f"{tag.system}|{tag.code}"}
    add_source(services, Source(id=0, slug="hapi", base_url=base, search_filter=filter_))
    return Milepost(services, "hapi")


def beside_openemr(
    here: Settings, services: Services, base: str, client_id: str, *, store: str, tag: FhirTag
) -> Milepost:
    """Reads OpenEMR with its own keys; Tasks go to a companion store."""
    ehrs = Ehrs(here, services.database, None, services.clock)
    services = replace(services, ehr=ehrs, companion=ehrs.companion, staff=ehrs.staff)
    filter_ = {"_tag": f"{tag.system}|{tag.code}"}
    add_source(services, Source(id=0, slug="store", base_url=store, search_filter=filter_, use="store"))
    source = add_source(services, Source(id=0, slug="openemr", base_url=base, kind="openemr", client_id=client_id))
    settle_source(services, source, Wanted(sink="companion", companion="store"), by="test")
    return Milepost(services, "openemr")
