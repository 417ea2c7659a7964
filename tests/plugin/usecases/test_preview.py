"""Asking for a preview, and working it out: who may, what is refused, what a worker's death changes (nothing)."""

import shutil
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

import pytest

from plugin.catalog.loader import FileCatalog
from plugin.domain.account import SignedIn
from plugin.domain.assess import assess
from plugin.domain.audit import AuditEntry
from plugin.domain.configuration import LADDER, PROGRAM, ConfigDraft
from plugin.domain.errors import BadProgram, Forbidden, TemporaryFailure
from plugin.domain.permissions import Role
from plugin.domain.preview import Preview
from plugin.domain.record import Record
from plugin.domain.rules import Rules
from plugin.sessions.cipher import read_cipher
from plugin.storage.unit_of_work import SqlDatabase
from plugin.usecases import decide
from plugin.usecases import run_preview as module
from plugin.usecases.drafts import begin_draft, save_draft
from plugin.usecases.ports import Database
from plugin.usecases.preview import (
    ask_preview,
    cancel_preview,
    export_preview,
    latest_preview,
    look_at_preview,
    show_preview,
)
from plugin.usecases.run_preview import LEASE, MOST_ATTEMPTS, run_preview
from tests.builders import World, a_patient, a_plan
from tests.fake_storage import FakeDatabase
from tests.fakes import FakeCatalog, FakeProcesses

Body = Mapping[str, object]


def a_person(*roles: Role) -> SignedIn:
    """Somebody at the admin pages."""
    now = datetime.fromisoformat("2026-06-15T12:00:00+00:00")
    return SignedIn(
        session="s1",
        person_id=1,
        who="user:1",
        name="Demo",
        roles=tuple(role.value for role in roles),
        origin="192.0.2.9",
        signed_in_at=now,
        proven_at=now,
        ends_at=now + timedelta(hours=8),
    )


EDITOR, ADMINISTRATOR, COORDINATOR = (
    a_person(role) for role in (Role.PROGRAM_EDITOR, Role.ADMINISTRATOR, Role.COORDINATOR)
)


@pytest.fixture(params=["memory", "sqlite"])
def practice(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    """Six patients whose one step is late, one of them by five days; the shipped programs and ladders."""
    database: Database = FakeDatabase()
    if request.param == "sqlite":
        folder: Path = request.getfixturevalue("empty_sqlite")
        shutil.copy(folder / "empty.db", tmp_path / "milepost.db")
        database = SqlDatabase(f"sqlite:///{tmp_path / 'milepost.db'}", read_cipher(folder / "key"))
    world = World(database, catalog=cast(FakeCatalog, FileCatalog()))
    for number in range(1, 7):
        person = replace(a_patient(number), name=f"Demo-Case, No {number}")
        world.server.put(person, a_plan(number, due="2026-06-16" if number == 6 else "2026-06-20"))
    world.sweep()
    world.clock.forward(days=6)
    world.sweep()
    return world


def drafted(world: World, from_days: int = 3) -> ConfigDraft:
    """The coordinator's tier of the standard ladder comes earlier."""
    with world.look() as uow:
        body = dict(next(v for v in uow.configurations.current(world.clock()) if v.kind == LADDER).body)
    tiers = [dict(tier) for tier in cast(list[Body], body["tiers"])]
    tiers[1]["from_days"] = from_days
    return begin_draft(world.services, EDITOR, LADDER, "standard", body={**body, "tiers": tiers})


def stored(world: World, preview: Preview) -> Preview:
    """As it stands."""
    with world.look() as uow:
        return uow.previews.get(preview.id)


def audited(world: World, action: str) -> list[AuditEntry]:
    """The rows of one action."""
    with world.look() as uow:
        return [entry for entry in uow.audit.entries(1000) if entry.action == action]


def gone(world: World, worker: str = "test:1") -> World:
    """The worker that had it was killed; another one works here now."""
    world.processes = FakeProcesses("test:2", gone={worker})
    world.services = replace(world.services, processes=world.processes)
    return world


def test_it_says_what_would_happen(practice: World) -> None:
    """One gap is old enough to move up a tier: work begins, the message of the tier below is not wanted any more."""
    asked = ask_preview(practice.services, EDITOR, drafted(practice).id)

    run_preview(practice.services, asked.id)

    done = stored(practice, asked)
    assert done.sums is not None
    assert (done.state, done.done, done.total, done.sums.caseload) == ("done", 6, 6, 6)
    assert (done.sums.changed, dict(done.sums.tier_moves)) == (1, {(1, 2): 1})
    assert (sum(done.sums.work.values()), sum(done.sums.messages.values())) == (1, -1)
    assert practice.jobs.asked[-1] == f"preview {asked.id}"
    (row,) = audited(practice, "ask-preview")
    assert (row.record, row.detail["from"], row.detail["session"]) == ("ladder/standard", "192.0.2.9", "s1")


def test_only_who_may_edit_asks(practice: World) -> None:
    """Others may read what came of it; who may not read plans gets no patient."""
    draft = drafted(practice)
    for somebody in (ADMINISTRATOR, COORDINATOR):
        with pytest.raises(Forbidden):
            ask_preview(practice.services, somebody, draft.id)
    asked = ask_preview(practice.services, EDITOR, draft.id)
    run_preview(practice.services, asked.id)

    seen = {me.roles[0]: show_preview(practice.services, me, asked.id) for me in (EDITOR, ADMINISTRATOR)}

    assert list(seen[Role.PROGRAM_EDITOR].names.values()) == ["Demo-Case, No 6"]
    assert seen[Role.ADMINISTRATOR].changes == ()
    assert [len(cast(list[int], row.detail["patients"])) for row in audited(practice, "read:preview")] == [1]


def test_what_is_wrong_is_refused_at_once(practice: World) -> None:
    """In the words of the first fault; nothing is asked for."""
    draft = drafted(practice, from_days=1)
    practice.jobs.asked.clear()

    with pytest.raises(BadProgram, match="cannot be previewed before it is right"):
        ask_preview(practice.services, EDITOR, draft.id)

    assert practice.jobs.asked == []
    assert latest_preview(practice.services, EDITOR, draft.id) is None


def test_it_is_of_the_revision_that_was_asked_for(practice: World) -> None:
    """Whatever is saved meanwhile; the page says that it is outdated."""
    draft = drafted(practice)
    asked = ask_preview(practice.services, EDITOR, draft.id)
    save_draft(practice.services, EDITOR, draft.id, {**draft.body, "tiers": []}, draft.revision)

    run_preview(practice.services, asked.id)

    shown = show_preview(practice.services, EDITOR, asked.id)
    assert shown.is_outdated
    assert shown.preview.sums is not None
    assert shown.preview.sums.changed == 1


def test_run_twice_it_counts_once(practice: World) -> None:
    """A message that the broker delivers again finds nothing left to do."""
    asked = ask_preview(practice.services, EDITOR, drafted(practice).id)
    run_preview(practice.services, asked.id)
    before = stored(practice, asked)

    run_preview(practice.services, asked.id)

    assert stored(practice, asked) == before


def test_a_worker_that_died_is_followed_by_another(practice: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the start, with the same result; looking at the page asks for it."""
    asked = ask_preview(practice.services, EDITOR, drafted(practice).id)
    monkeypatch.setattr(module, "PART", 2)
    with monkeypatch.context() as patched:
        patched.setattr(practice.services.metrics, "count", lambda *_, **__: None)
        patched.setattr(decide, "assess", _dies_at("Patient/p6"))
        with pytest.raises(TemporaryFailure):
            run_preview(practice.services, asked.id)
    half = stored(practice, asked)
    practice.jobs.asked.clear()
    world = gone(practice)

    look_at_preview(world.services, EDITOR, asked.id)
    run_preview(world.services, asked.id)

    done = stored(world, asked)
    assert half.state == "running"
    assert practice.jobs.asked[0] == f"preview {asked.id}"
    assert (done.state, done.attempt, done.done, done.worker) == ("done", 2, 6, "test:2")
    assert done.sums is not None
    assert done.sums.changed == 1


def _dies_at(ref: str) -> object:
    def failing(record: Record, rules: Rules, now: datetime) -> object:
        if record.ref == ref:
            raise TemporaryFailure("The database is away.")
        return assess(record, rules, now)

    return failing


def test_one_that_does_not_move_has_lost_its_worker(practice: World) -> None:
    """Also where that worker cannot be asked, since it is on another machine."""
    asked = ask_preview(practice.services, EDITOR, drafted(practice).id)
    with practice.database.begin() as uow:
        uow.previews.begin(asked, "elsewhere:1", practice.clock(), practice.clock())
        uow.commit()

    run_preview(practice.services, asked.id)
    assert stored(practice, asked).state == "running"
    practice.clock.now += LEASE + timedelta(seconds=1)
    run_preview(practice.services, asked.id)

    assert stored(practice, asked).state == "done"


def test_what_never_ends_is_ended(practice: World) -> None:
    """After three attempts the preview is to blame, and says so."""
    asked = ask_preview(practice.services, EDITOR, drafted(practice).id)
    for _ in range(MOST_ATTEMPTS):
        with practice.database.begin() as uow:
            uow.previews.begin(uow.previews.get(asked.id), "test:1", practice.clock(), practice.clock())
            uow.commit()

    run_preview(practice.services, asked.id)

    ended = stored(practice, asked)
    assert ended.state == "failed"
    assert "3 times" in (ended.failed or "")


def test_a_stopped_one_is_not_worked_on(practice: World) -> None:
    """Nor is what it found kept as a result."""
    asked = ask_preview(practice.services, EDITOR, drafted(practice).id)

    cancel_preview(practice.services, EDITOR, asked.id)
    run_preview(practice.services, asked.id)

    assert (stored(practice, asked).state, stored(practice, asked).sums) == ("cancelled", None)
    assert len(audited(practice, "cancel-preview")) == 1


def test_one_patient_of_whom_it_cannot_be_said_is_counted(practice: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are in it."""

    def failing(record: Record, rules: Rules, now: datetime) -> object:
        if record.ref == "Patient/p1":
            raise ZeroDivisionError("a chart's own words")
        return assess(record, rules, now)

    asked = ask_preview(practice.services, EDITOR, drafted(practice).id)
    with monkeypatch.context() as patched:
        patched.setattr(decide, "assess", failing)
        run_preview(practice.services, asked.id)

    sums = stored(practice, asked).sums
    assert sums is not None
    assert (sums.failed, sums.changed, sums.caseload) == (1, 1, 6)


def test_codes_that_nothing_named_are_told(practice: World) -> None:
    """What was not kept so far cannot be counted: the preview says how many codes that concerns."""
    with practice.look() as uow:
        body = next(v for v in uow.configurations.current(practice.clock()) if v.code == "chronic-care").body
    steps = [dict(step) for step in cast(list[Body], body["milestones"])]
    steps[0]["codes"] = [{"system": "urn:demo", "code": "never-heard-of", "display": "Something else"}]
    draft = begin_draft(practice.services, EDITOR, PROGRAM, "chronic-care", body={**body, "milestones": steps})

    asked = ask_preview(practice.services, EDITOR, draft.id)
    run_preview(practice.services, asked.id)

    sums = stored(practice, asked).sums
    assert sums is not None
    assert (sums.new_codes, sums.claims_differ) == (1, False)


def test_it_is_taken_away_with_names_only_by_who_may_see_them(practice: World) -> None:
    """And that it was taken away is on record."""
    asked = ask_preview(practice.services, EDITOR, drafted(practice).id)
    run_preview(practice.services, asked.id)

    taken = list(export_preview(practice.services, EDITOR, asked.id))

    assert [(change.patient, name) for change, name in taken] == [("Patient/p6", "Demo-Case, No 6")]
    assert [row.detail["with_names"] for row in audited(practice, "export:preview")] == [True]
    with pytest.raises(Forbidden):
        export_preview(practice.services, COORDINATOR, asked.id)
