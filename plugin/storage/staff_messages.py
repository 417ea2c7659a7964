"""Messages to staff in the EHR's inboxes, as far as we know of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, delete, select

from plugin.domain.source import Source
from plugin.domain.staff_message import ChartNumber, StaffMessage
from plugin.storage.sink_tables import staff_message
from plugin.storage.transaction import AnyRow, Transaction

_COLUMNS = (
    "source_id",
    "ref",
    "patient_ref",
    "step",
    "chart",
    "mid",
    "to",
    "is_open",
    "said",
    "asked",
    "revision",
    "at",
)


class SqlStaffMessages:
    """The port ``StaffMessages``."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def of(self, source: Source, refs: Sequence[str]) -> Mapping[str, StaffMessage]:
        """See the port."""
        found = self._find(source, self._transaction.among(staff_message.c.ref, refs))
        return {message.ref: message for message in found}

    def of_step(self, source: Source, step: str) -> Sequence[StaffMessage]:
        """See the port."""
        return self._find(source, staff_message.c.step == step)

    def all(self, source: Source) -> Sequence[StaffMessage]:
        """See the port."""
        return self._find(source)

    def save(self, source: Source, message: StaffMessage) -> None:
        """See the port."""
        chart = None if message.chart is None else message.chart.value
        whom = (source.id, message.ref, message.patient, message.step, chart, message.mid, message.to)
        how = (message.is_open, message.said, message.asked, message.revision, message.at)
        self._transaction.put(staff_message, _COLUMNS, [(*whom, *how)], key=_COLUMNS[:2], replace=_COLUMNS[2:])

    def forget(self, source: Source, ref: str) -> None:
        """See the port."""
        this = (staff_message.c.source_id == source.id, staff_message.c.ref == ref)
        self._transaction.run(delete(staff_message).where(*this))

    def _find(self, source: Source, *which: ColumnElement[bool]) -> list[StaffMessage]:
        query = select(*(staff_message.c[name] for name in _COLUMNS[1:]))
        query = query.where(staff_message.c.source_id == source.id, *which)
        return [_message(row) for row in self._transaction.rows(query.order_by(staff_message.c.ref))]


def _message(row: AnyRow) -> StaffMessage:
    ref, patient, step, chart, mid, to, is_open, said, asked, revision, at = row
    return StaffMessage(
        ref=ref,
        patient=patient,
        step=step,
        chart=None if chart is None else ChartNumber(chart),
        mid=mid,
        to=to,
        is_open=is_open,
        said=said,
        asked=asked,
        revision=revision,
        at=at,
    )
