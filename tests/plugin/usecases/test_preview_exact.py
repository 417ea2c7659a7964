"""A preview is exact: what publishing then does, read back from the tables, is what it said, patient by patient.

The practice is the demo's own, read through the real reading; each change is published as people publish it, ticks and
deliveries run, and the tables before and after are compared. Nothing here asks the preview what happened.
"""

from __future__ import annotations

import copy
import shutil
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from plugin.domain.configuration import LADDER, PROGRAM
from plugin.domain.record import CarePlan, Moment
from plugin.storage import preview_tables, tables
from plugin.usecases import outlook
from plugin.usecases import run_preview as run_preview_module
from plugin.usecases.preview import ask_preview
from plugin.usecases.roll_back import move_others
from plugin.usecases.run_preview import run_preview
from tests.contract.storage.databases import postgres_template, sqlite_template  # noqa: F401 (fixtures)
from tests.demo_practice import HOURS, Body, Change, Practice, lived, person
from tests.fakes import FakeClock, FakeJobs, FakeProcesses, FakeServer
from tests.servers import PostgresServer
from tests.table_state import assert_same, happened, said, state_of


class Template(NamedTuple):
    """A practice to make copies of."""

    kind: str
    name: str
    server: FakeServer
    clock: FakeClock


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def template(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Template:
    """A practice that has lived for three weeks, on each kind of database."""
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("lived") / "milepost.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        return Template("sqlite", str(path), *lived(f"sqlite:///{path}"))
    postgres: PostgresServer = request.getfixturevalue("postgres")
    name = f"lived_{uuid.uuid4().hex}"
    postgres.execute(f"CREATE DATABASE {name} TEMPLATE {request.getfixturevalue('postgres_template')}")
    return Template("postgresql", name, *lived(postgres.url(name)))


def copied(server: FakeServer) -> FakeServer:
    """What stands on it is never changed, only replaced."""
    return FakeServer(**{each.name: copy.copy(getattr(server, each.name)) for each in fields(server)})


Copies = Callable[[], Practice]


@pytest.fixture
def copies(template: Template, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Copies]:
    """Makes practices of their own that have lived so far."""
    made: list[Practice] = []

    def another() -> Practice:
        name = f"copy_{uuid.uuid4().hex}"
        if template.kind == "sqlite":
            shutil.copy(template.name, tmp_path / name)
            url = f"sqlite:///{tmp_path / name}"
        else:
            postgres: PostgresServer = request.getfixturevalue("postgres")
            postgres.execute(f"CREATE DATABASE {name} TEMPLATE {template.name}")
            url = postgres.url(name)
        practice = Practice(url, copied(template.server), copy.copy(template.clock))
        made.append(practice)
        return practice

    yield another
    for practice in made:
        practice.close()


def step(body: Body, code: str) -> Body:
    """One milestone of a program."""
    found: Body = next(one for one in body["milestones"] if one["code"] == code)
    return found


def due_rule(body: Body) -> None:
    """The medication check is due ten days earlier."""
    step(body, "medication-check")["due"] = {"days": 80}


def window(body: Body) -> None:
    """Only what is drawn in the sixth week counts."""
    step(body, "hba1c")["opens"] = {"days": 41}


def evidence(body: Body) -> None:
    """Another test than the one that everybody has had: one whose results are kept already, since it is a score."""
    step(body, "hba1c")["codes"] = [{"system": "http://loinc.org", "code": "44261-6", "display": "PHQ-9 total score"}]


def completion(body: Body) -> None:
    """Somebody must have looked at the result."""
    step(body, "hba1c")["completes_when"] = "reviewed"


def ladder(body: Body) -> None:
    """The coordinator comes two days earlier, and the provider gets work in place of a notice."""
    body["tiers"][1]["from_days"] = 6
    body["tiers"][2] |= {"kind": "work", "role": "provider"}


def owner_role(body: Body) -> None:
    """The coach has the sessions, no longer the coordinator."""
    for code in ("pt-1", "pt-2", "pt-3", "eye-referral"):
        step(body, code)["owner"] = "coach"


def repeat(body: Body) -> None:
    """The HbA1c comes back every four weeks."""
    step(body, "hba1c")["repeat"] = {"weeks": 4, "count": 6}


def claim(body: Body) -> None:
    """Plans by their category are nobody's any more."""
    del body["claims"]["plans"]


def step_added(body: Body) -> None:
    """A call after three weeks."""
    new = {"code": "call", "title": "First call", "phase": "start", "opens": {"days": 14}, "due": {"days": 21}}
    body["milestones"].append(new | {"owner": "coordinator"})


def call_at_once(body: Body) -> None:
    """On the first day."""
    new = {"code": "call", "title": "First call", "phase": "start", "opens": {"days": 0}, "due": {"days": 0}}
    body["milestones"].append(new | {"owner": "coordinator"})


def step_removed(body: Body) -> None:
    """No third session."""
    body["milestones"].remove(step(body, "pt-3"))


OF_PROGRAM = (due_rule, window, evidence, completion, owner_role, repeat, claim, step_added, step_removed)
CHANGES = [(PROGRAM, "chronic-care", change) for change in OF_PROGRAM] + [(LADDER, "standard", ladder)]


@pytest.mark.parametrize(("kind", "code", "change"), CHANGES, ids=[change.__name__ for *_, change in CHANGES])
def test_what_happens_is_what_was_said(copies: Copies, kind: str, code: str, change: Change) -> None:
    """Gaps with their tiers, effects by key, role and day, work items and messages by day: for every patient, exactly."""
    practice = copies()
    draft = practice.drafted(kind, code, change)
    before = state_of(practice)
    preview_id, changes, sums = practice.previewed(draft)

    practice.published(draft, preview_id)
    practice.settle()

    assert_same(before, state_of(practice), changes, sums)


def test_from_a_day_to_come(copies: Copies) -> None:
    """What time alone brings until then is no part of it: two practices live on, and only one of them publishes."""
    with_it, without = copies(), copies()
    draft = with_it.drafted(PROGRAM, "chronic-care", due_rule)
    preview_id, changes, sums = with_it.previewed(draft, days=2)

    with_it.published(draft, preview_id, days=2)
    for practice in (with_it, without):
        practice.forward(days=2)

    assert_same(state_of(without), state_of(with_it), changes, sums)


def test_new_plans_only_and_then_the_others(copies: Copies) -> None:
    """A call on a plan's first day. First only who begins today gets it, and is in a gap for it on the next day; then the
    others are moved: they should have had it long ago."""
    practice = copies()
    begins_today(practice)
    draft = practice.drafted(PROGRAM, "chronic-care", call_at_once)
    before = state_of(practice)
    preview_id, changes, _ = practice.previewed(draft, new_plans_only=True)

    practice.published(draft, preview_id, new_plans_only=True)
    practice.settle()

    found = happened(before, state_of(practice))
    assert said(changes) == found
    assert [title for _, title in found.steps_added.elements()] == ["First call"]
    practice.clock.forward(days=1)
    practice.settle()
    titles = [row["title"] for row in practice.rows(tables.milestone) if row["gap"] == "open"]
    assert titles.count("First call") == 1

    moved = move_others(practice.world.services, person(1, practice.clock()), PROGRAM, "chronic-care")
    before = state_of(practice)
    preview_id, changes, sums = practice.previewed(moved)
    practice.published(moved, preview_id)
    practice.settle()

    real = assert_same(before, state_of(practice), changes, sums)
    assert len(real.steps_added) == sum(real.steps_added.values()) > 10


def begins_today(practice: Practice) -> None:
    """One plan of the program begins on this day."""
    plans = (fact for fact in practice.server.facts.values() if isinstance(fact, CarePlan) and fact.instantiates)
    practice.server.put(replace(next(plans), start=Moment(HOURS.day(practice.clock()).isoformat())))
    practice.clock.forward(minutes=5)
    practice.world.sweep()
    practice.settle()


def test_patients_who_are_due_already(copies: Copies) -> None:
    """Nobody has ticked for two days: what that brings is not the draft's doing either."""
    with_it, without = copies(), copies()
    for practice in (with_it, without):
        practice.clock.forward(days=2)
    draft = with_it.drafted(PROGRAM, "chronic-care", step_added)
    preview_id, changes, sums = with_it.previewed(draft)

    with_it.published(draft, preview_id)
    for practice in (with_it, without):
        practice.settle()

    assert_same(state_of(without), state_of(with_it), changes, sums)


def test_whoever_is_left_out_would_not_change(copies: Copies, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is stored saves looking at most patients; looking at everybody finds the same."""
    practice = copies()
    drafts = [practice.drafted(PROGRAM, "chronic-care", repeat), practice.drafted(LADDER, "standard", ladder)]
    quick = [practice.previewed(draft)[1:] for draft in drafts]

    monkeypatch.setattr(outlook, "concerned_by", lambda *_: None)
    monkeypatch.setattr(outlook.Outlook, "_is_settled", lambda *_: False)
    thorough = [practice.previewed(draft)[1:] for draft in drafts]

    assert thorough == quick


def test_two_workers_find_the_same(copies: Copies, template: Template, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the database can share a snapshot, another joins and takes parts of it, and nothing is counted twice."""
    monkeypatch.setattr(run_preview_module, "PART", 5)
    practice = copies()
    draft = practice.drafted(PROGRAM, "chronic-care", repeat)
    services = practice.world.services
    alone = practice.previewed(draft)[1:]
    other = replace(services, processes=FakeProcesses("other:2"), jobs=FakeJobs())
    joined: list[int] = []

    def join(preview_id: int) -> None:
        before = len(practice.rows(preview_tables.preview_change))
        run_preview(other, preview_id)
        joined.append(len(practice.rows(preview_tables.preview_change)) - before)

    asked = ask_preview(services, person(1, practice.clock()), draft.id)
    monkeypatch.setattr(practice.world.jobs, "preview", join)
    run_preview(services, asked.id)

    with practice.world.look() as uow:
        assert (uow.previews.changes(asked.id, limit=1000), uow.previews.get(asked.id).sums) == alone
    assert joined == ([] if template.kind == "sqlite" else [len(alone[0])])


def test_the_practice_has_all_sorts_of_patients(copies: Copies) -> None:
    """In the backlog and not, with a hold, with a person's word; so that what was compared means something."""
    practice = copies()

    backlog = Counter(row["backlog"] for row in practice.rows(tables.patient))
    statuses = Counter(row["status"] for row in practice.rows(tables.milestone))
    tiers = Counter(row["tier"] for row in practice.rows(tables.milestone) if row["gap"] == "open")
    kinds = Counter((row["kind"], row["state"]) for row in practice.rows(tables.effect))

    assert min(backlog[True], backlog[False]) > 3
    assert statuses["on-hold"] >= 1
    assert set(tiers) == {1, 2, 3, 4}
    assert kinds["message", "planned"] > 3
    assert kinds["work", "done"] > 3


def test_a_patient_on_whom_a_worker_is_busy(copies: Copies, template: Template) -> None:
    """Nobody waits for anybody: the preview sees the patient as stored last, and so does whoever looks afterwards."""
    practice = copies()
    draft = practice.drafted(PROGRAM, "chronic-care", due_rule)
    before = state_of(practice)
    ref = next(row["ref"] for row in practice.rows(tables.patient) if row["tracked_at"] is not None)
    is_held, may_end = threading.Event(), threading.Event()

    def work() -> None:
        with practice.world.database.begin() as uow:
            uow.patients.lock(practice.world.source, ref, timedelta(seconds=1))
            is_held.set()
            may_end.wait(0.5 if template.kind == "sqlite" else 10)  # there everybody waits for the one writer

    worker = threading.Thread(target=work)
    worker.start()
    is_held.wait(10)
    preview_id, changes, sums = practice.previewed(draft)
    may_end.set()
    worker.join()
    practice.published(draft, preview_id)
    practice.settle()

    assert_same(before, state_of(practice), changes, sums)
