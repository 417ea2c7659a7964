"""What is remembered of a source's messages to staff, for its sink (fhir_adapters/sinks/staff_message.py)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from plugin.domain.source import Source
from plugin.domain.staff_message import StaffMessage
from plugin.usecases.ports import Database


class Book:
    """Each call is a transaction of its own: what is about to be sent is stored before it is."""

    def __init__(self, database: Database, source: Source) -> None:
        self._database = database
        self._source = source

    def of(self, refs: Sequence[str]) -> Mapping[str, StaffMessage]:
        """By what they stand for."""
        with self._database.begin(reading=True) as uow:
            return uow.staff_messages.of(self._source, refs)

    def of_step(self, step: str) -> Sequence[StaffMessage]:
        """All about one step."""
        with self._database.begin(reading=True) as uow:
            return uow.staff_messages.of_step(self._source, step)

    def all(self) -> Sequence[StaffMessage]:
        """All of the source."""
        with self._database.begin(reading=True) as uow:
            return uow.staff_messages.all(self._source)

    def save(self, message: StaffMessage) -> None:
        """Over the one of the same reference."""
        with self._database.begin() as uow:
            uow.staff_messages.save(self._source, message)
            uow.commit()

    def forget(self, ref: str) -> None:
        """It was deleted there."""
        with self._database.begin() as uow:
            uow.staff_messages.forget(self._source, ref)
            uow.commit()
