"""What a draft changes in what is in force, in words: for whoever publishes it, and for the second person."""

from __future__ import annotations

from collections.abc import Sequence

from plugin.domain.calendar import holidays_in
from plugin.domain.condition_words import Names
from plugin.domain.configuration import CALENDAR, LADDER, LIMITS, PROGRAM, ConfigDraft, ConfigVersion, Limits
from plugin.domain.errors import BadProgram
from plugin.domain.practice_words import compare_calendars, compare_limits
from plugin.domain.program_compare import Difference, compare, compare_ladders
from plugin.usecases.draft_rules import as_version
from plugin.usecases.rules import practice_of
from plugin.usecases.services import Services


def what_changes(services: Services, in_force: Sequence[ConfigVersion], draft: ConfigDraft) -> Sequence[Difference]:
    """Against the version of its kind and code among these; of a move, against the one that is newest before it. Empty for
    what is new or is retired as a whole, and for what cannot be read."""
    found = next((v for v in in_force if (v.kind, v.code) == (draft.kind, draft.code)), None)
    before = next(iter(found.earlier), None) if found and draft.of == "move" else found
    if draft.of == "retirement":
        return []
    try:
        return _compared(services, in_force, before, as_version(draft))
    except BadProgram:
        return []


def _compared(
    services: Services, in_force: Sequence[ConfigVersion], before: ConfigVersion | None, after: ConfigVersion
) -> Sequence[Difference]:
    catalog = services.catalog
    if after.kind == CALENDAR:
        old, new = practice_of(services, in_force), catalog.calendar(after, services.practice.zone)
        return compare_calendars(old, new, holidays_in(before.body) if before else (), holidays_in(after.body))
    if after.kind == LIMITS:
        return compare_limits(catalog.limits(before) if before else Limits(), catalog.limits(after))
    if before is None:
        return []
    if after.kind == LADDER:
        return compare_ladders(catalog.ladder(before), catalog.ladder(after))
    titles = {v.code: str(v.body.get("title") or v.code) for v in in_force if v.kind == PROGRAM}
    return compare(catalog.program(before), catalog.program(after), Names(programs=titles))
