"""The rules of a right ladder: its tiers follow each other, without a hole, and each has somebody who acts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from plugin.domain.assessment import EffectKind
from plugin.domain.fault import Fault, Known, Severity
from plugin.domain.ladder import Ladder, Tier

_PATIENT = "patient"


def ladder_faults(ladder: Ladder, known: Known) -> Sequence[Fault]:
    """Everything that is wrong, or may be, with a ladder as such."""
    return [*_order(ladder.tiers), *(fault for i, tier in enumerate(ladder.tiers) for fault in _tier(i, tier, known))]


def _order(tiers: Sequence[Tier]) -> Iterator[Fault]:
    if not tiers:
        yield Fault("tiers", "A ladder needs at least one tier.")
        return
    before = 0
    for index, tier in enumerate(tiers):
        if tier.number != index + 1:
            yield Fault(
                f"tiers[{index}].number", f"This is tier {index + 1}: tiers are numbered from 1, without a hole."
            )
        if tier.from_days <= before:
            words = f"It overlaps with the tier before it: it must begin after day {before}."
            yield Fault(f"tiers[{index}].from_days", words)
        before = max(before, tier.from_days)
    if tiers[0].from_days > 1:
        last = tiers[0].from_days - 1
        days = "on the first day" if last == 1 else f"in the first {last} days"
        yield Fault("tiers[0].from_days", f"Nothing happens {days} past due.", Severity.UNSURE)


def _tier(index: int, tier: Tier, known: Known) -> Iterator[Fault]:
    path = f"tiers[{index}]"
    what = "clinical-review" if tier.kind is EffectKind.REPORT else "overdue"
    if tier.what != what:
        yield Fault(f"{path}.what", f"With {tier.kind.value}, this can only be {what}.")
    if tier.kind is EffectKind.MESSAGE and tier.role not in (None, _PATIENT):
        yield Fault(f"{path}.role", "A message goes to the patient.")
    if tier.kind in (EffectKind.WORK, EffectKind.NOTICE):
        if tier.role is None:
            yield Fault(f"{path}.role", "Please say which role this is for.")
        elif tier.role == _PATIENT or (known.roles is not None and tier.role not in known.roles):
            yield Fault(f"{path}.role", f"There is no role {tier.role!r} that works in the practice.")
