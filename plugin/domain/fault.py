"""What is wrong, or may be, with a program, ladder, calendar or limits: where, in words for whoever edits it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from plugin.domain.permissions import Role


class Severity(StrEnum):
    """Wrong: it cannot be published. Unsure: it is told, and may be meant."""

    WRONG = "wrong"
    UNSURE = "unsure"


class Fault(NamedTuple):
    """``path`` is the field in the body (``milestones[2].due.days``; empty: the whole), ``words`` what to do about it."""

    path: str
    words: str
    severity: Severity = Severity.WRONG

    @property
    def is_wrong(self) -> bool:
        """It keeps the whole from being published."""
        return self.severity is Severity.WRONG


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the practice has, for checking what a program names. None: not asked."""

    codes: frozenset[tuple[str, str]] | None = None
    """(system, code) of the catalog, and of what was ever seen in the charts."""
    ladders: frozenset[str] | None = None
    programs: frozenset[str] | None = None
    roles: frozenset[str] | None = frozenset(role.value for role in Role)


NOTHING_KNOWN = Known(roles=None)
"""Only what is wrong in itself is told: so are stored versions read."""
