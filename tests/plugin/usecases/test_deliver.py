"""Effects are carried out once: writes, work, reports; what fails is tried again or goes to a person."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from threading import Event

import pytest

from plugin.domain.errors import TooSlow
from plugin.domain.ledger import LedgerRow
from plugin.domain.source import Draft, Written
from plugin.domain.writes import task_ref
from plugin.usecases import deliver as deliver_module
from plugin.usecases.deliver import DELIVERED, deliver
from plugin.usecases.sources import pause_source
from plugin.usecases.write_back import pause_after
from tests.builders import WEIGHT, World, a_patient, a_plan, a_result, an_activity
from tests.fakes import FakeEhr, FakeServer


def overdue(world: World, number: int = 1, *, days: int = 10) -> None:
    """A plan that is overdue by so many days, and was in time when the source was first read."""
    due = (world.clock().date() - timedelta(days=days)).isoformat()
    world.server.put(a_patient(number), a_plan(number, due=due, start="2026-05-01"))


def read_nothing_first(world: World) -> None:
    """The source's first reading is over, so that nobody belongs to its backlog; at noon in Chicago."""
    world.sweep()
    world.clock.forward(hours=6)


def test_a_gap_is_written_and_given_to_the_coordinator(world: World) -> None:
    """Tier 2: Task, DetectedIssue and Flag stand on the server, and one work item is open."""
    read_nothing_first(world)
    overdue(world)

    world.sweep()

    assert sorted(ref.partition("/")[0] for ref in world.server.written) == [
        "DetectedIssue",
        "Device",
        "Flag",
        "Provenance",
        "Task",
    ]
    assert world.work() == {"coordinator": {"overdue": 1}}


def test_nothing_is_written_twice(world: World) -> None:
    """A second and a third sweep find everything as it is wanted."""
    read_nothing_first(world)
    overdue(world)
    world.sweep()

    written = [world.sweep().delivered for _ in range(2)]

    assert [done and done.claimed for done in written] == [0, 0]
    assert set(world.server.writes.values()) == {1}


def test_resolution_closes_the_gap_and_its_work(world: World) -> None:
    """The result comes: Task completed, issue closed, Flag inactive, and nobody has to do anything any more."""
    read_nothing_first(world)
    overdue(world)
    world.sweep()
    world.server.put(a_result(1, on="2026-06-14"))
    world.clock.forward(minutes=1)

    world.sweep()

    flags = [draft.body["active"] for ref, draft in world.server.written.items() if ref.startswith("Flag/")]
    issues = [d.body["state"] for ref, d in world.server.written.items() if ref.startswith("DetectedIssue/")]
    assert (list(world.tasks().values()), issues, flags) == (["completed"], ["closed"], [False])
    assert world.work() == {}


def test_messages_are_recorded_as_planned_only(world: World) -> None:
    """No courier is there: they wait in the ledger, and nobody claims them."""
    read_nothing_first(world)
    overdue(world, days=3)

    world.sweep()

    assert world.effects()["message"] == {"planned": 1}


def test_a_server_that_is_down_loses_nothing(world: World) -> None:
    """Everything is planned again, with growing pauses, and written when the server is back."""
    read_nothing_first(world)
    overdue(world)
    world.sweep(write=False)
    world.server.down = True

    first = deliver(world.services)
    world.server.down = False
    too_early = deliver(world.services)
    world.clock.forward(minutes=2)
    second = deliver(world.services)

    assert (first.written, first.failed) == (0, 3)
    assert too_early.claimed == 0
    assert second.written == 3


def test_one_refused_resource_is_set_aside_and_the_rest_is_written(world: World) -> None:
    """The culprit stands alone, with the server's words; it is not tried again by itself."""
    read_nothing_first(world)
    overdue(world, 1)
    overdue(world, 2)
    world.sweep(write=False)
    ref = task_ref(world.milestones("Patient/p1")[0].key)
    world.server.refused[ref] = "422: it cannot be so"

    done = deliver(world.services)

    assert (done.written, done.failed) == (5, 1)
    assert world.effects()["write"] == {"done": 5, "failed": 1}
    with world.look() as uow:
        assert [(record.ref, record.reason) for record in uow.sources.aside(world.source)] == [
            (ref, "422: it cannot be so")
        ]


def test_a_paused_source_is_not_written_to(world: World) -> None:
    """Its writes wait; work items are ours and do not."""
    read_nothing_first(world)
    overdue(world)
    world.sweep(write=False)
    pause_source(world.services, world.now_source(), is_paused=True)

    done = deliver(world.services)

    assert (done.written, done.work) == (0, 1)


def test_what_a_dead_worker_claimed_is_delivered_after_its_lease(world: World) -> None:
    """Claimed and never recorded: after the lease somebody else carries it out, once."""
    read_nothing_first(world)
    overdue(world)
    world.sweep(write=False)
    with world.database.begin() as uow:
        uow.ledger.claim(DELIVERED, world.clock(), 100, "dead")
        uow.commit()

    before = deliver(world.services)
    world.clock.forward(minutes=6)
    after = deliver(world.services)

    assert before.claimed == 0
    assert (after.written, after.work) == (3, 1)


def test_what_a_process_of_this_machine_had_claimed_is_free_when_it_is_gone(world: World) -> None:
    """No lease has to run out for a process that is known to have ended; for one that lives it has."""
    read_nothing_first(world)
    overdue(world)
    world.sweep(write=False)
    with world.database.begin() as uow:
        uow.ledger.claim(DELIVERED, world.clock(), 100, "test:2")
        uow.commit()

    before = deliver(world.services)
    world.processes.gone.add("test:2")
    after = deliver(world.services)

    assert before.claimed == 0
    assert (after.written, after.work) == (3, 1)


def test_steps_of_one_morning_are_one_work_item(world: World) -> None:
    """Two overdue steps of one patient for one role are listed together."""
    read_nothing_first(world)
    steps = [an_activity(0, due="2026-06-05"), an_activity(1, code=WEIGHT, due="2026-06-05")]
    world.server.put(a_patient(1), a_plan(1, activities=steps, start="2026-05-01"))

    world.sweep()

    assert world.work()["coordinator"] == {"overdue": 1}


def test_pauses_grow_and_end() -> None:
    """A minute, two, four; never more than six hours."""
    assert [pause_after(attempts) for attempts in (0, 1, 2, 3)] == [timedelta(minutes=m) for m in (1, 1, 2, 4)]
    assert pause_after(1000) == timedelta(hours=6)


class WaitsForTheNext(FakeEhr):
    """Its first answer to a batch comes when the first effect of the next batch has been drafted."""

    def __init__(self, server: FakeServer, batch: int) -> None:
        super().__init__(server)
        self._batch = batch
        self._drafted = 0
        self._next_is_drafted = Event()

    def draft(self, row: LedgerRow) -> Draft:
        self._drafted += 1
        if self._drafted > self._batch:
            self._next_is_drafted.set()
        return super().draft(row)

    def write(self, drafts: Sequence[Draft]) -> Sequence[Written]:
        if len(drafts) > 1 and not self._next_is_drafted.wait(timeout=60):
            raise TooSlow("Nobody prepares anything while this is sent.")
        return super().write(drafts)


def test_the_next_batch_is_prepared_while_one_is_sent(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's time is not ours to wait for, as long as there is more to do."""
    batch = 3
    monkeypatch.setattr(deliver_module, "BATCH", batch)
    read_nothing_first(world)
    overdue(world, 1)
    overdue(world, 2)
    ehr = WaitsForTheNext(world.server, batch)

    swept = world.sweep(replace(world.services, ehr=lambda source: ehr))

    assert swept.delivered is not None
    assert (swept.delivered.written, swept.delivered.failed) == (6, 0)
