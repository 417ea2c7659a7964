"""What the practice has decided, for one source: its published programs and ladders, read from storage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from plugin.domain.condition import Condition
from plugin.domain.instrument import SCORES
from plugin.domain.program import Program
from plugin.domain.record import Coding
from plugin.domain.rules import Rules, SourceTraits
from plugin.domain.source import Source
from plugin.usecases.ports import UnitOfWork
from plugin.usecases.services import Services

PROGRAM, LADDER = "program", "ladder"


def rules_for(services: Services, uow: UnitOfWork, source: Source, now: datetime) -> Rules:
    """The rules in force at a moment."""
    catalog = services.catalog
    current = uow.configurations.current(now)
    programs = tuple(catalog.program(version) for version in current if version.kind == PROGRAM)
    ladders = {version.code: catalog.ladder(version) for version in current if version.kind == LADDER}
    traits = traits_of(source.capability or {})
    if not ladders:
        return Rules(services.practice, programs, traits=traits)
    return Rules(services.practice, programs, ladders, traits)


def traits_of(capability: Mapping[str, object]) -> SourceTraits:
    """What a source's stored probe says about its semantics (S8, E12)."""
    return SourceTraits(
        steps_have_no_status=capability.get("steps_have_no_status") is True,
        encounters_always_finished=capability.get("encounters_always_finished") is True,
    )


def codes_named_by(programs: tuple[Program, ...]) -> frozenset[Coding]:
    """Every code of which evidence is kept because a program, a condition of one, or a score names it."""
    named = {Coding(c.system, c.code) for program in programs for c in _of_program(program)}
    return frozenset(named).union(SCORES)


def _of_program(program: Program) -> Iterator[Coding]:
    yield from program.named_codes()
    for milestone in program.milestones:
        if milestone.applies_if:
            yield from _of_condition(milestone.applies_if)


def _of_condition(condition: Condition) -> Iterator[Coding]:
    yield from condition.codes
    for part in condition.parts:
        yield from _of_condition(part)
