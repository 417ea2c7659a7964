"""Work items: what a person or a role is to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkItem:
    """A thing for a person or a role to do (DESIGN §7). ``milestones`` are the steps it lists, with their titles."""

    key: str
    kind: str
    patient_id: int
    role: str
    owner: str | None
    due_at: datetime
    priority: int
    milestones: tuple[tuple[str, str], ...] = ()
    note: str | None = None
    state: Literal["open", "claimed", "snoozed", "done", "withdrawn"] = "open"
    opened_at: datetime | None = None
    changed_at: datetime | None = None
    """When it was opened, and came to its state; storage says so."""
