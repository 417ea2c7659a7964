"""An audit row: its canonical form and the hash of its content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Who did what to which record, when, and why. ``detail`` is JSON-able and goes into the content's hash."""

    at: datetime
    who: str
    action: str
    record: str
    why: str = ""
    detail: Mapping[str, object] = field(default_factory=dict)

    @property
    def canonical(self) -> str:
        """The one text that this entry has: JSON, keys sorted, no spaces, the moment in UTC."""
        content = {
            "action": self.action,
            "at": self.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "detail": self.detail,
            "record": self.record,
            "who": self.who,
            "why": self.why,
        }
        return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def content_hash(canonical: str) -> str:
    """SHA-256 of the canonical form, in hexadecimal."""
    return hashlib.sha256(canonical.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which rows of the log; None: whoever, whatever, whenever. ``since`` is part of the time, ``until`` is not."""

    who: str | None = None
    action: str | None = None
    record: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """An entry as it is kept: its number in the table, its hash, and its place in the chain; None while it waits for the
    next sealing."""

    id: int
    entry: AuditEntry
    hash: str
    seal: int | None = None
