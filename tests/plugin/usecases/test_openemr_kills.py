"""A process that dies while it reads an OpenEMR and writes what comes of it, at any call: the next one goes on, and
ends where one ends that was never disturbed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from plugin.domain.errors import TemporaryFailure
from plugin.usecases.deliver import deliver
from plugin.usecases.ports import Database, Ehr
from plugin.usecases.sync import read_source
from plugin.usecases.tick import tick
from tests.fakes import Faults, Killed
from tests.openemr_world import NOON, Beside, a_line, beside_openemr

MOMENTS = 4
"""Chosen by a seed, of some two hundred; 130 of each sort were tried when this was written."""
DISTURBED, CALM = "shelf", "inbox"


@pytest.fixture(scope="module")
def beside(empty_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beside]:
    """Two sources of one clinic, both read."""
    with beside_openemr(tmp_path_factory.mktemp("kills"), empty_sqlite) as made:
        yield made


def a_morning(beside: Beside, number: int) -> None:
    """What people do at the clinic: a step is moved, one is added and another taken away, somebody is booked."""
    clinic, who = beside.clinic, ("Ada", "Bert")[number % 2]
    lines = [a_line(-20 - number % 30), a_line(30 + number % 40, f"Check {number}", "SNOMED-CT:390906007")]
    clinic.save_care_plan(beside.forms[who], lines)
    clinic.book(beside.patients[who], day=NOON.date() + timedelta(days=2), start=NOON.time())
    for old in clinic.appointments_of(beside.patients[who])[:-1]:
        clinic.delete_appointment(old)


def work(beside: Beside, slug: str, faults: Faults) -> None:
    """As workers do it, one of whom may die."""
    beside.make_due(slug)
    services = replace(
        beside.services,
        database=cast(Database, faults.before(beside.services.database)),
        ehr=lambda source: cast(Ehr, faults.before(beside.services.ehr(source))),
    )
    with suppress(Killed, TemporaryFailure):
        read_source(services, beside.source(slug))
        tick(services)
        deliver(services)


def outcome(beside: Beside, slug: str) -> dict[str, list[tuple[object, ...]]]:
    """Facts, milestones and writes of a source, as far as they do not name it."""
    source, tables = beside.source(slug), beside.columns("fact", "milestone", "effect")
    kept = {
        "fact": ("ref", "patient_ref", "status", "begins"),
        "milestone": ("key", "status", "gap", "tier", "due"),
        "effect": ("key", "kind", "what", "state"),
    }
    return {
        name: sorted(
            tuple(str(row[column]).replace(f"{slug}|", "|") for column in columns)
            for row in tables[name]
            if row["source_id"] == source.id and "removed" not in str(row.get("body", ""))
        )
        for name, columns in kept.items()
    }


@pytest.mark.fault
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_process_may_die_at_any_call(beside: Beside, after: bool) -> None:
    """``kill -9`` before or after a call of the database or of the servers; or a failure of it for a while."""
    counting = Faults()
    a_morning(beside, 0)
    for slug in (DISTURBED, CALM):
        work(beside, slug, counting if slug == DISTURBED else Faults())
    different = {}
    for place, number in enumerate(random.Random(int(after)).sample(range(1, counting.calls + 1), MOMENTS)):
        faults = Faults(number, after=after, error=TemporaryFailure if place % 4 == 0 else Killed)
        a_morning(beside, number)
        work(beside, DISTURBED, faults)
        beside.restart()
        beside.world.clock.forward(minutes=10)
        for slug in (DISTURBED, CALM):
            work(beside, slug, Faults())
        if outcome(beside, DISTURBED) != outcome(beside, CALM):
            different[number] = faults.fell_at

    assert different == {}


def test_two_workers_may_read_at_once(beside: Beside) -> None:
    """Both ask for the same, and store and write it: it is there once."""
    a_morning(beside, 99)
    tasks = {ref for ref in beside.store.standing if ref.startswith("Task/")}

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: work(beside, DISTURBED, Faults()), range(2)))
    beside.world.clock.forward(minutes=10)
    for slug in (DISTURBED, CALM):
        work(beside, slug, Faults())

    assert outcome(beside, DISTURBED) == outcome(beside, CALM)
    assert {ref for ref in beside.store.standing if ref.startswith("Task/")} == tasks
