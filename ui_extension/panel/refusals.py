"""What a launch that was refused says to a nurse: what happened, and what to do. Nothing of the request is in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from plugin.domain.launch import Refusal

_AGAIN = "Close this and open Milepost again from the patient's chart."
_ADMINISTRATOR = "Tell whoever looks after Milepost in your practice."


@dataclass(frozen=True, slots=True)
class Words:
    """A page's heading, what happened, what to do, and its HTTP status."""

    title: str
    happened: str
    advice: str
    status: int = 400


_REFUSALS: Mapping[Refusal, Words] = {
    Refusal.UNKNOWN_ISSUER: Words(
        "This EHR is not known here",
        "Milepost was opened from a system that is not registered with it, so it did not answer that system.",
        _ADMINISTRATOR,
    ),
    Refusal.NO_LAUNCH: Words(
        "The EHR did not say which chart",
        "Milepost was opened without the EHR's note of which chart it was opened from.",
        "Open Milepost from the patient's chart, not from a bookmark.",
    ),
    Refusal.WRONG_STATE: Words(
        "This way in has been used",
        "Each way into a chart is good once, and for ten minutes.",
        _AGAIN,
    ),
    Refusal.ANOTHER_BROWSER: Words(
        "This was opened somewhere else",
        "The chart was opened in another browser or another tab than this one, and only that one may go on.",
        _AGAIN,
        403,
    ),
    Refusal.DENIED: Words(
        "The EHR did not let Milepost in",
        "Somebody chose not to allow it, or you may not open this chart.",
        f"If you did not mean to refuse: {_AGAIN[0].lower()}{_AGAIN[1:]}",
        403,
    ),
    Refusal.NO_STATE: Words(
        "The EHR answered with an error",
        "So it is not known who you are. You may have been logged out there, or it may not allow what Milepost "
        "asks for.",
        "Log in to the EHR, then open Milepost again from the patient's chart. If it happens again: tell whoever looks "
        "after Milepost in your practice.",
        403,
    ),
    Refusal.WRONG_SERVER: Words(
        "The answer came from another system",
        "Milepost asked one system who you are, and another one answered. It did not go on.",
        f"{_AGAIN} If it happens again: tell whoever looks after Milepost in your practice.",
    ),
    Refusal.CODE_REFUSED: Words(
        "The EHR did not confirm who you are",
        "Somebody chose not to allow it, or it was used already, or took too long.",
        f"If you did not mean to refuse: {_AGAIN[0].lower()}{_AGAIN[1:]}",
        403,
    ),
    Refusal.NO_PATIENT: Words(
        "The EHR did not say which patient",
        "Milepost shows one patient at a time, and the EHR named none.",
        "Open the patient's chart first, then open Milepost from it.",
    ),
    Refusal.ANOTHER_PATIENT: Words(
        "The EHR has moved to another patient",
        "It now speaks of another patient than this panel does, so the panel was closed.",
        _AGAIN,
        409,
    ),
    Refusal.MISSING_SCOPES: Words(
        "The EHR gave too few rights",
        "Milepost may not read what the panel needs.",
        _ADMINISTRATOR,
        403,
    ),
    Refusal.BAD_TOKEN: Words(
        "The EHR could not prove who you are",
        "Its answer did not hold when Milepost checked it, so nobody was let in.",
        f"{_AGAIN} If it happens again: tell whoever looks after Milepost in your practice.",
        502,
    ),
    Refusal.SERVER_ANSWER: Words(
        "The EHR's answer cannot be used",
        "Something went wrong on the EHR's side while it was asked who you are.",
        f"{_AGAIN} If it happens again: tell whoever looks after Milepost in your practice.",
        502,
    ),
    Refusal.SERVER_SETUP: Words(
        "The EHR and Milepost are not set up for each other",
        "What the EHR says of itself is not what was agreed when it was registered.",
        _ADMINISTRATOR,
        502,
    ),
    Refusal.NOT_ALLOWED: Words(
        "You may not see care plans here yet",
        "The EHR says who you are, but Milepost was not told what you may see, or your access was taken back.",
        "Ask whoever looks after Milepost in your practice to give you a role.",
        403,
    ),
    Refusal.SESSION_REFUSED: Words(
        "The EHR has ended your session",
        "You were logged out there, so it no longer lets Milepost ask on your behalf.",
        "Log in to the EHR, then open Milepost again from the patient's chart.",
        401,
    ),
    Refusal.NO_ADDRESS: Words(
        "Milepost does not know its own address",
        "Without it the EHR cannot send anybody back here. The setting is MILEPOST_PUBLIC_URL.",
        _ADMINISTRATOR,
        503,
    ),
    Refusal.PATIENT_HIDDEN: Words(
        "This patient cannot be shown",
        "The EHR does not show this patient to you, or not to Milepost.",
        "If you should see this patient: tell whoever looks after your EHR.",
        403,
    ),
    Refusal.CHART_DIFFERS: Words(
        "Stop: this may be another patient",
        "Name or date of birth in your chart are not those that Milepost was told. Nothing was opened.",
        "Check which chart is open in the EHR, then open Milepost from it again. If they are right there: "
        "tell whoever looks after Milepost in your practice.",
        409,
    ),
    Refusal.TOO_MANY: Words(
        "Too many at once",
        "Milepost was opened very often from this place in a short time.",
        "Wait a minute, then open it again from the patient's chart.",
        429,
    ),
}

EHR_DOWN = Words(
    "The EHR does not answer",
    "Milepost asked it who you are and what stands in the chart, and got no answer in time.",
    "Wait a moment, then open Milepost again from the patient's chart.",
    503,
)
FAULT = Words("Something went wrong", "It was Milepost's fault, and it was written down.", _AGAIN, 500)
FOREIGN_PAGE = Words(
    "This page may not sign you in",
    "Only Milepost's own page may do that.",
    _AGAIN,
    403,
)
NOT_HERE = Words("There is nothing here", "This is no page of Milepost.", _AGAIN, 404)
NOT_LIKE_THIS = Words("This cannot be asked like this", "The request was not one of Milepost's own.", _AGAIN, 400)
SESSION_OVER = Words(
    "Your session has ended",
    "So that nobody else reads it, a chart closes when nobody uses it for a while, when you log out of the EHR, and at the "
    "end of a shift.",
    _AGAIN,
    401,
)


def words_for(reason: str) -> Words:
    """Of a refusal; of one that has no words of its own, that something went wrong."""
    return _REFUSALS[Refusal(reason)] if reason in set(Refusal) else FAULT
