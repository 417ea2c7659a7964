"""The rules of a right program: what is wrong, where, and what is only told (D10, DESIGN §8)."""

from typing import Any

import pytest

from plugin.domain.condition import Condition, Operator
from plugin.domain.fault import NOTHING_KNOWN, Known
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
from plugin.domain.program_check import program_faults
from plugin.domain.record import Coding

LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"
LAB = (Coding(LOINC, "4548-4"),)
NOBODY = Condition("all", (Condition("age-at-least", years=65), Condition("age-below", years=50)))


def a_program(*milestones: MilestoneDefinition, **more: Any) -> Program:
    """One that claims something."""
    return Program(code="p", version="1", title="P", instantiates=frozenset({"urn:p"}), milestones=milestones, **more)


def a_step(code: str = "m", **more: Any) -> MilestoneDefinition:
    """One without a date, unless it is given."""
    return MilestoneDefinition(code=code, title=code.title(), **more)


def told(program: Program, known: Known = NOTHING_KNOWN) -> list[tuple[str, str]]:
    """Path and severity of each fault."""
    return [(fault.path, fault.severity.value) for fault in program_faults(program, known)]


AFTER_LAB = Offset(Anchor.COMPLETION, of="lab", days=1)
DUE_LATE = a_step("lab", opens=Offset(days=30), due=Offset(days=40))


@pytest.mark.parametrize(
    ("steps", "path", "words"),
    [
        ([], "milestones", "at least one step"),
        ([a_step(codes=LAB)], "milestones[0].opens", "say when its window opens"),
        ([a_step(), a_step()], "milestones[1].code", "more than once"),
        ([a_step(phase="nowhere")], "milestones[0].phase", "no phase"),
        ([a_step(due=Offset(Anchor.COMPLETION, of="x"))], "milestones[0].due.of", "no other step"),
        ([a_step(due=Offset(Anchor.COMPLETION, of="m"))], "milestones[0].due.of", "no other step"),
        ([a_step(due=Offset(Anchor.DUE))], "milestones[0].due.of", "choose the step"),
        ([a_step(opens=Offset(Anchor.FACT, days=1))], "milestones[0].opens.codes", "name the codes"),
        ([a_step(opens=Offset(days=8), due=Offset(days=7))], "milestones[0].due", "ends before it begins"),
        ([a_step(opens=Offset(months=2), due=Offset(days=58))], "milestones[0].due", "ends before it begins"),
        ([a_step(repeat=Repeat(Offset(days=7), 3))], "milestones[0].repeat", "never begins"),
        ([a_step(applies_if=NOBODY)], "milestones[0].applies_if", "applies to nobody"),
        (
            [a_step("old", applies_if=NOBODY), a_step(due=Offset(Anchor.COMPLETION, of="old"))],
            "milestones[1].due.of",
            "“Old” applies to nobody",
        ),
        (
            [DUE_LATE, a_step(opens=Offset(Anchor.DUE, of="lab", days=5), due=Offset(days=44))],
            "milestones[1].due",
            "ends before it begins",
        ),
        (
            [DUE_LATE, a_step(opens=AFTER_LAB, due=Offset(days=30))],
            "milestones[1].due",
            "cannot have happened by then",
        ),
        (
            [DUE_LATE, a_step(opens=Offset(Anchor.DUE, of="lab", days=5), due=Offset(Anchor.DUE, of="lab"))],
            "milestones[1].due",
            "ends before it begins",
        ),
        (
            [a_step("a", due=Offset(Anchor.DUE, of="b")), a_step("b", due=Offset(Anchor.COMPLETION, of="a"))],
            "milestones[0].due",
            "in a circle: “A” → “B” → “A”",
        ),
    ],
)
def test_what_is_wrong_with_a_program_is_named(steps: list[MilestoneDefinition], path: str, words: str) -> None:
    """Where, and what; it cannot be published."""
    found = program_faults(a_program(*steps), NOTHING_KNOWN)

    assert [(fault.path, words in fault.words) for fault in found if fault.is_wrong][:1] == [(path, True)]


@pytest.mark.parametrize(
    ("step", "path"),
    [
        (a_step(opens=Offset(months=1), due=Offset(days=30)), "milestones[0].due"),
        (a_step(kind="laboratory"), "milestones[0].codes"),
        (a_step(completes_when=CompletesWhen.CHECKLIST), "milestones[0].checklist"),
        (a_step(checklist=("Look",)), "milestones[0].checklist"),
        (a_step(opens=Offset(), due=Offset(days=10), repeat=Repeat(Offset(days=7), 3)), "milestones[0].repeat"),
        (a_step(due=Offset(codes=LAB)), "milestones[0].due.codes"),
        (a_step(due=Offset(of="m")), "milestones[0].due.of"),
        (a_step(opens=Offset(), codes=LAB + LAB), "milestones[0].codes[1]"),
        (
            a_step(applies_if=Condition("any", (LATE := Condition("flag", codes=LAB), Condition("not", (LATE,))))),
            "milestones[0].applies_if",
        ),
    ],
)
def test_what_may_be_meant_is_told(step: MilestoneDefinition, path: str) -> None:
    """It can be published all the same."""
    assert told(a_program(step)) == [(path, "unsure")]


def test_a_right_program_has_no_faults() -> None:
    """A chain is no circle; a window of one day is one; nor is a step that waits for a completion too early to tell."""
    chain = [
        a_step("a", codes=LAB, opens=Offset(), due=Offset()),
        a_step("b", due=Offset(Anchor.COMPLETION, days=1, of="a")),
        a_step("c", opens=Offset(Anchor.DUE, of="b"), due=Offset(Anchor.DUE, months=1, of="b")),
        a_step("d", opens=Offset(Anchor.COMPLETION, of="a"), due=Offset(days=10)),
    ]

    assert told(a_program(*chain)) == []


def test_what_the_practice_does_not_have() -> None:
    """A ladder, a role, a program, a code that nobody has ever seen."""
    other = AlertFlag("f", "F", Condition("any", (Condition("in-program", program="q"), Condition("flag", codes=LAB))))
    step = a_step(owner_role="astrologer", codes=LAB, opens=Offset())
    program = a_program(step, flags=(other,), ladder="steep")
    known = Known(codes=frozenset({(LOINC, "718-7")}), ladders=frozenset({"standard"}), programs=frozenset({"p"}))

    assert told(program) == []
    assert told(program, known) == [
        ("ladder", "wrong"),
        ("milestones[0].owner", "wrong"),
        ("flags[0].when.parts[0].program", "unsure"),
        ("milestones[0].codes[0]", "unsure"),
        ("flags[0].when.parts[1].codes[0]", "unsure"),
    ]


def test_phases_claims_and_titles() -> None:
    """A phase without steps, two steps of one name, a program that claims nothing, one that names itself."""
    itself = AlertFlag("f", "F", Condition("in-program", program="p"))
    steps = (a_step("a"), MilestoneDefinition(code="b", title="A"))
    program = Program(code="p", version="1", title="P", phases=(Phase("x", "X"),), milestones=steps, flags=(itself,))

    assert sorted(told(program)) == [
        ("claims", "unsure"),
        ("flags[0].when.program", "unsure"),
        ("milestones[1].title", "unsure"),
        ("phases[0]", "unsure"),
    ]


A1C = Coding(LOINC, "4548-4")


@pytest.mark.parametrize(
    ("low", "high", "is_never"),
    [
        (("ge", 7), ("lt", 7), True),
        (("gt", 7), ("le", 7), True),
        (("ge", 7), ("le", 7), False),
        (("ge", 6), ("lt", 7), False),
        (("ge", 7), ("lt", 6), True),
    ],
)
def test_two_limits_that_leave_nothing_between_them(
    low: tuple[str, float], high: tuple[str, float], is_never: bool
) -> None:
    """Of one number; of two different ones they say nothing of each other."""

    def measured(limit: tuple[str, float], code: Coding = A1C) -> Condition:
        return Condition("observation", codes=(code,), operator=Operator(limit[0]), value=limit[1])

    def ask(other: Condition) -> list[str]:
        both = Condition("all", (measured(low), Condition("all", (other,))))
        return [path for path, _ in told(a_program(a_step(), flags=(AlertFlag("f", "F", both),)))]

    assert ask(measured(high)) == (["flags[0].when"] if is_never else [])
    assert ask(measured(high, Coding(LOINC, "718-7"))) == []


def test_a_condition_that_denies_itself() -> None:
    """Something and not the same; more illnesses than there are to choose from."""
    flag = Condition("flag", codes=LAB)
    denied = Condition("all", (flag, Condition("not", (flag,))))
    too_many = Condition("condition", codes=LAB, count=2)

    for never in (denied, too_many, Condition("age-below", years=0), Condition("any", (denied, too_many))):
        assert told(a_program(a_step(), flags=(AlertFlag("f", "F", never),))) == [("flags[0].when", "wrong")]
