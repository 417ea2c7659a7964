"""Publish a draft: at once or from a moment on, alone or, where it changes much, with a second person.

Every check is made in the transaction that publishes, under one lock: of two who publish at once, one is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import NamedTuple

from plugin.domain.account import SignedIn, check_proven
from plugin.domain.calendar import calendar_body
from plugin.domain.configuration import (
    CALENDAR,
    LADDER,
    LIMITS,
    PROGRAM,
    THE_PRACTICE,
    ConfigDraft,
    ConfigVersion,
    Enactment,
    Limits,
    Publication,
    limits_body,
    next_version,
    same_content,
)
from plugin.domain.errors import BadForm, Stale, UnknownName
from plugin.domain.fault import Fault, Known
from plugin.domain.permissions import Action, Data, check_can
from plugin.domain.preview import Preview
from plugin.usecases.come_into_force import take_effect
from plugin.usecases.draft_rules import as_version
from plugin.usecases.drafts import note
from plugin.usecases.ports import UnitOfWork
from plugin.usecases.rules import limits_for, programs_ahead, programs_of
from plugin.usecases.services import Services

PREVIEW_HOLDS = timedelta(days=1)
WHOLE = 100
"""Percent: who set this as the cap wants no second person."""


class Terms(NamedTuple):
    """From when on (None: now), and for which plans: those that start on this day or later (None: all)."""

    from_: datetime | None = None
    plans_from: date | None = None


def publish_draft(
    services: Services,
    me: SignedIn,
    draft_id: int,
    revision: int,
    from_: datetime | None,
    why: str,
    preview_id: int | None,
    *,
    new_plans_only: bool = False,
) -> Enactment | Publication:
    """From now on (None) or from a moment to come; for everybody, or for plans that start on that day or later. A Publication
    when a second person must agree first. ``preview_id`` may be None for limits only. Raises ProofNeeded, BadForm by the
    field (``from``, ``plans``, ``why``, ``preview``, ``draft``), and Stale when the draft is not this revision any more."""
    check_may_publish(me, services.clock())
    with services.database.begin() as uow:
        uow.configurations.lock()
        now = services.clock()
        draft = _draft(uow, draft_id, revision)
        _check_form(from_, why, now)
        terms = Terms(from_, start_day(services, draft, from_ or now) if new_plans_only else None)
        check_draft(services, uow, draft, terms, now)
        preview = _preview(uow, draft, preview_id, terms, now)
        if needs_second(services, uow, draft, preview, now):
            asked = _ask(uow, me, draft, terms, why=why.strip(), preview=preview, now=now)
            uow.commit()
            return asked
        mine = Enactment(
            kind=draft.kind,
            code=draft.code,
            version=None,
            from_=from_,
            plans_from=terms.plans_from,
            decided_at=now,
            by=me.who,
            why=why.strip(),
        )
        made, to_read = enact(services, uow, me, draft, mine, preview)
        uow.commit()
    after_publishing(services, made, to_read)
    return made


def check_may_publish(me: SignedIn, now: datetime) -> None:
    """The right, and a proof of not long ago that it is really this person."""
    check_can(me.roles, Action.PUBLISH, Data.PROGRAMS)
    check_proven(me, now)


def is_for_some(draft: ConfigDraft) -> bool:
    """Whether it can be published for new plans only: an end is for everybody, and so is what moves the others."""
    return draft.kind == PROGRAM and draft.of in ("change", "roll-back")


def start_day(services: Services, draft: ConfigDraft, moment: datetime) -> date:
    """The first day on which a plan starts for which it is, where it is to hold from this moment on for new plans only.
    BadForm by ``plans`` for what is always for everybody."""
    if not is_for_some(draft):
        raise BadForm({"plans": "This is always for everybody."})
    return services.practice.day(moment)


def check_draft(services: Services, uow: UnitOfWork, draft: ConfigDraft, terms: Terms, now: datetime) -> None:
    """BadForm for what can never be published: something wrong in it, or nothing new."""
    wrong = [fault for fault in faults_of(services, uow, draft, now) if fault.is_wrong]
    if wrong:
        raise BadForm({"draft": f"Something in it is wrong: {wrong[0].words}"})
    holding = _holding(uow, draft, terms.from_ or now)
    if draft.of == "retirement":
        if holding is None:
            raise BadForm({"draft": "It is not in force then."})
    elif draft.of == "move" and (holding is None or holding.version != draft.base):
        raise BadForm({"draft": f"Version {draft.base} is not the one in force then: there is nothing to move to."})
    elif holding is not None and same_content(holding.body, draft.body) and not _moves_others(holding, terms):
        raise BadForm({"draft": f"Version {holding.version}, which is in force then, says the same."})


def faults_of(services: Services, uow: UnitOfWork, draft: ConfigDraft, now: datetime) -> Sequence[Fault]:
    """What is wrong with a draft, or may be; of a retirement: who still needs what is to go."""
    in_force = uow.configurations.current(now)
    if draft.of == "retirement":
        return _needed_by(services, uow, draft, now)
    of_kind = {kind: frozenset(v.code for v in in_force if v.kind == kind) for kind in (LADDER, PROGRAM)}
    known = Known(ladders=of_kind[LADDER] or None, programs=of_kind[PROGRAM] | {draft.code})
    named = draft.body.get("code")
    if named != draft.code:
        return [Fault("code", f"Its short name is {draft.code}, and cannot be changed to {named!r:.60}.")]
    return services.catalog.check(draft.kind, draft.body, known)


def needs_second(
    services: Services, uow: UnitOfWork, draft: ConfigDraft, preview: Preview | None, now: datetime
) -> bool:
    """It changes gaps or effects of more patients than the practice's cap; a patient of whom the preview could not say is
    one of them. Orders that no program claimed so far bring patients whom nobody can count before: that is over any cap but
    the whole. Raising the cap itself always takes a second person: else whoever it binds could lift it."""
    cap = limits_for(services, uow, now).cap_percent
    if draft.kind == LIMITS:
        return services.catalog.limits(as_version(draft)).cap_percent > cap
    sums = preview.sums if preview else None
    if sums is None or (cap < WHOLE and claims_new_orders(services, uow, draft, now)):
        return True
    unknown = sums.failed + sums.waiting
    return (sums.changed + unknown) * WHOLE > cap * (sums.caseload + sums.waiting)


def claims_new_orders(services: Services, uow: UnitOfWork, draft: ConfigDraft, now: datetime) -> bool:
    """Whether orders start a plan by it that start none now."""
    if draft.kind != PROGRAM or draft.of == "retirement":
        return False
    current = programs_of(services, uow.configurations.current(now))
    claimed = {pair for program in current for pair in program.order_codes}
    return not services.catalog.program(as_version(draft)).order_codes <= claimed


def enact(
    services: Services, uow: UnitOfWork, me: SignedIn, draft: ConfigDraft, wanted: Enactment, preview: Preview | None
) -> tuple[Enactment, Sequence[int]]:
    """The draft in force, now or later, and the sources to be read for it. A body that stands already under a version, also
    a shipped one, is that version once more; any other gets a new number. ``wanted`` says who, why, and from when."""
    now = wanted.decided_at
    _keep_what_was(services, uow, draft.kind, now)
    version = None if draft.of == "retirement" else _stored(uow, draft, wanted)
    told = {"draft": draft.id, "revision": draft.revision, "preview": preview.id if preview else None, **me.told}
    if draft.of != "change":
        told["of"] = draft.of
    made = uow.configurations.enact(replace(wanted, version=version, from_=wanted.from_ or now), told)
    uow.drafts.end(draft.id, revision=draft.revision, became="published", now=now)
    return made, take_effect(services, uow, [made], now) if made.applied_at else ()


def after_publishing(services: Services, made: Enactment, to_read: Sequence[int]) -> None:
    """After the commit: nobody waits for the next tick."""
    for source_id in to_read:
        services.jobs.poll(source_id)
    if made.applied_at is not None and made.kind != LIMITS:
        services.jobs.tick()


def fresh_preview(preview: Preview, draft: ConfigDraft, terms: Terms, now: datetime) -> str | None:
    """What keeps this preview from standing for what would happen; None when it does."""
    from_ = terms.from_
    if (preview.draft_id, preview.revision) != (draft.id, draft.revision):
        return "The preview is of another revision of the draft. Preview it again."
    if preview.state != "done" or preview.sums is None:
        return "The preview is not done. Wait for it, or preview again."
    if from_ is not None and preview.at != from_:
        return "The preview is for another day than the one from which it is to be published. Preview it for that day."
    if from_ is None and preview.at > now:
        return "The preview is for a later day. Preview it for now."
    if preview.plans_from != terms.plans_from:
        return "The preview is for other plans than those for which it is to be published. Preview it for those."
    if now - preview.asked_at > PREVIEW_HOLDS:
        return "The preview is older than a day. Preview it again."
    return None


def _draft(uow: UnitOfWork, draft_id: int, revision: int) -> ConfigDraft:
    try:
        draft = uow.drafts.get(draft_id)
    except UnknownName as error:
        raise Stale(f"Draft {draft_id} was published or discarded meanwhile.") from error
    if draft.revision != revision:
        raise Stale(f"Draft {draft_id} was changed meanwhile: revision {draft.revision} stands, {revision} was seen.")
    return draft


def _check_form(from_: datetime | None, why: str, now: datetime) -> None:
    wrong = {}
    if from_ is not None and from_ <= now:
        wrong["from"] = "This day has begun already: choose a later one, or now."
    if not why.strip():
        wrong["why"] = "Say why, in a few words: it stays on record."
    if wrong:
        raise BadForm(wrong)


def _preview(
    uow: UnitOfWork, draft: ConfigDraft, preview_id: int | None, terms: Terms, now: datetime
) -> Preview | None:
    if draft.kind == LIMITS:
        return None
    if preview_id is None:
        raise BadForm({"preview": "Preview it first: nothing is published unseen."})
    preview = uow.previews.get(preview_id)
    check_preview(uow, preview, draft, terms, now)
    return preview


def check_preview(uow: UnitOfWork, preview: Preview, draft: ConfigDraft, terms: Terms, now: datetime) -> None:
    """BadForm unless it says what would happen: also when something else was published since."""
    words = fresh_preview(preview, draft, terms, now)
    decided = uow.configurations.last_decided()
    if words is None and decided is not None and decided > preview.asked_at:
        words = "Something else was published since this preview. Preview it again."
    if words is not None:
        raise BadForm({"preview": words})


def _ask(
    uow: UnitOfWork,
    me: SignedIn,
    draft: ConfigDraft,
    terms: Terms,
    *,
    why: str,
    preview: Preview | None,
    now: datetime,
) -> Publication:
    wanted = Publication(
        id=0,
        kind=draft.kind,
        code=draft.code,
        draft_id=draft.id,
        revision=draft.revision,
        from_=terms.from_,
        plans_from=terms.plans_from,
        by=me.who,
        by_id=me.person_id,
        why=why,
        preview_id=preview.id if preview else None,
        asked_at=now,
    )
    note(uow, me, "ask-to-publish", draft, at=now, why=why)
    return uow.drafts.ask(wanted)


def _stored(uow: UnitOfWork, draft: ConfigDraft, wanted: Enactment) -> str:
    known = uow.configurations.versions(draft.kind, draft.code)
    same = next((version for version in known if same_content(version.body, draft.body)), None)
    if same is not None:
        return same.version
    number = next_version(version.version for version in known)
    body = {**draft.body, "code": draft.code, "version": number}
    new = ConfigVersion(
        kind=draft.kind,
        code=draft.code,
        version=number,
        body=body,
        published_from=wanted.from_ or wanted.decided_at,
        by=wanted.by,
        why=wanted.why,
    )
    uow.configurations.store(new, wanted.decided_at)
    return number


def _keep_what_was(services: Services, uow: UnitOfWork, kind: str, now: datetime) -> None:
    """A calendar and limits hold before anybody has set any: so that there is something to go back to, they become the
    first version."""
    if kind not in (CALENDAR, LIMITS) or uow.configurations.versions(kind, THE_PRACTICE):
        return
    body = calendar_body(services.practice, ()) if kind == CALENDAR else limits_body(Limits())
    first = ConfigVersion(
        kind=kind, code=THE_PRACTICE, version="1", body={**body, "version": "1"}, why="as it was from the beginning"
    )
    uow.configurations.publish(first, now)


def _holding(uow: UnitOfWork, draft: ConfigDraft, moment: datetime) -> ConfigVersion | None:
    """The version of the same kind and code that would be in force then without it."""
    for version in uow.configurations.current(moment):
        if (version.kind, version.code) == (draft.kind, draft.code):
            return version
    return None


def _moves_others(holding: ConfigVersion, terms: Terms) -> bool:
    """What holds for some plans only would hold for all."""
    return holding.plans_from is not None and terms.plans_from is None


def _needed_by(services: Services, uow: UnitOfWork, draft: ConfigDraft, now: datetime) -> Sequence[Fault]:
    """Also what is to come needs its ladder."""
    programs = programs_ahead(services, uow, now) if draft.kind == LADDER else ()
    users = sorted({program.title for program in programs if program.ladder == draft.code})
    if users:
        return [Fault("", f"These programs climb this ladder: {', '.join(users)}. Give them another one first.")]
    return []
