"""Programs, conditions and bodies that hypothesis draws: right ones, nearly right ones, and anything at all."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from plugin.domain.assessment import EffectKind
from plugin.domain.condition import KEYS, WHATS, Condition, Operator, VisitState, What
from plugin.domain.ladder import Ladder, Tier
from plugin.domain.program import (
    KINDS,
    AlertFlag,
    Anchor,
    CompletesWhen,
    IntakeItem,
    MilestoneDefinition,
    Offset,
    Phase,
    Program,
    Repeat,
)
from plugin.domain.record import Coding

CODES = [
    Coding("http://loinc.org", "4548-4", "HbA1c"),
    Coding("http://snomed.info/sct", "44054006"),
    Coding("urn:f", "f"),
]
NASTY = [
    "",
    " ",
    "{{7*7}}",
    "__class__",
    "(a+)+$",
    "\x00",
    "\ud800",
    "=cmd|' /C calc'!A0",
    "<script>",
    "\u202e",
    "🦴",
    "a" * 300,
]
LEAVES: list[What] = [what for what in WHATS if "parts" not in KEYS[what]]

codings = st.lists(st.sampled_from(CODES), min_size=1, max_size=3).map(tuple)


@st.composite
def leaves(draw: st.DrawFn) -> Condition:
    """One condition without parts, with the fields that go with it."""
    what = draw(st.sampled_from(LEAVES))
    keys = KEYS[what]
    state = draw(st.sampled_from(VisitState)) if "state" in keys else VisitState.BOOKED
    days = st.integers(1, 40)
    needs_days = what == "days-since-contact" or state is not VisitState.BOOKED
    is_dated = needs_days or (what == "observation" and draw(st.booleans()))
    return Condition(
        what,
        codes=draw(codings) if "codes" in keys else (),
        years=draw(st.integers(0, 130)) if "years" in keys else 0,
        count=draw(st.integers(1, 3)) if "count" in keys else 1,
        operator=draw(st.sampled_from(Operator)) if "operator" in keys else Operator.AT_LEAST,
        value=float(draw(st.integers(5, 9))) if "value" in keys else 0.0,
        unit=draw(st.sampled_from([None, "%"])) if "unit" in keys else None,
        days=draw(days) if is_dated else None,
        languages=draw(st.sampled_from([("es",), ("es-MX", "de")])) if "languages" in keys else (),
        state=state,
        program=draw(st.sampled_from(["p", "q"])) if "program" in keys else "",
    )


def conditions() -> st.SearchStrategy[Condition]:
    """Of any kind, a few deep."""
    return st.recursive(
        leaves(),
        lambda parts: st.builds(
            Condition, st.sampled_from(["all", "any", "not"]), st.lists(parts, min_size=1, max_size=3).map(tuple)
        ),
        max_leaves=6,
    )


# ------------------------------------------------------------------------------------------------------ whole programs
titles = st.sampled_from(["HbA1c at six weeks", "Talk", "{{7*7}}", "(a+)+$", "__class__", "Größe 🦴"])
texts = st.one_of(st.sampled_from([*NASTY, "a", "lab", "talk", "start", "provider"]), st.text(max_size=8))
scalars = st.one_of(st.none(), st.booleans(), st.integers(-5, 9000), st.floats(), texts)
anything = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)),
    max_leaves=20,
)


@st.composite
def _offsets(draw: st.DrawFn, before: Sequence[str], least: int) -> Offset:
    """From the plan's start, an earlier step or a fact; at least so many days."""
    anchor = draw(st.sampled_from(Anchor)) if before else draw(st.sampled_from([Anchor.PLAN_START, Anchor.FACT]))
    is_after_step = anchor in (Anchor.COMPLETION, Anchor.DUE)
    return Offset(
        anchor,
        days=draw(st.integers(least, least + 90)),
        months=draw(st.sampled_from([0, 0, 1])),
        of=draw(st.sampled_from(before)) if is_after_step else None,
        codes=draw(codings) if anchor is Anchor.FACT else (),
    )


@st.composite
def _milestones(draw: st.DrawFn, code: str, before: Sequence[str]) -> MilestoneDefinition:
    opens = draw(_offsets(before, 0))
    has_list = draw(st.booleans())
    return MilestoneDefinition(
        code=code,
        title=draw(titles),
        phase=draw(st.sampled_from([None, "start"])),
        kind=draw(st.sampled_from(KINDS)),
        codes=draw(codings),
        opens=opens,
        due=replace(opens, days=opens.days + draw(st.integers(0, 60))),
        owner_role=draw(st.sampled_from([None, "provider"])),
        completes_when=CompletesWhen.CHECKLIST if has_list else draw(st.sampled_from(CompletesWhen)),
        before_plan_start=draw(st.booleans()),
        repeat=draw(st.sampled_from([None, Repeat(Offset(days=70), 3), Repeat(Offset(months=2, days=3), 60)])),
        applies_if=draw(st.none() | conditions()),
        celebrate=draw(st.booleans()),
        checklist=("Look at it",) if has_list else (),
    )


@st.composite
def programs(draw: st.DrawFn) -> Program:
    """A program that is right most often: conditions may deny themselves, dates may wait for each other."""
    steps: list[MilestoneDefinition] = []
    for number in range(draw(st.integers(1, 3))):
        steps.append(draw(_milestones(f"s{number}", [step.code for step in steps])))
    flags = [AlertFlag(f"f{n}", draw(titles), draw(conditions())) for n in range(draw(st.integers(0, 1)))]
    return Program(
        code="p",
        version="1",
        title=draw(titles),
        instantiates=frozenset({"urn:p"}),
        plan_codes=frozenset({("urn:c", "c")}) if draw(st.booleans()) else frozenset(),
        phases=(Phase("start", "Start"),),
        milestones=tuple(steps),
        intake=(IntakeItem("Baseline", draw(codings)),),
        flags=tuple(flags),
    )


@st.composite
def ladders(draw: st.DrawFn) -> Ladder:
    """A right ladder."""
    kinds = st.sampled_from([EffectKind.WORK, EffectKind.NOTICE])
    days = sorted(draw(st.sets(st.integers(1, 60), min_size=1, max_size=4)))
    tiers = tuple(Tier(n, day, draw(kinds), "overdue", "coordinator") for n, day in enumerate(days, 1))
    return Ladder("l", "1", draw(titles), tiers)


@st.composite
def spoiled(draw: st.DrawFn, body: Any) -> Any:
    """A body in which something, somewhere, is something else, is gone, or stands twice."""
    if draw(st.integers(0, 3)) == 0 or not isinstance(body, dict | list) or not body:
        return draw(anything)
    if isinstance(body, list):
        place = draw(st.integers(0, len(body) - 1))
        middle = draw(st.sampled_from([[], [body[place]] * 2])) if draw(st.booleans()) else [draw(spoiled(body[place]))]
        return [*body[:place], *middle, *body[place + 1 :]]
    key = draw(st.sampled_from(sorted(body)))
    changed = {name: value for name, value in body.items() if name != key}
    match draw(st.integers(0, 5)):
        case 0:
            return changed
        case 1:
            return {**body, draw(texts): draw(scalars)}
        case _:
            return {**changed, key: draw(spoiled(body[key]))}
