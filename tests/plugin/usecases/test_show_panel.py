"""Showing a panel: from our own tables, for the session's patient only, and written down each time."""

import pytest

from plugin.domain.errors import Forbidden, PermanentFailure, TemporaryFailure, UnknownName
from plugin.domain.permissions import Data
from plugin.domain.record import Said, Statement
from plugin.usecases.show_panel import show_panel, show_why
from tests.builders import World, a_patient, a_plan, a_result
from tests.fake_storage import ForgetfulDatabase
from tests.full_chart import a_session, a_world, full_world, stored


@pytest.fixture(scope="module")
def lived() -> World:
    """The chart that has everything; nobody changes it here but for audit rows."""
    return full_world()


def audited(world: World) -> list[tuple[str, str, str]]:
    """Who did what to which record, oldest first, of what is read."""
    with world.look() as uow:
        rows = uow.audit.entries(1000)
    return [(row.who, row.action, row.record) for row in reversed(rows) if row.action.startswith("read:")]


def test_everything_is_in_it(lived: World) -> None:
    """Each part of the panel is filled from what is stored; names in place of references."""
    panel = show_panel(lived.services, a_session(lived), lived.clock())

    assert (panel.strip.name, panel.strip.mrn) == ("Test-Rivera, Ana", "DEMO-00412")
    assert [(card.line.title, card.line.days_late) for card in panel.attention] == [
        ("6-week HbA1c", 12),
        ("Ophthalmology referral", 0),
    ]
    assert [phase.title for phase in panel.plans[0].phases] == ["Assessment", "Treatment", "Review"]
    parts = (panel.todos, panel.missed, panel.scores, panel.referrals, panel.team, panel.lately, panel.bar)
    assert all(parts)
    assert panel.attention[0].line.owner.name == "Dr. Demo Adeyemi"
    lines = [line for phase in panel.plans[0].phases for line in phase.lines]
    assert [goal.title for line in lines for goal in line.goals] == ["HbA1c below 7 %", "Lose weight"]
    assert [series.points[-1].value for series in panel.scores] == [7, 0, 38]


def test_versions_are_those_that_an_act_compares(lived: World) -> None:
    """Who acts says what was seen: the same text that is stored."""
    panel = show_panel(lived.services, a_session(lived), lived.clock())

    with lived.look() as uow:
        tracked = uow.patients.look(lived.source, "Patient/p1")
        assert tracked is not None
        versions = uow.plans.versions(tracked.row.id)
    lines = [line for phase in panel.plans[0].phases for line in phase.lines]
    assert {line.key: line.version for line in lines}.items() <= versions.items()


def test_one_audit_row_for_each_read() -> None:
    """Threat row 30: each page that was read is one row: who, whose, from which launch; also what was not found. The
    answer to an act is told by the act's own row."""
    world = full_world()
    session = a_session(world)
    panel = show_panel(world.services, session, world.clock())
    show_panel(world.services, session, world.clock(), after_act=True)
    show_why(world.services, session, panel.attention[0].line.key, world.clock())
    with pytest.raises(UnknownName):
        show_why(world.services, session, "no such", world.clock())

    rows = audited(world)

    assert rows == [
        ("Practitioner/cho", action, "main/Patient/p1") for action in ("read:panel", "read:why", "read:why")
    ]
    with world.look() as uow:
        newest = uow.audit.entries(1)[0]
    assert newest.detail == {"issuer": "ehr", "launch": "ehr.p1", "found": False}


def test_nothing_is_shown_unrecorded() -> None:
    """Threat row 30: the row is written while the panel is made; where it does not come to stand, there is no panel."""
    world = full_world(database=ForgetfulDatabase())

    with pytest.raises(TemporaryFailure):
        show_panel(world.services, a_session(world), world.clock())

    assert audited(world) == []


def test_another_patients_milestone() -> None:
    """Threat row 10: with A's session a milestone of B is not there, and nothing of B is in the answer."""
    world = a_world()
    for number in (1, 2):
        patient = f"Patient/p{number}"
        stored(world, [a_patient(number), a_plan(number, due="2026-06-01")], patient=patient)
    world.sweep(write=False)
    with world.look() as uow:
        (of_b,) = uow.plans.of_patient(world.source, "Patient/p2", world.clock().date())

    with pytest.raises(UnknownName) as told:
        show_why(world.services, a_session(world), of_b.milestones[0].key, world.clock())

    assert "p2" not in str(told.value)
    assert "p2" not in repr(show_panel(world.services, a_session(world), world.clock()))


def test_a_fact_that_is_not_of_this_patient() -> None:
    """Threat row 10: what storage holds under a patient is checked again; what is somebody else's stops the page."""
    world = a_world()
    stored(world, [a_patient(), a_plan()])
    with world.database.begin() as uow:
        uow.facts.store(world.source, [(a_result(patient=2), ["Patient/p1"])], world.clock())
        uow.commit()

    with pytest.raises(PermanentFailure):
        show_panel(world.services, a_session(world), world.clock())


def test_a_merged_record() -> None:
    """The replaced record is read under its survivor, and it is said so; the session's patient stays the page's."""
    world = a_world()
    stored(world, [a_patient(), a_plan(), a_patient(2, replaced_by="Patient/p1")])
    with world.database.begin() as uow:
        uow.patients.merge(world.source, {"Patient/p2": "Patient/p1"}, world.clock())
        uow.commit()

    panel = show_panel(world.services, a_session(world, "Patient/p2"), world.clock())

    assert (panel.strip.ref, panel.strip.is_merged) == ("Patient/p2", True)


def test_nobody_tracks_the_patient() -> None:
    """A state like any other: no plan, and no fault."""
    world = a_world()

    panel = show_panel(world.services, a_session(world, "Patient/p9"), world.clock())

    assert (panel.is_tracked, panel.strip.ref, panel.plans) == (False, "Patient/p9", ())


def test_names_of_people_who_signed_in() -> None:
    """Who has no resource in the chart is called as they signed in."""
    world = full_world()
    said = Statement(id="s9", said=Said.NOTE, by="user:1", at=world.clock(), milestone=None)
    with world.database.begin() as uow:
        uow.statements.add(world.source, "Patient/p1", said, world.clock())
        uow.commit()

    panel = show_panel(world.services, a_session(world), world.clock())

    assert panel.lately[0].by is not None
    assert panel.lately[0].by.name == "Demo-Nurse, Nora"


def test_roles(lived: World) -> None:
    """What a role may not read is left out, and said; who may not read plans is not told why either."""
    billing = show_panel(lived.services, a_session(lived, "Patient/p1", "billing"), lived.clock())

    assert billing.hidden == (Data.RESULTS, Data.NOTES)
    assert billing.scores == ()
    with pytest.raises(Forbidden):
        show_why(lived.services, a_session(lived, "Patient/p1", "administrator"), "x", lived.clock())
