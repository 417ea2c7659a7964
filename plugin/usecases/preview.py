"""Previews as people see them: ask for one, see how far it is, read it, take it away as a file, stop it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from plugin.domain.account import SignedIn
from plugin.domain.audit import AuditEntry
from plugin.domain.configuration import ConfigDraft, Limits
from plugin.domain.errors import BadProgram, UnknownName
from plugin.domain.permissions import Action, Data, can, check_can
from plugin.domain.preview import PatientChange, Preview
from plugin.usecases.ports import UnitOfWork
from plugin.usecases.publish_draft import faults_of, start_day
from plugin.usecases.rules import limits_for
from plugin.usecases.run_preview import is_left
from plugin.usecases.services import Services

PAGE = 50
_TAKEN_AT_ONCE = 1_000
_LOST_AFTER = timedelta(seconds=5)
"""A job that nobody has taken for so long is asked for again: the broker may have lost it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A preview as a person may see it. ``names`` are of those patients whom they may see; ``more_after`` leads to the next
    page; ``draft`` is None when it was published or discarded since."""

    preview: Preview
    draft: ConfigDraft | None
    limits: Limits
    changes: Sequence[PatientChange] = ()
    names: Mapping[int, str]
    may_see_patients: bool
    more_after: int | None = None

    @property
    def title(self) -> str:
        """What the draft is called, or its code where it says nothing or is gone."""
        named = self.draft.body.get("title") if self.draft else None
        return named if isinstance(named, str) and named else self.preview.code

    @property
    def is_outdated(self) -> bool:
        """The draft was changed since."""
        return self.draft is not None and self.draft.revision != self.preview.revision


def ask_preview(
    services: Services, me: SignedIn, draft_id: int, at: datetime | None = None, *, new_plans_only: bool = False
) -> Preview:
    """Of the draft as it stands now: as if it were published now (None), or at a moment to come; for everybody, or for plans
    that start on that day or later. BadProgram where something wrong in it would keep it from being published anyway."""
    check_can(me.roles, Action.EDIT, Data.PROGRAMS)
    now = services.clock()
    with services.database.begin() as uow:
        draft = uow.drafts.get(draft_id)
        wrong = [fault for fault in faults_of(services, uow, draft, now) if fault.is_wrong]
        if wrong:
            raise BadProgram(f"This cannot be previewed before it is right. {wrong[0].words}")
        holds_from = max(at or now, now)
        wanted = Preview(
            id=0,
            draft_id=draft.id,
            revision=draft.revision,
            kind=draft.kind,
            code=draft.code,
            of=draft.of,
            at=holds_from,
            state="waiting",
            by=me.who,
            asked_at=now,
            plans_from=start_day(services, draft, holds_from) if new_plans_only else None,
        )
        asked = uow.previews.ask(wanted)
        _note(uow, me, "ask-preview", asked, now)
        uow.commit()
    services.jobs.preview(asked.id)
    return asked


def latest_preview(services: Services, me: SignedIn, draft_id: int) -> Preview | None:
    """The last one that was asked for of a draft."""
    check_can(me.roles, Action.READ, Data.PROGRAMS)
    with services.database.begin(reading=True) as uow:
        return uow.previews.latest(draft_id)


def look_at_preview(services: Services, me: SignedIn, preview_id: int) -> Preview:
    """How far it is. One whose worker is gone, or whose job was lost, is asked for again."""
    check_can(me.roles, Action.READ, Data.PROGRAMS)
    with services.database.begin(reading=True) as uow:
        preview = uow.previews.get(preview_id)
    is_lost = preview.state == "waiting" and services.clock() - preview.asked_at > _LOST_AFTER
    if is_lost or is_left(services, preview):
        services.jobs.preview(preview.id)
    return preview


def show_preview(services: Services, me: SignedIn, preview_id: int, after: int = 0) -> Shown:
    """With a page of its patients, for whoever may read their plans: that leaves an audit row, which names them."""
    preview = look_at_preview(services, me, preview_id)
    may_see = can(me.roles, Action.READ, Data.PLAN)
    now = services.clock()
    with services.database.begin(reading=True) as uow:
        limits, draft = limits_for(services, uow, now), _draft(uow, preview)
        found = uow.previews.changes(preview.id, after=after, limit=PAGE + 1) if may_see else ()
        page = found[:PAGE]
        names = uow.previews.names([change.patient_id for change in page]) if page else {}
    if page:
        _note_reading(services, me, preview, page)
    more_after = page[-1].patient_id if len(found) > PAGE else None
    return Shown(
        preview=preview,
        draft=draft,
        limits=limits,
        changes=page,
        names=names,
        may_see_patients=may_see,
        more_after=more_after,
    )


def export_preview(services: Services, me: SignedIn, preview_id: int) -> Iterator[tuple[PatientChange, str]]:
    """Every patient's changes, each with the name, or without it where this person may not read plans. That it was taken
    away is written down before the first one."""
    check_can(me.roles, Action.EXPORT, Data.PROGRAMS)
    with services.database.begin() as uow:
        preview = uow.previews.get(preview_id)
        with_names = can(me.roles, Action.READ, Data.PLAN)
        _note(uow, me, "export:preview", preview, services.clock(), with_names=with_names)
        uow.commit()
    return _exported(services, preview, with_names=with_names)


def _exported(services: Services, preview: Preview, *, with_names: bool) -> Iterator[tuple[PatientChange, str]]:
    """Some at a time: who takes it slowly keeps no transaction open."""
    after = 0
    while True:
        with services.database.begin(reading=True) as uow:
            page = uow.previews.changes(preview.id, after=after, limit=_TAKEN_AT_ONCE)
            names = uow.previews.names([change.patient_id for change in page]) if with_names and page else {}
        yield from ((change, names.get(change.patient_id, "")) for change in page)
        if len(page) < _TAKEN_AT_ONCE:
            return
        after = page[-1].patient_id


def cancel_preview(services: Services, me: SignedIn, preview_id: int) -> None:
    """Its worker stops at the next part. One that is over stays as it is."""
    check_can(me.roles, Action.EDIT, Data.PROGRAMS)
    now = services.clock()
    with services.database.begin() as uow:
        preview = uow.previews.get(preview_id)
        if uow.previews.cancel(preview_id, now):
            _note(uow, me, "cancel-preview", preview, now)
        uow.commit()


def _draft(uow: UnitOfWork, preview: Preview) -> ConfigDraft | None:
    try:
        return uow.drafts.get(preview.draft_id)
    except UnknownName:
        return None


def _note(uow: UnitOfWork, me: SignedIn, action: str, preview: Preview, now: datetime, **more: object) -> None:
    detail = {
        "preview": preview.id,
        "draft": preview.draft_id,
        "revision": preview.revision,
        "at": preview.at.isoformat(),
        **({"plans_from": preview.plans_from.isoformat()} if preview.plans_from else {}),
        **more,
        **me.told,
    }
    record = f"{preview.kind}/{preview.code}"
    uow.audit.write([AuditEntry(at=now, who=me.who, action=action, record=record, detail=detail)])


def _note_reading(services: Services, me: SignedIn, preview: Preview, page: Sequence[PatientChange]) -> None:
    with services.database.begin() as uow:
        ids = [change.patient_id for change in page]
        _note(uow, me, "read:preview", preview, services.clock(), patients=ids)
        uow.commit()
