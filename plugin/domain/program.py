"""Programs: versioned templates of phases and milestones with their due rules, evidence and owners (DESIGN §8)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from plugin.domain.condition import Condition
from plugin.domain.moment import plus_days, plus_months
from plugin.domain.record import Coding

KINDS = ("task", "visit", "laboratory", "imaging", "referral", "medication", "questionnaire")
"""What a milestone can be."""
MOST_DAYS, MOST_WEEKS, MOST_MONTHS, MOST_TURNS = 3_660, 520, 120, 60
"""How long an offset can be, in each of its parts, and how often a milestone repeats."""


class Anchor(StrEnum):
    """What an offset is counted from."""

    PLAN_START = "plan-start"
    COMPLETION = "completion"
    DUE = "due"
    FACT = "fact"


@dataclass(frozen=True, slots=True)
class Offset:
    """So long after an anchor; ``of`` names the other milestone, ``codes`` the fact."""

    anchor: Anchor = Anchor.PLAN_START
    days: int = 0
    months: int = 0
    of: str | None = None
    codes: tuple[Coding, ...] = ()

    def after(self, day: date) -> date:
        """The day so long after the anchor's."""
        return plus_days(plus_months(day, self.months), self.days)


class CompletesWhen(StrEnum):
    """What completes a milestone: the event, the event once someone has looked, or a checklist."""

    EVENT = "event"
    REVIEWED = "reviewed"
    CHECKLIST = "checklist"


@dataclass(frozen=True, slots=True)
class Repeat:
    """A milestone that repeats: the offset between openings and how many turns there are."""

    every: Offset
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MilestoneDefinition:
    """One milestone of a program. ``codes`` are what it is and what counts as evidence for it (D10: one that coded
    evidence can complete says when its window opens)."""

    code: str
    title: str
    phase: str | None = None
    kind: str = "task"
    codes: tuple[Coding, ...] = ()
    opens: Offset | None = None
    due: Offset | None = None
    owner_role: str | None = None
    completes_when: CompletesWhen = CompletesWhen.EVENT
    before_plan_start: bool = False
    repeat: Repeat | None = None
    applies_if: Condition | None = None
    celebrate: bool = False
    """Its completion is worth a message to the patient (DESIGN §6, milestone-reached)."""
    checklist: tuple[str, ...] = ()
    """What whoever closes it goes through, where that is what completes it."""

    @property
    def is_visit(self) -> bool:
        """E5: loose evidence exists for it."""
        return self.kind == "visit"

    @property
    def is_result(self) -> bool:
        """E6: a kept visit is no completion."""
        return self.kind in ("laboratory", "imaging")


class Phase(NamedTuple):
    """A named part of a program, in order."""

    code: str
    title: str


class AlertFlag(NamedTuple):
    """While ``when`` holds for a patient of the program, the flag does: a coordinator is alerted at once, and it counts as
    one of the patient's risks (DESIGN §7)."""

    code: str
    title: str
    when: Condition


class IntakeItem(NamedTuple):
    """Something that must be there at the start (G4, stage ``intake``): any fact with one of the codes."""

    title: str
    codes: tuple[Coding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A published version of a program. A plan is claimed by its ``instantiates`` or by a category among ``plan_codes``;
    without a plan, an order with one of ``order_codes`` starts a plan of its own."""

    code: str
    version: str
    title: str
    ladder: str = "standard"
    instantiates: frozenset[str] = frozenset()
    plan_codes: frozenset[tuple[str, str]] = frozenset()
    order_codes: frozenset[tuple[str, str]] = frozenset()
    phases: tuple[Phase, ...] = ()
    milestones: tuple[MilestoneDefinition, ...] = ()
    intake: tuple[IntakeItem, ...] = ()
    flags: tuple[AlertFlag, ...] = ()
    plans_from: date | None = None
    """It was published for plans that start on this day or later (``Rules.programs_for``). None: for all."""

    def claims_url(self, url: str) -> bool:
        """A canonical, with or without a version."""
        return url.partition("|")[0] in self.instantiates

    def named_codes(self) -> Iterator[Coding]:
        """Every code that this program names: as evidence, as what an offset is counted from, or in a condition."""
        for milestone in self.milestones:
            yield from milestone.codes
            for offset in (milestone.opens, milestone.due):
                if offset:
                    yield from offset.codes
            if milestone.applies_if:
                yield from milestone.applies_if.all_codes()
        for item in self.intake:
            yield from item.codes
        for flag in self.flags:
            yield from flag.when.all_codes()
