"""The ports of the use cases for what reading a source needs: whom its server has, and what reading it takes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Protocol

from plugin.domain.source import ReadingCost, Source


class OnFile(Protocol):
    """Patients that a source's server has, tracked or not: some servers can only be asked for plans patient by patient."""

    def add(self, source: Source, refs: Collection[str]) -> None:
        """They are there, also where they were before."""

    def remove(self, source: Source, refs: Collection[str]) -> None:
        """They are there no more."""

    def patients(self, source: Source) -> Sequence[str]:
        """All of them, by reference."""

    def tracked(self, source: Source) -> Sequence[str]:
        """Tracked patients, and the records whose survivors they are, by reference; on file or not."""


class ReadingCosts(Protocol):
    """What reading a source took, by local day."""

    def add(self, source: Source, cost: ReadingCost) -> None:
        """Beside what that day has taken already."""

    def since(self, source: Source, first: date) -> Sequence[ReadingCost]:
        """Of each day from this one on on which anything was read, the oldest first."""
