"""A source that has no Task, and of which nobody has said yet where its milestone Tasks are to go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from plugin.domain.errors import CannotDo
from plugin.domain.ledger import LedgerRow
from plugin.domain.source import Draft, HowToTakeBack, Standing, TakenBack, Written


class NoSink:
    """The port ``TaskSink``: whatever is to be written stays planned, and ``why`` says what is missing."""

    def __init__(self, why: str) -> None:
        self._why = why

    def draft(self, row: LedgerRow) -> Draft | None:
        raise self._refusal

    def device(self) -> Draft:
        raise self._refusal

    def accompanied(self, drafts: Sequence[Draft], at: datetime) -> Sequence[Draft]:
        raise self._refusal

    def write(self, drafts: Sequence[Draft]) -> Sequence[Written]:
        raise self._refusal

    def authors(self, ref: str, version: str) -> Sequence[str]:
        return ()

    def ours(self) -> Iterator[Sequence[Standing]]:
        return iter(())

    def standing(self, refs: Sequence[str]) -> Sequence[Standing]:
        return ()

    def ours_by_type(self) -> Mapping[str, int]:
        return {}

    def take_back(self, how: HowToTakeBack) -> Iterator[TakenBack]:
        """Nothing was ever written."""
        return iter(())

    @property
    def _refusal(self) -> CannotDo:
        return CannotDo(self._why)
