"""Take a work item, give it back, put it aside, say what came of it, give it to somebody else; one or many at once.

Two who take the same item at once: the row is locked, so one is first, and the other is told who. What is said of a
contact becomes a statement about each step that the item lists, in the same transaction: ladder and panel know it,
once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from plugin.domain import work
from plugin.domain.account import SignedIn
from plugin.domain.act import OWNER_ROLES
from plugin.domain.errors import BadAct, MilepostError
from plugin.domain.person import Person
from plugin.domain.work import WorkAct, WorkItem
from plugin.domain.work_check import check_finish, check_snooze
from plugin.usecases.owner_names import names_of, sources_of
from plugin.usecases.ports import UnitOfWork
from plugin.usecases.services import Services
from plugin.usecases.work_turn import WAIT, Did, WorkTurn, about_patient

Make = Callable[[WorkItem], WorkItem]


def claim(services: Services, me: SignedIn, id_: int) -> Did:
    """It is mine, unless somebody else was faster, or it is over; then nothing is written."""
    return _simple(services, me, id_, WorkAct.CLAIM, lambda item: work.claimed(item, me.who))


def release(services: Services, me: SignedIn, id_: int) -> Did:
    """It is everybody's of its role again."""
    return _simple(services, me, id_, WorkAct.RELEASE, lambda item: work.released(item, me.who))


def wake(services: Services, me: SignedIn, id_: int) -> Did:
    """It is taken up again before its day."""
    return _simple(services, me, id_, WorkAct.WAKE, lambda item: work.woken(item, me.who))


def snooze(services: Services, me: SignedIn, id_: int, *, seen: int, until: str, reason: str, note: str) -> Did:
    """It is put aside until a day. BadAct says what is missing."""
    checked = check_snooze(until, reason, note, services.practice.day(services.clock()))

    def make(item: WorkItem) -> WorkItem:
        return work.snoozed(item, me.who, until=checked.until, reason=checked.reason, note=checked.note)

    return _simple(services, me, id_, WorkAct.SNOOZE, make, seen=seen)


def reassign(services: Services, me: SignedIn, id_: int, *, to: str, seen: int | None = None) -> Did:
    """``role:<code>``, or a person as ``Person.who`` names them: somebody whose roles do this kind of work."""

    def make(item: WorkItem) -> WorkItem:
        return work.reassigned(item, me.who, to)

    def check(uow: UnitOfWork, item: WorkItem) -> None:
        if to not in {value for value, _ in receivers(uow, item)}:
            raise BadAct({"to": "Please choose a role, or somebody who may do this."})
        if to in (item.owner, f"role:{item.role}" if item.owner is None else None):
            raise BadAct({"to": "It is theirs already. Choose somebody else."})

    return _simple(services, me, id_, WorkAct.REASSIGN, make, seen=seen, check=check)


def receivers(uow: UnitOfWork, item: WorkItem) -> Sequence[tuple[str, str | None]]:
    """To whom an item can be given: the roles, then the people whose roles do this kind of work, with their names; each
    once, by whichever ways they come in."""
    roles = [(f"role:{role}", None) for role in OWNER_ROLES if work.may_take([role], item.kind)]
    people = [one for one in uow.people.all() if one.belongs_to is None and not one.is_disabled]
    able = [one for one in people if work.may_take(one.roles, item.kind)]
    return [*roles, *((one.who, one.name) for one in _known_there(uow, item, able))]


def _known_there(uow: UnitOfWork, item: WorkItem, people: Sequence[Person]) -> Sequence[Person]:
    """Without the users of another EHR than the patient's: under their reference it would be somebody else's there."""
    source_id, _ = uow.patients.by_number(item.patient_id) or (None, "")
    sources = sources_of(uow)
    return [one for one in people if {name.source_id for name in names_of(one, sources)} & {None, source_id}]


def finish(  # a keyword for each field of the form
    services: Services, me: SignedIn, id_: int, *, seen: int, outcome: str, reason: str, note: str, next_on: str
) -> Did:
    """What came of it. With a next day it comes back on that day; else it is done. A contact is said of each step too."""
    wish = check_finish(outcome, reason, note, next_on, services.practice.day(services.clock()))
    with about_patient(services, me, id_) as turn:
        stopped = turn.stopped(WorkAct.FINISH, seen)
        if stopped is not None:
            return stopped
        done = work.finished(
            turn.item, me.who, outcome=wish.outcome, reason=wish.reason, note=wish.note, next_on=wish.next_on
        )
        turn.move(done, WorkAct.FINISH)
        return turn.say(turn.contacts(wish) if work.is_contact(wish.outcome) else [])


def undo(services: Services, me: SignedIn, id_: int) -> Did:
    """One's own "done" is taken back, for a while: the item is in hand again, and what was said of a contact with it is
    taken back too."""
    with about_patient(services, me, id_) as turn:
        stopped = turn.stopped(WorkAct.UNDO)
        if stopped is not None:
            return stopped
        said = turn.taking_back()
        turn.move(work.reopened(turn.item, me.who), WorkAct.UNDO)
        return turn.say(said)


def in_bulk(services: Services, me: SignedIn, ids: Sequence[int], one: Callable[[int], Did]) -> Mapping[int, Did | str]:
    """The same act with several items, each on its own: what became of each, or the words of what went wrong."""
    found: dict[int, Did | str] = {}
    for id_ in dict.fromkeys(ids):
        try:
            found[id_] = one(id_)
        except MilepostError as problem:
            found[id_] = str(problem)
    return found


def _simple(
    services: Services,
    me: SignedIn,
    id_: int,
    act: WorkAct,
    make: Make,
    *,
    seen: int | None = None,
    check: Callable[[UnitOfWork, WorkItem], None] | None = None,
) -> Did:
    """An act that says nothing of the patient: the item alone is locked."""
    with services.database.begin() as uow:
        turn = WorkTurn(me, uow, uow.work_items.lock(id_, WAIT), services.clock())
        stopped = turn.stopped(act, seen)
        if stopped is not None:
            return stopped
        if check:
            check(uow, turn.item)
        item = turn.move(make(turn.item), act)
        uow.commit()
    return Did(item=item)
