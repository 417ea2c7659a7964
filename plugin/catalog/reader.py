"""Programs and ladders from JSON-able values, as TOML files, drafts and stored versions hold them.

What is read is checked in the same go: ``check_program`` tells everything that is wrong, ``program_of`` refuses the
first of it, so the two cannot disagree.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence

from plugin.catalog.checked import checked, right
from plugin.catalog.conditions import read_condition
from plugin.catalog.size import MOST_CHARACTERS
from plugin.catalog.table import Table
from plugin.domain.assessment import EffectKind
from plugin.domain.errors import BadProgram
from plugin.domain.fault import NOTHING_KNOWN, Fault, Known
from plugin.domain.ladder import Ladder, Tier
from plugin.domain.ladder_check import ladder_faults
from plugin.domain.program import (
    KINDS,
    MOST_DAYS,
    MOST_MONTHS,
    MOST_TURNS,
    MOST_WEEKS,
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
from plugin.domain.program_check import program_faults

MOST_MILESTONES, MOST_PHASES, MOST_FLAGS, MOST_INTAKE, MOST_ITEMS, MOST_TIERS = 200, 30, 30, 50, 30, 20


def parse(text: str, name: str) -> Mapping[str, object]:
    """The values of a TOML file; BadProgram naming file and line when it is none."""
    if len(text) > MOST_CHARACTERS:
        raise BadProgram(f"{name}: it is larger than {MOST_CHARACTERS} characters")
    try:
        return tomllib.loads(text)
    except ValueError as error:  # TOMLDecodeError is one; so is what Python says of a number of 5,000 digits
        raise BadProgram(f"{name}: not TOML: {error}") from None
    except RecursionError:
        raise BadProgram(f"{name}: it is nested too deep") from None


def program_of(values: Mapping[str, object], name: str) -> Program:
    """A program; BadProgram naming the first thing that is wrong with it."""
    return right(*_program(values, NOTHING_KNOWN), name)


def ladder_of(values: Mapping[str, object], name: str) -> Ladder:
    """A ladder; BadProgram likewise."""
    return right(*_ladder(values, NOTHING_KNOWN), name)


def check_program(body: object, known: Known = NOTHING_KNOWN) -> Sequence[Fault]:
    """Everything that is wrong, or may be, with the body of a program; empty when nothing is. Never raises."""
    return _program(body, known)[1]


def check_ladder(body: object, known: Known = NOTHING_KNOWN) -> Sequence[Fault]:
    """Likewise of a ladder."""
    return _ladder(body, known)[1]


def program_so_far(body: object) -> Program | None:
    """What can be read of a draft, for showing it: something harmless stands in the place of what is wrong. None when
    nothing can be read at all."""
    return _program(body, NOTHING_KNOWN)[0]


def ladder_so_far(body: object) -> Ladder | None:
    """Likewise of a ladder."""
    return _ladder(body, NOTHING_KNOWN)[0]


def _program(body: object, known: Known) -> tuple[Program | None, Sequence[Fault]]:
    def check(program: Program) -> Sequence[Fault]:
        return program_faults(program, known)

    return checked(body, _read_program, check)


def _ladder(body: object, known: Known) -> tuple[Ladder | None, Sequence[Fault]]:
    def check(ladder: Ladder) -> Sequence[Fault]:
        return ladder_faults(ladder, known)

    return checked(body, _read_ladder, check)


# ------------------------------------------------------------------------------------------------------------ programs
def _read_program(table: Table) -> Program:
    claims = table.table("claims")
    program = Program(
        code=table.name("code"),
        version=table.name("version"),
        title=table.text("title"),
        ladder=table.maybe_text("ladder") or "standard",
        instantiates=frozenset(claims.texts("instantiates")) if claims else frozenset(),
        plan_codes=frozenset((c.system, c.code) for c in claims.codings("plans")) if claims else frozenset(),
        order_codes=frozenset((c.system, c.code) for c in claims.codings("orders")) if claims else frozenset(),
        phases=tuple(_phase(phase) for phase in table.tables("phases", MOST_PHASES)),
        milestones=tuple(_milestone(milestone) for milestone in table.tables("milestones", MOST_MILESTONES)),
        intake=tuple(_intake(item) for item in table.tables("intake", MOST_INTAKE)),
        flags=tuple(_flag(flag) for flag in table.tables("flags", MOST_FLAGS)),
    )
    if claims:
        claims.close()
    table.close()
    return program


def _phase(table: Table) -> Phase:
    phase = Phase(table.name("code"), table.text("title"))
    table.close()
    return phase


def _intake(table: Table) -> IntakeItem:
    item = IntakeItem(table.text("title"), table.codings("codes"))
    if not table.has("codes"):
        table.faults_at("codes", "Please name at least one code: without one it can never be there.")
    table.close()
    return item


def _flag(table: Table) -> AlertFlag:
    when = table.table("when")
    if when is None:
        table.faults_at("when", "Please say when it is raised.")
    flag = AlertFlag(table.name("code"), table.text("title"), read_condition(when or Table("", {}, [])))
    table.close()
    return flag


def _milestone(table: Table) -> MilestoneDefinition:
    repeat, applies_if = table.table("repeat"), table.table("applies_if")
    definition = MilestoneDefinition(
        code=table.name("code"),
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
        applies_if=read_condition(applies_if) if applies_if else None,
        celebrate=table.flag("celebrate"),
        checklist=table.texts("checklist", most=MOST_ITEMS),
    )
    table.close()
    return definition


def _offset(table: Table | None) -> Offset | None:
    if table is None:
        return None
    offset = Offset(
        anchor=Anchor(table.maybe_text("from", list(Anchor)) or "plan-start"),
        days=table.number("days", 0, MOST_DAYS) + 7 * table.number("weeks", 0, MOST_WEEKS),
        months=table.number("months", 0, MOST_MONTHS),
        of=table.maybe_text("of"),
        codes=table.codings("codes"),
    )
    table.close()
    return offset


def _repeat(table: Table) -> Repeat:
    days = table.number("days", 0, MOST_DAYS) + 7 * table.number("weeks", 0, MOST_WEEKS)
    every = Offset(days=days, months=table.number("months", 0, MOST_MONTHS))
    repeat = Repeat(every, table.needed_number("count", 1, MOST_TURNS))
    if every.days + every.months == 0:
        table.faults_at("days", "Please give the time between openings, in days, weeks or months.")
    table.close()
    return repeat


# ------------------------------------------------------------------------------------------------------------- ladders
def _read_ladder(table: Table) -> Ladder:
    ladder = Ladder(
        code=table.name("code"),
        version=table.name("version"),
        title=table.text("title"),
        tiers=tuple(_tier(tier) for tier in table.tables("tiers", MOST_TIERS)),
    )
    table.close()
    return ladder


def _tier(table: Table) -> Tier:
    kinds = [kind.value for kind in EffectKind if kind is not EffectKind.WRITE]
    tier = Tier(
        number=table.needed_number("number", 1, MOST_TIERS),
        from_days=table.needed_number("from_days", 1, MOST_DAYS),
        kind=EffectKind(table.text("kind", kinds) or EffectKind.WORK),
        what=table.text("what", ("overdue", "clinical-review")),
        role=table.maybe_text("role"),
    )
    table.close()
    return tier
