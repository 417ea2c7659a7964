"""Programs: versioned templates of phases and milestones with their due rules, evidence and owners (DESIGN §8)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from plugin.domain.condition import Condition
from plugin.domain.moment import plus_days, plus_months
from plugin.domain.record import Coding


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

    def claims_url(self, url: str) -> bool:
        """A canonical, with or without a version."""
        return url.partition("|")[0] in self.instantiates

    def named_codes(self) -> Iterator[Coding]:
        """Every code that this program names as evidence."""
        for milestone in self.milestones:
            yield from milestone.codes
            for offset in (milestone.opens, milestone.due):
                if offset:
                    yield from offset.codes
        for item in self.intake:
            yield from item.codes


class Fault(NamedTuple):
    """What is wrong with a program, and where (``milestones[2].due``)."""

    where: str
    what: str


def faults(program: Program) -> list[Fault]:
    """The rules of a right program; empty when it is right (D10 among them)."""
    found: list[Fault] = []
    codes = [m.code for m in program.milestones]
    phases = {p.code for p in program.phases}
    for index, milestone in enumerate(program.milestones):
        where = f"milestones[{index}]"
        if codes.count(milestone.code) > 1:
            found.append(Fault(f"{where}.code", f"{milestone.code!r} is used more than once"))
        if milestone.phase is not None and milestone.phase not in phases:
            found.append(Fault(f"{where}.phase", f"{milestone.phase!r} is no phase of this program"))
        if milestone.codes and milestone.opens is None:
            found.append(
                Fault(f"{where}.opens", "coded evidence can complete it, so it must say when its window opens")
            )
        found.extend(_offset_faults(milestone, where, codes))
    found.extend(_circles({m.code: m for m in program.milestones}))
    return found


def _offset_faults(milestone: MilestoneDefinition, where: str, codes: list[str]) -> Iterator[Fault]:
    for name, offset in (("opens", milestone.opens), ("due", milestone.due)):
        if offset is None:
            continue
        if offset.anchor in (Anchor.COMPLETION, Anchor.DUE) and (offset.of not in codes or offset.of == milestone.code):
            yield Fault(f"{where}.{name}", f"{offset.of!r} is no other milestone of this program")
        if offset.anchor is Anchor.FACT and not offset.codes:
            yield Fault(f"{where}.{name}", "an offset from a fact must name the fact's codes")
    opens, due = milestone.opens, milestone.due
    if opens and due and (opens.anchor, opens.of) == (due.anchor, due.of):
        base = date(2001, 1, 1)
        if due.after(base) < opens.after(base):
            yield Fault(f"{where}.due", "the window ends before it begins")


def _circles(by_code: Mapping[str, MilestoneDefinition]) -> Iterator[Fault]:
    for code in by_code:
        seen: set[str] = set()
        todo = [code]
        while todo:
            here = by_code.get(todo.pop())
            for offset in (here.opens, here.due) if here else ():
                if offset is None or offset.of is None or offset.of in seen:
                    continue
                seen.add(offset.of)
                todo.append(offset.of)
        if code in seen:
            yield Fault(f"milestones.{code}", "its dates depend on themselves, in a circle")
