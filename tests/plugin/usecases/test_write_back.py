"""The write-back after a process that died in it: what stands on the server is looked up before it is written again."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from plugin.domain.assessment import EffectKind
from plugin.domain.ledger import LedgerRow
from plugin.domain.source import Draft, Source, Written
from plugin.usecases.deliver import deliver
from plugin.usecases.services import Services
from plugin.usecases.write_back import WriteBack, WritingBack
from tests.builders import World, a_patient, a_plan, a_result
from tests.fakes import FakeEhr, Killed


class DiesAfterWriting(FakeEhr):
    """The server writes what it is sent, and nobody hears of it. (Our Device, which comes first, is sent alone.)"""

    def write(self, drafts: Sequence[Draft]) -> Sequence[Written]:
        written = super().write(drafts)
        if len(drafts) > 1:
            raise Killed
        return written


def die_after_writing(world: World) -> None:
    """A sweep of another process, which is known to be gone afterwards."""
    ehr = DiesAfterWriting(world.server)
    with pytest.raises(Killed):
        world.sweep(replace(world.services, ehr=lambda source: ehr))
    world.clock.forward(minutes=10)


def _carried_out(services: Services, source: Source, rows: Sequence[LedgerRow]) -> WriteBack:
    """Step by step, with nothing in between."""
    writing = WritingBack(services, source, rows)
    writing.prepare()
    writing.send()
    return writing.record()


def provenances(world: World) -> list[str]:
    """Those that stand on the server."""
    return sorted(ref for ref in world.server.written if ref.startswith("Provenance/"))


@pytest.mark.fault
def test_what_was_written_and_not_answered_is_written_once(world: World) -> None:
    """Neither the resources get a second version, nor is there a second Provenance of the one write."""
    world.server.put(a_patient(1), a_plan(1, due="2026-06-05", start="2026-05-01"))
    die_after_writing(world)
    before = provenances(world)

    swept = world.sweep()

    assert swept.delivered is not None
    assert (swept.delivered.written, swept.delivered.unchanged) == (0, 3)
    assert provenances(world) == before
    assert set(world.server.writes.values()) == {1}
    assert {ref.partition("/")[0] for ref in world.server.writes} >= {"Task", "DetectedIssue", "Flag"}


@pytest.mark.fault
def test_what_is_wanted_as_it_was_before_is_written_over_the_lost_answer(world: World) -> None:
    """A result closes the gap on the server, the process dies, and the result turns out to be an error: the server says
    open again, though the last answer that we had says so too."""
    world.server.put(a_patient(1), a_plan(1, due="2026-06-05", start="2026-05-01"))
    world.sweep()
    world.server.put(a_result(1, on="2026-06-14"))
    world.clock.forward(minutes=1)
    die_after_writing(world)
    world.server.put(replace(a_result(1, on="2026-06-14"), status="entered-in-error"))

    for _ in range(2):
        world.sweep()
        world.clock.forward(minutes=1)

    bodies = {ref.partition("/")[0]: draft.body for ref, draft in world.server.written.items()}
    assert (bodies["DetectedIssue"]["state"], bodies["Flag"]["active"]) == ("open", True)
    assert list(world.tasks().values()) == ["ready"]


@pytest.mark.fault
def test_what_a_person_changed_after_a_lost_answer_is_kept(world: World) -> None:
    """Our first write was never answered and a nurse has completed the Task since: her word is taken, not overwritten."""
    world.server.put(a_patient(1), a_plan(1, due="2026-06-05", start="2026-05-01"))
    die_after_writing(world)
    (task,) = world.tasks()
    world.server.edit_task(task, "completed", author="Practitioner/nurse")

    world.sweep()

    assert [(s.said.value, s.by) for s in world.statements()] == [("completed", "Practitioner/nurse")]
    assert world.tasks() == {task: "completed"}


@pytest.mark.fault
def test_a_first_write_that_nobody_has_read_is_no_licence(world: World) -> None:
    """Delivery alone, before any reading: what stands in no version that we know of is a conflict, and is read first."""
    world.server.put(a_patient(1), a_plan(1, due="2026-06-05", start="2026-05-01"))
    die_after_writing(world)
    (task,) = world.tasks()
    world.server.edit_task(task, "completed", author="Practitioner/nurse")

    done = deliver(world.services)
    world.clock.forward(hours=1)
    deliver(world.services)

    assert done.conflicts == 1
    assert world.tasks() == {task: "completed"}
    assert [s.by for s in world.statements()] == ["Practitioner/nurse"]


def test_a_notice_waits_for_its_task(world: World) -> None:
    """Another worker has the Task in hand: the notice would refer to nothing, and be refused for good."""
    world.server.put(a_patient(1), a_plan(1, due="2026-05-28", start="2026-05-01"))
    world.sweep(write=False)
    with world.services.database.begin() as uow:
        rows = uow.ledger.claim([EffectKind.NOTICE], world.clock(), 10, "another")
        uow.commit()

    early = _carried_out(world.services, world.source, rows)
    world.clock.forward(minutes=10)
    world.sweep()

    assert [(words.endswith("does not stand there yet"), again) for _, words, again in early.failed] == [(True, True)]
    assert {ref.partition("/")[0] for ref in world.server.written} >= {"Task", "Communication"}
