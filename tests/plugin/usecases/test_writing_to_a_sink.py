"""Writing where the source has no Task of its own: who is not linked, and what an inbox has no use for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from plugin.domain.errors import CannotDo
from plugin.domain.ledger import LedgerRow
from plugin.domain.record import Identifier, Moment, Patient
from plugin.domain.source import Draft, Source
from plugin.usecases.deliver import deliver
from plugin.usecases.link_patients import LinkedPatients, link, links_to_do
from plugin.usecases.services import Services
from tests.builders import World, a_patient, a_plan
from tests.fakes import FakeEhr


class LinkedOnly(FakeEhr):
    """Writes to a store: only for patients who are linked."""

    def __init__(self, world: World, source: Source) -> None:
        super().__init__(world.server)
        self._patients = LinkedPatients(world.database, source)

    def draft(self, row: LedgerRow) -> Draft:
        patient = str((row.content or {})["patient"])
        if self._patients.in_store(patient) is None:
            raise CannotDo("not linked")
        return super().draft(row)


class AnInbox(FakeEhr):
    """Takes gaps and notices, and stands for no Task."""

    def draft(self, row: LedgerRow) -> Draft | None:  # type: ignore[override]  # the fake of a server with Task never says None
        if row.what in ("task", "flag"):
            return None
        draft = super().draft(row)
        return replace(draft, body={name: part for name, part in draft.body.items() if name != "about"})


def chart(number: int, world: World, days: int = 10) -> Patient:
    """A patient with a step that is overdue, and a number."""
    due = (world.clock().date() - timedelta(days=days)).isoformat()
    identifier = Identifier("urn:mrn", str(number))
    born = Moment("1968-03-14")
    patient = replace(a_patient(number), family="Example", birth_date=born, identifiers=(identifier,))
    world.server.put(patient, a_plan(number, due=due, start="2026-05-01"))
    return patient


@pytest.fixture
def world() -> World:
    """A practice whose source has a companion store; its first reading is over."""
    made = World()
    with made.database.begin() as uow:
        uow.sources.add(Source(id=0, slug="store", base_url="http://127.0.0.1/store", use="store"), made.clock())
        uow.sources.update(replace(made.source, sink="companion", companion="store"), made.clock())
        uow.commit()
    made.sweep()
    made.clock.forward(hours=6)
    return made


def with_links(world: World) -> Services:
    """Its EHR writes for linked patients only."""
    ehr = LinkedOnly(world, world.source)
    return replace(world.services, ehr=lambda source: ehr)


def test_who_is_not_linked_fails_alone_and_is_written_when_linked(world: World) -> None:
    """The other patient's Task stands; this one waits for a person, with the reason, and nobody tries in between."""
    services = with_links(world)
    known, unknown = chart(1, world), chart(2, world)
    world.companion.put(replace(known, ref="Patient/s1"), replace(unknown, ref="Patient/s2", family="Other"))

    swept = world.sweep(services)

    assert swept.delivered is not None
    assert (swept.delivered.written, swept.delivered.failed) == (3, 3)
    (waiting,) = links_to_do(services, world.source)
    assert (waiting.patient, waiting.why) == (unknown.ref, "name-differs")
    world.clock.forward(days=1)
    assert deliver(services).failed == 0

    link(services, world.now_source(), unknown.ref, "Patient/s2", by="user:1")

    assert deliver(services).written == 3


def test_an_inbox_has_no_use_for_tasks_and_flags(world: World) -> None:
    """They count as done, and are told as what they are; the notice waits for no Task."""
    ehr = AnInbox(world.server)
    chart(1, world, days=30)

    swept = world.sweep(replace(world.services, ehr=lambda source: ehr))

    assert swept.delivered is not None
    assert (swept.delivered.not_needed, swept.delivered.failed) == (2, 0)
    assert sorted(ref.partition("/")[0] for ref in world.server.written) == [
        "Communication",
        "DetectedIssue",
        "Device",
        "Provenance",
    ]
    assert deliver(world.services).claimed == 0
