"""Acts from the panel: said once, seen at once, on the right patient and the right version, by who may."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from plugin.domain.act import Act, ActKind
from plugin.domain.errors import BadAct, Forbidden, RecordBusy, SessionEnded, Stale, UnknownName
from plugin.domain.launch import PanelSession
from plugin.domain.permissions import RIGHTS, Action, Data, Role
from plugin.domain.record import Said
from plugin.domain.writes import task_ref
from plugin.usecases.act import WAIT, Acted, act, undo
from plugin.usecases.deliver import deliver_now
from tests.builders import World, a_booking, a_patient, a_plan, a_result

ONCE = "token-of-the-first-form"
in_memory = pytest.mark.parametrize("world", ["memory"], indirect=True)
"""Where the database decides nothing."""
NURSE = "Practitioner/nurse"


@pytest.fixture
def panel(world: World) -> PanelSession:
    """A coordinator has the chart of the first of two patients open; both are overdue by a week and were read before."""
    world.sweep()
    world.clock.forward(hours=6)
    for number in (1, 2):
        world.server.put(a_patient(number), a_plan(number, due="2026-06-08", start="2026-05-01"))
    world.sweep()
    world.jobs.asked.clear()
    return a_session(world)


def a_session(world: World, *roles: str, **changes: object) -> PanelSession:
    """A session of the nurse, on the first patient."""
    session = PanelSession(
        launch="launch-1",
        issuer="ehr",
        source_id=world.source.id,
        patient="Patient/p1",
        person_id=1,
        who=NURSE,
        name="Nurse Example",
        roles=roles or (Role.COORDINATOR,),
        scopes=(),
        opened_at=world.clock(),
        ends_at=world.clock() + timedelta(hours=8),
    )
    return replace(session, **changes)  # type: ignore[arg-type]  # keywords of the session


def key_of(world: World, patient: str = "Patient/p1") -> str:
    """The patient's one milestone."""
    return world.milestones(patient)[0].key


def version_of(world: World, patient: str = "Patient/p1") -> str:
    """What stands for it now."""
    with world.look() as uow:
        tracked = uow.patients.look(world.now_source(), patient)
        assert tracked is not None
        return uow.plans.versions(tracked.row.id)[key_of(world, patient)]


def doing(world: World, panel: PanelSession, kind: ActKind = ActKind.DONE, **parts: str) -> Acted:
    """Acts on the first patient's milestone as the page shows it now."""
    given = {"note": "She showed me the report.", "once": ONCE, "milestone": key_of(world), **parts}
    patient = given.pop("patient", panel.patient)
    version = given.pop("version", version_of(world))
    return act(world.services, panel, Act(kind=kind, **given), patient=patient, version=version)


def audited(world: World) -> list[tuple[str, str]]:
    """Who said what, by the audit rows of acts, oldest first."""
    with world.look() as uow:
        return [(e.who, e.action) for e in reversed(uow.audit.entries()) if e.action.startswith("say:")]


def status_of(world: World, patient: str = "Patient/p1") -> tuple[str, str]:
    """Status and gap."""
    (step,) = world.milestones(patient)
    return step.status.value, step.gap.value


def test_an_act_is_seen_at_once(world: World, panel: PanelSession) -> None:
    """The plan shows it in the same transaction, and the broker is asked to tell the EHR."""
    done = doing(world, panel)

    assert done.is_assessed
    assert status_of(world) == ("completed", "closed")
    assert [(s.said, s.by, s.note) for s in world.statements()] == [
        (Said.COMPLETED, NURSE, "She showed me the report.")
    ]
    assert [job.partition(" ")[0] for job in world.jobs.asked] == ["deliver-now"]


def test_each_act_has_exactly_one_audit_row_of_the_person(world: World, panel: PanelSession) -> None:
    """Threat 30: who, from which launch of which issuer, over which version; a second click adds none."""
    version = version_of(world)

    doing(world, panel)
    doing(world, panel, version=version)

    assert audited(world) == [(NURSE, "say:completed")]
    with world.look() as uow:
        (entry,) = [entry for entry in uow.audit.entries() if entry.action == "say:completed"]
    wanted = {"launch": "launch-1", "issuer": "ehr", "version": version}
    assert {name: entry.detail[name] for name in wanted} == wanted


def test_a_double_click_says_it_once(world: World, panel: PanelSession) -> None:
    """The second comes with a version that has passed, and is answered as the first was."""
    version = version_of(world)

    first, second = (doing(world, panel, version=version) for _ in range(2))

    assert (first.is_repeated, second.is_repeated) == (False, True)
    assert first.statement == second.statement
    assert len(world.statements()) == 1


@in_memory
def test_another_form_says_it_again(world: World, panel: PanelSession) -> None:
    """Two contacts on one day are two."""
    for once in (ONCE, "token-of-the-second-form"):
        doing(world, panel, ActKind.CONTACT, outcome="no-answer", once=once)

    assert [s.outcome for s in world.statements()] == ["no-answer", "no-answer"]


def nothing_was_written(world: World) -> bool:
    """No statement, no audit row of a person, nobody asked for anything."""
    return (world.statements(), audited(world), world.jobs.asked) == ([], [], [])


def test_another_version_writes_nothing(world: World, panel: PanelSession) -> None:
    """Threat 20: what was on the screen is not what stands now; the one who was first is not overwritten unseen."""
    version = version_of(world)
    doing(world, panel, ActKind.HOLD, until="2026-07-01", reason="away")

    with pytest.raises(Stale, match="has changed"):
        doing(world, panel, version=version, once="token-of-the-second-form")

    assert status_of(world) == ("on-hold", "open")
    assert audited(world) == [(NURSE, "say:hold")]


def test_another_patients_page_writes_nothing(world: World, panel: PanelSession) -> None:
    """Threat 24: a page that was drawn for A and sends with B's session, or with B's milestone."""
    with pytest.raises(Stale, match="another patient"):
        doing(world, panel, patient="Patient/p2")
    with pytest.raises(UnknownName):
        doing(world, panel, milestone=key_of(world, "Patient/p2"), version=version_of(world, "Patient/p2"))

    assert nothing_was_written(world)
    assert status_of(world, "Patient/p2") == ("ready", "open")


@in_memory
def test_an_ended_session_writes_nothing(world: World, panel: PanelSession) -> None:
    """Also when it ended between the page and the click."""
    version = version_of(world)
    world.clock.forward(hours=9)

    with pytest.raises(SessionEnded):
        doing(world, panel, version=version)

    assert nothing_was_written(world)


@in_memory
def test_an_unknown_milestone_is_not_found(world: World, panel: PanelSession) -> None:
    """Nothing of what was asked for is repeated in the words."""
    with pytest.raises(UnknownName) as caught:
        doing(world, panel, milestone="no|such|step", version="x")

    assert "no|such" not in str(caught.value)
    assert nothing_was_written(world)


@in_memory
def test_what_is_incomplete_is_said_at_its_field(world: World, panel: PanelSession) -> None:
    """And nothing is written."""
    with pytest.raises(BadAct) as caught:
        doing(world, panel, ActKind.HOLD, reason="", until="2026-06-15")

    assert sorted(caught.value.fields) == ["reason", "until"]
    assert nothing_was_written(world)


@in_memory
@pytest.mark.parametrize(
    ("kind", "data"),
    [(ActKind.HOLD, Data.PLAN), (ActKind.CONTACT, Data.SCHEDULE), (ActKind.NOTE, Data.NOTES)],
)
def test_only_who_may_acts(world: World, panel: PanelSession, kind: ActKind, data: Data) -> None:
    """Threat 12: each role against each class of data; who may not writes nothing."""
    parts = {"outcome": "no-answer", "reason": "away", "until": "2026-07-01"}
    every = [*Role, "a role without rights"]
    able = [role for role in every if Action.ACT in RIGHTS.get(role, {}).get(data, ())]

    for role in every:
        if role not in able:
            with pytest.raises(Forbidden):
                doing(world, replace(panel, roles=(role,)), kind, **parts)
    refused = nothing_was_written(world)
    for role in able:
        doing(world, replace(panel, roles=(role,)), kind, once=f"a token of somebody who is {role}", **parts)

    assert refused
    assert 0 < len(world.statements()) == len(able) < len(every)


@in_memory
def test_who_waits_too_long_is_told(world: World, panel: PanelSession, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else has the patient in hand."""
    version = version_of(world)
    begin: Callable[..., object] = world.database.begin

    def begin_busy(*, reading: bool = False) -> object:
        unit = begin(reading=reading)

        def lock(*_: object) -> None:
            raise RecordBusy("Somebody else is working on this patient.")

        monkeypatch.setattr(unit.patients, "lock", lock)  # type: ignore[attr-defined]  # a unit of work
        return unit

    monkeypatch.setattr(world.database, "begin", begin_busy)
    with pytest.raises(RecordBusy):
        doing(world, panel, version=version)
    monkeypatch.undo()

    assert nothing_was_written(world)


def test_what_is_undone_never_was(world: World, panel: PanelSession) -> None:
    """What held before holds again."""
    done = doing(world, panel)
    before = status_of(world)

    undo(world.services, panel, done.statement.id, patient=panel.patient, once="token-of-the-undo")

    assert before == ("completed", "closed")
    assert status_of(world) == ("ready", "open")
    assert audited(world) == [(NURSE, "say:completed"), (NURSE, "say:undo")]


@in_memory
@pytest.mark.parametrize(("minutes", "can"), [(14, True), (15, True), (16, False)])
def test_undo_has_its_time(world: World, panel: PanelSession, minutes: int, can: bool) -> None:
    """Fifteen minutes, to the last."""
    done = doing(world, panel)
    world.clock.forward(minutes=minutes)

    if can:
        undo(world.services, panel, done.statement.id, patient=panel.patient, once=ONCE + "2")
    else:
        with pytest.raises(Stale, match="too late"):
            undo(world.services, panel, done.statement.id, patient=panel.patient, once=ONCE + "2")

    assert status_of(world)[0] == ("ready" if can else "completed")


@in_memory
def test_undone_twice_is_undone_once(world: World, panel: PanelSession) -> None:
    """A double click is one; a second undo of the same is refused in words."""
    done = doing(world, panel)

    first, second = (
        undo(world.services, panel, done.statement.id, patient=panel.patient, once=ONCE + "2") for _ in range(2)
    )
    with pytest.raises(Stale, match="taken back already"):
        undo(world.services, panel, done.statement.id, patient=panel.patient, once=ONCE + "3")

    assert (first.is_repeated, second.is_repeated) == (False, True)


@in_memory
@pytest.mark.parametrize(("role", "may"), [(Role.COORDINATOR, False), (Role.PRACTICE_LEAD, True)])
def test_somebody_elses_word_needs_the_right_to_it(world: World, panel: PanelSession, role: Role, may: bool) -> None:
    """Threat 12: one's own may be taken back by oneself, another's by the practice's lead."""
    done = doing(world, panel)
    other = replace(panel, who="Practitioner/other", roles=(role,), launch="launch-2")

    if may:
        undo(world.services, other, done.statement.id, patient=panel.patient, once=ONCE)
    else:
        with pytest.raises(Forbidden):
            undo(world.services, other, done.statement.id, patient=panel.patient, once=ONCE)

    assert status_of(world)[0] == ("ready" if may else "completed")


@in_memory
def test_what_is_not_there_cannot_be_undone(world: World, panel: PanelSession) -> None:
    """Nor what was said of another patient."""
    done = doing(world, panel)
    other = replace(panel, patient="Patient/p2")

    for session, id_ in ((other, done.statement.id), (panel, "say-none")):
        with pytest.raises(UnknownName):
            undo(world.services, session, id_, patient=session.patient, once=ONCE + "2")


def test_the_writes_of_an_act_carry_the_person_and_later_ones_do_not(world: World, panel: PanelSession) -> None:
    """Exactly those: the Provenance of the Task names the nurse, that of what time brings next names Milepost alone."""
    doing(world, panel, ActKind.HOLD, until="2026-06-17", reason="away")
    (row_id,) = [int(job.split()[1]) for job in world.jobs.asked]

    deliver_now(world.services, row_id)
    by_act = last_people(world)
    world.clock.forward(days=3)
    world.sweep()

    assert by_act == [NURSE]
    assert status_of(world) == ("ready", "open")
    assert last_people(world) == []


def last_people(world: World) -> object:
    """Whom the Provenance that was written last names."""
    refs = [ref for ref in world.server.written if ref.startswith("Provenance/")]
    return world.server.written[refs[-1]].body["people"]


def test_what_is_delivered_now_is_one_patients(world: World, panel: PanelSession) -> None:
    """The other patient's writes wait for the worker that has them in its care."""
    world.server.put(a_booking(1, patients=[2]))
    world.sweep(write=False)
    doing(world, panel)
    (row_id,) = [int(job.split()[1]) for job in world.jobs.asked if job.startswith("deliver-now")]

    done = deliver_now(world.services, row_id)

    task = task_ref(key_of(world))
    assert done.written > 0
    assert world.tasks()[task] == "completed"


@in_memory
def test_an_edit_in_the_ehr_at_the_same_time_is_heard_first(world: World, panel: PanelSession) -> None:
    """Threat 20: the write meets another version, the edit becomes a statement, and both stand in the end."""
    ref = task_ref(key_of(world))
    world.server.edit_task(ref, "on-hold", author="Practitioner/doctor")
    doing(world, panel, ActKind.REASSIGN, owner="role:coach")
    (row_id,) = [int(job.split()[1]) for job in world.jobs.asked]

    done = deliver_now(world.services, row_id)

    assert done.conflicts == 1
    assert {s.said for s in world.statements()} == {Said.REASSIGN, Said.HOLD}
    assert world.tasks()[ref] == "on-hold"
    assert world.milestones("Patient/p1")[0].owner.role == "coach"


@in_memory
def test_loose_evidence_is_confirmed_in_the_version_that_was_seen(world: World, panel: PanelSession) -> None:
    """It completes the step."""
    world.server.put(a_plan(1, due="2026-06-20", start="2026-06-05"), a_result(1, on="2026-06"))
    world.sweep()
    assert status_of(world)[0] == "in-review"

    doing(world, panel, ActKind.CONFIRM, evidence="Observation/o1", note="")

    assert status_of(world)[0] == "completed"
    (said,) = world.statements()
    assert (said.target, said.target_version) == ("Observation/o1", "1")


def test_who_waits_for_a_reading_is_assessed_after_it(world: World, panel: PanelSession) -> None:
    """Half a chart would make gaps that are none: the word is kept, and counts when the chart is whole."""
    version = version_of(world)
    with world.database.begin() as uow:
        uow.patients.want_read_back(world.now_source(), ["Patient/p1"], world.clock())
        uow.commit()

    done = doing(world, panel, version=version)

    assert not done.is_assessed
    assert status_of(world)[0] == "ready"
    world.sweep()
    assert status_of(world)[0] == "completed"


in_sqlite = pytest.mark.parametrize("world", ["sqlite"], indirect=True)
"""Where two transactions really meet."""


@in_sqlite
def test_of_two_who_act_at_once_one_is_told(world: World, panel: PanelSession) -> None:
    """Threat 20: both saw the same; one is first, and the other learns of it instead of writing over it. On a slow machine
    the other is told first that somebody is at work on the patient, and tries again."""
    version = version_of(world)
    sessions = [panel, replace(panel, who="Practitioner/other", launch="launch-2")]
    kinds = [ActKind.DONE, ActKind.HOLD]

    def of_one(number: int) -> str:
        try:
            doing(world, sessions[number], kinds[number], version=version, reason="away", until="2026-07-01")
        except RecordBusy:
            return of_one(number)
        except Stale:
            return "told"
        return "done"

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(of_one, range(2)))

    assert outcomes == ["done", "told"]
    assert len(world.statements()) == len(audited(world)) == 1


@in_sqlite
def test_who_has_the_patient_in_hand_is_waited_for_half_a_second(world: World, panel: PanelSession) -> None:
    """Then it is said; nothing was written."""
    version = version_of(world)
    with world.database.begin() as other:
        other.patients.lock(world.now_source(), "Patient/p1", timedelta(seconds=1))
        began = time.monotonic()
        with pytest.raises(RecordBusy):
            doing(world, panel, version=version)
        waited = time.monotonic() - began

    assert waited > WAIT.total_seconds() * 0.9
    assert nothing_was_written(world)
