"""Periodic jobs: what runs by itself, how often, and when it ran last."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import NamedTuple


class JobRun(NamedTuple):
    """The last run of a periodic job, by its task's name."""

    name: str
    began: datetime
    ended: datetime
    failed: str | None = None
    """How it ended, in words, where it did not end well."""


class Periodic(NamedTuple):
    """A job that the beat asks for: every so often, or each day at a time of the practice's zone."""

    name: str
    route: str
    every: timedelta | None = None
    at: time | None = None
