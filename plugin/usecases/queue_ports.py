"""The ports of the lists: their pages and counts, read from what ``assess`` said. Nothing concrete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Protocol

from plugin.domain.queue import At, GapLine, Listing, OwnerName, PatientLine, Wanted, WorkLine
from plugin.domain.tally import Cell


class Cipher(Protocol):
    """Seals what may not be read where it has to stand: a search in an address."""

    def encrypt(self, plain: str, belongs_to: str = ..., /) -> str:
        """As text, bound to what it belongs to."""

    def decrypt(self, encrypted: str, belongs_to: str = ..., /) -> str:
        """What was sealed; PermanentFailure when the key or what it belongs to is another one."""


class Queues(Protocol):
    """Lists over all patients of the practice. Pages are found by where another one ended, so lines that come and go in
    between neither repeat nor hide others."""

    def work(self, wanted: Wanted, at: At | None, limit: int) -> tuple[Sequence[WorkLine], bool]:
        """Open work from a place on, in order; whether there is more in that direction."""

    def gaps(self, wanted: Wanted, at: At | None, limit: int) -> tuple[Sequence[GapLine], bool]:
        """The same of open gaps: one line for each that somebody has to decide about."""

    def patients(self, wanted: Wanted, at: At | None, limit: int) -> tuple[Sequence[PatientLine], bool]:
        """The same of tracked patients."""

    def cells(
        self,
        listing: Listing,
        today: date,
        *,
        among: Sequence[int] | None = None,
        owner: Sequence[OwnerName] | None = None,
    ) -> Sequence[Cell]:
        """How many lines a list has, over all of its pages, by all that it can be narrowed by; of some patients, or of
        what somebody owns, under any of these names. Of patients: how many plans."""

    def tiers(self, *, among: Sequence[int] | None = None) -> Mapping[int, int]:
        """How many tracked patients there are, by tier."""

    def find(self, words: Sequence[str], limit: int) -> Sequence[int]:
        """Patients who have for each word one that begins so, up to so many."""

    def work_lines(self, ids: Sequence[int]) -> Sequence[WorkLine]:
        """Items as their own pages show them, in this order, also those that are over; of a number that is nobody's none."""
