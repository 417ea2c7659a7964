"""What a step is, as one of its origins names it (DESIGN §4.1, SEMANTICS O)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import NamedTuple

from plugin.domain.due import Offer
from plugin.domain.program import MilestoneDefinition
from plugin.domain.record import Appointment, Coding, Concept, Fact, Identifier, Link, Moment

TASK_CODES = "http://hl7.org/fhir/CodeSystem/task-code"
"""O1: HL7's ``fulfill`` and its like say nothing of what is to be done."""

GENERIC_VISITS = frozenset({"ROUTINE", "FOLLOWUP", "CHECKUP", "WALKIN"})
"""E5: v2-0276 appointment types that say nothing of what the visit was for."""


class OriginKind(IntEnum):
    """In the order of DESIGN §4.1. Two steps of one origin are never merged."""

    INLINE = 1
    REFERENCE = 2
    TASK = 3
    PROGRAM = 4
    ORDER = 5


class SourceStatus(StrEnum):
    """What a source says of its own step, as far as it matters (O3, S4)."""

    OPEN = "open"
    COMPLETED = "completed"
    FAILED = "failed"
    ON_HOLD = "on-hold"
    CANCELLED = "cancelled"
    IN_ERROR = "entered-in-error"


_SOURCE_STATUS: Mapping[str, SourceStatus] = {
    "completed": SourceStatus.COMPLETED,
    "failed": SourceStatus.FAILED,
    "on-hold": SourceStatus.ON_HOLD,
    "cancelled": SourceStatus.CANCELLED,
    "stopped": SourceStatus.CANCELLED,
    "revoked": SourceStatus.CANCELLED,
    "rejected": SourceStatus.CANCELLED,
    "entered-in-error": SourceStatus.IN_ERROR,
}


def source_status(word: str | None) -> SourceStatus:
    """The seven words that end, stop or hold a step; all others leave it to window and evidence (S4)."""
    return _SOURCE_STATUS.get(word or "", SourceStatus.OPEN)


class Owners(NamedTuple):
    """Whom an origin names, by S6's places."""

    task: str | None = None
    detail: str | None = None
    order: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """One step as one origin names it. ``ident`` is its part of the key; ``refs`` are the resources that it is made of
    and those behind it (O7), its own first; ``names`` are what its focus and basedOn name (for merging)."""

    kind: OriginKind
    source: str
    ident: str
    place: int
    title: str | None
    fallback: str
    codes: tuple[Coding, ...] = ()
    own: str | None = None
    refs: tuple[str, ...] = ()
    names: frozenset[str] = frozenset()
    identifiers: frozenset[Identifier] = frozenset()
    offers: tuple[Offer, ...] = ()
    status: SourceStatus | None = None
    ends: tuple[Moment, ...] = ()
    """Task: executionPeriod.end and lastModified (E10), the date of completion first."""
    owners: Owners = Owners()
    visit: bool = False
    untold: bool = False
    """An inline step of which nobody says of what kind it is."""
    categories: tuple[Concept, ...] = ()
    authored_on: Moment | None = None
    outcomes: tuple[Link, ...] = ()
    """activity.outcomeReference (E11)."""
    outputs: tuple[Link, ...] = ()
    """Task.output (E2)."""
    appointment: str | None = None
    definition: MilestoneDefinition | None = None
    unread: bool = False
    fact: Fact | None = None


@dataclass(slots=True)
class Origins:
    """What a plan's sources gave: steps, what was left out and why, and whether a reference could not be read."""

    steps: list[Origin] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    unread: bool = False


def appointment_codes(appointment: Appointment) -> tuple[Coding, ...]:
    """serviceType, reasonCode and appointmentType, without the generic visit types (E5)."""
    concepts: Iterable[Concept] = (*appointment.service_types, *appointment.reasons)
    codes = [code for concept in concepts for code in telling_codes(concept)]
    if appointment.appointment_type:
        codes += [c for c in telling_codes(appointment.appointment_type) if c.code not in GENERIC_VISITS]
    return tuple(codes)


def telling_codes(concept: Concept) -> tuple[Coding, ...]:
    """Codings that can match: with a system (E3), and not HL7's task codes (O1)."""
    return tuple(c for c in concept.codings if c.system and c.system != TASK_CODES)


FINGERPRINT = "fp-"
"""How the ident of a step begins that has no name of its own."""


def fingerprint(concept: Concept, description: str | None) -> str:
    """Of code and description without the date (§4.1); the text counts only where there is no coding."""
    named = sorted(f"{c.system}|{c.code}" for c in concept.codings if c.code) or [concept.title or ""]
    text = "\x1f".join([*named, description or ""])
    return FINGERPRINT + hashlib.sha256(text.encode()).hexdigest()[:12]
