"""The panel's words for codes, and its ways of writing days and people; whole sentences stand in the templates."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime

from plugin.domain.measurement import figures
from plugin.domain.panel.view import Day, Look, Strip, Who
from ui_extension.panel.act_words import BARRIER_WORDS, OUTCOMES, REASON_WORDS, ROLE_WORDS

LOOKS: Mapping[str, str] = {
    Look.DONE: "done",
    Look.BOOKED: "booked",
    Look.READY: "can be done",
    Look.LATER: "opens later",
    Look.REVIEW: "needs a look",
    Look.HOLD: "on hold",
    Look.DROPPED: "not needed",
    Look.LATE: "late",
}

STATUSES: Mapping[str, str] = {
    "upcoming": "opens later",
    "ready": "can be done",
    "scheduled": "booked",
    "in-review": "needs a look",
    "on-hold": "put on hold",
    "completed": "done",
    "cancelled": "not needed any more",
}

REVIEWS: Mapping[str, str] = {
    "outcome-not-recorded": "outcome not recorded",
    "outcome-contradicted": "outcome unclear",
    "awaiting-result": "waiting for the result",
    "awaiting-review": "result to be looked at",
    "checklist-open": "checklist open",
    "loose-evidence": "may have happened",
    "outcome-unread": "outcome cannot be read",
    "source-failed": "marked as failed in the chart",
    "plan-closed-as-a-whole": "plan was closed without it",
}
"""Why a step is in review, in few words."""

ASKED: Mapping[str, str] = {
    "outcome-not-recorded": "The visit's day has passed and nobody has recorded what came of it.",
    "outcome-contradicted": "The appointment says that nobody came, and a visit was written down for it.",
    "awaiting-result": "The visit took place; the result is not final yet.",
    "awaiting-review": "It has happened. Somebody must look at the result before it counts as done.",
    "checklist-open": "It has happened. Its checklist is still open.",
    "loose-evidence": "Something in the chart may be this step. Somebody must say whether it is.",
    "outcome-unread": "The plan names an outcome that cannot be read.",
    "source-failed": "The chart says that this failed.",
    "plan-closed-as-a-whole": "The whole plan was closed in the chart. Nothing says whether this was done.",
}
"""Why a step is in review, and what is asked, in a sentence."""

ENDS: Mapping[str, str] = {
    "cancelled-by-source": "cancelled in the chart",
    "entered-in-error": "entered in error",
    "not-applicable": "not needed",
    "plan-ended": "ended with the plan",
    "patient-deceased": "the patient has died",
    "patient-inactive": "the record is inactive",
    "removed-from-plan": "removed from the plan",
}
"""Why something is not needed."""

HELD: Mapping[str, str] = {
    "held": "put aside",
    "held-by-source": "on hold in the chart",
    "plan-on-hold": "the whole plan is on hold",
}

ROLES: Mapping[str, str] = {
    **{role: words.lower() for role, words in ROLE_WORDS.items()},
    "administrator": "administrator",
    "program-editor": "program editor",
    "auditor": "auditor",
    "patient": "the patient",
}

WORK: Mapping[str, str] = {
    "overdue": "follow up what is late",
    "record-outcome": "record what came of a visit",
    "confirm-evidence": "say whether it has happened",
    "review-result": "look at a result",
    "rebook": "book again",
    "outreach-unsuccessful": "reach the patient another way",
    "two-missed-in-a-row": "look at two missed visits in a row",
    "backlog": "go through what was late from the beginning",
    "ended-with-open-gaps": "look at what was open when the plan ended",
    "alert": "look at a flag of the program",
}

EFFECTS: Mapping[str, str] = {
    "message:overdue": "message to the patient: something is late",
    "message:appointment-missed": "message to the patient: a visit was missed",
    "message:rebook": "message to the patient: book again",
    "message:milestone-reached": "message to the patient: a step is done",
    "notice:overdue": "notice to the provider's inbox",
    "report:clinical-review": "put on the clinical review report",
}

SAID: Mapping[str, str] = {
    "completed": "marked as done",
    "not-applicable": "marked as not needed",
    "hold": "put on hold",
    "release": "taken off hold",
    "reassign": "given to somebody else",
    "confirm-evidence": "confirmed that it happened",
    "refuse-evidence": "said that this was something else",
    "reviewed": "looked at the result",
    "contact": "contact with the patient",
    "note": "note",
    "undo": "taken back",
    "enrol": "enrolled in a program",
    "release-backlog": "released what was late from the beginning",
}

FLAGS: Mapping[str, str] = {
    "two-missed-in-a-row": "Two in a row were missed.",
    "reference-unread": "The plan names something in the chart that cannot be read.",
    "plan-status-unknown": "The chart does not say whether this plan is active, so messages to the patient wait.",
}

PLAN_STATUSES: Mapping[str, str] = {
    "draft": "a draft: no clock runs yet",
    "on-hold": "on hold",
    "revoked": "revoked",
    "completed": "completed",
    "entered-in-error": "entered in error",
    "unknown": "status unknown",
}

OWNER_FOUND: Mapping[str, str] = {
    "statement": "because somebody said so in Milepost",
    "Task.owner": "because the task in the chart says so",
    "activity.detail.performer": "because the plan in the chart says so",
    "ServiceRequest.performer": "because the order in the chart says so",
    "program": "because the program gives it to this role",
    "CarePlan.author": "because this person wrote the plan",
    "fallback": "because nobody else is named",
}

DUE_FROM: Mapping[str, str] = {
    "program": "the program's rule",
    "Appointment.start": "the day of the appointment",
    "Task.restriction.period.end": "the task in the chart",
}
"""Where a due date comes from; all others are said by their first word (``due_from``)."""

_DUE_FROM_TYPE: Mapping[str, str] = {
    "activity": "the plan in the chart",
    "RequestGroup": "the order set in the chart",
    "Task": "the task in the chart",
}

TYPES: Mapping[str, str] = {
    "Appointment": "appointment",
    "CarePlan": "care plan",
    "CommunicationRequest": "planned call",
    "DeviceRequest": "device order",
    "DiagnosticReport": "report",
    "Encounter": "visit",
    "Immunization": "immunization",
    "MedicationRequest": "prescription",
    "NutritionOrder": "diet order",
    "Observation": "result",
    "Procedure": "procedure",
    "QuestionnaireResponse": "questionnaire",
    "RequestGroup": "order set",
    "ServiceRequest": "order",
    "Task": "task",
    "VisionPrescription": "vision prescription",
}

LIFECYCLES: Mapping[str, str] = {
    "draft": "not sent yet",
    "active": "open",
    "on-hold": "on hold",
}
"""Of an open order."""

ACHIEVEMENTS: Mapping[str, str] = {
    "in-progress": "in progress",
    "improving": "improving",
    "worsening": "worsening",
    "no-change": "no change",
    "achieved": "achieved",
    "sustaining": "sustained",
    "not-achieved": "not achieved",
    "no-progress": "no progress",
    "not-attainable": "cannot be reached",
}

HIDDEN: Mapping[str, str] = {
    "schedule": "appointments",
    "plan": "the care plan",
    "results": "results and scores",
    "notes": "notes",
}

STRENGTHS: Mapping[str, str] = {"3": "linked to this step", "2": "same code, in the window", "1": "may be this step"}


LANGUAGES: Mapping[str, str] = {
    "am": "Amharic",
    "ar": "Arabic",
    "bn": "Bengali",
    "cs": "Czech",
    "de": "German",
    "el": "Greek",
    "en": "English",
    "es": "Spanish",
    "fa": "Persian",
    "fr": "French",
    "gu": "Gujarati",
    "he": "Hebrew",
    "hi": "Hindi",
    "hmn": "Hmong",
    "ht": "Haitian Creole",
    "hy": "Armenian",
    "id": "Indonesian",
    "it": "Italian",
    "ja": "Japanese",
    "km": "Khmer",
    "ko": "Korean",
    "lo": "Lao",
    "ne": "Nepali",
    "nl": "Dutch",
    "nv": "Navajo",
    "pa": "Punjabi",
    "pl": "Polish",
    "ps": "Pashto",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "sgn": "sign language",
    "ase": "American Sign Language",
    "so": "Somali",
    "sr": "Serbian",
    "sw": "Swahili",
    "ta": "Tamil",
    "te": "Telugu",
    "th": "Thai",
    "ti": "Tigrinya",
    "tl": "Tagalog",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "ur": "Urdu",
    "vi": "Vietnamese",
    "yi": "Yiddish",
    "zh": "Chinese",
}
"""The languages most spoken at home in the United States, by their subtag (BCP 47)."""

TABLES: Mapping[str, Mapping[str, str]] = {
    "STATUSES": STATUSES,
    "REVIEWS": REVIEWS,
    "ASKED": ASKED,
    "ENDS": ENDS,
    "HELD": HELD,
    "ROLES": ROLES,
    "WORK": WORK,
    "EFFECTS": EFFECTS,
    "SAID": SAID,
    "FLAGS": FLAGS,
    "PLAN_STATUSES": PLAN_STATUSES,
    "OWNER_FOUND": OWNER_FOUND,
    "LIFECYCLES": LIFECYCLES,
    "ACHIEVEMENTS": ACHIEVEMENTS,
    "HIDDEN": HIDDEN,
    "STRENGTHS": STRENGTHS,
    "OUTCOMES": OUTCOMES,
    "REASON_WORDS": REASON_WORDS,
    "BARRIERS": BARRIER_WORDS,
}


def word(code: object, table: str) -> str:
    """What a code is called; one that has no word of its own (a practice's own role) with its hyphens taken out."""
    if code is None:
        return ""
    text = str(code)
    return TABLES[table].get(text) or text.replace("-", " ").replace("_", " ")


_TAG = re.compile(r"[a-z]{2,3}(?:[-_]\w+)*", re.ASCII)


def language(text: str) -> str:
    """The chart's own name of a language; of a bare tag the name that we know."""
    if _TAG.fullmatch(text) is None:
        return text
    return LANGUAGES.get(re.split("[-_]", text)[0], f"the language with the code {text}")


def says_no_more(aim: str, title: str | None) -> bool:
    """Whether every number of a goal's target stands in its title already."""
    numbers = re.findall(r"\d+(?:\.\d+)?", aim)
    return bool(numbers) and set(numbers) <= set(re.findall(r"\d+(?:\.\d+)?", title or ""))


def type_word(ref: str) -> str:
    """What a resource is called by its type."""
    return TYPES.get(ref.partition("/")[0], "entry")


def due_from(place: str | None) -> str:
    """Where a due date comes from."""
    if place is None:
        return "nowhere"
    return DUE_FROM.get(place) or _DUE_FROM_TYPE.get(place.partition(".")[0], "the order in the chart")


def who(person: Who) -> str:
    """A name, else the role, else that the chart names nobody."""
    return person.name or (word(person.role, "ROLES") if person.role else "somebody whom the chart does not name")


MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
"""In English, whatever the machine speaks."""


def day(value: date | None, today: date) -> str:
    """``15 June``; with the year where it is not this one."""
    if value is None:
        return ""
    year = "" if value.year == today.year else f" {value.year}"
    return f"{value.day} {MONTHS[value.month - 1]}{year}"


def short_day(value: date | None, today: date) -> str:
    """``15 Jun``, for a row of figures."""
    if value is None:
        return ""
    year = "" if value.year == today.year else f" {value.year}"
    return f"{value.day} {MONTHS[value.month - 1][:3]}{year}"


def weekday(value: date, today: date) -> str:
    """``Thu 25 June``: for what happens on that day."""
    return f"{value:%a} {day(value, today)}"


def whole_day(value: date) -> str:
    """``Tuesday 3 November 2026``: for a day that nobody may mistake."""
    return f"{value:%A} {value.day} {MONTHS[value.month - 1]} {value.year}"


def clock(value: datetime) -> str:
    """``10:30``."""
    return f"{value:%H:%M}"


def due_day(value: Day, today: date) -> str:
    """As precisely as the chart says it."""
    if value.precision == "year":
        return str(value.on.year)
    if value.precision == "month":
        return f"{MONTHS[value.on.month - 1]} {value.on.year}"
    return day(value.on, today)


def visit_day(value: Day, today: date) -> str:
    """``Thu 25 June, 10:30``: when to come."""
    if value.precision != "day":
        return due_day(value, today)
    return weekday(value.on, today) + (f", {clock(value.at)}" if value.at else "")


def born(strip: Strip) -> str:
    """``2 Apr 1961 (65)``; a part of a date as it is."""
    value = strip.born
    if value is None:
        return "date unknown"
    age = f"{strip.age_months} months" if strip.age_months is not None else strip.age_years
    return born_day(value) + ("" if age is None else f" ({age})")


def born_day(value: Day) -> str:
    """``2 Apr 1961``, or the part of it that is known."""
    if value.precision != "day":
        return f"{MONTHS[value.on.month - 1][:3]} {value.on.year}" if value.precision == "month" else str(value.on.year)
    return f"{value.on.day} {MONTHS[value.on.month - 1][:3]} {value.on.year}"


def days_late(count: int) -> str:
    """``12 days late``."""
    return f"{count} day late" if count == 1 else f"{count} days late"


_INSTANT = re.compile(r"\d{4}-\d\d-\d\d(?:T(\d\d:\d\d)\S*)?", re.ASCII)
_REFERENCE = re.compile(r"\b(?:[A-Z][A-Za-z]+/[A-Za-z0-9.-]+(?:#\S+)?|program/\S+)")


def plainly(text: str, today: date) -> str:
    """A rule's own words, with days as they are written here and with what a resource is in place of its reference."""
    without_references = _REFERENCE.sub(lambda found: f"the {_kind_of(found[0])} in the chart", text)
    return first_up(_INSTANT.sub(lambda found: _plain_day(found, today), without_references))


def _kind_of(reference: str) -> str:
    return (
        "step" if reference.startswith("program/") else "step in the plan" if "#" in reference else type_word(reference)
    )


def _plain_day(found: re.Match[str], today: date) -> str:
    try:
        on = date.fromisoformat(found[0][:10])
    except ValueError:
        return found[0]
    return day(on, today) + (f", {found[1]}" if found[1] else "")


def number(value: float) -> str:
    """``9``, ``8.4``."""
    return f"{value:.10g}"


def tag(key: str) -> str:
    """A short name for a step in the page's ids, the same each time."""
    return hashlib.blake2b(key.encode(), digest_size=6).hexdigest()


def first_up(text: str) -> str:
    """A sentence begins with a capital; the rest stays as it is."""
    return text[:1].upper() + text[1:]


def first_down(text: str) -> str:
    """Words of a button or a choice, within a sentence."""
    return text[:1].lower() + text[1:]


FILTERS: Mapping[str, Callable[..., object]] = {
    "born_day": born_day,
    "clock": clock,
    "day": day,
    "days_late": days_late,
    "due_day": due_day,
    "due_from": due_from,
    "figures": figures,
    "first_down": first_down,
    "first_up": first_up,
    "language": language,
    "number": number,
    "plainly": plainly,
    "says_no_more": says_no_more,
    "short_day": short_day,
    "tag": tag,
    "type_word": type_word,
    "visit_day": visit_day,
    "weekday": weekday,
    "whole_day": whole_day,
    "who": who,
    "word": word,
}
"""By the names that the templates know."""
