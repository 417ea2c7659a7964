"""A program or a ladder that was not there before: a draft with nothing in it, or a copy of another one."""

from __future__ import annotations

from plugin.domain.account import SignedIn
from plugin.domain.configuration import LADDER, ConfigDraft
from plugin.domain.errors import BadForm, UnknownName
from plugin.domain.program_edit import Part, copied, new_code
from plugin.usecases.drafts import begin_draft
from plugin.usecases.ports import UnitOfWork
from plugin.usecases.services import Services

LONGEST_TITLE = 200
_NEW_LADDER = {"number": 1, "from_days": 1, "kind": "message", "what": "overdue", "role": "patient"}


def begin_new(services: Services, me: SignedIn, kind: str, title: str, copy: str | None = None) -> ConfigDraft:
    """Its draft, under a code made of the title that nothing else has. BadForm for a title that is none, UnknownName when
    what is to be copied is not there."""
    if not title:
        raise BadForm({"title": "Give it a title."})
    if len(title) > LONGEST_TITLE:
        raise BadForm({"title": f"A title can have {LONGEST_TITLE} characters; this one has {len(title):,}."})
    with services.database.begin(reading=True) as uow:
        taken = {*uow.configurations.codes(kind), *(draft.code for draft in uow.drafts.all() if draft.kind == kind)}
        code = new_code(title, taken, fallback=kind)
        body = _empty(kind, code, title) if copy is None else copied(_body_of(services, uow, kind, copy), code, title)
    return begin_draft(services, me, kind, code, body={**body, "version": "1"})


def _empty(kind: str, code: str, title: str) -> Part:
    named = {"code": code, "version": "1", "title": title}
    if kind == LADDER:
        return {**named, "tiers": [_NEW_LADDER]}
    return {**named, "ladder": "standard", "phases": [{"code": "start", "title": "Start"}], "milestones": []}


def _body_of(services: Services, uow: UnitOfWork, kind: str, code: str) -> Part:
    current = uow.configurations.current(services.clock())
    found = next((version.body for version in current if (version.kind, version.code) == (kind, code)), None)
    if found is not None:
        return found
    draft = uow.drafts.of(kind, code)
    if draft is None:
        raise UnknownName(f"no {kind} to copy")
    return draft.body
