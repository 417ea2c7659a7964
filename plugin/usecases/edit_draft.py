"""Changes to a draft, each made on whatever revision is the newest: two people who edit different steps do not meet.

Only where somebody else has changed the very same part since the page was drawn, neither overwrites the other: what was
to be saved is kept aside, and the answer is PartChanged, with both sides.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from plugin.domain.account import SignedIn
from plugin.domain.configuration import ConfigDraft
from plugin.domain.errors import Stale, StaleDraft
from plugin.domain.program_edit import Change, Part, Where, mark, part_at, restored, with_part
from plugin.usecases.drafts import get_draft, save_draft
from plugin.usecases.ports import UnitOfWork
from plugin.usecases.publish_form import names_of
from plugin.usecases.services import Services

_TRIES = 4
"""Somebody may save between our reading and our saving; hardly four times in a row."""
_LOOKED_AT = 100
"""Revisions that are looked through for who changed a part."""


class Drawn(NamedTuple):
    """What a page showed: the draft's revision, and the mark of the part that its form edits."""

    revision: int
    mark: str


class PartChanged(Stale):
    """Somebody else changed this part, or took it away. ``draft`` is the newest revision, ``theirs`` the part in it,
    ``by`` (their name) and ``at`` who changed it and when."""

    def __init__(self, draft: ConfigDraft, theirs: Part | None, by: str, at: datetime) -> None:
        super().__init__(f"draft {draft.id}: this part has changed since revision that was drawn")
        self.draft = draft
        self.theirs = theirs
        self.by = by
        self.at = at


def change_draft(services: Services, me: SignedIn, draft_id: int, change: Change) -> ConfigDraft:
    """An operation that fits any revision (a step moved, a phase added), done on the newest."""
    for _ in range(_TRIES - 1):
        draft = get_draft(services, me, draft_id)
        try:
            return save_draft(services, me, draft_id, change(draft.body), draft.revision)
        except StaleDraft:
            continue
    draft = get_draft(services, me, draft_id)
    return save_draft(services, me, draft_id, change(draft.body), draft.revision)


def save_part(
    services: Services, me: SignedIn, draft_id: int, where: Where, part: Part | None, drawn: Drawn
) -> ConfigDraft:
    """One part with a new content (None: taken away), every other part as it stands now. PartChanged when it is not what
    was drawn any more."""

    def change(body: Part) -> Part:
        if mark(part_at(body, where)) != drawn.mark:
            raise _Overtaken("another mark")
        return with_part(body, where, part)

    try:
        return change_draft(services, me, draft_id, change)
    except _Overtaken:
        raise _changed(services, me, draft_id, where, part, drawn) from None


def put_back(services: Services, me: SignedIn, draft_id: int, code: str, revision: int) -> ConfigDraft:
    """A step that was removed, as it was in an earlier revision and where it stood; whatever was saved since stays."""
    get_draft(services, me, draft_id)
    with services.database.begin(reading=True) as uow:
        before, _, _ = uow.drafts.revision(draft_id, revision)
    return change_draft(services, me, draft_id, lambda body: restored(body, before, code))


class _Overtaken(Stale):
    """The part is another one by now."""


def _changed(
    services: Services, me: SignedIn, draft_id: int, where: Where, part: Part | None, drawn: Drawn
) -> PartChanged:
    """Keeps what was to be saved, and finds out who was there before."""
    draft = get_draft(services, me, draft_id)
    if part is not None and drawn.revision < draft.revision:
        try:
            save_draft(services, me, draft_id, with_part(draft.body, where, part), drawn.revision)
        except StaleDraft as stale:
            draft = stale.newest
    with services.database.begin(reading=True) as uow:
        by, at = _who_changed(uow, draft, where)
        names = names_of(uow)
    return PartChanged(draft, part_at(draft.body, where), names.get(by, by), at)


def _who_changed(uow: UnitOfWork, draft: ConfigDraft, where: Where) -> tuple[str, datetime]:
    """Who made the part what it is now: the revision after the last in which it was another."""
    now = mark(part_at(draft.body, where))
    by, at = draft.by, draft.changed_at
    for revision in range(draft.revision - 1, max(0, draft.revision - _LOOKED_AT), -1):
        body, saved_by, saved_at = uow.drafts.revision(draft.id, revision)
        if mark(part_at(body, where)) != now:
            break
        by, at = saved_by, saved_at
    return by, at
