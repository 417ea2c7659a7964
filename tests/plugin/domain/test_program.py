"""A program at work: its due rules, whom it claims, what it celebrates, its flags (DESIGN §4.2, §7, §8)."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from plugin.domain.condition import Condition
from plugin.domain.program import AlertFlag, Anchor, CompletesWhen, MilestoneDefinition, Offset, Program, Repeat
from plugin.domain.record import Coding
from tests.charts import A1C, LOINC, P1, SNOMED, Json, concept, done, inline, look, patient, plan, result, visit

LAB = (Coding(LOINC, "4548-4"),)
CLAIMED: Json = {"category": [concept("p", system="urn:p")]}


def a_program(*milestones: MilestoneDefinition, **more: Any) -> Program:
    """One that claims plans by category or canonical."""
    codes, urls = frozenset({("urn:p", "p")}), frozenset({"urn:plan"})
    return Program(code="p", version="1", title="P", plan_codes=codes, instantiates=urls, milestones=milestones, **more)


def a_milestone(code: str = "m", **more: Any) -> MilestoneDefinition:
    """One without a date, unless it is given."""
    return MilestoneDefinition(code=code, title=code.title(), **more)


@pytest.mark.parametrize(
    ("of_plan", "is_claimed"),
    [
        (CLAIMED, True),
        ({"instantiatesCanonical": ["urn:plan"]}, True),
        ({"instantiatesCanonical": ["urn:plan|2.0"]}, True),
        ({"instantiatesCanonical": ["urn:other"]}, False),
        ({"category": [concept("p", system="urn:other")]}, False),
        ({}, False),
    ],
)
def test_which_plans_a_program_claims(of_plan: Json, is_claimed: bool) -> None:
    """DESIGN §4.1, 4: instantiatesCanonical, or a category that the program claims."""
    found = look([patient(), plan(**of_plan)], "2026-06-15", programs=[a_program(a_milestone())])

    assert bool(found.milestones) == is_claimed


@pytest.mark.parametrize(
    ("offset", "due"),
    [
        (Offset(days=10), "2026-02-10"),
        (Offset(months=1), "2026-02-28"),
        (Offset(months=1, days=1), "2026-03-01"),
        (Offset(), "2026-01-31"),
    ],
)
def test_an_offset_from_the_plans_start(offset: Offset, due: str) -> None:
    """DESIGN §4.2: days, weeks, months; D9: ``program``."""
    chart = [patient(), plan(start="2026-01-31", **CLAIMED)]

    found = look(chart, "2026-06-15", programs=[a_program(a_milestone(due=offset))]).only

    assert (found["due"], found["due_from"], found["due_precision"]) == (due, "program", "day")


def test_an_offset_from_a_completion_gives_no_date_until_it_has_happened() -> None:
    """DESIGN §4.2: upcoming till then; moved with the day of the completion."""
    program = a_program(
        a_milestone("lab", codes=LAB, opens=Offset(), due=Offset(days=200)),
        a_milestone(
            "talk", opens=Offset(Anchor.COMPLETION, days=1, of="lab"), due=Offset(Anchor.COMPLETION, days=7, of="lab")
        ),
    )
    chart = [patient(), plan(**CLAIMED)]

    waiting = look(chart, "2026-06-15", programs=[program]).the("Talk")
    done_ = look([*chart, result("2026-06-10")], "2026-06-15", programs=[program]).the("Talk")

    assert (waiting["status"], waiting["due"], waiting["tier"]) == ("upcoming", None, 0)
    assert (done_["status"], done_["opens"], done_["due"]) == ("ready", "2026-06-11", "2026-06-17")


def test_an_offset_from_another_due_date_follows_its_source() -> None:
    """DESIGN §4.2: also where the plan itself says when the other one is due."""
    program = a_program(
        a_milestone("lab", codes=LAB, opens=Offset(), due=Offset(days=30)),
        a_milestone("talk", due=Offset(Anchor.DUE, days=7, of="lab")),
    )

    by_rule = look([patient(), plan(**CLAIMED)], "2026-06-15", programs=[program])
    by_plan = look([patient(), plan(inline(A1C, "2026-07-01"), **CLAIMED)], "2026-06-15", programs=[program])

    assert by_rule.the("Talk")["due"] == "2026-02-11"
    assert by_plan.the("Talk")["due"] == "2026-07-08"


def test_an_offset_from_a_fact() -> None:
    """DESIGN §4.2: for example a discharge; the latest since the plan's start."""
    discharge = Coding(SNOMED, "58000006", "Patient discharge")
    program = a_program(a_milestone(due=Offset(Anchor.FACT, days=7, codes=(discharge,))))
    chart = [patient(), plan(**CLAIMED)]
    code = concept("58000006")

    def due(*more: Json) -> Any:
        return look([*chart, *more], "2026-06-15", programs=[program]).only["due"]

    assert due() is None
    assert due(done("2025-12-01", code)) is None
    assert due(visit("2026-06-01", type=[code])) == "2026-06-08"
    assert due(done("2026-05-01", code), visit("2026-06-01", type=[code])) == "2026-06-08"


def test_a_milestone_that_repeats() -> None:
    """Each turn opens so long after the one before, and is due as long after that as the first."""
    every_month = a_milestone("lab", codes=LAB, opens=Offset(), due=Offset(days=10), repeat=Repeat(Offset(months=1), 3))

    found = look([patient(), plan(start="2026-01-31", **CLAIMED)], "2026-02-15", programs=[a_program(every_month)])

    assert found.turns("Lab", "iteration", "opens", "due") == [
        (1, "2026-01-31", "2026-02-10"),
        (2, "2026-02-28", "2026-03-10"),
        (3, "2026-03-31", "2026-04-10"),
    ]


def test_a_milestone_that_applies_only_to_some() -> None:
    """A condition decides whether it is there; what the plan names itself is there anyway."""
    only_old = a_milestone("lab", codes=LAB, opens=Offset(), applies_if=Condition("age-at-least", years=65))
    programs = [a_program(only_old)]
    young = patient(birthDate="1980-01-01")

    assert look([patient(birthDate="1950-01-01"), plan(**CLAIMED)], "2026-06-15", programs=programs).titles == ["Lab"]
    assert look([young, plan(**CLAIMED)], "2026-06-15", programs=programs).milestones == []
    assert look([young, plan(inline(A1C), **CLAIMED)], "2026-06-15", programs=programs).titles == ["HbA1c"]


def test_the_order_of_programs_decides_who_claims() -> None:
    """The first that claims a plan has it."""
    first, second = a_program(a_milestone("a")), replace(a_program(a_milestone("b")), code="q")

    assert look([patient(), plan(**CLAIMED)], "2026-06-15", programs=[first, second]).titles == ["A"]


def test_an_offset_counts_months_before_days() -> None:
    """31 January and a month and a day is 1 March."""
    assert Offset(months=1, days=1).after(date(2026, 1, 31)) == date(2026, 3, 1)


def test_all_codes_that_a_program_names_are_read() -> None:
    """Evidence, anchors, conditions and what must be there at the start: the feed keeps results of these."""
    fact, ill, pain = Coding(SNOMED, "58000006"), Coding(SNOMED, "44054006"), Coding(LOINC, "72514-3")
    for_the_ill = Condition("all", (Condition("condition", codes=(ill,)),))
    step = a_milestone(codes=LAB, opens=Offset(Anchor.FACT, codes=(fact,)), applies_if=for_the_ill)
    program = a_program(step, flags=(AlertFlag("pain", "Pain", Condition("observation", codes=(pain,))),))

    assert set(program.named_codes()) == {*LAB, fact, ill, pain}


def test_evidence_of_a_claimed_plan_is_the_patients_own() -> None:
    """E3 within a program: the same patient."""
    others = result("2026-06-10", subject={"reference": "Patient/p2"})
    program = a_program(a_milestone("lab", codes=LAB, opens=Offset()))

    found = look([patient(), patient("p2"), plan(**CLAIMED), others], "2026-06-15", programs=[program])

    assert found.only["status"] == "ready"
    assert P1["reference"] == found.plan["patient"]


# -------------------------------------------------------------------------------------------- celebrations and alerts
CELEBRATED = a_milestone("lab", codes=LAB, opens=Offset(), due=Offset(days=200), celebrate=True)


@pytest.mark.parametrize(("at", "wanted"), [("2026-06-09", []), ("2026-06-10", ["message milestone-reached"])])
def test_a_completion_that_the_program_celebrates(at: str, wanted: list[str]) -> None:
    """DESIGN §6: planned when it is seen, for the send window of the day of the completion, once."""
    chart = [patient(), plan(**CLAIMED), result("2026-06-10")]

    found = look(chart, at, programs=[a_program(CELEBRATED)])

    assert found.names() == wanted
    for effect in found.effects():
        assert effect.key == f"{found.kept()[0].key}|milestone-reached"
        assert (effect.at and effect.at.isoformat(), effect.role) == ("2026-06-10T09:00:00-05:00", "patient")


@pytest.mark.parametrize(("at", "is_wanted"), [("2026-06-17", True), ("2026-06-18", False)])
def test_a_completion_is_celebrated_while_it_is_fresh(at: str, is_wanted: bool) -> None:
    """A week: what was done long ago is not congratulated when it is read; its end is foreseen."""
    chart = [patient(), plan(**CLAIMED), result("2026-06-10")]

    found = look(chart, at, programs=[a_program(CELEBRATED)])

    assert bool(found.effects("milestone-reached")) == is_wanted
    assert found.document["next_change_at"] == ("2026-06-18T00:00:00-05:00" if is_wanted else None)


def test_nobody_is_congratulated_where_messages_wait_or_nothing_is_celebrated() -> None:
    """A plan on hold or over, a plan of unknown status, a step that is not celebrated."""
    plain = replace(CELEBRATED, celebrate=False)

    def ask(step: MilestoneDefinition = CELEBRATED, **of_plan: Any) -> list[str]:
        chart = [patient(), plan(**CLAIMED, **of_plan), result("2026-06-10")]
        return look(chart, "2026-06-11", programs=[a_program(step)]).names()

    assert ask() == ["message milestone-reached"]
    assert [ask(plain), ask(status="on-hold"), ask(status="completed"), ask(status="unknown")] == [[], [], [], []]


def test_a_flag_that_holds_alerts_a_coordinator_at_once_and_once_a_run() -> None:
    """DESIGN §7: a work item, its key from the day since which it has held; a second run has another."""
    high = Condition("observation", codes=LAB, value=9)
    program = a_program(a_milestone(), flags=(AlertFlag("high", "High HbA1c", high),))

    def value(on: str, number: float) -> Json:
        return result(on, id_=f"o-{on}", valueQuantity={"value": number})

    def keys(*values: Json) -> list[str]:
        found = look([patient(), plan(**CLAIMED), *values], "2026-06-15", programs=[program])
        assert found.assessment.plans[0].risk == len(found.effects("alert"))
        assert [(e.kind.value, e.role, e.at, e.milestone) for e in found.effects("alert")] in (
            [],
            [("work", "coordinator", None, None)],
        )
        return [effect.key for effect in found.effects("alert")]

    first = keys(value("2026-03-01", 9))
    assert first == ["bundle|Patient/p1|CarePlan/cp1|alert|high|2026-03-01"]
    assert keys(value("2026-03-01", 9), value("2026-06-01", 9.5)) == first
    assert keys(value("2026-03-01", 9), value("2026-05-01", 7)) == []
    again = keys(value("2026-03-01", 9), value("2026-05-01", 7), value("2026-06-01", 9))
    assert again == ["bundle|Patient/p1|CarePlan/cp1|alert|high|2026-06-01"]


@pytest.mark.parametrize(
    ("person", "of_plan", "risk", "alerts"),
    [
        ({}, {}, 1, 1),
        ({}, {"status": "draft"}, 0, 0),
        ({}, {"status": "completed"}, 0, 0),
        ({}, {"status": "on-hold"}, 1, 0),
        ({"active": False}, {}, 0, 0),
        ({"deceasedDateTime": "2026-06-01"}, {}, 0, 0),
    ],
)
def test_whose_flags_count(person: Json, of_plan: Json, risk: int, alerts: int) -> None:
    """Those of an open plan of somebody who is cared for; on hold the risk stays, and nobody is alerted (S2)."""
    old = AlertFlag("old", "Old", Condition("age-at-least", years=65))
    chart = [patient(birthDate="1950-01-01", **person), plan(**CLAIMED, **of_plan)]

    found = look(chart, "2026-06-15", programs=[a_program(a_milestone(), flags=(old,))])

    assert (found.assessment.plans[0].risk, len(found.effects("alert"))) == (risk, alerts)


def test_whoever_closes_a_checklist_sees_what_to_go_through() -> None:
    """The items are in the work item."""
    step = a_milestone(
        "lab", codes=LAB, opens=Offset(), completes_when=CompletesWhen.CHECKLIST, checklist=("Told the patient",)
    )

    found = look([patient(), plan(**CLAIMED), result("2026-06-10")], "2026-06-15", programs=[a_program(step)])

    assert found.only["reason"] == "checklist-open"
    assert [(effect.content or {}).get("checklist") for effect in found.effects("confirm-evidence")] == [
        ["Told the patient"]
    ]
