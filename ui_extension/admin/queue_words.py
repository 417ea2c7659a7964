"""The words of the lists and of what is done with work: on buttons, in choices, and when something could not be
done."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from plugin.domain.act import HOLD_REASONS, OWNER_ROLES
from plugin.domain.panel.view import Day
from plugin.domain.queue import NO_PROGRAM, Show, Tried, Whom, Whose, age_on
from plugin.domain.work import BY_CONTACT, WhyNot, WorkItem, WorkOutcome
from ui_extension.panel.act_words import OUTCOMES, REASON_WORDS, ROLE_WORDS, Options, outcome_options
from ui_extension.panel.words import EFFECTS, born_day, day, first_down, weekday, word

STAGES: Mapping[str, str] = {
    "intake": "Intake and eligibility",
    "creation": "Plan creation",
    "assignment": "Assignment and coordination",
    "follow-ups": "Follow-ups and documentation",
    "closure": "Completion and closure",
    "review": "Review",
}

WHOSE: Mapping[Whose, str] = {Whose.MINE: "Mine", Whose.ROLES: "My roles'", Whose.ALL: "Everybody's"}

WORK_SHOWN: Mapping[Show, str] = {
    Show.TODO: "waiting for somebody",
    Show.FREE: "nobody has it yet",
    Show.SNOOZED: "put aside until a day",
    Show.ALL: "all of it",
}

GAPS_SHOWN: Mapping[Show, str] = {
    Show.TODO: "neither booked nor on hold",
    Show.BOOKED: "booked",
    Show.REVIEW: "needs a look",
    Show.ON_HOLD: "on hold",
    Show.ALL: "all of them",
}

PATIENTS_SHOWN: Mapping[Show, str] = {Show.ALL: "everybody", Show.TODO: "with something late"}

WORK_OUTCOMES: Mapping[str, str] = {
    WorkOutcome.SEEN_TO: "Seen to",
    WorkOutcome.NOT_NEEDED: "Not needed",
    **OUTCOMES,
}

WHY_NOT: Mapping[WhyNot, str] = {
    WhyNot.WITHDRAWN: "Its cause is gone, so there is nothing left to do.",
    WhyNot.DONE: "It is done already.",
    WhyNot.TAKEN: "Somebody else has it.",
    WhyNot.CHANGED: "It has changed since the page was drawn. Look at it once more; what you typed is still here.",
    WhyNot.NOT_THEIRS: "Your roles do not do this kind of work.",
    WhyNot.NOT_NOW: "This cannot be done with it as it stands now.",
}


def outcomes_for(item: WorkItem) -> Options:
    """What can come of it: for work that is a call, the outcomes of a contact first."""
    own = [(code.value, WORK_OUTCOMES[code]) for code in WorkOutcome]
    return [*outcome_options(), *own] if item.kind in BY_CONTACT else [*own, *outcome_options()]


def outcome_words(outcome: str | None, reason: str | None = None) -> str:
    """``Reached, something is in the way: transport``."""
    if outcome is None:
        return ""
    what = word(reason, "BARRIERS").lower() if reason and outcome == "reached-barrier" else ""
    return (WORK_OUTCOMES.get(outcome) or word(outcome, "OUTCOMES")) + (f": {what}" if what else "")


def snooze_reasons() -> Options:
    """Why something is put aside."""
    return [(code, REASON_WORDS[code]) for code in HOLD_REASONS]


def role_options() -> Options:
    """Those whose queues work stands in."""
    return [(role.value, ROLE_WORDS[role]) for role in OWNER_ROLES]


def program_words(code: str | None, titles: Mapping[str, str]) -> str:
    """A program by its title; a plan may have none."""
    return "no program" if code in (None, NO_PROGRAM) else titles.get(str(code), str(code).replace("-", " "))


def tried_words(tried: Tried, today: date, at: datetime) -> str:
    """``11 June, message to the patient``; of a contact what came of it."""
    on = day(at.date(), today)
    if tried.kind is None:
        return f"{on}, {first_down(outcome_words(tried.outcome)) or 'contact'}"
    what = EFFECTS.get(f"{tried.kind.value}:{tried.what}", word(tried.what, "WORK"))
    return f"{on}, {what}" + (" (failed)" if tried.has_failed else "")


def due_words(at: date, today: date) -> str:
    """``today``, ``since 12 June``, ``Thu 25 June``: when something is to be done."""
    if at == today:
        return "today"
    return f"since {day(at, today)}" if at < today else weekday(at, today)


def booked_day(start: str, today: date) -> str:
    """``Thu 25 June``; what the chart has where it is no day."""
    try:
        return weekday(date.fromisoformat(start[:10]), today)
    except ValueError:
        return start


def years(whom: Whom, today: date) -> str:
    """``64 years``; the year of birth where no more is known."""
    born = whom.patient.birth_date if whom.patient else None
    age = age_on(born, today)
    if age is not None:
        return "1 year" if age == 1 else f"{age} years"
    return f"born {born}" if born else "age not known"


def born_words(whom: Whom) -> str:
    """``2 Apr 1961``; a part of a date as the chart has it."""
    born = (whom.patient.birth_date if whom.patient else None) or ""
    try:
        return born_day(Day(date.fromisoformat(born[:10])))
    except ValueError:
        return born or "not known"


def button_words(item: WorkItem) -> str:
    """What the likely next act is called."""
    return "Call" if item.kind in BY_CONTACT else "Look"
