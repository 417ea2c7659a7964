"""What the acts with a work item need: an outcome, a reason, words, a day ahead. What is missing is said at its
field."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from plugin.domain.act import HOLD_REASONS, ContactOutcome
from plugin.domain.act_check import FARTHEST, LONGEST_NOTE, clean
from plugin.domain.errors import BadAct
from plugin.domain.work import is_known_outcome, needs_words


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """What came of it, checked. ``next_on``: it is tried again on that day."""

    outcome: str
    reason: str | None
    note: str | None
    next_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snooze:
    """Until when, and why, checked."""

    until: date
    reason: str
    note: str | None


def check_finish(outcome: str, reason: str, note: str, next_on: str, today: date) -> Finish:
    """As the form has it: texts. A contact that met a barrier says in ``reason`` which."""
    wrong: dict[str, str] = {}
    words = _words(note, wrong)
    if not outcome:
        wrong["outcome"] = "Please choose what came of it."
    elif not is_known_outcome(outcome, reason):
        wrong["outcome"] = "Please choose one of these."
    elif needs_words(outcome) and not words:
        wrong["note"] = "Please say in a few words what was said or found."
    day = _day("next_on", next_on, today, wrong) if next_on else None
    if wrong:
        raise BadAct(wrong)
    return Finish(
        outcome=outcome, reason=reason if outcome == ContactOutcome.BARRIER else None, note=words, next_on=day
    )


def check_snooze(until: str, reason: str, note: str, today: date) -> Snooze:
    """As the form has it: texts."""
    wrong: dict[str, str] = {}
    words = _words(note, wrong)
    if reason not in HOLD_REASONS:
        wrong["reason"] = "Please choose a reason."
    elif reason == "other" and not words:
        wrong["note"] = "Please say what the reason is."
    day = _day("until", until, today, wrong)
    if day is None or wrong:
        raise BadAct(wrong)
    return Snooze(until=day, reason=reason, note=words)


def _words(note: str, wrong: dict[str, str]) -> str | None:
    words = clean(note)
    if len(words) > LONGEST_NOTE:
        wrong["note"] = f"Please say it in at most {LONGEST_NOTE} characters; these are {len(words)}."
    return words or None


def _day(field: str, text: str, today: date, wrong: dict[str, str]) -> date | None:
    """A day after today: what is to be done today is not put aside."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        wrong[field] = "Please give a day."
        return None
    if day < today + timedelta(days=1):
        wrong[field] = "Please give a day after today."
    elif day > today + FARTHEST:
        wrong[field] = "Please give a day within the next two years."
    return day
