"""Programs, ladders and conditions in words, and two versions side by side."""

from dataclasses import replace
from typing import Any

import pytest

from plugin.catalog.loader import PROGRAM, FileCatalog
from plugin.domain.assessment import EffectKind
from plugin.domain.condition import Condition, Operator, VisitState
from plugin.domain.condition_words import Names, condition_words
from plugin.domain.ladder import STANDARD, Tier
from plugin.domain.program import (
    AlertFlag,
    Anchor,
    CompletesWhen,
    MilestoneDefinition,
    Offset,
    Phase,
    Program,
    Repeat,
)
from plugin.domain.program_compare import Change, compare, compare_ladders
from plugin.domain.program_words import (
    claims_words,
    completion_words,
    evidence_words,
    ladder_words,
    owner_words,
    program_lines,
    repeat_words,
    step_lines,
    window_words,
)
from plugin.domain.record import Coding

HBA1C = Coding("http://loinc.org", "4548-4", "Hemoglobin A1c")
ILLNESSES = tuple(Coding("urn:i", str(n), f"Illness {n}") for n in range(7))
LAB = MilestoneDefinition(code="lab", title="Lab", codes=(HBA1C,), opens=Offset(days=28), due=Offset(days=42))


def a_program(*steps: MilestoneDefinition, **more: Any) -> Program:
    """With the lab as its first step."""
    return Program(code="p", version="1", title="P", milestones=(LAB, *steps), **more)


def a_step(**more: Any) -> MilestoneDefinition:
    """One without a date, unless it is given."""
    return MilestoneDefinition(code="m", title="M", **more)


@pytest.mark.parametrize(
    ("opens", "due", "words"),
    [
        (Offset(days=28), Offset(days=42), "due 6 weeks after the plan starts, opens 2 weeks before"),
        (Offset(days=42), Offset(days=42), "due 6 weeks after the plan starts, opens on that day"),
        (None, Offset(days=10), "due 10 days after the plan starts"),
        (None, Offset(), "due when the plan starts"),
        (None, None, "no due date: never overdue"),
        (Offset(days=1), None, "no due date: never overdue, opens 1 day after the plan starts"),
        (
            Offset(months=11),
            Offset(months=13, days=3),
            "due 13 months and 3 days after the plan starts, opens 11 months after the plan starts",
        ),
        (
            Offset(Anchor.COMPLETION, of="lab"),
            Offset(Anchor.DUE, of="lab", months=1),
            "due 1 month after “Lab” is due, opens when “Lab” is completed",
        ),
        (
            None,
            Offset(Anchor.FACT, codes=(HBA1C,), days=7),
            "due 1 week after the latest Hemoglobin A1c in the chart",
        ),
        (None, Offset(Anchor.DUE, of="gone"), "due when a step that is not there is due"),
    ],
)
def test_when_a_step_is_due(opens: Offset | None, due: Offset | None, words: str) -> None:
    """As a nurse would say it."""
    step = a_step(opens=opens, due=due)

    assert window_words(step, a_program(step)) == words


def test_what_is_said_of_a_step() -> None:
    """Evidence, completion, owner, repeat; for whom; what it does not say is left out."""
    rich = replace(
        LAB,
        before_plan_start=True,
        owner_role="scheduler",
        completes_when=CompletesWhen.CHECKLIST,
        checklist=("One", "Two"),
        repeat=Repeat(Offset(months=3), 4),
        applies_if=Condition("age-at-least", years=65),
        celebrate=True,
    )

    assert evidence_words(rich) == "Hemoglobin A1c (LOINC 4548-4), also from before the plan starts"
    assert evidence_words(a_step()) == "what points to it in the chart, or a person's word"
    assert completion_words(rich) == "completed when it has happened and its checklist was gone through"
    assert owner_words(rich) == "the front desk of the care team, else anybody in that role"
    assert repeat_words(rich) == "every 3 months, 4 times in all"
    assert [line.label for line in step_lines(rich, a_program())] == [
        "Kind",
        "When",
        "Repeats",
        "Evidence",
        "Done",
        "Checklist",
        "Owner",
        "For whom",
        "Celebrated",
    ]
    assert [line.label for line in step_lines(a_step(), a_program())] == ["Kind", "When", "Evidence", "Done", "Owner"]


OLD, ILL = Condition("age-at-least", years=65), Condition("condition", codes=ILLNESSES[:2])
BOOKED = Condition("appointment")
HIGH = Condition("observation", codes=(HBA1C,), operator=Operator.ABOVE, value=9.0, unit="%", days=90)


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (OLD, "is 65 or older"),
        (Condition("age-below", years=18), "is younger than 18"),
        (ILL, "has Illness 0 or Illness 1"),
        (
            Condition("condition", codes=ILLNESSES, count=3),
            "has at least 3 of Illness 0, Illness 1, Illness 2, Illness 3, Illness 4 and 2 more",
        ),
        (HIGH, "has Hemoglobin A1c above 9 % in the newest result, not older than 90 days"),
        (Condition("language", languages=("es", "so")), "speaks Spanish or so"),
        (Condition("interpreter-needed"), "needs an interpreter"),
        (Condition("days-since-contact", days=14), "was not reached and did not come for 2 weeks or more"),
        (
            Condition("appointment", state=VisitState.MISSED, days=10),
            "missed a visit of this plan in the last 10 days",
        ),
        (Condition("in-program", program="cc"), "follows the program “Chronic care”"),
        (Condition("all", (OLD, ILL)), "is 65 or older and has Illness 0 or Illness 1"),
        (
            Condition("all", (OLD, Condition("any", (BOOKED, Condition("interpreter-needed"))))),
            "is 65 or older and (has a visit of this plan booked or needs an interpreter)",
        ),
        (
            Condition("not", (OLD, BOOKED)),
            "is not known to be 65 or older and has no visit of this plan booked",
        ),
        (
            Condition("not", (Condition("all", (OLD, BOOKED)),)),
            "is not known to be 65 or older or has no visit of this plan booked",
        ),
        (Condition("not", (Condition("not", (OLD,)),)), "is 65 or older"),
    ],
)
def test_a_condition_is_one_sentence(condition: Condition, words: str) -> None:
    """What is denied is not known; of a long list the first are named."""
    names = Names(programs={"cc": "Chronic care"}, languages={"es": "Spanish"})

    assert condition_words(condition, names) == words


def test_which_plans_a_program_claims() -> None:
    """Plans, orders, nobody."""
    program = a_program(instantiates=frozenset({"urn:p"}), order_codes=frozenset({("urn:c", "rehab")}))

    assert claims_words(program) == ["Plans that follow urn:p.", "Orders for rehab: each starts a plan of its own."]
    assert claims_words(a_program()) == ["No plan and no order: only those whom somebody enrols."]
    assert program_lines(a_program(flags=(AlertFlag("o", "High age", OLD),)))[-1].words == (
        "High age: raised for whoever is 65 or older"
    )


def test_a_ladder_is_one_sentence_a_tier() -> None:
    """DESIGN §5, in words."""
    assert ladder_words(STANDARD) == [
        "From day 1 to day 7 past due: a message to the patient",
        "From day 8 to day 14 past due: a work item for the coordinator",
        "From day 15 to day 30 past due: a notice to the inbox of the step's owner, else of the provider",
        "From day 31 past due on: a line of the clinical review report",
    ]


def test_two_versions_of_a_program_side_by_side() -> None:
    """Added, removed, moved, changed: of each what it was and what it is."""
    start, later = Phase("start", "Start"), Phase("later", "Later")
    one, two, three, four = (
        replace(a_step(phase="start"), code=c, title=c.title()) for c in ("one", "two", "three", "four")
    )
    before = a_program(one, two, three, phases=(start, later), flags=(AlertFlag("f", "Old", OLD),))
    after = replace(
        before,
        title="Q",
        milestones=(
            replace(three, due=Offset(days=14)),
            replace(LAB, due=Offset(days=28), celebrate=True),
            replace(one, phase="later", title="Uno"),
            four,
        ),
        flags=(AlertFlag("f", "Old", Condition("age-at-least", years=70)),),
    )

    found = [(d.part, d.title, d.change, d.label, d.before, d.after) for d in compare(before, after)]

    assert found == [
        ("program", "Q", Change.CHANGED, "Title", "P", "Q"),
        ("step", "Two", Change.REMOVED, "", "Two", ""),
        ("step", "Four", Change.ADDED, "", "", "Four"),
        ("step", "Three", Change.MOVED, "Place", "after “One”", "first"),
        ("step", "Three", Change.CHANGED, "When", "no due date: never overdue", "due 2 weeks after the plan starts"),
        (
            "step",
            "Lab",
            Change.CHANGED,
            "When",
            "due 6 weeks after the plan starts, opens 2 weeks before",
            "due 4 weeks after the plan starts, opens on that day",
        ),
        ("step", "Lab", Change.CHANGED, "Celebrated", "", "the patient is told when it is completed"),
        ("step", "Uno", Change.MOVED, "Phase", "Start", "Later"),
        ("step", "Uno", Change.CHANGED, "Title", "One", "Uno"),
        (
            "flag",
            "Old",
            Change.CHANGED,
            "Raised",
            "Old: raised for whoever is 65 or older",
            "Old: raised for whoever is 70 or older",
        ),
    ]


def test_phases_that_come_go_and_change_places() -> None:
    """By their codes."""
    a, b, c = Phase("a", "A"), Phase("b", "B"), Phase("c", "C")

    found = compare(a_program(phases=(a, b)), a_program(phases=(b, a._replace(title="Alpha"), c)))

    assert [(d.title, d.change, d.before, d.after) for d in found] == [
        ("C", Change.ADDED, "", "C"),
        ("B", Change.MOVED, "after “A”", "first"),
        ("Alpha", Change.CHANGED, "A", "Alpha"),
    ]


def test_two_versions_of_a_ladder() -> None:
    """Tier by tier."""
    earlier = replace(
        STANDARD,
        tiers=(
            STANDARD.tiers[0],
            STANDARD.tiers[1]._replace(from_days=5, role="coach"),
            Tier(3, 10, EffectKind.NOTICE, "overdue", "provider"),
        ),
    )

    assert [(d.title, d.change, d.label, d.before, d.after) for d in compare_ladders(STANDARD, earlier)] == [
        ("Tier 2", Change.CHANGED, "Begins", "day 8 past due", "day 5 past due"),
        ("Tier 2", Change.CHANGED, "Does", "a work item for the coordinator", "a work item for the coach"),
        ("Tier 3", Change.CHANGED, "Begins", "day 15 past due", "day 10 past due"),
        ("Tier 4", Change.REMOVED, "", "from day 31 past due: a line of the clinical review report", ""),
    ]


def test_what_is_shipped_reads_well() -> None:
    """Every step of every program has words for a nurse, without a gap in them."""
    catalog = FileCatalog()

    for version in catalog.shipped():
        if version.kind == PROGRAM:
            program = catalog.program(version)
            lines = [line for m in program.milestones for line in step_lines(m, program)]
            for words in [line.words for line in (*lines, *program_lines(program))]:
                assert words == words.strip()
                assert "  " not in words
                assert "not there" not in words
