"""The closed vocabulary of conditions (DESIGN §8): no expressions, no templates, no patterns. ``circumstance.py`` says
whether one holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, get_args

from plugin.domain.record import Coding

What = Literal[
    "all",
    "any",
    "not",
    "age-at-least",
    "age-below",
    "condition",
    "flag",
    "observation",
    "language",
    "interpreter-needed",
    "days-since-contact",
    "appointment",
    "in-program",
]
WHATS: tuple[What, ...] = get_args(What)
COMBINING: tuple[What, ...] = ("all", "any", "not")

KEYS: Mapping[What, tuple[str, ...]] = {
    "all": ("parts",),
    "any": ("parts",),
    "not": ("parts",),
    "age-at-least": ("years",),
    "age-below": ("years",),
    "condition": ("codes", "count"),
    "flag": ("codes",),
    "observation": ("codes", "operator", "value", "unit", "days"),
    "language": ("languages",),
    "interpreter-needed": (),
    "days-since-contact": ("days",),
    "appointment": ("state", "days"),
    "in-program": ("program",),
}
"""What each one says beside ``what``; ``catalog/programs/README.md`` explains them."""

DEEPEST, MOST_PARTS = 10, 100
"""Conditions within conditions; conditions of one condition in all."""


class Operator(StrEnum):
    """How a number is compared."""

    BELOW = "lt"
    AT_MOST = "le"
    ABOVE = "gt"
    AT_LEAST = "ge"

    def compares(self, number: float, limit: float) -> bool:
        """Whether the number is on that side of the limit."""
        match self:
            case Operator.BELOW:
                return number < limit
            case Operator.AT_MOST:
                return number <= limit
            case Operator.ABOVE:
                return number > limit
            case Operator.AT_LEAST:
                return number >= limit


class VisitState(StrEnum):
    """What is asked of the appointments of a plan."""

    BOOKED = "booked"
    MISSED = "missed"
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition; ``KEYS`` says which of the fields count for which ``what``. ``days`` is None where nothing limits the
    age of an observation."""

    what: What
    parts: tuple[Condition, ...] = ()
    codes: tuple[Coding, ...] = ()
    years: int = 0
    count: int = 1
    operator: Operator = Operator.AT_LEAST
    value: float = 0.0
    unit: str | None = None
    days: int | None = None
    languages: tuple[str, ...] = ()
    state: VisitState = VisitState.BOOKED
    program: str = ""

    @property
    def pairs(self) -> frozenset[tuple[str, str]]:
        """System and code of its codes."""
        return frozenset((coding.system, coding.code) for coding in self.codes)

    def all_codes(self) -> Iterator[Coding]:
        """The codes that it or a part of it names: what the charts must keep so that it can be answered."""
        yield from self.codes
        for part in self.parts:
            yield from part.all_codes()
