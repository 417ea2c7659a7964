"""Words for versions: kinds, states, moments in the practice's zone, differences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from plugin.domain.calendar import MIDNIGHT
from plugin.domain.configuration import CALENDAR, LADDER, LIMITS, PROGRAM, ConfigDraft, Enactment, those_in_force
from plugin.domain.practice_words import day_words
from plugin.domain.program_compare import Change, Difference

KIND_WORDS: Mapping[str, str] = {PROGRAM: "Program", LADDER: "Ladder", CALENDAR: "Calendar", LIMITS: "Limits"}
PLURALS: Mapping[str, str] = {PROGRAM: "programs", LADDER: "ladders"}
"""The first part of the editor's addresses; calendar and limits have one page."""

_VERBS: Mapping[str, str] = {
    "change": "Publish",
    "roll-back": "Roll back",
    "retirement": "Retire",
    "move": "Move plans",
}


def when_in(zone: ZoneInfo) -> Callable[[datetime | None], str]:
    """Says a moment as the practice does: ``1 July 2026``, or with the time of day when it is not its beginning."""

    def when(moment: datetime | None) -> str:
        if moment is None:
            return "the beginning"
        local = moment.astimezone(zone)
        said = day_words(local.date())
        return said if local.time() == MIDNIGHT else f"{said}, {local:%H:%M}"

    return when


def verb_of(draft: ConfigDraft) -> str:
    """What is done when it is published."""
    return _VERBS[draft.of]


def standing_of(made: Enactment, history: Iterable[Enactment], now: datetime) -> str:
    """Where an enactment stands among all of its code: ``taken back``, ``to come``, ``in force``, ``kept by earlier plans`` or
    ``earlier``."""
    if made.taken_back_at is not None:
        return "taken back"
    if made.applied_at is None and made.from_ is not None and made.from_ > now:
        return "to come"
    has_come = (one for one in history if one.taken_back_at is None and (one.from_ is None or one.from_ <= now))
    holding = [one.id for one in those_in_force(has_come)]
    if made.id not in holding:
        return "earlier"
    return "in force" if made.id == holding[0] else "kept by earlier plans"


def share_words(changed: int, caseload: int) -> str:
    """``12 of 240 patients (5.0 %)``."""
    share = 100 * changed / caseload if caseload else 0.0
    return f"{changed:,} of {caseload:,} patients ({share:.1f} %)"


def difference_words(found: Difference) -> str:
    """One line: ``HbA1c at six weeks, due: 6 weeks after the plan starts → 4 weeks after the plan starts``."""
    match found.change:
        case Change.ADDED:
            return f"New {found.part}: {found.title}" + (
                f" ({found.after})" if found.after not in ("", found.title) else ""
            )
        case Change.REMOVED:
            return f"No {found.part} any more: {found.title}"
        case Change.MOVED:
            return f"{found.title}: in another place"
        case Change.CHANGED:
            label = f"{found.title}, {found.label[:1].lower()}{found.label[1:]}"
            return f"{label}: {found.before or 'nothing'} → {found.after or 'nothing'}"
