"""The words of the acts: on the buttons, in the forms, and in what is said afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from plugin.domain.act import BARRIERS, OWNER_ROLES, REASONS, SAID, ActKind, ContactOutcome
from plugin.domain.permissions import Role
from plugin.domain.record import Said
from plugin.usecases.act_form import EvidenceChoice, OwnerChoice


@dataclass(frozen=True, slots=True)
class ActWords:
    """``button`` opens the form, ``submit`` sends it, ``said`` tells that it was done. ``hint`` says what follows."""

    button: str
    submit: str
    said: str
    hint: str = ""


ACTS: Mapping[ActKind, ActWords] = {
    ActKind.DONE: ActWords("Mark done", "Mark done", "Marked done.", "The step closes, and its reminders stop."),
    ActKind.NOT_APPLICABLE: ActWords(
        "Not needed", "Mark not needed", "Marked not needed.", "The step closes without having been done."
    ),
    ActKind.HOLD: ActWords(
        "Hold", "Hold until then", "Put on hold.", "Nothing is sent or asked for until then; the days go on counting."
    ),
    ActKind.RELEASE: ActWords("End the hold", "End the hold", "The hold has ended.", "The step goes on as it stands."),
    ActKind.REASSIGN: ActWords("Reassign", "Reassign", "Reassigned.", "From now on it is theirs."),
    ActKind.CONTACT: ActWords("Log a contact", "Log the contact", "Contact logged."),
    ActKind.CONFIRM: ActWords(
        "Confirm", "Yes, this was it", "Confirmed.", "The step counts as done by what you choose."
    ),
    ActKind.REFUSE: ActWords(
        "Was not it", "No, this was not it", "Set aside as evidence.", "What you choose no longer counts for this step."
    ),
    ActKind.REVIEWED: ActWords(
        "Mark reviewed", "Mark reviewed", "Marked reviewed.", "You have looked at the result; the step closes."
    ),
    ActKind.NOTE: ActWords("Add a note", "Add the note", "Note added."),
}

TAKEN_BACK = "Taken back. What held before holds again."
NOT_SHOWN_YET = "The plan will show it in a moment."

OF_SAID: Mapping[Said, str] = {**{SAID[kind]: words.said for kind, words in ACTS.items()}, Said.UNDO: TAKEN_BACK}
"""What is told of a statement that was just made."""

OUTCOMES: Mapping[str, str] = {
    ContactOutcome.WILL_BOOK: "Reached, will book",
    ContactOutcome.BOOKED: "Reached and booked",
    ContactOutcome.LEFT_MESSAGE: "Left a message",
    ContactOutcome.NO_ANSWER: "No answer",
    ContactOutcome.DECLINED: "Reached, declined",
    ContactOutcome.BARRIER: "Reached, something is in the way",
    ContactOutcome.WRONG_NUMBER: "Wrong number",
    ContactOutcome.MOVED: "Has moved away",
    ContactOutcome.DECEASED: "Is said to have died",
    ContactOutcome.OTHER: "Something else",
}

BARRIER_WORDS: Mapping[str, str] = {
    "cost": "Cost",
    "transport": "Getting there",
    "childcare": "Childcare",
    "fear": "Fear",
    "language": "Language",
    "other": "Something else",
}
"""What was in the way: the reason of a contact with that outcome."""

REASON_WORDS: Mapping[str, str] = {
    "payer": "Waiting for the payer",
    "patient": "At the patient's wish",
    "result": "Waiting for a result",
    "away": "The patient is away",
    "clinical": "For a clinical reason",
    "not-indicated": "Not indicated",
    "done-elsewhere": "Done elsewhere",
    "patient-declined": "The patient declined",
    "duplicate": "There twice",
    "other": "For another reason",
}
"""Why something was put on hold, or is not needed."""

ROLE_WORDS: Mapping[str, str] = {
    Role.COORDINATOR: "Care coordinator",
    Role.PROVIDER: "Provider",
    Role.MEDICAL_ASSISTANT: "Medical assistant",
    Role.COACH: "Coach",
    Role.SCHEDULER: "Front desk",
    Role.PRACTICE_LEAD: "Practice lead",
    Role.BILLING: "Billing",
}

_TYPES: Mapping[str, str] = {
    "Appointment": "Visit",
    "DiagnosticReport": "Report",
    "Encounter": "Visit",
    "Immunization": "Immunization",
    "Observation": "Result",
    "Procedure": "Procedure",
    "QuestionnaireResponse": "Questionnaire",
}

Options = list[tuple[str, str]]
"""Values of a choice with their words."""


def outcome_options() -> Options:
    """What can come of a contact; a barrier stands with what it is (``reached-barrier:cost``)."""
    barrier = OUTCOMES[ContactOutcome.BARRIER]
    plain = [(code.value, OUTCOMES[code]) for code in ContactOutcome if code is not ContactOutcome.BARRIER]
    barriers = [(f"{ContactOutcome.BARRIER}:{code}", f"{barrier}: {BARRIER_WORDS[code].lower()}") for code in BARRIERS]
    return [*plain[:3], *barriers, *plain[3:]]


def reason_options(kind: ActKind) -> Options:
    """The coded reasons of an act."""
    return [(code, REASON_WORDS[code]) for code in REASONS.get(kind, ())]


def owner_options(members: Iterable[OwnerChoice]) -> Options:
    """The care team, then the roles."""
    team = [(member.ref, member.name or "Somebody whom the chart does not name") for member in members]
    return team + [(f"role:{role}", ROLE_WORDS[role]) for role in OWNER_ROLES]


def evidence_options(choices: Iterable[EvidenceChoice]) -> Options:
    """Facts of the chart, each with its day."""
    return [(choice.ref, f"{_what(choice)}, {_when(choice)}") for choice in choices]


def _what(choice: EvidenceChoice) -> str:
    return choice.title or _TYPES.get(choice.ref.partition("/")[0], "Entry in the chart")


def _when(choice: EvidenceChoice) -> str:
    return f"{choice.on.day} {choice.on:%B %Y}" if choice.on else "no date"
