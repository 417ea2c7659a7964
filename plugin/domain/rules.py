"""What a practice has decided, as one value: an argument of ``assess``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from plugin.domain.calendar import Practice
from plugin.domain.ladder import STANDARD, Ladder
from plugin.domain.program import Program


@dataclass(frozen=True, slots=True)
class SourceTraits:
    """What a source's capability changes in the semantics: S8 and E12 (OpenEMR)."""

    steps_have_no_status: bool = False
    encounters_always_finished: bool = False


@dataclass(frozen=True, slots=True)
class Rules:
    """Practice, published programs, ladders by code, and the source's traits. Of a program there may be several versions,
    newest first, each for plans from a day on; the last one is for all the others."""

    practice: Practice
    programs: tuple[Program, ...] = ()
    ladders: Mapping[str, Ladder] = field(default_factory=lambda: {STANDARD.code: STANDARD})
    traits: SourceTraits = SourceTraits()

    def ladder_of(self, program: Program | None) -> Ladder:
        """The program's ladder, else the standard one."""
        return self.ladders.get(program.ladder if program else STANDARD.code, STANDARD)

    def programs_for(self, start: date | None) -> tuple[Program, ...]:
        """Of each program the version that a plan with this start follows: the newest that is for it. A plan that says
        nowhere when it starts follows what is for all: first sight is no date of the chart's."""
        followed: dict[str, Program] = {}
        for program in self.programs:
            day = program.plans_from
            if day is None or (start is not None and start >= day):
                followed.setdefault(program.code, program)
        return tuple(followed.values())

    def program_claiming(
        self, urls: Iterable[str], codes: Iterable[tuple[str, str]], start: date | None
    ) -> Program | None:
        """The first program, in order, that claims a plan with these canonicals and category codes, and this start."""
        urls, codes = tuple(urls), frozenset(codes)
        for program in self.programs_for(start):
            if any(program.claims_url(url) for url in urls) or codes & program.plan_codes:
                return program
        return None

    def program_of(self, code: str, version: str | None = None) -> Program | None:
        """By its code: this version where it is in force for some plans, else the newest."""
        found = [program for program in self.programs if program.code == code]
        return next((program for program in found if program.version == version), next(iter(found), None))
