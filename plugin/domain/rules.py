"""What a practice has decided, as one value: an argument of ``assess``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

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
    """Practice, published programs, ladders by code, and the source's traits."""

    practice: Practice
    programs: tuple[Program, ...] = ()
    ladders: Mapping[str, Ladder] = field(default_factory=lambda: {STANDARD.code: STANDARD})
    traits: SourceTraits = SourceTraits()

    def ladder_of(self, program: Program | None) -> Ladder:
        """The program's ladder, else the standard one."""
        return self.ladders.get(program.ladder if program else STANDARD.code, STANDARD)

    def program_claiming(self, urls: Iterable[str], codes: Iterable[tuple[str, str]]) -> Program | None:
        """The first program, in order, that claims a plan with these canonicals and category codes."""
        urls, codes = tuple(urls), frozenset(codes)
        for program in self.programs:
            if any(program.claims_url(url) for url in urls) or codes & program.plan_codes:
                return program
        return None

    def program_of(self, code: str) -> Program | None:
        """By its code."""
        return next((program for program in self.programs if program.code == code), None)
