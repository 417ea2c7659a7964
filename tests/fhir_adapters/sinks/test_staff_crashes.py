"""A process that dies while it writes to an inbox, at whichever call: no message is lost, none is in another's chart,
and one that may be there twice says so (row 31)."""

from __future__ import annotations

from contextlib import suppress
from typing import cast

import pytest

from fhir_adapters.sinks import StandardApi
from fhir_adapters.sinks.staff_message import MessageBook, StaffMessages
from plugin.domain.ledger import LedgerRow
from tests.fakes import Faults, Killed
from tests.fhir_adapters.sinks.inbox_world import ZONE, InboxWorld, a_gap, inbox_world

DAYS = (a_gap(), a_gap(tier=2), a_gap(state="closed", tier=0))
"""What the ledger wants of one gap, day by day."""


def sink(world: InboxWorld, faults: Faults) -> StaffMessages:
    """That of a process that dies at a call of its API or of its book."""
    return StaffMessages(
        cast(StandardApi, faults.before(world.api)),
        source=world.source,
        book=cast(MessageBook, faults.before(world.book)),
        clock=lambda: world.now,
        zone=ZONE,
    )


def write(sink: StaffMessages, row: LedgerRow) -> None:
    """As the deliverer does it."""
    draft = sink.draft(row)
    assert draft is not None
    (answer,) = sink.write([draft])
    assert answer.error is None


def live(world: InboxWorld, faults: Faults, dies_on: int) -> None:
    """All days; on one of them a process dies, and the next one does it again."""
    for day, row in enumerate(DAYS):
        if day == dies_on:
            with suppress(Killed):
                write(sink(world, faults), row)
        write(sink(world, Faults()), row)
        check_open(world, is_open=day < len(DAYS) - 1)


def check_open(world: InboxWorld, *, is_open: bool) -> None:
    """While the gap is open, so is the message that counts: the last one. Of an earlier one, of which nobody knows whether
    it arrived, it says that it replaces it, or that it can be set to Done: it cannot be found there (recording 237)."""
    *earlier, last = world.in_chart(9)
    assert world.in_chart(2) == []
    assert len({message.title for message in (*earlier, last)}) == 1
    assert (last.status != "Done") == is_open or "can be set to Done" in last.body
    assert len(earlier) <= 1
    if earlier:
        assert "any earlier message with the number" in last.body or "can be set to Done" in last.body


@pytest.mark.parametrize("day", range(len(DAYS)))
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_nothing_is_lost_and_what_is_doubled_says_so(day: int, after: bool) -> None:
    """Before or after each call: the question for the chart, each saving, the message itself, the look afterwards."""
    number, fell = 0, True
    while fell:
        number += 1
        faults = Faults(number, after=after)
        with inbox_world() as world:
            live(world, faults, day)
        fell = faults.fell_at is not None

    assert number > 5
