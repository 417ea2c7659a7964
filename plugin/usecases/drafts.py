"""Drafts of programs, ladders, the practice's calendar and limits: begin one, save it, discard it. Nothing is ever
lost.

A draft may be wrong or half done: whether it is right is asked when it is to be published.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from plugin.domain.account import SignedIn
from plugin.domain.audit import AuditEntry
from plugin.domain.configuration import KINDS, Aside, ConfigDraft, ConfigVersion, body_hash, canonical
from plugin.domain.errors import BadInput, StaleDraft, UnknownName
from plugin.domain.permissions import Action, Data, check_can
from plugin.usecases.ports import UnitOfWork
from plugin.usecases.services import Services

MOST_BYTES = 1_000_000
"""Of a body, as JSON text: the largest program that makes sense is a tenth of it."""


def begin_draft(
    services: Services,
    me: SignedIn,
    kind: str,
    code: str,
    base_version: str | None = None,
    body: Mapping[str, object] | None = None,
) -> ConfigDraft:
    """The draft of this kind and code that is worked at, whoever began it; else a new one: with ``body``, or as the version
    ``base_version`` is, or as the one in force is. UnknownName when there is nothing to begin with."""
    check_can(me.roles, Action.EDIT, Data.PROGRAMS)
    if kind not in KINDS:
        raise BadInput(f"There are no drafts of a {kind}.")
    now = services.clock()
    with services.database.begin() as uow:
        standing = uow.drafts.of(kind, code)
        if standing is not None:
            return standing
        base = _base_of(uow, kind, code, base_version, now)
        if body is None and base is None:
            raise UnknownName(f"no {kind} {code} to begin with")
        begun = uow.drafts.open(
            kind,
            code,
            base=base,
            body=body if body is not None else base.body if base else {},
            by=me.who,
            now=now,
            person_id=me.person_id,
        )
        note(uow, me, "begin-draft", begun, at=now)
        uow.commit()
    return begun


def draft_of(services: Services, me: SignedIn, kind: str, code: str) -> ConfigDraft | None:
    """The one that is worked at."""
    check_can(me.roles, Action.READ, Data.PROGRAMS)
    with services.database.begin(reading=True) as uow:
        return uow.drafts.of(kind, code)


def get_draft(services: Services, me: SignedIn, draft_id: int) -> ConfigDraft:
    """UnknownName when it was published or discarded meanwhile."""
    check_can(me.roles, Action.READ, Data.PROGRAMS)
    with services.database.begin(reading=True) as uow:
        return uow.drafts.get(draft_id)


def begun_drafts(services: Services, me: SignedIn) -> Sequence[ConfigDraft]:
    """Roll backs, retirements and moves that somebody began and left, newest first."""
    check_can(me.roles, Action.READ, Data.PROGRAMS)
    with services.database.begin(reading=True) as uow:
        return uow.drafts.begun()


def save_draft(
    services: Services, me: SignedIn, draft_id: int, body: Mapping[str, object], seen: int, *, keep_stale: bool = True
) -> ConfigDraft:
    """The next revision. StaleDraft when somebody else has saved since revision ``seen``: what was to be saved is kept
    aside then (unless the caller tries again by itself), and the error carries both sides."""
    check_can(me.roles, Action.EDIT, Data.PROGRAMS)
    check_size(body)
    now = services.clock()
    with services.database.begin() as uow:
        try:
            saved = uow.drafts.save(draft_id, body, seen=seen, by=me.who, now=now, person_id=me.person_id)
        except StaleDraft as stale:
            if not keep_stale:
                raise
            uow.drafts.keep_aside(draft_id, body, seen=seen, by=me.who, now=now)
            note(uow, me, "keep-draft-aside", stale.newest, at=now, body=body)
            uow.commit()
            raise
        if saved.revision != seen:
            note(uow, me, "save-draft", saved, at=now)
            uow.commit()
    return saved


def kept_aside(services: Services, me: SignedIn, draft_id: int) -> Sequence[Aside]:
    """What was refused as stale, newest first."""
    check_can(me.roles, Action.READ, Data.PROGRAMS)
    with services.database.begin(reading=True) as uow:
        return uow.drafts.aside(draft_id)


def discard_draft(services: Services, me: SignedIn, draft_id: int, why: str = "") -> None:
    """Gone from the lists, and with it what waits of it for a second person; every revision stays on record."""
    check_can(me.roles, Action.EDIT, Data.PROGRAMS)
    now = services.clock()
    with services.database.begin() as uow:
        draft = uow.drafts.get(draft_id)
        uow.drafts.end(draft_id, revision=None, became="discarded", now=now)
        note(uow, me, "discard-draft", draft, at=now, why=why)
        uow.commit()


def check_size(body: Mapping[str, object]) -> None:
    """BadInput for a body that no program can need."""
    if len(canonical(body).encode()) > MOST_BYTES:
        raise BadInput(f"This is larger than {MOST_BYTES // 1000:,} kB: no program can need that.")


def note(
    uow: UnitOfWork,
    me: SignedIn,
    action: str,
    draft: ConfigDraft,
    *,
    at: datetime,
    why: str = "",
    body: Mapping[str, object] | None = None,
) -> None:
    """The audit row of something done with a draft."""
    digest = body_hash(draft.body if body is None else body)
    detail = {"draft": draft.id, "revision": draft.revision, "body_sha256": digest, **me.told}
    record = f"{draft.kind}/{draft.code}"
    uow.audit.write([AuditEntry(at=at, who=me.who, action=action, record=record, why=why, detail=detail)])


def _base_of(uow: UnitOfWork, kind: str, code: str, version: str | None, now: datetime) -> ConfigVersion | None:
    if version is None:
        in_force = uow.configurations.current(now)
        return next((found for found in in_force if (found.kind, found.code) == (kind, code)), None)
    for found in uow.configurations.versions(kind, code):
        if found.version == version:
            return found
    raise UnknownName(f"no version {version} of {kind} {code}")
