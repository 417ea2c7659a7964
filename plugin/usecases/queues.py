"""Show a list of work, gaps or patients: one page of it, how many there are, and one audit row for having looked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Generic, TypedDict, TypeVar

from plugin.domain.account import SignedIn
from plugin.domain.audit import AuditEntry
from plugin.domain.configuration import PROGRAM
from plugin.domain.errors import UnknownName
from plugin.domain.permissions import Action, Data, can, check_can
from plugin.domain.queue import (
    PAGE,
    At,
    GapLine,
    Listing,
    OwnerName,
    PatientLine,
    Show,
    Wanted,
    Whom,
    Whose,
    WorkLine,
    on_day,
    short,
)
from plugin.domain.search import search_words
from plugin.domain.tally import Counts, shows
from plugin.domain.work import WorkAct, offered
from plugin.usecases import owner_names
from plugin.usecases.on_file import names_of
from plugin.usecases.ports import UnitOfWork
from plugin.usecases.services import Services
from plugin.usecases.tallies import Tallies
from plugin.usecases.work import receivers

Line = TypeVar("Line", WorkLine, GapLine, PatientLine)

NEEDED: Mapping[Listing, Data] = {Listing.WORK: Data.WORK, Listing.GAPS: Data.PLAN, Listing.PATIENTS: Data.PLAN}
"""What somebody must be allowed to read who looks at a list."""

MOST_FOUND = 2000
"""Whoever finds more patients than that has to type more of the name."""

_FILTERS = ("tier", "role", "owner", "program", "stage")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet(Generic[Line]):
    """A page of a list. ``before`` and ``after`` are where the pages beside it are, if there are any; ``names`` are
    people's by source and reference, ``programs`` the titles by code."""

    lines: Sequence[Line]
    counts: Counts
    wanted: Wanted
    drawn_at: datetime
    before: At | None = None
    after: At | None = None
    names: Mapping[tuple[int, str], str]
    programs: Mapping[str, str]
    people: Sequence[tuple[int, str]] = ()
    """Who can have work, by number and name."""


def wanted_by(  # a keyword for each filter
    services: Services,
    me: SignedIn,
    *,
    search: str = "",
    whose: Whose = Whose.ALL,
    show: Show = Show.ALL,
    tier: int | None = None,
    role: str | None = None,
    owner: int | None = None,
    program: str | None = None,
    stage: str | None = None,
) -> Wanted:
    """What somebody asks a list for, as they typed and chose it. ``owner`` is a person's number; of nobody, all is shown."""
    return Wanted(
        who=me.who,
        roles=me.roles,
        today=services.practice.day(services.clock()),
        words=search_words(search),
        whose=whose,
        show=show,
        tier=tier,
        role=role,
        owner=None if owner is None else _all_names(services, owner),
        program=program,
        stage=stage,
    )


def _all_names(services: Services, person_id: int) -> tuple[OwnerName, ...] | None:
    with services.database.begin(reading=True) as uow:
        try:
            person = uow.people.get(person_id)
        except UnknownName:
            return None
        own = owner_names.names_of(person, owner_names.sources_of(uow))
        return (*own, *owner_names.known_as(uow, person_id))


def show_work(
    services: Services, me: SignedIn, wanted: Wanted, at: At | None = None, *, tallies: Tallies | None = None
) -> Sheet[WorkLine]:
    """Open work."""
    with _look(services, me, Listing.WORK) as uow:
        asked = _found(uow, me, wanted)
        lines, has_more = uow.queues.work(asked, at, PAGE)
        sheet = Sheet(
            lines=[_work_line(me, line, wanted.today) for line in lines],
            counts=(tallies or Tallies()).counts(uow, Listing.WORK, asked, services.clock()),
            wanted=asked,
            drawn_at=services.clock(),
            **_beside([At(line.rank, line.item.id) for line in lines], at, has_more=has_more),
            names=_names(uow, ((line.whom.source_id, line.item.owner) for line in lines)),
            programs=_programs(services, uow),
            people=_people(uow),
        )
    return _written_down(services, me, Listing.WORK, sheet)


def show_gaps(
    services: Services, me: SignedIn, wanted: Wanted, at: At | None = None, *, tallies: Tallies | None = None
) -> Sheet[GapLine]:
    """Open gaps, of each patient those that somebody has to decide about; days past due are those of today."""
    with _look(services, me, Listing.GAPS) as uow:
        asked = _found(uow, me, wanted)
        lines, has_more = uow.queues.gaps(asked, _whole(uow, at), PAGE)
        sheet = Sheet(
            lines=[replace(line, step=on_day(line.step, wanted.today), whom=_shown(me, line.whom)) for line in lines],
            counts=(tallies or Tallies()).counts(uow, Listing.GAPS, asked, services.clock()),
            wanted=asked,
            drawn_at=services.clock(),
            **_beside([At(line.rank, line.whom.id, short(line.step.key)) for line in lines], at, has_more=has_more),
            names=_names(uow, ((line.whom.source_id, line.step.owner.reference) for line in lines)),
            programs=_programs(services, uow),
            people=_people(uow),
        )
    return _written_down(services, me, Listing.GAPS, sheet)


def show_patients(
    services: Services, me: SignedIn, wanted: Wanted, at: At | None = None, *, tallies: Tallies | None = None
) -> Sheet[PatientLine]:
    """Tracked patients."""
    with _look(services, me, Listing.PATIENTS) as uow:
        asked = _found(uow, me, wanted)
        lines, has_more = uow.queues.patients(asked, at, PAGE)
        sheet = Sheet(
            lines=[replace(line, whom=_shown(me, line.whom)) for line in lines],
            counts=(tallies or Tallies()).counts(uow, Listing.PATIENTS, asked, services.clock()),
            wanted=asked,
            drawn_at=services.clock(),
            **_beside([At(line.rank, line.whom.id) for line in lines], at, has_more=has_more),
            names={},
            programs=_programs(services, uow),
        )
    return _written_down(services, me, Listing.PATIENTS, sheet)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemPage:
    """One work item with all about it, and what this person can do with it. ``receivers``: to whom it can be given."""

    line: WorkLine
    offered: Sequence[WorkAct]
    receivers: Sequence[tuple[str, str | None]]
    names: Mapping[tuple[int, str], str]
    programs: Mapping[str, str]
    today: date


def show_item(services: Services, me: SignedIn, id_: int) -> ItemPage:
    """UnknownName where there is none. One audit row: it is about one patient."""
    now = services.clock()
    today = services.practice.day(now)
    with _look(services, me, Listing.WORK) as uow:
        found = uow.queues.work_lines([id_])
        if not found:
            raise UnknownName(f"There is no work item with the number {id_}.")
        line = _work_line(me, found[0], today)
        source = uow.sources.by_id(line.whom.source_id)
        page = ItemPage(
            line=line,
            offered=offered(line.item, me.who, me.roles, now),
            receivers=receivers(uow, line.item),
            names=_names(uow, ((source.id, who) for who in (line.item.owner, line.item.by))),
            programs=_programs(services, uow),
            today=today,
        )
    entry = AuditEntry(
        at=now, who=me.who, action="read:work", record=f"{source.slug}/{line.whom.ref}", detail={**me.told, "item": id_}
    )
    _write(services, entry)
    return page


def how_they_stand(services: Services, me: SignedIn, ids: Sequence[int]) -> Sequence[tuple[WorkLine, str | None]]:
    """Items, to tell what became of an act with them; each with the name of who brought it to its state. Whose they are is
    shown, also of those that stand in no list any more, so it is written down."""
    with _look(services, me, Listing.WORK) as uow:
        found = uow.queues.work_lines(ids)
        names = _names(uow, ((line.whom.source_id, line.item.by) for line in found))
    detail = {**me.told, "rows": len(found), "patients": sorted({line.whom.id for line in found})}
    _write(
        services,
        AuditEntry(at=services.clock(), who=me.who, action="read:list", record="list/acted-on", detail=detail),
    )
    return [
        (replace(line, whom=_shown(me, line.whom)), names.get((line.whom.source_id, line.item.by or "")))
        for line in found
    ]


def count_lines(services: Services, me: SignedIn, listing: Listing, wanted: Wanted, *, tallies: Tallies) -> int:
    """How many lines a list has now, for a page that asks by itself. Nothing of a patient is in the answer, so no row says
    that it was asked for."""
    with _look(services, me, listing) as uow:
        return tallies.counts(uow, listing, _found(uow, me, wanted), services.clock()).total


def work_in_hand(services: Services, me: SignedIn) -> int:
    """How much work somebody has that waits for them today."""
    today = services.practice.day(services.clock())
    with _look(services, me, Listing.WORK) as uow:
        names = (OwnerName(me.who), *owner_names.known_as(uow, me.person_id))
        mine = uow.queues.cells(Listing.WORK, today, owner=names)
    return sum(cell.lines for cell in mine if shows(Listing.WORK, Show.TODO, cell))


def work_of_roles(services: Services, me: SignedIn) -> int:
    """How much waits in the queues of somebody's roles that nobody has."""
    today = services.practice.day(services.clock())
    with _look(services, me, Listing.WORK) as uow:
        cells = uow.queues.cells(Listing.WORK, today)
    return sum(cell.lines for cell in cells if cell.role in me.roles and shows(Listing.WORK, Show.FREE, cell))


@contextmanager
def _look(services: Services, me: SignedIn, listing: Listing) -> Iterator[UnitOfWork]:
    check_can(me.roles, Action.READ, NEEDED[listing])
    with services.database.begin(reading=True) as uow:
        yield uow


def _found(uow: UnitOfWork, me: SignedIn, wanted: Wanted) -> Wanted:
    """With all names of whoever asks, and the patients whom a search finds; nobody, where it finds too many to be shown. Who
    may not see names cannot look for them either."""
    wanted = replace(wanted, known_as=owner_names.known_as(uow, me.person_id))
    if not wanted.words or not can(me.roles, Action.READ, Data.PLAN):
        return replace(wanted, words=())
    found = tuple(uow.queues.find(wanted.words, MOST_FOUND + 1))
    is_too_much = len(found) > MOST_FOUND
    return replace(wanted, among=() if is_too_much else found, is_too_much=is_too_much)


def _work_line(me: SignedIn, line: WorkLine, today: date) -> WorkLine:
    return replace(line, whom=_shown(me, line.whom), steps=tuple(on_day(step, today) for step in line.steps))


def _shown(me: SignedIn, whom: Whom) -> Whom:
    return whom if can(me.roles, Action.READ, Data.PLAN) else whom._replace(patient=None)


def _whole(uow: UnitOfWork, at: At | None) -> At | None:
    """An address holds a short name of the milestone, since its key tells of the chart. Of one that is gone, the first of
    the patient's lines at this rank takes the place."""
    if at is None:
        return None
    keys = uow.plans.versions(at.id)
    return at._replace(key=next((key for key in keys if short(key) == at.key), ""))


class _Beside(TypedDict):
    before: At | None
    after: At | None


def _beside(places: Sequence[At], at: At | None, *, has_more: bool) -> _Beside:
    """Where the pages beside this one are. Behind where one came back from, there is one."""
    if not places:
        return {"before": None, "after": None}
    is_back = at is not None and at.is_back
    has_before, has_after = (has_more, True) if is_back else (at is not None, has_more)
    before = places[0]._replace(is_back=True) if has_before else None
    return {"before": before, "after": places[-1] if has_after else None}


def _names(uow: UnitOfWork, people: Iterable[tuple[int, str | None]]) -> Mapping[tuple[int, str], str]:
    by_source: dict[int, set[str]] = {}
    for source_id, who in people:
        if who is not None:
            by_source.setdefault(source_id, set()).add(who)
    return {
        (source_id, who): name
        for source_id, of_source in by_source.items()
        for who, name in names_of(uow, uow.sources.by_id(source_id), frozenset(of_source)).items()
    }


def _people(uow: UnitOfWork) -> Sequence[tuple[int, str]]:
    able = (one for one in uow.people.all() if one.belongs_to is None and not one.is_disabled)
    able = (one for one in able if can(one.roles, Action.ACT, Data.WORK))
    return [(one.id, one.name or one.subject) for one in able]


def _programs(services: Services, uow: UnitOfWork) -> Mapping[str, str]:
    """Titles by code."""
    current = uow.configurations.current(services.clock())
    return {one.code: str(one.body.get("title") or one.code) for one in current if one.kind == PROGRAM}


def _written_down(services: Services, me: SignedIn, listing: Listing, sheet: Sheet[Line]) -> Sheet[Line]:
    """Which list, narrowed by what, and whom it showed. What was searched for is not written down: it is a name."""
    wanted = sheet.wanted
    filters = {name: getattr(wanted, name) for name in _FILTERS if getattr(wanted, name) is not None}
    if wanted.owner is not None:
        filters["owner"] = [name.who for name in wanted.owner]
    detail = {
        **me.told,
        "rows": len(sheet.lines),
        "filters": {**filters, "whose": wanted.whose.value, "show": wanted.show.value},
        "searched": bool(wanted.words),
        "patients": sorted({line.whom.id for line in sheet.lines}),
    }
    record = f"list/{listing.value}"
    _write(services, AuditEntry(at=sheet.drawn_at, who=me.who, action="read:list", record=record, detail=detail))
    return sheet


def _write(services: Services, entry: AuditEntry) -> None:
    """In a transaction of its own, which is over at once: who reads may not write, and waits for nobody."""
    with services.database.recording([entry]):
        pass
