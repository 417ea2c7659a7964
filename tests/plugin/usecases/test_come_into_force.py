"""Coming into force: by itself, once, for every patient, and with the evidence that a program newly asks for."""

from dataclasses import replace
from datetime import timedelta

import pytest

from plugin.domain.calendar import Holiday, calendar_body
from plugin.domain.configuration import CALENDAR, PROGRAM, THE_PRACTICE, Enactment, Publication
from plugin.domain.record import Coding
from plugin.usecases.come_into_force import come_into_force
from plugin.usecases.drafts import begin_draft
from plugin.usecases.roll_back import retire, roll_back
from plugin.usecases.rules import practice_of, rules_at, rules_for
from plugin.usecases.second_person import approve
from plugin.usecases.tick import tick
from tests.builders import HBA1C, LOINC, World, a_patient, a_plan, a_result, an_order
from tests.fake_storage import FakeDatabase
from tests.fakes import START
from tests.publishing import an_editor, drafted, in_force, published, retitled, shipped_world

MOMENT = timedelta(microseconds=1)
LDL = Coding(LOINC, "13457-7", "LDL")
TEMPLATE = "https://clinic.test/PlanDefinition/labs"
ORDERED = Coding("https://clinic.test/orders", "labs", "Labs")
"""An order that starts a plan, once the program claims it."""


def _body(*codes: Coding, orders: tuple[Coding, ...] = ()) -> dict[str, object]:
    """A program with a laboratory step for each code."""
    return {
        "code": "labs",
        "version": "1",
        "title": "Labs",
        "claims": {
            "instantiates": [TEMPLATE],
            "orders": [{"system": order.system, "code": order.code} for order in orders],
        },
        "milestones": [
            {
                "code": f"step-{code.code}",
                "title": f"{code.display} at six weeks",
                "kind": "laboratory",
                "codes": [{"system": code.system, "code": code.code}],
                "opens": {"days": 0},
                "due": {"days": 42},
            }
            for code in codes
        ],
    }


def _publish(world: World, body: dict[str, object], *, new_plans_only: bool = False, **ahead: float) -> Enactment:
    me = an_editor(world)
    moment = world.clock() + timedelta(**ahead) if ahead else None
    draft = begin_draft(world.services, me, PROGRAM, "labs", body=body)
    made = published(world, me, draft, from_=moment, patients=0, new_plans_only=new_plans_only)
    return approve(world.services, an_editor(world, "kim"), made.id) if isinstance(made, Publication) else made


@pytest.fixture
def practice() -> World:
    """One patient with a plan of the program and two results in the chart: one was kept, the other was not, because nothing
    named it."""
    made = shipped_world(FakeDatabase())
    _publish(made, _body(HBA1C))
    plan = replace(a_plan(activities=()), instantiates=(TEMPLATE,))
    made.server.put(a_patient(), plan, a_result(1, code=HBA1C), a_result(2, code=LDL))
    made.sweep()
    made.clock.forward(minutes=1)
    assert made.statuses() == ["completed"]
    assert "Observation/o2" not in made.kept()
    made.jobs.asked.clear()
    return made


def test_idle_tick_marks_nobody(practice: World) -> None:
    """Nothing to come: nothing is stored, nobody is looked at."""
    assert come_into_force(practice.services, practice.clock()) == 0
    assert tick(practice.services).claimed == 0


def test_by_itself_and_once(practice: World) -> None:
    """Not a moment before; then everybody is looked at, once, whoever asks again."""
    made = _publish(practice, {**_body(HBA1C), "title": "Laboratory"}, hours=1)
    assert made.from_ is not None
    practice.clock.now = made.from_ - MOMENT
    assert tick(practice.services).claimed == 0

    practice.clock.now = made.from_
    assert come_into_force(practice.services, practice.clock()) == 1
    assert come_into_force(practice.services, practice.clock()) == 0
    assert tick(practice.services).claimed == 1
    with practice.look() as uow:
        entry = next(e for e in uow.audit.entries() if e.action == "configure:in-force")
    assert (entry.who, entry.record) == ("milepost", "program/labs")


def test_a_newly_named_step_finds_older_evidence(practice: World) -> None:
    """The result was passed by because nothing named it: nobody is assessed before it was read, so that no gap opens that
    is none."""
    _publish(practice, _body(HBA1C, LDL))

    assert f"poll {practice.source.id}" in practice.jobs.asked
    assert tick(practice.services).claimed == 0
    practice.clock.forward(minutes=1)
    practice.sweep()

    assert practice.statuses() == ["completed", "completed"]
    assert "Observation/o2" in practice.kept()


def test_a_source_that_does_not_answer_stops_nobody_for_long(practice: World) -> None:
    """After two hours the patients are assessed by what is known."""
    _publish(practice, _body(HBA1C, LDL))

    practice.clock.forward(hours=2, microseconds=-1)
    assert tick(practice.services).claimed == 0
    practice.clock.forward(microseconds=1)
    assert tick(practice.services).claimed == 1


def test_what_is_to_come_is_read_ahead(practice: World) -> None:
    """On its day the evidence is there, and nobody waits."""
    made = _publish(practice, _body(HBA1C, LDL), hours=1)
    practice.sweep()
    assert "Observation/o2" in practice.kept()
    assert practice.statuses() == ["completed"]

    assert made.from_ is not None
    practice.clock.now = made.from_
    tick(practice.services)

    assert practice.statuses() == ["completed", "completed"]


def test_each_plan_keeps_its_version_and_evidence(practice: World) -> None:
    """The version for new plans asks for another test. The plan of before goes on as it was, with what proves its step; one
    that starts today follows the new one; and a past day is computed as it was."""
    before = practice.clock()
    practice.clock.forward(minutes=1)
    _publish(practice, _body(LDL), new_plans_only=True)
    today = practice.services.practice.day(practice.clock()).isoformat()
    plan = replace(a_plan(2, activities=(), start=today), instantiates=(TEMPLATE,))
    practice.server.put(a_patient(2), plan, a_result(3, code=HBA1C))
    practice.clock.forward(minutes=1)
    practice.sweep()
    tick(practice.services)

    assert {"Observation/o1", "Observation/o2", "Observation/o3"} <= practice.kept()
    with practice.look() as uow:
        old, new = (uow.plans.of_patient(practice.source, f"Patient/p{n}", practice.clock().date())[0] for n in (1, 2))
        then, now = (rules_at(practice.services, uow, practice.source, at) for at in (before, practice.clock()))
    assert [(plan.program_version, [m.status for m in plan.milestones]) for plan in (old, new)] == [
        ("1", ["completed"]),
        ("2", ["ready"]),
    ]
    assert [[p.version for p in rules.programs if p.code == "labs"] for rules in (then, now)] == [["1"], ["2", "1"]]


def test_newly_claimed_orders_are_found(practice: World) -> None:
    """An order that stood in the EHR before any program claimed it starts a plan now."""
    practice.server.put(a_patient(2), an_order(2, patient=2, code=ORDERED))
    practice.sweep()
    assert not practice.is_tracked("Patient/p2")

    _publish(practice, _body(HBA1C, orders=(ORDERED,)))
    practice.clock.forward(minutes=1)
    practice.sweep()

    assert practice.is_tracked("Patient/p2")


def test_retired_program_claims_no_plan(practice: World) -> None:
    """The plan follows none any more; what was in force before is known."""
    me = an_editor(practice)
    published(practice, me, retire(practice.services, me, PROGRAM, "labs"))

    tick(practice.services)

    with practice.look() as uow:
        (plan,) = uow.plans.of_patient(practice.source, "Patient/p1", practice.clock().date())
        assert plan.program is None
        assert rules_for(practice.services, uow, practice.source, practice.clock()).program_of("labs") is None
        then = rules_at(practice.services, uow, practice.source, practice.clock() - timedelta(seconds=1))
        assert then.program_of("labs") is not None


def test_calendar_in_force_is_gone_by(practice: World) -> None:
    """Working days, hours and holidays are those that were published; the zone stays that of the settings."""
    me = an_editor(practice)
    now, old = practice.clock(), practice.services.practice
    closed = old.day(now)
    body = calendar_body(old, [Holiday(closed, "Founders' day")])
    draft = begin_draft(practice.services, me, CALENDAR, THE_PRACTICE, body=body)
    assert old.day(old.staff_morning(START)) == closed

    published(practice, me, draft)

    with practice.look() as uow:
        new = practice_of(practice.services, uow.configurations.current(practice.clock()))
        assert rules_for(practice.services, uow, practice.source, practice.clock()).practice == new
        before = rules_at(practice.services, uow, practice.source, now - MOMENT).practice
    assert (new.zone, new.is_working_day(closed), before.is_working_day(closed)) == (old.zone, False, True)
    assert new.day(new.staff_morning(START)) == closed + timedelta(days=1)
    assert tick(practice.services).claimed == 1
    published(practice, me, roll_back(practice.services, me, CALENDAR, THE_PRACTICE, "1"))
    with practice.look() as uow:
        assert practice_of(practice.services, uow.configurations.current(practice.clock())) == old


def test_published_while_a_tick_runs(practice: World) -> None:
    """A tick that began before is not the one whose answer stands: the patient is looked at again."""
    began = practice.clock()
    practice.clock.forward(seconds=1)
    _publish(practice, {**_body(HBA1C), "title": "Laboratory"})

    with practice.look() as uow:
        assert rules_for(practice.services, uow, practice.source, began).program_of("labs").title == "Laboratory"  # type: ignore[union-attr]
    assert in_force(practice, code="labs") == "2"
    published(practice, an_editor(practice), drafted(practice, an_editor(practice), retitled("Labs"), code="labs"))
    assert in_force(practice, code="labs") == "1"
