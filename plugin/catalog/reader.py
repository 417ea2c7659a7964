"""Programs and ladders from JSON-able values, as TOML files and stored versions hold them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Literal, cast

from plugin.catalog.table import Table
from plugin.domain.assessment import EffectKind
from plugin.domain.condition import Condition
from plugin.domain.errors import BadProgram
from plugin.domain.ladder import Ladder, Tier
from plugin.domain.program import (
    Anchor,
    CompletesWhen,
    IntakeItem,
    MilestoneDefinition,
    Offset,
    Phase,
    Program,
    Repeat,
    faults,
)

KINDS = ("task", "visit", "laboratory", "imaging", "referral", "medication", "questionnaire")
_CONDITIONS = ("all", "any", "not", "condition", "age-at-least", "age-below")


def parse(text: str, name: str) -> Mapping[str, object]:
    """The values of a TOML file; BadProgram naming file and line when it is none."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadProgram(f"{name}: not TOML: {error}") from None


def program_of(values: Mapping[str, object], name: str) -> Program:
    """A program; BadProgram naming the first thing that is wrong with it."""
    table = Table(name, values)
    claims = table.table("claims")
    program = Program(
        code=table.text("code"),
        version=table.text("version"),
        title=table.text("title"),
        ladder=table.maybe_text("ladder") or "standard",
        instantiates=frozenset(claims.texts("instantiates")) if claims else frozenset(),
        plan_codes=frozenset((c.system, c.code) for c in claims.codings("plans")) if claims else frozenset(),
        order_codes=frozenset((c.system, c.code) for c in claims.codings("orders")) if claims else frozenset(),
        phases=tuple(_phase(phase) for phase in table.tables("phases")),
        milestones=tuple(_milestone(milestone) for milestone in table.tables("milestones")),
        intake=tuple(_intake(item) for item in table.tables("intake")),
    )
    if claims:
        claims.close()
    table.close()
    for fault in faults(program):
        raise BadProgram(f"{name}: {fault.where}: {fault.what}")
    return program


def _phase(table: Table) -> Phase:
    phase = Phase(table.text("code"), table.text("title"))
    table.close()
    return phase


def _intake(table: Table) -> IntakeItem:
    item = IntakeItem(table.text("title"), table.codings("codes"))
    table.close()
    return item


def _milestone(table: Table) -> MilestoneDefinition:
    repeat = table.table("repeat")
    definition = MilestoneDefinition(
        code=table.text("code"),
        title=table.text("title"),
        phase=table.maybe_text("phase"),
        kind=table.maybe_text("kind", KINDS) or "task",
        codes=table.codings("codes"),
        opens=_offset(table.table("opens")),
        due=_offset(table.table("due")),
        owner_role=table.maybe_text("owner"),
        completes_when=CompletesWhen(table.maybe_text("completes_when", list(CompletesWhen)) or "event"),
        before_plan_start=table.flag("before_plan_start"),
        repeat=_repeat(repeat) if repeat else None,
        applies_if=_condition(condition) if (condition := table.table("applies_if")) else None,
    )
    table.close()
    return definition


def _offset(table: Table | None) -> Offset | None:
    if table is None:
        return None
    offset = Offset(
        anchor=Anchor(table.maybe_text("from", list(Anchor)) or "plan-start"),
        days=table.number("days", 0, 3_660) + 7 * table.number("weeks", 0, 520),
        months=table.number("months", 0, 120),
        of=table.maybe_text("of"),
        codes=table.codings("codes"),
    )
    table.close()
    return offset


def _repeat(table: Table) -> Repeat:
    every = Offset(
        days=table.number("days", 0, 3_660) + 7 * table.number("weeks", 0, 520), months=table.number("months", 0, 120)
    )
    repeat = Repeat(every, table.number("count", 1, 60))
    if every.days + every.months == 0:
        table.refuse("days", "an interval in days, weeks or months")
    table.close()
    return repeat


def _condition(table: Table) -> Condition:
    what = cast(Literal["all", "any", "not", "condition", "age-at-least", "age-below"], table.text("what", _CONDITIONS))
    condition = Condition(
        what=what,
        parts=tuple(_condition(part) for part in table.tables("parts")),
        codes=table.codings("codes"),
        years=table.number("years", 0, 130),
    )
    table.close()
    return condition


def ladder_of(values: Mapping[str, object], name: str) -> Ladder:
    """A ladder; its tiers must ascend in number and in days, from the day after the due date on."""
    table = Table(name, values)
    ladder = Ladder(
        code=table.text("code"),
        version=table.text("version"),
        title=table.text("title"),
        tiers=tuple(_tier(tier) for tier in table.tables("tiers")),
    )
    table.close()
    before = 0
    for index, tier in enumerate(ladder.tiers):
        if tier.number != index + 1:
            raise BadProgram(f"{name}: tiers[{index}]: number: expected {index + 1}: tiers are numbered from 1")
        if tier.from_days <= before:
            raise BadProgram(f"{name}: tiers[{index}]: from_days: expected more than {before}: tiers ascend")
        before = tier.from_days
    return ladder


def _tier(table: Table) -> Tier:
    kinds = [kind.value for kind in EffectKind if kind is not EffectKind.WRITE]
    tier = Tier(
        number=table.number("number", 1, 20),
        from_days=table.number("from_days", 1, 3_660),
        kind=EffectKind(table.text("kind", kinds)),
        what=table.text("what", ("overdue", "clinical-review")),
        role=table.maybe_text("role"),
    )
    table.close()
    return tier
