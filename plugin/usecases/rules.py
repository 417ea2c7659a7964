"""What the practice has decided, for one source: its published programs and ladders, read from storage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from plugin.domain.calendar import Practice
from plugin.domain.configuration import CALENDAR, LADDER, LIMITS, PROGRAM, ConfigVersion, Limits
from plugin.domain.instrument import SCORES
from plugin.domain.program import Program
from plugin.domain.record import Coding
from plugin.domain.rules import Rules, SourceTraits
from plugin.domain.source import Source
from plugin.usecases.keeping import with_wholes
from plugin.usecases.ports import UnitOfWork
from plugin.usecases.services import Services


def rules_for(services: Services, uow: UnitOfWork, source: Source, now: datetime) -> Rules:
    """The rules to work by now."""
    return rules_of(services, uow.configurations.current(now), source)


def rules_at(services: Services, uow: UnitOfWork, source: Source, moment: datetime) -> Rules:
    """The rules that were in force at a moment in the past, whatever was decided later."""
    return rules_of(services, uow.configurations.in_force_at(moment), source)


def rules_of(services: Services, versions: Sequence[ConfigVersion], source: Source) -> Rules:
    """The rules that these versions are, for one source."""
    catalog = services.catalog
    programs = programs_of(services, versions)
    ladders = {version.code: catalog.ladder(version) for version in versions if version.kind == LADDER}
    practice, traits = practice_of(services, versions), traits_of(source.capability or {})
    if not ladders:
        return Rules(practice, programs, traits=traits)
    return Rules(practice, programs, ladders, traits)


def programs_of(services: Services, versions: Sequence[ConfigVersion]) -> tuple[Program, ...]:
    """The programs among these versions: of each every version that some plan may follow, newest first."""
    standing = [each for version in versions if version.kind == PROGRAM for each in version.standing]
    read = ((services.catalog.program(version), version.plans_from) for version in standing)
    return tuple(program if day is None else replace(program, plans_from=day) for program, day in read)


def practice_of(services: Services, versions: Sequence[ConfigVersion]) -> Practice:
    """The practice with the calendar among these versions; as the settings have it where there is none. Its zone is always
    that of the settings."""
    for version in versions:
        if version.kind == CALENDAR:
            return services.catalog.calendar(version, services.practice.zone)
    return services.practice


def limits_for(services: Services, uow: UnitOfWork, now: datetime) -> Limits:
    """The limits in force; the default ones where the practice has set none."""
    for version in uow.configurations.current(now):
        if version.kind == LIMITS:
            return services.catalog.limits(version)
    return Limits()


def programs_ahead(services: Services, uow: UnitOfWork, now: datetime) -> tuple[Program, ...]:
    """The programs in force, and those that are to come into force."""
    coming = [made for made in uow.configurations.scheduled(now) if made.kind == PROGRAM and made.version is not None]
    ahead = [
        version
        for made in coming
        for version in uow.configurations.versions(made.kind, made.code)
        if version.version == made.version
    ]
    return programs_of(services, [*uow.configurations.current(now), *ahead])


def traits_of(capability: Mapping[str, object]) -> SourceTraits:
    """What a source's stored probe says about its semantics (S8, E12)."""
    return SourceTraits(
        steps_have_no_status=capability.get("steps_have_no_status") is True,
        encounters_always_finished=capability.get("encounters_always_finished") is True,
    )


def codes_named_by(programs: tuple[Program, ...]) -> frozenset[Coding]:
    """Every code of which evidence is kept because a program, a condition of one, or a score names it."""
    named = frozenset(Coding(c.system, c.code) for program in programs for c in program.named_codes())
    return with_wholes(named).union(SCORES)
