"""Words for previews: how far one is, what a draft would do in a sentence, in tables, and for each patient."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from plugin.domain.configuration import Limits
from plugin.domain.permissions import role_words
from plugin.domain.practice_words import day_words
from plugin.domain.preview import PatientChange, PlannedEffect, Preview, PreviewSums, StepGap
from ui_extension.admin.spreadsheet import csv_line
from ui_extension.admin.version_words import share_words
from ui_extension.panel.words import WORK

STATES: Mapping[str, str] = {
    "waiting": "waits for its turn",
    "running": "is being worked out",
    "done": "is done",
    "failed": "could not be worked out",
    "cancelled": "was stopped",
}
_KINDS: Mapping[str, str] = {"notice": "notice to the provider", "report": "line in the clinical review"}
_COLUMNS = ("patient", "name", "change", "what", "step", "for", "tier before", "tier after", "day")


class DayRow(NamedTuple):
    """One row of a table by day: what is there already, what the draft adds or takes, and what that makes. ``limit`` is
    what the role can do on a day, ``over`` says in words when that is not enough."""

    day: date
    words: str
    role: str
    before: int
    change: int
    limit: int | None = None
    over: str = ""

    @property
    def then(self) -> int:
        """With the draft."""
        return self.before + self.change

    @property
    def signed(self) -> str:
        """``+3``, ``−2``."""
        return signed(self.change)


def signed(count: int) -> str:
    """With its sign."""
    return f"+{count:,}" if count > 0 else f"−{-count:,}" if count else "0"


def counted(count: int, one: str, many: str | None = None) -> str:
    """``1 gap``, ``2 gaps``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


# ------------------------------------------------------------------------------------------------------- the whole
def progress_words(preview: Preview) -> str:
    """``1,200 of 5,000 patients, 480 a second, 8 seconds left``."""
    if preview.total == 0:
        return "The caseload is being counted."
    words = [f"{preview.done:,} of {counted(preview.total, 'patient')}"]
    if preview.per_s is not None and preview.seconds_left is not None:
        left = max(1, round(preview.seconds_left))
        words += [f"{preview.per_s:,.0f} a second", f"about {counted(left, 'second')} left"]
    return ", ".join(words)


def summary(sums: PreviewSums) -> str:
    """In one line what it would do."""
    if not sums.changed:
        return f"No gap, work or message of {counted(sums.caseload, 'patient')} would change."
    moved = sum(sums.tier_moves.values())
    items, messages = sum(sums.work.values()), sum(sums.messages.values())
    parts = [
        (sums.gaps_opened, f"{counted(sums.gaps_opened, 'gap')} opened"),
        (sums.gaps_closed, f"{counted(sums.gaps_closed, 'gap')} closed"),
        (moved, f"{counted(moved, 'gap')} in another tier"),
        (items, _more_or_less(items, "work item")),
        (messages, _more_or_less(messages, "message")),
    ]
    told = [words for count, words in parts if count] or ["work or messages for another day or another person"]
    return f"{share_words(sums.changed, sums.caseload)} would change: {', '.join(told)}."


def notes(sums: PreviewSums) -> Iterator[str]:
    """What is not in it, and what could not be known."""
    if sums.failed:
        yield f"Of {counted(sums.failed, 'patient')} it could not be said: looking at their charts fails."
    if sums.waiting:
        yield (
            f"{counted(sums.waiting, 'patient')} {'is' if sums.waiting == 1 else 'are'} not in it: their charts are being"
            " read, and are looked at after that."
        )
    if sums.new_codes:
        yield (
            f"{counted(sums.new_codes, 'code is', 'codes are')} new. Results under them were not kept so far, so they could"
            " not be counted here; they are fetched after publishing, and some gaps may close then that are open here."
        )
    if sums.claims_differ:
        yield "It claims other orders: patients whom Milepost does not follow yet may come to be followed after publishing."


def _more_or_less(count: int, one: str) -> str:
    return counted(abs(count), f"{'more' if count > 0 else 'fewer'} {one}")


# ---------------------------------------------------------------------------------------------------------- by day
def work_rows(sums: PreviewSums, first: date, limits: Limits) -> Sequence[DayRow]:
    """Roles and days whose work changes, in order. What is due since earlier comes on the first day."""
    before, change = _from(sums.work_before, first), _from(sums.work, first)
    rows = [
        DayRow(day, _day(day, first), role_words(role), before.get((role, day), 0), count, limits.capacity.get(role))
        for (role, day), count in sorted(change.items(), key=lambda item: (item[0][1], item[0][0]))
        if count
    ]
    return [row._replace(over=_over(row)) for row in rows]


def message_rows(sums: PreviewSums, first: date) -> Sequence[DayRow]:
    """Days whose planned messages change, in order."""
    before = _from({("", day): count for day, count in sums.messages_before.items()}, first)
    change = _from({("", day): count for day, count in sums.messages.items()}, first)
    days = sorted((day, count) for (_, day), count in change.items() if count)
    return [DayRow(day, _day(day, first), "", before.get(("", day), 0), count) for day, count in days]


def over_words(rows: Sequence[DayRow]) -> str:
    """How many days are too full, in one line; empty where none is."""
    full = [row for row in rows if row.over]
    return f"On {counted(len(full), 'day')} somebody would have more work than they can do." if full else ""


def _from(counts: Mapping[tuple[str, date], int], first: date) -> dict[tuple[str, date], int]:
    found: dict[tuple[str, date], int] = {}
    for (role, day), count in counts.items():
        key = (role, max(day, first))
        found[key] = found.get(key, 0) + count
    return found


def _day(day: date, first: date) -> str:
    return f"{day_words(day)}, with what is due since earlier" if day == first else day_words(day)


def _over(row: DayRow) -> str:
    if row.limit is None or row.then <= row.limit:
        return ""
    more = f"{row.then - row.limit:,} more than they can do"
    return f"{more} (it is too much already)" if row.before > row.limit else more


# ------------------------------------------------------------------------------------------------------ one patient
def lines_of(change: PatientChange) -> Iterator[str]:
    """What would be different for a patient, line by line."""
    yield from (gap_words(gap) for gap in change.gaps)
    yield from (f"new: {effect_words(effect)}" for effect in change.begun)
    yield from (f"no longer: {effect_words(effect)}" for effect in change.withdrawn)
    yield from (f"new step: {title}" for title in change.steps_added)
    yield from (f"step gone: {title}" for title in change.steps_removed)


def gap_words(gap: StepGap) -> str:
    """``HbA1c at six weeks: gap opens, in tier 2``."""
    if gap.before is None:
        return f"{gap.title}: gap opens{f', in tier {gap.after}' if gap.after else ''}"
    if gap.after is None:
        return f"{gap.title}: gap closes"
    return f"{gap.title}: from {_tier(gap.before)} to {_tier(gap.after)}"


def effect_words(effect: PlannedEffect) -> str:
    """``work for the coordinator on Tue 16 June 2026: follow up what is late (HbA1c)``."""
    about = f" ({effect.title})" if effect.title else ""
    day = day_words(effect.day)
    if effect.kind == "message":
        return f"message to the patient on {day}{about}"
    if effect.kind == "work":
        return f"work for the {role_words(effect.role or 'coordinator')} on {day}: {WORK.get(effect.what, effect.what)}{about}"
    return f"{_KINDS.get(effect.kind, effect.kind)} on {day}{about}"


def tier_moves(sums: PreviewSums) -> Sequence[tuple[str, str, int]]:
    """From, to, how many."""
    return [(_tier(before), _tier(after), count) for (before, after), count in sorted(sums.tier_moves.items())]


def _tier(tier: int) -> str:
    return f"tier {tier}" if tier else "no tier yet"


# --------------------------------------------------------------------------------------------------------- a file
def preview_lines(changes: Iterator[tuple[PatientChange, str]]) -> Iterator[str]:
    """A spreadsheet's file, header first: one line for each gap, effect and step."""
    yield csv_line(_COLUMNS)
    for change, name in changes:
        for cells in _cells(change):
            yield csv_line((change.patient_id, name, *cells))


def _cells(change: PatientChange) -> Iterator[tuple[object, ...]]:
    for gap in change.gaps:
        what = "gap opens" if gap.before is None else "gap closes" if gap.after is None else "other tier"
        yield (what, "gap", gap.title, None, gap.before, gap.after, None)
    for word, effects in (("begins", change.begun), ("ends", change.withdrawn)):
        for effect in effects:
            whom = role_words(effect.role) if effect.role else None
            yield (word, f"{effect.kind}: {effect.what}", effect.title, whom, None, effect.tier, effect.day.isoformat())
    for word, titles in (("step added", change.steps_added), ("step removed", change.steps_removed)):
        yield from ((word, "step", title, None, None, None, None) for title in titles)
