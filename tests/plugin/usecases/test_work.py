"""Work, taken and done by people: one at a time, said once, and known wherever the patient is shown."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from plugin.domain.account import SignedIn
from plugin.domain.errors import BadAct, Forbidden, UnknownName
from plugin.domain.record import Said
from plugin.domain.work import WhyNot, WorkItem
from plugin.usecases.queues import show_item, show_work, wanted_by, work_in_hand, work_of_roles
from plugin.usecases.work import claim, finish, in_bulk, reassign, release, snooze, undo, wake
from plugin.usecases.work_turn import Did
from tests.at_work import somebody, two_are_late
from tests.builders import World, a_result

in_memory = pytest.mark.parametrize("world", ["memory"], indirect=True)
"""Where the database decides nothing."""


@pytest.fixture
def items(world: World) -> list[WorkItem]:
    """Two patients whose HbA1c is eight days late: each is a call for the coordinator since this morning."""
    two_are_late(world)
    world.jobs.asked.clear()
    return [item for number in (1, 2) for item in work_of(world, number)]


def work_of(world: World, number: int = 1) -> list[WorkItem]:
    """The patient's work."""
    with world.look() as uow:
        tracked = uow.patients.look(world.now_source(), f"Patient/p{number}")
        assert tracked is not None
        return list(uow.work_items.of_patient(tracked.row.id))


def now_of(world: World, item: WorkItem) -> WorkItem:
    """As it stands."""
    with world.look() as uow:
        return uow.work_items.by_number([item.id])[item.id]


def said(world: World, number: int = 1) -> list[tuple[Said, str | None, str]]:
    """What stands of what was said of a patient: what, with which outcome, by whom."""
    with world.look() as uow:
        statements = uow.statements.of_patient(world.now_source(), f"Patient/p{number}")
    undone = {one.target for one in statements if one.said is Said.UNDO}
    return [(one.said, one.outcome, one.by) for one in statements if one.said is not Said.UNDO and one.id not in undone]


def rows_of(world: World, action: str) -> list[dict[str, object]]:
    """The details of an action's audit rows, newest first."""
    with world.look() as uow:
        return [dict(entry.detail) for entry in uow.audit.entries(200) if entry.action == action]


def finishing(world: World, me: SignedIn, item: WorkItem, outcome: str = "left-message", **parts: str) -> Did:
    """Says what came of it, over the item as it stands."""
    given = {"reason": "", "note": "", "next_on": "", **parts}
    return finish(world.services, me, item.id, seen=now_of(world, item).revision, outcome=outcome, **given)


def test_one_wins_and_the_other_is_told_who(world: World, items: list[WorkItem]) -> None:
    """The second who claims gets the item as it stands, with who has it; nothing is written for them."""
    first = claim(world.services, somebody(world), items[0].id)
    again = claim(world.services, somebody(world), items[0].id)
    second = claim(world.services, somebody(world, number=2), items[0].id)

    assert (first.why_not, first.item.owner, again.is_repeated) == (None, "user:1", True)
    assert (second.why_not, second.item.owner, second.item.state) == (WhyNot.TAKEN, "user:1", "claimed")
    (row,) = rows_of(world, "work:claim")
    assert (row["item"], row["state"], row["session"], row["from"]) == (
        items[0].id, ["open", "claimed"], "session-1", "192.0.2.1",
    )  # fmt: skip


def test_two_at_the_same_moment(world: World, items: list[WorkItem]) -> None:
    """Exactly one of many who click at once has it."""
    people = [somebody(world, number=n) for n in range(1, 5)]

    with ThreadPoolExecutor(4) as pool:
        did = list(pool.map(lambda me: claim(world.services, me, items[0].id), people))

    winners = [one for one in did if one.why_not is None]
    assert len(winners) == 1
    assert {one.item.owner for one in did} == {winners[0].item.owner}


@pytest.mark.parametrize("world", ["sqlite"], indirect=True)
def test_withdrawn_work_cannot_be_claimed(world: World, items: list[WorkItem]) -> None:
    """Its cause is gone: it left the list, and whoever still sees it is told so."""
    world.server.put(a_result(1, on="2026-06-20"))
    world.sweep()

    did = claim(world.services, somebody(world), items[0].id)

    assert did.why_not is WhyNot.WITHDRAWN
    assert did.item.milestones == items[0].milestones
    sheet = show_work(world.services, somebody(world), wanted_by(world.services, somebody(world)))
    assert [line.item.id for line in sheet.lines] == [items[1].id]


def test_a_contact_is_known_everywhere(world: World, items: list[WorkItem]) -> None:
    """It becomes a statement about the step, the EHR is told, and the line of the gap shows it."""
    me = somebody(world)
    claim(world.services, me, items[0].id)

    did = finishing(world, me, items[0], "reached-barrier", reason="transport", note="No car until July.")

    assert (did.item.state, did.item.outcome, did.item.reason) == ("done", "reached-barrier", "transport")
    assert said(world) == [(Said.CONTACT, "reached-barrier", "user:1")]
    assert f"deliver-now {items[0].patient_id}" in world.jobs.asked
    (row,) = rows_of(world, "say:contact")
    assert (row["work_item"], row["session"]) == (str(items[0].id), "session-1")
    page = show_item(world.services, me, items[0].id)
    assert [tried.outcome for tried in page.line.tried if tried.kind is None] == ["reached-barrier"]


def test_said_once(world: World, items: list[WorkItem]) -> None:
    """A second click, and a second person, say nothing more."""
    me, seen = somebody(world), items[0].revision
    form = {"outcome": "no-answer", "reason": "", "note": "", "next_on": ""}

    first = finish(world.services, me, items[0].id, seen=seen, **form)
    twice = finish(world.services, me, items[0].id, seen=seen, **form)
    other = finish(world.services, somebody(world, number=2), items[0].id, seen=seen, **form)

    assert (first.why_not, twice.is_repeated, other.why_not) == (None, True, WhyNot.DONE)
    assert said(world) == [(Said.CONTACT, "no-answer", "user:1")]


def test_a_next_day_brings_it_back(world: World, items: list[WorkItem]) -> None:
    """The try is written down, and the work comes back on that day to whoever made it."""
    me = somebody(world)
    tomorrow = world.services.practice.day(world.clock()) + timedelta(days=1)

    did = finishing(world, me, items[0], "no-answer", next_on=tomorrow.isoformat())
    before = work_in_hand(world.services, me), work_of_roles(world.services, me)
    world.clock.forward(days=1)

    assert (did.item.state, did.item.until, did.item.owner) == ("snoozed", tomorrow, "user:1")
    assert (before, work_in_hand(world.services, me)) == ((0, 1), 1)
    assert said(world)[0][1] == "no-answer"


@in_memory
def test_what_is_no_contact_says_nothing(world: World, items: list[WorkItem]) -> None:
    """Seen to in the chart: done, without a statement."""
    finishing(world, somebody(world), items[0], "seen-to")

    assert (now_of(world, items[0]).state, said(world)) == ("done", [])


@in_memory
def test_negative_outcome_needs_words(world: World, items: list[WorkItem]) -> None:
    """Without them nothing is written."""
    with pytest.raises(BadAct) as bad:
        finishing(world, somebody(world), items[0], "reached-declined")

    assert set(bad.value.fields) == {"note"}
    assert (now_of(world, items[0]), said(world)) == (items[0], [])


def test_done_is_taken_back(world: World, items: list[WorkItem]) -> None:
    """The item is in hand again, and what was said of the contact no longer stands; after its time, or by another, not."""
    me = somebody(world)
    finishing(world, me, items[0])
    finishing(world, me, items[1])

    other = undo(world.services, somebody(world, number=2), items[0].id)
    mine = undo(world.services, me, items[0].id)
    world.clock.forward(minutes=16)
    late = undo(world.services, me, items[1].id)

    assert (other.why_not, late.why_not) == (WhyNot.NOT_NOW, WhyNot.NOT_NOW)
    assert (mine.item.state, mine.item.owner, mine.item.outcome) == ("claimed", "user:1", None)
    assert said(world, 1) == []
    assert said(world, 2) == [(Said.CONTACT, "left-message", "user:1")]


@in_memory
def test_put_aside_and_taken_up(world: World, items: list[WorkItem]) -> None:
    """It sleeps until its day with a coded reason, and can be taken up before it; whoever has it keeps it."""
    me = somebody(world)
    mine = claim(world.services, me, items[0].id).item
    until = world.services.practice.day(world.clock()) + timedelta(days=3)

    slept = snooze(world.services, me, mine.id, seen=mine.revision, until=until.isoformat(), reason="away", note="")
    woken = wake(world.services, me, mine.id)

    assert (slept.item.state, slept.item.until, slept.item.reason) == ("snoozed", until, "away")
    assert (woken.item.state, woken.item.until, woken.item.owner) == ("claimed", None, "user:1")


@in_memory
def test_what_was_on_the_screen_has_changed(world: World, items: list[WorkItem]) -> None:
    """Somebody claimed and released it meanwhile, or one claimed it oneself in another window: an open form says so."""
    claim(world.services, somebody(world, number=2), items[0].id)
    release(world.services, somebody(world, number=2), items[0].id)

    form = {"outcome": "no-answer", "reason": "", "note": "", "next_on": ""}

    theirs = finish(world.services, somebody(world), items[0].id, seen=items[0].revision, **form)
    claim(world.services, somebody(world), items[1].id)
    own = finish(world.services, somebody(world), items[1].id, seen=items[1].revision, **form)

    assert (theirs.why_not, own.why_not) == (WhyNot.CHANGED, WhyNot.CHANGED)
    assert said(world) == []


@in_memory
def test_given_to_a_role_or_a_person(world: World, items: list[WorkItem]) -> None:
    """Into another queue, or into somebody's hands; not to who does no such work, and not to who has it."""
    me = somebody(world)
    given = reassign(world.services, me, items[0].id, to="role:provider")

    assert (given.item.state, given.item.role, given.item.owner) == ("open", "provider", None)
    for to in ("role:provider", "role:scheduler", "user:99", ""):
        with pytest.raises(BadAct):
            reassign(world.services, me, items[0].id, to=to)


@in_memory
def test_many_at_once_each_alone(world: World, items: list[WorkItem]) -> None:
    """What works is done, and what does not says why."""
    me = somebody(world)
    claim(world.services, somebody(world, number=2), items[1].id)

    did = in_bulk(world.services, me, [items[0].id, items[1].id, 9999], lambda id_: claim(world.services, me, id_))

    (mine, taken, unknown) = (did[items[0].id], did[items[1].id], did[9999])
    assert isinstance(mine, Did)
    assert isinstance(taken, Did)
    assert (mine.why_not, taken.why_not) == (None, WhyNot.TAKEN)
    assert isinstance(unknown, str)


@in_memory
def test_who_may_not(world: World, items: list[WorkItem]) -> None:
    """Roles that do not do this kind of work are refused, whatever they ask for; nothing is written."""
    for role in ("scheduler", "billing", "auditor"):
        for act in (claim, release, wake, undo):
            with pytest.raises(Forbidden):
                act(world.services, somebody(world, role), items[0].id)

    assert now_of(world, items[0]) == items[0]


@in_memory
def test_no_such_work(world: World) -> None:
    """A number that is nobody's."""
    for attempt in (claim, undo):
        with pytest.raises(UnknownName):
            attempt(world.services, somebody(world), 4711)


@in_memory
def test_each_change_is_on_record(world: World, items: list[WorkItem]) -> None:
    """Who brought the item to which state, without the words that were said."""
    me = somebody(world)
    claim(world.services, me, items[0].id)
    finishing(world, me, items[0], "moved", note="To her daughter's, in Peoria.")

    (row,) = rows_of(world, "work:done")

    assert (row["state"], row["outcome"]) == (["claimed", "done"], "moved")
    assert "Peoria" not in str(row)
