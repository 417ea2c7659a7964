"""What was kept aside when two people saved the same part of a draft: shown beside what stands, put in its place, or
said to be dealt with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from plugin.domain.account import SignedIn
from plugin.domain.configuration import CALENDAR, LADDER, LIMITS, PROGRAM, Aside, ConfigDraft
from plugin.domain.errors import Stale, UnknownName
from plugin.domain.permissions import Action, Data, check_can
from plugin.domain.program_edit import STEPS, Part, Where, code_of, mark, part_at, parts_of, with_part
from plugin.usecases.drafts import get_draft, kept_aside, note
from plugin.usecases.edit_draft import change_draft
from plugin.usecases.look_at_draft import PartLook, look_at_part
from plugin.usecases.ports import UnitOfWork
from plugin.usecases.practice import practice_lines
from plugin.usecases.publish_form import names_of
from plugin.usecases.services import Services

_LOOKED_AT = 100
"""Revisions that are looked through for what a part was, and became since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPart:
    """One part as somebody wanted it, and the same part as it stands now (None: the step is gone). ``mark`` is of what
    stands: what a page must show again to put the other in its place."""

    aside_id: int
    by: str
    at: datetime
    where: Where
    mine: PartLook
    stands: PartLook | None
    mark: str


class _Past(NamedTuple):
    """A revision of the draft."""

    body: Part
    at: datetime


def look_aside(
    services: Services, me: SignedIn, draft: ConfigDraft, languages: Mapping[str, str]
) -> Sequence[KeptPart]:
    """What waits beside the draft, newest first. What was put in place since waits no more."""
    kept = kept_aside(services, me, draft.id)
    if not kept:
        return ()
    with services.database.begin(reading=True) as uow:
        names = names_of(uow)
        past = list(_past(uow, draft, kept[-1].at))

    def look(where: Where, part: Part) -> PartLook:
        if draft.kind in (CALENDAR, LIMITS):
            return PartLook(lines=practice_lines(services, draft.kind, part))
        return look_at_part(services, me, draft, where, part, languages)

    return [
        KeptPart(
            aside_id=aside.id,
            by=names.get(aside.by, aside.by),
            at=aside.at,
            where=where,
            mine=look(where, part_at(aside.body, where) or {}),
            stands=None if stands is None else look(where, stands),
            mark=mark(stands),
        )
        for aside in kept
        for where in _wanted(aside, draft, past)
        for stands in [part_at(draft.body, where)]
    ]


def take_aside(services: Services, me: SignedIn, draft_id: int, aside_id: int, code: str, seen: str) -> ConfigDraft:
    """Puts a part as it was wanted in the place of what stands, and that is dealt with. Stale when what stands is not what
    was on the screen (``seen``, its mark) any more."""
    aside = _named(kept_aside(services, me, draft_id), aside_id)
    where = _where(get_draft(services, me, draft_id).kind, code)

    def change(body: Part) -> Part:
        wanted = part_at(aside.body, where)
        if wanted is None:
            raise UnknownName("Nothing of this step was kept.")
        if mark(part_at(body, where)) != seen:
            raise Stale("Somebody has changed this part once more since the page was drawn. Look at both sides again.")
        return with_part(body, where, wanted)

    saved = change_draft(services, me, draft_id, change)
    settle_aside(services, me, draft_id, aside_id)
    return saved


def settle_aside(services: Services, me: SignedIn, draft_id: int, aside_id: int) -> ConfigDraft:
    """It is shown no more; it stays on record. UnknownName when somebody else was faster."""
    check_can(me.roles, Action.EDIT, Data.PROGRAMS)
    now = services.clock()
    with services.database.begin() as uow:
        draft = uow.drafts.get(draft_id)
        found = _named(uow.drafts.aside(draft_id), aside_id)
        uow.drafts.settle_aside(draft_id, aside_id, by=me.who, now=now)
        note(uow, me, "settle-draft-aside", draft, at=now, body=found.body)
        uow.commit()
    return draft


def _named(kept: Sequence[Aside], aside_id: int) -> Aside:
    for aside in kept:
        if aside.id == aside_id:
            return aside
    raise UnknownName("Somebody has dealt with that already.")


def _past(uow: UnitOfWork, draft: ConfigDraft, since: datetime) -> Iterator[_Past]:
    """Revisions, newest first, to the one that stood at ``since``."""
    yield _Past(draft.body, draft.changed_at)
    at = draft.changed_at
    for revision in range(draft.revision - 1, max(0, draft.revision - _LOOKED_AT), -1):
        if at <= since:
            return
        body, _, at = uow.drafts.revision(draft.id, revision)
        yield _Past(body, at)


def _wanted(aside: Aside, draft: ConfigDraft, past: Sequence[_Past]) -> Iterator[Where]:
    """The parts that were to be another than what stood when it was kept, and that nobody has put in place since."""
    before = next((one.body for one in past if one.at <= aside.at), past[-1].body)
    since = [one.body for one in past if one.at > aside.at]
    for where in _parts(aside.body, draft.kind):
        part = part_at(aside.body, where)
        if part != part_at(before, where) and all(part != part_at(body, where) for body in since):
            yield where


def _parts(body: Part, kind: str) -> Sequence[Where]:
    steps = parts_of(body, STEPS) if kind == PROGRAM else ()
    return [_where(kind), *(_where(kind, code_of(step)) for step in steps)]


def _where(kind: str, code: str = "") -> Where:
    """As a form names a part: a step by its code; what has no code is the rest. A calendar and limits are one part."""
    if code and kind == PROGRAM:
        return Where("step", code)
    return Where("ladder" if kind == LADDER else "head")
