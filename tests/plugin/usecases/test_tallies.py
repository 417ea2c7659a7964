"""The sums at the head of a list: how old they may be, and that one's own acts are always in them."""

from datetime import timedelta

import pytest

from plugin.domain.account import SignedIn
from plugin.domain.queue import Listing, Whose
from plugin.domain.tally import Counts
from plugin.domain.work import WorkItem
from plugin.usecases.deliver import deliver
from plugin.usecases.queues import show_gaps, show_patients, show_work, wanted_by
from plugin.usecases.tallies import ACT_TAKES, KEPT_FOR, Tallies
from plugin.usecases.tick import tick
from plugin.usecases.work import claim, finish
from tests.at_work import somebody, two_are_late
from tests.builders import World, a_result

SECOND = timedelta(seconds=1)
in_memory = pytest.mark.parametrize("world", ["memory"], indirect=True)
"""Where the database decides nothing."""


@pytest.fixture
def items(world: World) -> list[WorkItem]:
    """Two patients whose HbA1c is eight days late: each is a gap, and a call for the coordinator."""
    two_are_late(world)
    with world.look() as uow:
        return list(uow.work_items.by_number(range(1, 10)).values())


def many() -> Tallies:
    """Of a web process that thinks these lines too many to be counted each time."""
    return Tallies(few=0)


def counts(world: World, tallies: Tallies, me: SignedIn, listing: Listing = Listing.WORK) -> Counts:
    """What somebody's page says."""
    wanted = wanted_by(world.services, me)
    if listing is Listing.WORK:
        return show_work(world.services, me, wanted, tallies=tallies).counts
    if listing is Listing.GAPS:
        return show_gaps(world.services, me, wanted, tallies=tallies).counts
    return show_patients(world.services, me, wanted, tallies=tallies).counts


def late(counts: Counts) -> int:
    """Lines with a tier."""
    return sum(count for tier, count in counts.tiers.items() if tier)


def result_comes(world: World, number: int = 1) -> None:
    """This patient's gap closes, and with it goes the work; nobody at a screen did it."""
    world.server.put(a_result(number, patient=number, on="2026-06-20"))
    world.sweep()
    tick(world.services)
    deliver(world.services)


@in_memory
@pytest.mark.parametrize("listing", Listing)
def test_few_lines_are_counted_each_time(world: World, items: list[WorkItem], listing: Listing) -> None:
    """In a practice of ordinary size nothing is kept: what has just changed is in the sums."""
    me, tallies = somebody(world), Tallies()
    assert late(counts(world, tallies, me, listing)) == len(items)

    result_comes(world)

    assert late(counts(world, tallies, me, listing)) == 1


@in_memory
@pytest.mark.parametrize("listing", Listing)
def test_how_old_sums_may_be(world: World, items: list[WorkItem], listing: Listing) -> None:
    """Of many lines what others did shows after so long, and not a second later."""
    me, tallies = somebody(world), many()
    assert late(counts(world, tallies, me, listing)) == len(items)
    result_comes(world)

    world.clock.forward(seconds=(KEPT_FOR[listing] - SECOND).total_seconds())
    before = late(counts(world, tallies, me, listing))
    world.clock.forward(seconds=1)
    after = late(counts(world, tallies, me, listing))

    assert (before, after) == (2, 1)


def test_what_one_did_is_in_the_sums_at_once(world: World, items: list[WorkItem]) -> None:
    """In whichever web process the next page is drawn, however short before the act it has counted; for others it may take
    its time."""
    me, other, processes = somebody(world), somebody(world, number=2), (many(), many())
    for tallies in processes:
        counts(world, tallies, me)

    claim(world.services, me, items[0].id)
    others = counts(world, processes[0], other)
    claimed = [counts(world, tallies, me).whose for tallies in processes]
    finish(world.services, me, items[0].id, seen=1, outcome="seen-to", reason="", note="", next_on="")
    done = [counts(world, tallies, me) for tallies in reversed(processes)]

    assert others.whose == {Whose.ALL: 2, Whose.ROLES: 2}
    assert claimed == [{Whose.ALL: 2, Whose.MINE: 1, Whose.ROLES: 2}] * 2
    assert [(of.total, of.whose) for of in done] == [(1, {Whose.ALL: 1, Whose.ROLES: 1})] * 2


@in_memory
def test_a_count_from_before_an_act_was_committed(world: World, items: list[WorkItem]) -> None:
    """An act bears the moment at which it began: a count that was made while it was under way, and is younger, is not taken
    for one that has it."""
    me, tallies = somebody(world), many()
    began = world.clock()
    world.clock.forward(seconds=(ACT_TAKES - SECOND).total_seconds())
    counts(world, tallies, somebody(world, number=2))
    now = world.clock()

    world.clock.now = began
    claim(world.services, me, items[0].id)
    world.clock.now = now

    assert counts(world, tallies, me).whose == {Whose.ALL: 2, Whose.MINE: 1, Whose.ROLES: 2}


@in_memory
def test_an_act_is_counted_once(world: World, items: list[WorkItem]) -> None:
    """The next page of whoever acted is as cheap as any: it shows the count that was made for the act."""
    me, tallies = somebody(world), many()
    counts(world, tallies, me)
    finish(world.services, me, items[0].id, seen=0, outcome="seen-to", reason="", note="", next_on="")
    first = counts(world, tallies, me).total
    result_comes(world, number=2)

    second = counts(world, tallies, me).total

    assert (first, second) == (1, 1)


@in_memory
def test_a_day_begins(world: World, items: list[WorkItem]) -> None:
    """What sleeps until a day is counted by that day."""
    me, tallies = somebody(world), many()
    counts(world, tallies, me)
    result_comes(world)

    world.clock.forward(days=1)

    assert late(counts(world, tallies, me)) == 1
