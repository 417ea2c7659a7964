"""Days past due and gaps (SEMANTICS G1, G2)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from plugin.domain.assessment import Gap, Status


def days_past_due(status: Status, due: date | None, is_draft: bool, today: date) -> int | None:
    """G1: null without a due date; 0 on or before it, in a plan in draft, and for what is completed or cancelled."""
    if due is None:
        return None
    if is_draft or status.is_final:
        return 0
    return max(0, (today - due).days)


def gap_of(status: Status, due: date | None, dates: Iterable[date], today: date) -> Gap:
    """G2: open while past due and not ended; closed when completed after the due date (E10: of several dates the
    earliest counts; without a date it counts as in time)."""
    if due is None:
        return Gap.NONE
    if status is Status.COMPLETED:
        return Gap.CLOSED if min(dates, default=due) > due else Gap.NONE
    if status is Status.CANCELLED or today <= due:
        return Gap.NONE
    return Gap.OPEN
