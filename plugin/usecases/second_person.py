"""Say yes or no to what somebody else wants to publish and what changes too much for one person alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from plugin.domain.account import SignedIn
from plugin.domain.audit import AuditEntry
from plugin.domain.configuration import LIMITS, ConfigDraft, Enactment, Publication
from plugin.domain.errors import BadForm, Forbidden, Stale, UnknownName
from plugin.domain.permissions import Action, Data, can, check_can
from plugin.domain.preview import Preview
from plugin.domain.program_compare import Difference
from plugin.usecases.drafts import note
from plugin.usecases.ports import UnitOfWork
from plugin.usecases.publish_draft import Terms, after_publishing, check_draft, check_may_publish, check_preview, enact
from plugin.usecases.publish_form import names_of
from plugin.usecases.services import Services
from plugin.usecases.what_changes import what_changes


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A publication that waits, as the page of those shows it. ``draft`` is None when it was changed since, or has ended."""

    publication: Publication
    draft: ConfigDraft | None
    preview: Preview | None
    """The newest of the draft."""
    change: Sequence[Difference]
    """Against what is in force now."""
    by_name: str
    is_mine: bool
    """I asked for it, or wrote a part of it: somebody else must agree."""

    @property
    def title(self) -> str:
        """What it is called."""
        return str(self.draft.body.get("title") or self.draft.code) if self.draft else self.publication.code


def waiting_publications(services: Services, me: SignedIn) -> Sequence[Waiting]:
    """What waits, oldest first."""
    check_can(me.roles, Action.READ, Data.PROGRAMS)
    with services.database.begin(reading=True) as uow:
        return [_waiting(services, uow, me, publication) for publication in uow.drafts.waiting()]


def waiting_for(services: Services, me: SignedIn) -> int:
    """How many of them this person could decide."""
    if not can(me.roles, Action.PUBLISH, Data.PROGRAMS):
        return 0
    with services.database.begin(reading=True) as uow:
        return sum(not _is_mine(uow, me, one, _draft_of(uow, one)) for one in uow.drafts.waiting())


def approve(services: Services, me: SignedIn, publication_id: int) -> Enactment:
    """It is published, in both names. Forbidden for who asked for it or wrote a part of it, under whichever of their names.
    Everything is checked again as it stands now: BadForm, Stale and ProofNeeded as of ``publish_draft``."""
    check_may_publish(me, services.clock())
    with services.database.begin() as uow:
        uow.configurations.lock()
        now = services.clock()
        publication = _still_waiting(uow, publication_id)
        draft = _draft_of(uow, publication)
        if draft is None:
            raise Stale("The draft was changed or has ended since this was asked for; it must be asked for anew.")
        if is_author(uow, me, draft, publication):
            raise Forbidden("Whoever wrote a part of it, or asked for it, cannot be the second person.")
        if publication.from_ is not None and publication.from_ <= now:
            raise BadForm({"from": "The day from which it was to be in force has begun: it must be asked for anew."})
        terms = Terms(publication.from_, publication.plans_from)
        check_draft(services, uow, draft, terms, now)
        preview = None if draft.kind == LIMITS else uow.previews.latest(draft.id)
        if preview is not None:
            check_preview(uow, preview, draft, terms, now)
        elif draft.kind != LIMITS:
            raise BadForm({"preview": "There is no preview any more. Preview it again."})
        uow.drafts.decide(publication_id, "approved", by=me.who, why="", now=now)
        wanted = Enactment(
            kind=draft.kind,
            code=draft.code,
            version=None,
            from_=publication.from_,
            plans_from=publication.plans_from,
            decided_at=now,
            by=publication.by,
            why=publication.why,
            approved_by=me.who,
        )
        note(uow, me, "agree-to-publish", draft, at=now)
        made, to_read = enact(services, uow, me, draft, wanted, preview)
        uow.commit()
    after_publishing(services, made, to_read)
    return made


def refuse(services: Services, me: SignedIn, publication_id: int, why: str) -> None:
    """It is not published, and the draft can be worked at again. Whoever asked may take it back so, too."""
    check_can(me.roles, Action.PUBLISH, Data.PROGRAMS)
    if not why.strip():
        raise BadForm({"why": "Say why, in a few words: whoever asked will read it."})
    now = services.clock()
    with services.database.begin() as uow:
        _still_waiting(uow, publication_id)
        decided = uow.drafts.decide(publication_id, "refused", by=me.who, why=why.strip(), now=now)
        detail = {"draft": decided.draft_id, "revision": decided.revision, "asked_by": decided.by, **me.told}
        record = f"{decided.kind}/{decided.code}"
        entry = AuditEntry(
            at=now, who=me.who, action="refuse-to-publish", record=record, why=why.strip(), detail=detail
        )
        uow.audit.write([entry])
        uow.commit()


def is_author(uow: UnitOfWork, me: SignedIn, draft: ConfigDraft, publication: Publication | None = None) -> bool:
    """Whether this person wrote a part of it or asked for it, under any of the names by which they come. Where a name may
    be that of several people, each of them counts."""
    names = {*draft.authors, *([publication.by] if publication else [])}
    ids = {*draft.author_ids, *([publication.by_id] if publication else [])}
    if me.who in names:
        return True
    return bool(_people(uow, names, ids) & _people(uow, [me.who], [me.person_id]))


def _people(uow: UnitOfWork, names: Iterable[str], ids: Iterable[int]) -> set[int]:
    """Whoever is called so or has these numbers, each with the person whom they belong to."""
    names, ids = set(names), set(ids)
    called = [p for p in uow.people.all() if p.id in ids or {p.who, f"user:{p.id}", p.fhir_user} & names]
    return ids | {p.id for p in called} | {p.belongs_to for p in called if p.belongs_to is not None}


def _waiting(services: Services, uow: UnitOfWork, me: SignedIn, publication: Publication) -> Waiting:
    draft = _draft_of(uow, publication)
    in_force = uow.configurations.current(services.clock())
    return Waiting(
        publication=publication,
        draft=draft,
        preview=uow.previews.latest(publication.draft_id) if publication.kind != LIMITS else None,
        change=what_changes(services, in_force, draft) if draft else (),
        by_name=names_of(uow).get(publication.by, publication.by),
        is_mine=_is_mine(uow, me, publication, draft),
    )


def _is_mine(uow: UnitOfWork, me: SignedIn, publication: Publication, draft: ConfigDraft | None) -> bool:
    return publication.by_id == me.person_id if draft is None else is_author(uow, me, draft, publication)


def _still_waiting(uow: UnitOfWork, publication_id: int) -> Publication:
    publication = uow.drafts.publication(publication_id)
    if publication.state != "waiting":
        raise Stale("Somebody else has decided meanwhile, or it was asked for anew.")
    return publication


def _draft_of(uow: UnitOfWork, publication: Publication) -> ConfigDraft | None:
    try:
        draft = uow.drafts.get(publication.draft_id)
    except UnknownName:
        return None
    return draft if draft.revision == publication.revision else None
