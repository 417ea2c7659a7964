"""How many lines a list has, in cells of those that are alike, and the sums at its head that are made of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from plugin.domain.queue import NO_PROGRAM, Listing, Show, Wanted, Whose


class Cell(NamedTuple):
    """How many lines are alike in all that a list is narrowed by. ``state`` is a gap's status, or an item's state
    (``ASLEEP``: until a later day); ``is_named``: somebody is named for it."""

    tier: int
    role: str | None
    program: str | None
    stage: str | None
    state: str
    is_named: bool
    lines: int


ASLEEP = "asleep"
HELD = ("scheduled", "on-hold")
"""Statuses of a gap that needs nobody for the time being: it is booked, or put aside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Over all pages: by tier, role, program, stage, and whose they are. Each is counted under all other filters but its
    own, so that it says how many lines there would be."""

    total: int = 0
    whose: Mapping[Whose, int] = field(default_factory=dict)
    tiers: Mapping[int, int] = field(default_factory=dict)
    roles: Mapping[str, int] = field(default_factory=dict)
    programs: Mapping[str, int] = field(default_factory=dict)
    stages: Mapping[str, int] = field(default_factory=dict)


def counts_of(listing: Listing, cells: Iterable[Cell], mine: Iterable[Cell], wanted: Wanted) -> Counts:
    """Adds up a list's cells; ``mine`` are those of whoever asks, which are in ``cells`` too."""
    sums: dict[str, dict[object, int]] = {name: {} for name in _COUNTED}
    asked = {name: value for name, value in _asked(wanted).items() if value is not None}
    total = 0
    for cell, is_mine in (*((cell, False) for cell in cells), *((cell, True) for cell in mine)):
        if not shows(listing, wanted.show, cell):
            continue
        whose = _whose(listing, cell, wanted, is_mine=is_mine)
        values = {"whose": whose, "tiers": (cell.tier,), "roles": (cell.role,)}
        values |= {"programs": (cell.program or NO_PROGRAM,), "stages": (cell.stage,)}
        failed = [name for name, value in asked.items() if value not in values[name]]
        total += 0 if failed else cell.lines
        for name in _COUNTED if not failed else failed if len(failed) == 1 else ():
            for value in values[name]:
                if value is not None:
                    sums[name][value] = sums[name].get(value, 0) + cell.lines
    return Counts(total=total, **sums)  # type: ignore[arg-type]  # each of its own kind of value


def patient_counts(tiers: Mapping[int, int], cells: Iterable[Cell], wanted: Wanted) -> Counts:
    """Of patients: ``cells`` count their plans, so whoever has two plans stands in both. Without a program or stage the
    patients themselves are counted, by tier."""
    counts = counts_of(Listing.PATIENTS, cells, (), wanted)
    if wanted.program is not None or wanted.stage is not None:
        return counts
    shown = {tier: count for tier, count in tiers.items() if tier > 0 or wanted.show is not Show.TODO}
    total = sum(count for tier, count in shown.items() if wanted.tier in (None, tier))
    return replace(counts, total=total, tiers=shown)


_COUNTED = ("whose", "tiers", "roles", "programs", "stages")


def _asked(wanted: Wanted) -> Mapping[str, object]:
    return {
        "whose": wanted.whose,
        "tiers": wanted.tier,
        "roles": wanted.role,
        "programs": wanted.program,
        "stages": wanted.stage,
    }


def _whose(listing: Listing, cell: Cell, wanted: Wanted, *, is_mine: bool) -> Sequence[Whose]:
    """One's own are counted as such, and among those of the roles where they were not counted with the others."""
    is_of_role = cell.role in wanted.roles
    is_free = not cell.is_named or (listing is Listing.WORK and cell.state == "open")
    if not is_mine:
        return (Whose.ALL, Whose.ROLES) if is_of_role and is_free else (Whose.ALL,)
    counts_again = listing is Listing.WORK and is_of_role and not is_free
    return (Whose.MINE, Whose.ROLES) if counts_again else (Whose.MINE,)


def shows(listing: Listing, show: Show, cell: Cell) -> bool:
    """Whether lines like these are among those to be shown."""
    if show is Show.ALL:
        return True
    if listing is Listing.PATIENTS:
        return cell.tier > 0
    if listing is Listing.GAPS:
        return cell.state not in HELD if show is Show.TODO else cell.state == OF_GAP.get(show)
    is_free = cell.state == "open" or (cell.state == "snoozed" and not cell.is_named)
    return {Show.FREE: is_free, Show.SNOOZED: cell.state == ASLEEP}.get(show, cell.state != ASLEEP)


OF_GAP = {Show.BOOKED: "scheduled", Show.ON_HOLD: "on-hold", Show.REVIEW: "in-review"}
"""The status that is shown."""
