"""A practice made of the demo's charts, on a real database, that has lived for a while; and copies of it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

import orjson
from sqlalchemy import Engine, Table, func, select

from deploy.demo.generator.chart import Run
from deploy.demo.generator.practice import practice_resources
from deploy.demo.generator.stream import write_patient
from deploy.demo.generator.tally import Tally
from fhir_adapters.bundle import read_bundle
from plugin.catalog.loader import FileCatalog
from plugin.domain.account import SignedIn
from plugin.domain.calendar import Practice as Hours
from plugin.domain.configuration import ConfigDraft, Publication
from plugin.domain.permissions import Role
from plugin.domain.preview import PatientChange, PreviewSums
from plugin.domain.record import FACT_TYPES, Fact, Said, Statement
from plugin.storage import tables
from plugin.storage.engine import connect_engine
from plugin.storage.unit_of_work import SqlDatabase
from plugin.usecases.deliver import deliver
from plugin.usecases.drafts import begin_draft
from plugin.usecases.preview import ask_preview
from plugin.usecases.publish_draft import publish_draft
from plugin.usecases.run_preview import run_preview
from plugin.usecases.second_person import approve
from plugin.usecases.tick import tick
from tests.builders import CHICAGO, World
from tests.contract.storage.databases import ReadableCipher
from tests.fakes import FOLLOWED, START, FakeCatalog, FakeClock, FakeEhr, FakeServer

TODAY = START + timedelta(days=21)
"""The practice was first read at START, and is looked at three weeks later."""
OF_THE_PROGRAM, BESIDE = (2, 5, 13), (0, 1, 7, 16, 17)
"""Places of the generator's cycle of twenty-one patients."""
NUMBERS = sorted([21 * turn + place for turn in range(9) for place in OF_THE_PROGRAM] + list(BESIDE))
HOURS = Hours(CHICAGO)

Body = dict[str, Any]  # Any: a program as TOML has it
Row = Mapping[str, Any]  # Any: columns are of every type
Change = Callable[[Body], None]


def person(number: int, now: datetime) -> SignedIn:
    """Somebody who writes and publishes programs."""
    return SignedIn(
        session=f"s{number}",
        person_id=number,
        who=f"user:{number}",
        name="Demo",
        roles=(Role.PROGRAM_EDITOR.value,),
        origin="127.0.0.1",
        signed_in_at=now,
        proven_at=now,
        ends_at=now + timedelta(hours=8),
    )


@dataclass
class DemoWorld(World):
    """The shipped programs and ladders, and a server that answers in large pages. A copied one has its source already."""

    is_copied: bool = False

    def __post_init__(self) -> None:
        self.catalog = cast(FakeCatalog, FileCatalog())
        if not self.is_copied:
            super().__post_init__()
        self.ehr = FakeEhr(self.server, page_size=1000, types=[type_ for type_ in FACT_TYPES if type_ not in FOLLOWED])
        self.services = self.with_faults(None)
        with self.look() as uow:
            self.source = uow.sources.get("main")


@dataclass
class Practice:
    """A world on a real database, and its tables."""

    url: str
    server: FakeServer
    clock: FakeClock
    is_copied: bool = True
    world: World = field(init=False)
    engine: Engine = field(init=False)

    def __post_init__(self) -> None:
        database = SqlDatabase(self.url, ReadableCipher())
        self.world = DemoWorld(database=database, server=self.server, clock=self.clock, is_copied=self.is_copied)
        self.engine = connect_engine(self.url)

    def close(self) -> None:
        """Lets go of the database."""
        self.world.database.close()
        self.engine.dispose()

    def rows(self, table: Table) -> Sequence[Row]:
        """All of a table."""
        with self.engine.connect() as connection:
            return [dict(row) for row in connection.execute(select(table)).mappings()]

    def settle(self) -> None:
        """Ticks and deliveries, until nothing is due."""
        tick(self.world.services)
        deliver(self.world.services)

    def forward(self, **span: float) -> None:
        """Time goes by as it does: whoever is due is looked at when they are, and what is due is delivered."""
        end = self.clock.now + timedelta(**span)
        following = select(func.min(tables.patient.c.next_change_at))
        while self.clock.now < end:
            with self.engine.connect() as connection:
                due = connection.execute(following.where(tables.patient.c.next_change_at > self.clock.now)).scalar()
            self.clock.now = min(due or end, end)
            self.settle()

    def drafted(self, kind: str, code: str, change: Change) -> ConfigDraft:
        """A draft of what is in force, with a change in it."""
        services = self.world.services
        with self.world.look() as uow:
            in_force = next(v for v in uow.configurations.current(self.clock()) if (v.kind, v.code) == (kind, code))
        body = copy.deepcopy(dict(in_force.body))
        change(body)
        return begin_draft(services, person(1, self.clock()), kind, code, body=body)

    def previewed(
        self, draft: ConfigDraft, *, new_plans_only: bool = False, **ahead: float
    ) -> tuple[int, Sequence[PatientChange], PreviewSums]:
        """What a preview says of it."""
        at = self.clock.now + timedelta(**ahead) if ahead else None
        asked = ask_preview(self.world.services, person(1, self.clock()), draft.id, at, new_plans_only=new_plans_only)
        run_preview(self.world.services, asked.id)
        with self.world.look() as uow:
            done = uow.previews.get(asked.id)
            assert done.sums is not None, done
            return asked.id, uow.previews.changes(asked.id, limit=1000), done.sums

    def published(self, draft: ConfigDraft, preview_id: int, *, new_plans_only: bool = False, **ahead: float) -> None:
        """As two people do it."""
        from_ = self.clock.now + timedelta(**ahead) if ahead else None
        services, author, second = self.world.services, person(1, self.clock()), person(2, self.clock())
        done = publish_draft(
            services, author, draft.id, draft.revision, from_, "because", preview_id, new_plans_only=new_plans_only
        )
        if isinstance(done, Publication):
            approve(services, second, done.id)


def demo_facts() -> Sequence[Fact]:
    """The demo's patients of the program, and some others."""
    run = Run(HOURS.day(TODAY), 20260101, "", Tally())
    resources = list(practice_resources(run))
    for number in NUMBERS:
        resources += write_patient(run, number, None).resources
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]}
    return read_bundle(orjson.dumps(bundle)).facts


def lived(url: str) -> tuple[FakeServer, FakeClock]:
    """Three weeks of a practice: read once, then looked at every few days; a hold and a person's word in between."""
    practice = Practice(url, FakeServer(), FakeClock(), is_copied=False)
    practice.server.put(*demo_facts())
    practice.world.sweep()
    for day in (7, 14, 18, 21):
        practice.clock.now = START + timedelta(days=day)
        practice.settle()
        if day == 14:
            say(practice)
    practice.close()
    return practice.server, practice.clock


def say(practice: Practice) -> None:
    """Somebody puts one open step on hold, and says of another that it is done."""
    open_steps = [
        r for r in practice.rows(tables.milestone) if r["gap"] == "open" and r["source"].startswith("program/")
    ]
    held, done = open_steps[0], open_steps[-1]
    refs = {r["id"]: r["ref"] for r in practice.rows(tables.patient)}
    now = practice.clock.now
    until = HOURS.day(now) + timedelta(days=30)
    said = (
        (
            held,
            Statement(
                id="held", said=Said.HOLD, by="user:3", at=now, milestone=held["key"], until=until, reason="away"
            ),
        ),
        (done, Statement(id="done", said=Said.COMPLETED, by="user:3", at=now, milestone=done["key"])),
    )
    with practice.world.database.begin() as uow:
        for row, statement in said:
            uow.statements.add(practice.world.source, refs[row["patient_id"]], statement, now)
        uow.commit()
