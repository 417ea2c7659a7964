"""Nothing is lost and nothing doubled, whichever call of whichever port is the last one of a process."""

import random
import shutil
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest

from plugin.domain.errors import TemporaryFailure
from plugin.domain.record import Link, Order
from plugin.sessions.cipher import read_cipher
from plugin.storage.unit_of_work import SqlDatabase
from tests.builders import WEIGHT, World, a_booking, a_goal, a_patient, a_plan, a_result, a_step, an_order
from tests.fakes import Faults, Killed

MOMENTS = 60
"""Chosen by a seed, of some six hundred; all of them were tried when this was written."""
SEEDS_ON_SQLITE = 6


def first_day(world: World) -> None:
    """What stands on the server when Milepost first comes: a gap, a request that no feed brings, a booking."""
    world.server.put(a_patient(1), a_plan(1, due="2026-06-05", start="2026-05-01"))
    group = Order(ref="RequestGroup/g1", subject="Patient/p2", status="active", focus=Link("MedicationRequest/srm"))
    world.server.put(group, an_order("m", patient=2, type_="MedicationRequest"))
    world.server.put(a_patient(2), a_plan(2, activities=[a_step("RequestGroup/g1"), a_step("ServiceRequest/sr2", 1)]))
    world.server.put(an_order(2, patient=2), a_booking(2, patients=[2], order="ServiceRequest/sr2"))
    world.server.put(a_patient(3), a_result(3, patient=3, on="2026-06-14"))


def second_day(world: World) -> None:
    """What comes later: a nurse's edit, a result, a goal that names a new code, a first plan of a known patient."""
    task = sorted(world.tasks())[0]
    world.server.edit_task(task, "completed", author="Practitioner/nurse")
    world.server.put(a_result(2, patient=2, code=WEIGHT), a_goal(2, patient=2), a_plan(3))


def run(world: World, faults: Faults | None) -> dict[str, object]:
    """Both days, with a process that may die in either; what is true at the end."""
    services = world.with_faults(faults)
    for happens in (first_day, second_day):
        happens(world)
        with suppress(Killed, TemporaryFailure):
            world.sweep(services)
        for _ in range(2):  # another process takes over, after the lease of what the first one had claimed
            world.clock.forward(minutes=10)
            world.sweep()
    return outcome(world)


def outcome(world: World) -> dict[str, object]:
    """What must not depend on where a process died."""
    bodies = {ref: draft.body for ref, draft in world.server.written.items() if not ref.startswith("Provenance/")}
    with world.look() as uow:
        accounted = dict(uow.sources.care_plans(world.source))
    return {
        "facts": world.kept(),
        "statuses": {ref: world.statuses(ref) for ref in ("Patient/p1", "Patient/p2", "Patient/p3")},
        "effects": world.effects(),
        "work": world.work(),
        "said": [(s.said, s.by, s.milestone) for n in (1, 2, 3) for s in world.statements(f"Patient/p{n}")],
        "plans": accounted,
        "bodies": bodies,
        "writes": {ref: world.server.writes[ref] for ref in bodies},
    }


@cache
def calls_of_a_whole_run() -> int:
    """How many calls of ports there are."""
    counting = Faults()
    run(World(), counting)
    return counting.calls


def moments(seed: int) -> list[int]:
    """Calls at which a process dies."""
    return random.Random(seed).sample(range(1, calls_of_a_whole_run() + 1), MOMENTS)


@pytest.mark.fault
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_process_may_die_at_any_call(after: bool) -> None:
    """``kill -9`` before or after each single call of a port, each commit and each answer of the server among them."""
    undisturbed = run(World(), None)

    different = {}
    for number in moments(seed=int(after)):
        faults = Faults(number, after=after)
        if run(World(), faults) != undisturbed:
            different[number] = faults.fell_at

    assert different == {}


@pytest.mark.fault
def test_any_call_may_fail_for_a_while() -> None:
    """A TemporaryFailure of any port: the sweep says so, and the next one ends where none would have failed."""
    undisturbed = run(World(), None)

    different = {}
    for number in moments(seed=2):
        faults = Faults(number, error=TemporaryFailure)
        if run(World(), faults) != undisturbed:
            different[number] = faults.fell_at

    assert different == {}


def on_sqlite(empty: Path, file: Path) -> World:
    """A world over a new database."""
    shutil.copy(empty / "empty.db", file)
    return World(SqlDatabase(f"sqlite:///{file}", read_cipher(empty / "key")))


@pytest.fixture(scope="module")
def undisturbed_on_sqlite(empty_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What is true at the end where nobody dies."""
    return run(on_sqlite(empty_sqlite, tmp_path_factory.mktemp("calm") / "undisturbed.db"), None)


@pytest.mark.fault
@pytest.mark.parametrize("seed", range(SEEDS_ON_SQLITE))
def test_a_process_may_die_over_a_real_database(
    seed: int, empty_sqlite: Path, undisturbed_on_sqlite: dict[str, object], tmp_path: Path
) -> None:
    """The same on SQLite, at moments that the seed chooses."""
    chance = random.Random(seed)
    faults = Faults(chance.randrange(1, calls_of_a_whole_run() + 1), after=chance.random() < 0.5)

    disturbed = run(on_sqlite(empty_sqlite, tmp_path / "disturbed.db"), faults)

    assert disturbed == undisturbed_on_sqlite, faults.fell_at
