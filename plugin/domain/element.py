"""FHIR's data types, as far as facts are made of them; each kept as the source gave it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, NewType

Moment = NewType("Moment", str)
"""A FHIR date or dateTime, checked by the mapping: ``2026``, ``2026-06``, ``2026-06-15`` or an instant with an offset.

An instant without an offset (a vendor's fault) is kept as given and is read in the practice's zone.
"""


class Coding(NamedTuple):
    """One code; ``system`` is empty where the source gave none (E3: such a coding matches nothing)."""

    system: str
    code: str
    display: str | None = None


class Identifier(NamedTuple):
    """A business identifier (https://hl7.org/fhir/R4/datatypes.html#Identifier)."""

    system: str
    value: str


@dataclass(frozen=True, slots=True)
class Concept:
    """A CodeableConcept."""

    codings: tuple[Coding, ...] = ()
    text: str | None = None

    @property
    def title(self) -> str | None:
        """Its text, else the first display."""
        return self.text or next((c.display for c in self.codings if c.display), None)


@dataclass(frozen=True, slots=True)
class Link:
    """A Reference: ``ref`` is ``Type/id`` when it names a resource of the same source, else as given, else None."""

    ref: str | None = None
    display: str | None = None
    identifier: Identifier | None = None


@dataclass(frozen=True, slots=True)
class Timing:
    """A FHIR Timing as far as it gives turns (https://hl7.org/fhir/R4/datatypes.html#Timing)."""

    events: tuple[Moment, ...] = ()
    bounds_start: Moment | None = None
    bounds_end: Moment | None = None
    bounds_value: float | None = None
    bounds_unit: str | None = None
    count: int | None = None
    count_max: int | None = None
    frequency: int | None = None
    period: float | None = None
    period_unit: str | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """When something is planned: ``scheduled[x]``, ``occurrence[x]`` or ``timing[x]``; several may be given."""

    start: Moment | None = None
    end: Moment | None = None
    at: Moment | None = None
    timing: Timing | None = None
    text: str | None = None


class Measure(NamedTuple):
    """A number under a code: a component of an Observation, or the answer to a question whose code is known."""

    system: str
    code: str
    value: float
    unit: str | None = None
