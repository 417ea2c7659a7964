"""The rules of a right program, and its due rules at work (DESIGN §4.2, §8, D10)."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from plugin.domain.condition import Condition
from plugin.domain.program import Anchor, MilestoneDefinition, Offset, Program, Repeat, faults
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
    ("milestones", "where", "word"),
    [
        ([a_milestone(codes=LAB)], "milestones[0].opens", "must say when its window opens"),
        ([a_milestone(), a_milestone()], "milestones[0].code", "more than once"),
        ([a_milestone(phase="nowhere")], "milestones[0].phase", "no phase"),
        ([a_milestone(due=Offset(Anchor.COMPLETION, of="x"))], "milestones[0].due", "no other milestone"),
        ([a_milestone(due=Offset(Anchor.COMPLETION, of="m"))], "milestones[0].due", "no other milestone"),
        ([a_milestone(due=Offset(Anchor.DUE))], "milestones[0].due", "no other milestone"),
        ([a_milestone(due=Offset(Anchor.FACT, days=1))], "milestones[0].due", "codes"),
        ([a_milestone(opens=Offset(days=8), due=Offset(days=7))], "milestones[0].due", "ends before it begins"),
        (
            [a_milestone("a", due=Offset(Anchor.DUE, of="b")), a_milestone("b", due=Offset(Anchor.COMPLETION, of="a"))],
            "milestones.a",
            "circle",
        ),
    ],
)
def test_what_is_wrong_with_a_program_is_named(milestones: list[MilestoneDefinition], where: str, word: str) -> None:
    """D10 and the rest: where, and what."""
    found = faults(a_program(*milestones))

    assert (found[0].where, word in found[0].what) == (where, True)


def test_a_right_program_has_no_faults() -> None:
    """A chain is no circle; a window of one day is one."""
    chain = [
        a_milestone("a", codes=LAB, opens=Offset(), due=Offset()),
        a_milestone("b", due=Offset(Anchor.COMPLETION, days=1, of="a")),
        a_milestone("c", opens=Offset(Anchor.DUE, of="b"), due=Offset(Anchor.DUE, months=1, of="b")),
    ]

    assert faults(a_program(*chain)) == []


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
    """Evidence, anchors and what must be there at the start: the feed keeps results of these."""
    fact = Coding(SNOMED, "58000006")
    program = a_program(a_milestone(codes=LAB, opens=Offset(Anchor.FACT, codes=(fact,))))

    assert set(program.named_codes()) == {*LAB, fact}


def test_evidence_of_a_claimed_plan_is_the_patients_own() -> None:
    """E3 within a program: the same patient."""
    others = result("2026-06-10", subject={"reference": "Patient/p2"})
    program = a_program(a_milestone("lab", codes=LAB, opens=Offset()))

    found = look([patient(), patient("p2"), plan(**CLAIMED), others], "2026-06-15", programs=[program])

    assert found.only["status"] == "ready"
    assert P1["reference"] == found.plan["patient"]
