"""The practice's calendar and limits: what holds, and a draft of what is to hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from plugin.domain.account import SignedIn
from plugin.domain.calendar import Holiday, Practice, holidays_in
from plugin.domain.configuration import (
    CALENDAR,
    LIMITS,
    THE_PRACTICE,
    ConfigDraft,
    ConfigVersion,
    Enactment,
    Limits,
    same_content,
)
from plugin.domain.permissions import Action, Data, check_can
from plugin.domain.practice_words import calendar_lines, day_words, limits_lines
from plugin.domain.program_words import Line
from plugin.usecases.drafts import begin_draft, draft_of, save_draft
from plugin.usecases.rules import limits_for, practice_of
from plugin.usecases.services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class TheirPractice:
    """What holds now, what is to come, and the drafts of it."""

    practice: Practice
    holidays: Sequence[Holiday]
    limits: Limits
    calendar_draft: ConfigDraft | None
    limits_draft: ConfigDraft | None
    scheduled: Sequence[Enactment]
    has_history: frozenset[str]
    """The kinds of which anything was ever published."""


def look_at_practice(services: Services, me: SignedIn) -> TheirPractice:
    """As it stands now."""
    check_can(me.roles, Action.READ, Data.PROGRAMS)
    now = services.clock()
    with services.database.begin(reading=True) as uow:
        versions = uow.configurations.current(now)
        calendar = _of(versions, CALENDAR)
        coming = uow.configurations.scheduled(now)
        return TheirPractice(
            practice=practice_of(services, versions),
            holidays=holidays_in(calendar.body) if calendar else (),
            limits=limits_for(services, uow, now),
            calendar_draft=uow.drafts.of(CALENDAR, THE_PRACTICE),
            limits_draft=uow.drafts.of(LIMITS, THE_PRACTICE),
            scheduled=[made for made in coming if made.kind in (CALENDAR, LIMITS)],
            has_history=frozenset(kind for kind in (CALENDAR, LIMITS) if uow.configurations.codes(kind)),
        )


def draft_practice(services: Services, me: SignedIn, kind: str, body: Mapping[str, object], seen: int) -> ConfigDraft:
    """The draft of the calendar or the limits with this content; ``seen`` is the revision that was on the screen, 0 where
    there was no draft. StaleDraft when somebody else has saved one meanwhile: what was to be saved is kept aside."""
    standing = draft_of(services, me, kind, THE_PRACTICE)
    if standing is None:
        begun = begin_draft(services, me, kind, THE_PRACTICE, body=body)
        if same_content(begun.body, body):
            return begun
        standing = begun
    return save_draft(services, me, standing.id, body, seen)


def practice_lines(services: Services, kind: str, body: Mapping[str, object]) -> Sequence[Line]:
    """A calendar or limits in words, its holidays too; ``body`` may lack its code and version. BadProgram for what is
    neither."""
    whole = {"code": THE_PRACTICE, "version": "draft", **body}
    version = ConfigVersion(kind=kind, code=THE_PRACTICE, version="draft", body=whole)
    if kind == LIMITS:
        return limits_lines(services.catalog.limits(version))
    days = "; ".join(f"{day_words(holiday.day)} {holiday.name}".strip() for holiday in holidays_in(body))
    calendar = services.catalog.calendar(version, services.practice.zone)
    return [*calendar_lines(calendar), Line("Closed on", days or "no day of its own")]


def _of(versions: Sequence[ConfigVersion], kind: str) -> ConfigVersion | None:
    return next((version for version in versions if version.kind == kind), None)
