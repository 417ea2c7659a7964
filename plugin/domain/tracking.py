"""A tracked patient between two assessments: what was found due, and what is to be stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from plugin.domain.assessment import Assessment
from plugin.domain.ledger import LedgerChange, LedgerRow


class Stored(NamedTuple):
    """What storing a page did: the patients whose facts changed, how many facts were new or changed, and how many not."""

    changed: frozenset[str]
    new: int = 0
    unchanged: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientRow:
    """A tracked patient, as locked for a reassessment. ``digest`` is of the assessment stored last."""

    id: int
    source_id: int
    ref: str
    next_change_at: datetime | None
    digest: str = ""
    backlog: bool = False
    """The plans were already overdue when the source was first read (DESIGN §5, Backlog)."""
    found_by: str | None = None
    """The words that a search finds the patient by now; None: none are stored yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracked:
    """A tracked patient as a page reads it: nothing is locked. ``failed``: why the last assessment could not be made."""

    row: PatientRow
    assessed_at: datetime | None = None
    failed: str | None = None
    waits_since: datetime | None = None
    """A reading of everything was asked for then, and is not done."""
    read_at: datetime | None = None
    """When all of this patient was last read by itself."""


class Move(NamedTuple):
    """When a milestone (by its key) changed its status."""

    key: str
    before: str
    after: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one reassessment is to store. ``unchanged``: only ``next_change_at`` is written, where it differs."""

    row: PatientRow
    assessment: Assessment
    digest: str
    unchanged: bool
    ledger: LedgerChange = LedgerChange()
    over: tuple[LedgerRow, ...] = ()
    """Work that was given out and is wanted no more."""
    failed: str | None = None
    """Assessing this patient failed: the reason, without patient data; the mark is moved by ``retry_at``."""
    retry_at: datetime | None = None
    by: str | None = None
    """Whose act this reassessment follows: the writes that it brings are that person's as well."""
    backlog: bool | None = None
    """The patient belongs to the backlog from now on, or no longer does; None: as before."""
    found_by: str | None = None
    """The words that a search finds the patient by (``plugin.domain.search``); None: as before."""
