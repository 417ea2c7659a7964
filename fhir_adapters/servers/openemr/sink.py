"""The writing half of the port `Ehr`, as whoever puts an OpenEMR together gives it: plugin/usecases/ports.py says what
each of these promises."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from plugin.domain.ledger import LedgerRow
from plugin.domain.source import Cursor, Draft, HowToTakeBack, Page, Standing, TakenBack, Written


class TaskSink(Protocol):
    def draft(self, row: LedgerRow) -> Draft | None: ...

    def device(self) -> Draft: ...

    def accompanied(self, drafts: Sequence[Draft], at: datetime) -> Sequence[Draft]: ...

    def write(self, drafts: Sequence[Draft]) -> Sequence[Written]: ...

    def authors(self, ref: str, version: str) -> Sequence[str]: ...

    def ours(self) -> Iterator[Sequence[Standing]]: ...

    def standing(self, refs: Sequence[str]) -> Sequence[Standing]: ...

    def ours_by_type(self) -> Mapping[str, int]: ...

    def take_back(self, how: HowToTakeBack) -> Iterator[TakenBack]: ...


@runtime_checkable
class ReadableSink(TaskSink, Protocol):
    """One in which people can change our Tasks, so that they are read back."""

    def edits(self, cursor: Cursor) -> Iterator[Page]:
        """Pages of type Task since the cursor, each with the cursor that stands after it."""
        ...

    def read(self, refs: Sequence[str]) -> Iterator[Page]:
        """Tasks by reference; what is gone is not in the answer."""
        ...
