"""What each tier of a gap does: the engine; the ladders themselves are data (``plugin/catalog/ladders``)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from plugin.domain.assessment import EffectKind
from plugin.domain.moment import plus_days


class Tier(NamedTuple):
    """One rung: entered ``from_days`` after the due date; ``kind`` and ``what`` say what is done, ``role`` for whom."""

    number: int
    from_days: int
    kind: EffectKind
    what: str
    role: str | None = None


@dataclass(frozen=True, slots=True)
class Ladder:
    """A versioned ladder; its tiers ascend, without a hole: each ends where the next begins."""

    code: str
    version: str
    title: str
    tiers: tuple[Tier, ...]

    def tier_at(self, days_past_due: int) -> Tier | None:
        """The tier that so many days belong to; None on or before the due date."""
        reached = [tier for tier in self.tiers if tier.from_days <= days_past_due]
        return reached[-1] if reached else None

    def begins(self, tier: Tier, due: date) -> date:
        """The local day on which a tier is entered."""
        return plus_days(due, tier.from_days)

    def thresholds(self, due: date) -> Iterator[date]:
        """The days on which the tier of a gap changes."""
        return (plus_days(due, tier.from_days) for tier in self.tiers)


STANDARD = Ladder(
    "standard",
    "1",
    "Standard ladder",
    (
        Tier(1, 1, EffectKind.MESSAGE, "overdue", "patient"),
        Tier(2, 8, EffectKind.WORK, "overdue", "coordinator"),
        Tier(3, 15, EffectKind.NOTICE, "overdue", "provider"),
        Tier(4, 31, EffectKind.REPORT, "clinical-review"),
    ),
)
"""DESIGN §5; ``catalog/ladders/standard.toml`` says the same, and a test compares them."""
