"""Programs and ladders from data: complaints name the file, the key and what is allowed (STYLE: data files)."""

import tomllib
from typing import Any

import pytest

from plugin.catalog.reader import ladder_of, program_of
from plugin.domain.assessment import EffectKind
from plugin.domain.errors import BadProgram
from plugin.domain.program import KINDS, Anchor, CompletesWhen, Repeat
from plugin.domain.record import Coding

SMALL = """
code = "p"
version = "1"
title = "P"
[claims]
instantiates = ["urn:plan"]
plans = [{ system = "urn:p", code = "p" }]
orders = [{ system = "urn:o", code = "o", display = "Order" }]
[[phases]]
code = "start"
title = "Start"
[[intake]]
title = "Baseline"
codes = [{ system = "urn:b", code = "b" }]
[[milestones]]
code = "lab"
title = "Lab"
phase = "start"
kind = "laboratory"
codes = [{ system = "urn:l", code = "l" }]
opens = { weeks = 1 }
due = { from = "plan-start", weeks = 2, days = 1 }
owner = "provider"
completes_when = "reviewed"
before_plan_start = true
celebrate = true
checklist = ["Look at it"]
repeat = { months = 3, count = 4 }
applies_if = { what = "any", parts = [
    { what = "age-at-least", years = 65 },
    { what = "condition", codes = [{ system = "urn:c", code = "c" }] },
] }
[[flags]]
code = "pain"
title = "Pain"
when = { what = "observation", codes = [{ system = "urn:s", code = "s" }], operator = "ge", value = 7, days = 14 }
[[milestones]]
code = "talk"
title = "Talk"
due = { from = "completion", of = "lab", days = 7 }
"""
LADDER = """
code = "l"
version = "1"
title = "L"
[[tiers]]
number = 1
from_days = 1
kind = "message"
what = "overdue"
role = "patient"
[[tiers]]
number = 2
from_days = 8
kind = "report"
what = "clinical-review"
"""


def values(text: str) -> dict[str, Any]:
    """The values of a file."""
    return tomllib.loads(text)


def test_a_program_says_everything_that_the_vocabulary_knows() -> None:
    """plugin/catalog/programs/README.md, key by key."""
    program = program_of(values(SMALL), "p.toml")

    lab, talk = program.milestones
    assert (program.code, program.version, program.title, program.ladder) == ("p", "1", "P", "standard")
    assert program.claims_url("urn:plan|2")
    assert program.plan_codes == frozenset({("urn:p", "p")})
    assert program.order_codes == frozenset({("urn:o", "o")})
    assert [phase.code for phase in program.phases] == ["start"]
    assert [item.title for item in program.intake] == ["Baseline"]
    assert (lab.phase, lab.kind, lab.owner_role) == ("start", "laboratory", "provider")
    assert lab.codes == (Coding("urn:l", "l"),)
    assert lab.opens is not None
    assert lab.due is not None
    assert (lab.opens.days, lab.due.days, lab.due.anchor) == (7, 15, Anchor.PLAN_START)
    assert (lab.completes_when, lab.before_plan_start) == (CompletesWhen.REVIEWED, True)
    assert isinstance(lab.repeat, Repeat)
    assert (lab.repeat.every.months, lab.repeat.count) == (3, 4)
    assert lab.applies_if is not None
    assert [part.what for part in lab.applies_if.parts] == ["age-at-least", "condition"]
    assert (lab.celebrate, lab.checklist, talk.celebrate) == (True, ("Look at it",), False)
    (flag,) = program.flags
    assert (flag.code, flag.title, flag.when.operator, flag.when.value, flag.when.days) == ("pain", "Pain", "ge", 7, 14)
    assert talk.due is not None
    assert (talk.due.anchor, talk.due.of, talk.kind, talk.completes_when) == (Anchor.COMPLETION, "lab", "task", "event")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('code = "p"\nversion', "version", "p.toml: code: Please fill this in."),
        ('code = "p"\nversion', 'code = "a|b"\nversion', "p.toml: code: Please use letters, digits"),
        ('title = "P"', "title = 5", "p.toml: title: Please give a text"),
        ('title = "P"', 'title = " "', "p.toml: title: Please give a text"),
        ('title = "P"', 'titel = "P"', "p.toml: title: Please fill this in."),
        ('title = "P"', 'title = "P"\nlader = "x"', "p.toml: lader: There is no such key; known here: claims, code"),
        (
            'kind = "laboratory"',
            'kind = "lab"',
            "milestones[0].kind: Please choose one of: " + ", ".join(sorted(KINDS)),
        ),
        ("weeks = 1 }", "week = 1 }", "milestones[0].opens.week: There is no such key"),
        ("weeks = 1 }", "weeks = -1 }", "milestones[0].opens.weeks: Please give a whole number from 0 to 520."),
        ("weeks = 1 }", "weeks = 1.5 }", "milestones[0].opens.weeks: Please give a whole number"),
        ("weeks = 1 }", "weeks = true }", "milestones[0].opens.weeks: Please give a whole number"),
        (
            'from = "plan-start"',
            'from = "start"',
            "milestones[0].due.from: Please choose one of: completion, due, fact, plan-start",
        ),
        (
            '"reviewed"',
            '"looked at"',
            "milestones[0].completes_when: Please choose one of: checklist, event, reviewed",
        ),
        ("= true", '= "yes"', "milestones[0].before_plan_start: Please say true or false"),
        ("months = 3, count", "months = 0, count", "milestones[0].repeat.days: Please give the time between"),
        ("count = 4", "count = 0", "milestones[0].repeat.count: Please give a whole number from 1 to 60"),
        ('what = "any"', 'what = "some"', "milestones[0].applies_if.what: Please choose one of: age-at-least"),
        ('"age-at-least", years', '"age-at-least", year', "applies_if.parts[0].years: Please give a whole number"),
        ('"age-at-least", years', '"language", years', "applies_if.parts[0].languages: Please name at least one"),
        ('instantiates = ["urn:plan"]', "instantiates = [1]", "claims.instantiates[0]: Please give a text"),
        ('instantiates = ["urn:plan"]', 'instantiates = "urn:plan"', "claims.instantiates: Expected a list"),
        (
            'instantiates = ["urn:plan"]',
            'instantiates = ["urn:plan|1"]',
            "claims.instantiates: Please leave the version",
        ),
        (
            'plans = [{ system = "urn:p", code = "p" }]',
            'plans = [{ code = "p" }]',
            "claims.plans[0].system: Please fill this in.",
        ),
        (
            'system = "urn:l"',
            'system = "LOINC"',
            "milestones[0].codes[0].system: Please give the code system's address",
        ),
        ('phase = "start"', 'phase = "end"', "p.toml: milestones[0].phase: 'end' is no phase of this program"),
        ("opens = { weeks = 1 }\n", "", "p.toml: milestones[0].opens: Its codes count as evidence"),
        ('of = "lab"', 'of = "lap"', "p.toml: milestones[1].due.of: 'lap' is no other step"),
        ("[claims]", "[[claims]]", "p.toml: claims: Expected a table"),
    ],
)
def test_a_complaint_names_file_key_and_what_is_allowed(old: str, new: str, complaint: str) -> None:
    """One line, and the first thing that is wrong."""
    assert old in SMALL

    with pytest.raises(BadProgram) as caught:
        program_of(values(SMALL.replace(old, new, 1)), "p.toml")

    assert complaint in str(caught.value)
    assert str(caught.value).startswith("p.toml: ")
    assert "\n" not in str(caught.value)


def test_a_ladder_ascends() -> None:
    """Its tiers, in numbers and in days."""
    ladder = ladder_of(values(LADDER), "l.toml")

    assert [(t.number, t.from_days, t.kind, t.role) for t in ladder.tiers] == [
        (1, 1, EffectKind.MESSAGE, "patient"),
        (2, 8, EffectKind.REPORT, None),
    ]


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("number = 2", "number = 3", "l.toml: tiers[1].number: This is tier 2: tiers are numbered from 1"),
        ("from_days = 8", "from_days = 1", "l.toml: tiers[1].from_days: It overlaps with the tier before it"),
        ("from_days = 1", "from_days = 0", "tiers[0].from_days: Please give a whole number from 1 to 3660"),
        ('kind = "message"', 'kind = "write"', "tiers[0].kind: Please choose one of: message, notice, report, work"),
        ('kind = "message"', 'kind = "report"', "tiers[0].what: With report, this can only be clinical-review"),
        ('what = "overdue"', 'what = "late"', "tiers[0].what: Please choose one of: clinical-review, overdue"),
        ('role = "patient"', "role = 1", "tiers[0].role: Please give a text"),
        ('role = "patient"', 'role = "provider"', "tiers[0].role: A message goes to the patient"),
        ('kind = "message"', 'kind = "work"', "tiers[0].role: There is no role 'patient' that works in the practice"),
        ('title = "L"', 'title = "L"\ntier = 1', "l.toml: tier: There is no such key; known here: code, tiers, title"),
    ],
)
def test_what_is_wrong_with_a_ladder_is_named(old: str, new: str, complaint: str) -> None:
    """Likewise."""
    assert old in LADDER

    with pytest.raises(BadProgram) as caught:
        ladder_of(values(LADDER.replace(old, new, 1)), "l.toml")

    assert complaint in str(caught.value)
