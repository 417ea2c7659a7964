"""Versioned configuration of the practice: programs, ladders, calendars."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigVersion:
    """A version of a program, ladder or calendar: published from a moment on; ``body`` is JSON-able."""

    kind: str
    code: str
    version: str
    body: Mapping[str, object]
    state: Literal["draft", "published", "retired"] = "published"
    published_from: datetime | None = None
    by: str = "milepost"
    why: str = ""
