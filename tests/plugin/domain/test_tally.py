"""The sums at the head of a list: each says how many lines there would be."""

from dataclasses import replace
from datetime import date

import pytest

from plugin.domain.queue import NO_PROGRAM, Listing, Show, Wanted, Whose
from plugin.domain.tally import ASLEEP, Cell, counts_of, patient_counts, shows

WANTED = Wanted(who="user:1", roles=("coordinator",), today=date(2026, 6, 16))


def test_sums_under_all_other_filters() -> None:
    """Each sum leaves its own filter out."""
    cells = [
        Cell(2, "coordinator", "a", "review", "ready", False, 3),
        Cell(3, "coordinator", None, "review", "ready", True, 5),
        Cell(3, "provider", "a", "intake", "ready", False, 7),
    ]

    sums = counts_of(Listing.GAPS, cells, [], replace(WANTED, tier=3, program="a"))

    assert sums.total == 7
    assert sums.tiers == {2: 3, 3: 7}
    assert sums.programs == {NO_PROGRAM: 5, "a": 7}
    assert (sums.roles, sums.stages, sums.whose) == ({"provider": 7}, {"intake": 7}, {Whose.ALL: 7})


def test_whose_work() -> None:
    """What is free in a role's queue is the role's, whomever the chart names; one's own is one's own, and the role's too."""
    free = Cell(1, "coordinator", None, None, "open", False, 1)
    named = Cell(1, "coordinator", None, None, "open", True, 10)
    taken = Cell(1, "coordinator", None, None, "claimed", True, 100)
    elsewhere = Cell(1, "provider", None, None, "claimed", True, 1000)
    mine = [replace_lines(taken, 2), replace_lines(elsewhere, 3)]

    sums = {
        whose: counts_of(Listing.WORK, [free, named, taken, elsewhere], mine, replace(WANTED, whose=whose))
        for whose in Whose
    }

    assert {whose: one.total for whose, one in sums.items()} == {Whose.MINE: 5, Whose.ROLES: 13, Whose.ALL: 1111}
    assert all(one.whose == {Whose.MINE: 5, Whose.ROLES: 13, Whose.ALL: 1111} for one in sums.values())


def replace_lines(cell: Cell, lines: int) -> Cell:
    """So many of them."""
    return cell._replace(lines=lines)


def test_whose_gaps() -> None:
    """A step that a person is named for is that person's, not the role's."""
    cells = [Cell(1, "coordinator", None, None, "ready", named, 1) for named in (False, True)]

    sums = counts_of(Listing.GAPS, cells, [cells[1]], WANTED)

    assert sums.whose == {Whose.ALL: 2, Whose.ROLES: 1, Whose.MINE: 1}


@pytest.mark.parametrize(
    ("listing", "show", "shown"),
    [
        (Listing.WORK, Show.TODO, {"open", "claimed", "snoozed"}),
        (Listing.WORK, Show.FREE, {"open"}),
        (Listing.WORK, Show.SNOOZED, {ASLEEP}),
        (Listing.GAPS, Show.TODO, {"ready", "in-review"}),
        (Listing.GAPS, Show.BOOKED, {"scheduled"}),
        (Listing.GAPS, Show.ON_HOLD, {"on-hold"}),
        (Listing.GAPS, Show.REVIEW, {"in-review"}),
    ],
)
def test_what_is_shown(listing: Listing, show: Show, shown: set[str]) -> None:
    """What sleeps, is booked or on hold stands under its own choice."""
    states = {
        Listing.WORK: ("open", "claimed", "snoozed", ASLEEP),
        Listing.GAPS: ("ready", "in-review", "scheduled", "on-hold"),
    }[listing]

    assert {state for state in states if shows(listing, show, Cell(1, None, None, None, state, True, 1))} == shown
    assert all(shows(listing, Show.ALL, Cell(1, None, None, None, state, True, 1)) for state in states)


def test_patients_and_their_plans() -> None:
    """Patients by tier, plans by program; with a program chosen, its plans."""
    cells = [Cell(0, None, "a", "review", "", False, 4), Cell(2, None, "a", "closure", "", False, 1)]
    tiers = {0: 3, 2: 1}

    everybody = patient_counts(tiers, cells, WANTED)
    late = patient_counts(tiers, cells, replace(WANTED, show=Show.TODO))
    program = patient_counts(tiers, cells, replace(WANTED, program="a", tier=0))

    assert (everybody.total, everybody.tiers, everybody.programs) == (4, {0: 3, 2: 1}, {"a": 5})
    assert (late.total, late.tiers, late.programs) == (1, {2: 1}, {"a": 1})
    assert (program.total, program.tiers, program.stages) == (4, {0: 4, 2: 1}, {"review": 4})
