"""What the form that publishes a draft shows: what would happen, what keeps it from happening, who must agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from plugin.domain.account import SignedIn
from plugin.domain.calendar import plain_day
from plugin.domain.configuration import LIMITS, ConfigDraft, ConfigVersion, Enactment, Limits, Publication
from plugin.domain.errors import BadForm
from plugin.domain.fault import Fault
from plugin.domain.permissions import Action, Data, check_can
from plugin.domain.preview import Preview
from plugin.domain.program_compare import Difference
from plugin.usecases.ports import UnitOfWork
from plugin.usecases.publish_draft import (
    Terms,
    check_preview,
    claims_new_orders,
    faults_of,
    is_for_some,
    needs_second,
    start_day,
)
from plugin.usecases.rules import limits_for
from plugin.usecases.services import Services
from plugin.usecases.what_changes import what_changes


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishForm:
    """A draft on its way into force at a moment (None: now). ``preview`` is the newest of the draft, ``preview_fault`` what
    keeps it from standing for what would happen."""

    draft: ConfigDraft
    title: str
    in_force: ConfigVersion | None
    faults: Sequence[Fault]
    preview: Preview | None
    preview_fault: str | None
    limits: Limits
    brings_patients: bool
    """Orders start a plan by it that start none now: how many patients that brings nobody can say before."""
    needs_second: bool
    waiting: Publication | None
    refused: Publication | None
    """The last time that somebody was asked, they did not agree."""
    scheduled: Sequence[Enactment]
    change: Sequence[Difference]
    """Against what is in force."""
    names: Mapping[str, str]

    @property
    def wrong(self) -> Sequence[Fault]:
        """What keeps it from being published."""
        return [fault for fault in self.faults if fault.is_wrong]

    @property
    def can_be_for_new(self) -> bool:
        """It may be published for plans that start from its day on, and the others keep what they have."""
        return is_for_some(self.draft)

    @property
    def needs_preview(self) -> bool:
        """Limits change nobody's plan."""
        return self.draft.kind != LIMITS

    @property
    def is_ready(self) -> bool:
        """The button can be pressed."""
        return not self.wrong and not (self.needs_preview and self.preview_fault)

    @property
    def is_overtaken(self) -> bool:
        """It began as another version than the one in force now: that one's changes are not in it."""
        base, standing = self.draft.base, self.in_force
        return self.draft.of == "change" and standing is not None and base != standing.version


def look_at_publishing(
    services: Services, me: SignedIn, draft_id: int, from_: datetime | None, *, new_plans_only: bool = False
) -> PublishForm:
    """As it stands now. UnknownName when the draft was published or discarded."""
    check_can(me.roles, Action.READ, Data.PROGRAMS)
    now = services.clock()
    with services.database.begin(reading=True) as uow:
        draft = uow.drafts.get(draft_id)
        of_code = (draft.kind, draft.code)
        current = uow.configurations.current(now)
        preview = None if draft.kind == LIMITS else uow.previews.latest(draft.id)
        faults = faults_of(services, uow, draft, now)
        terms = Terms(from_, start_day(services, draft, from_ or now) if new_plans_only else None)
        fault = _preview_fault(uow, preview, draft, terms, now)
        asked = next(iter(uow.drafts.asked(draft.id)), None)
        is_wrong = any(found.is_wrong for found in faults)
        return PublishForm(
            draft=draft,
            title=str(draft.body.get("title") or draft.code),
            in_force=next((v for v in current if (v.kind, v.code) == of_code), None),
            faults=faults,
            preview=preview,
            preview_fault=fault,
            limits=limits_for(services, uow, now),
            brings_patients=not is_wrong and claims_new_orders(services, uow, draft, now),
            needs_second=not is_wrong and not fault and needs_second(services, uow, draft, preview, now),
            waiting=asked if asked is not None and asked.state == "waiting" else None,
            refused=asked if asked is not None and asked.state == "refused" else None,
            scheduled=[made for made in uow.configurations.scheduled(now) if (made.kind, made.code) == of_code],
            change=what_changes(services, current, draft),
            names=names_of(uow),
        )


def moment_of(services: Services, day: str) -> datetime | None:
    """The first moment of a local day of the practice (``2026-07-01``); None for an empty text. BadForm by ``from``."""
    if not day:
        return None
    local = plain_day(day)
    if local is None:
        raise BadForm({"from": "A day is needed, as 2026-07-01."})
    return services.practice.start_of(local).astimezone(UTC)


def names_of(uow: UnitOfWork) -> Mapping[str, str]:
    """What people are called, by how versions and audit rows name them."""
    named = [person for person in uow.people.all() if person.name]
    by_number = {f"user:{person.id}": str(person.name) for person in named}
    return {**{person.who: str(person.name) for person in named}, **by_number, "milepost": "Milepost"}


def _preview_fault(
    uow: UnitOfWork, preview: Preview | None, draft: ConfigDraft, terms: Terms, now: datetime
) -> str | None:
    if draft.kind == LIMITS:
        return None
    if preview is None:
        return "Preview it first: nothing is published unseen."
    try:
        check_preview(uow, preview, draft, terms, now)
    except BadForm as error:
        return error.fields["preview"]
    return None
