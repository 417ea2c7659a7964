"""What a message to staff says: which step, how late, what is next, and where to look. No name and no birth date: the
chart on which it hangs has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from plugin.domain.ledger import LedgerRow
from plugin.domain.writes import GapContent, NoticeContent

_NEXT = "Next: see that it is done or booked; if it was done, or is not needed, say so in Milepost."
_NEXT_FOR_PROVIDER = "Next: please decide how to go on, and say so in Milepost."
_WHY_CLOSED = {"closed": "the step is done", "withdrawn": "there is no gap any more"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to stand in an inbox, as the draft carries it. ``state`` is that of a gap; a notice is open when it is sent,
    and is closed with the gap of its step. ``number`` is ours of the patient, for the address of the page."""

    patient: str
    step: str
    state: str
    to: str
    title: str
    due: str | None
    first_day_late: str | None
    tier: int
    closed_on: str | None
    is_notice: bool
    number: int

    @property
    def is_open(self) -> bool:
        return self.state == "open"

    @property
    def said(self) -> Mapping[str, object]:
        """All but the days that pass: what does not change here is not said again."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "number"}

    def as_body(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    @classmethod
    def from_body(cls, body: Mapping[str, object]) -> Wanted:
        known = {name: body[name] for name in cls.__dataclass_fields__}
        return cls(**known)  # type: ignore[arg-type]  # what as_body wrote


def gap_wanted(row: LedgerRow, to: str) -> Wanted:
    """From what the ledger wants of a gap."""
    gap = GapContent.from_json(row.content or {})
    return Wanted(
        patient=gap.patient,
        step=gap.key,
        state=gap.state,
        to=to,
        title=gap.title,
        due=gap.due,
        first_day_late=gap.identified,
        tier=gap.tier,
        closed_on=gap.closed_on,
        is_notice=False,
        number=row.patient_id,
    )


def notice_wanted(row: LedgerRow, to: str) -> Wanted:
    """From what the ledger wants the provider to be told."""
    notice = NoticeContent.from_json(row.content or {})
    return Wanted(
        patient=notice.patient,
        step=row.milestone or notice.key,
        state="open",
        to=to,
        title="A step of this patient's care plan",
        due=notice.due,
        first_day_late=None,
        tier=notice.tier,
        closed_on=None,
        is_notice=True,
        number=row.patient_id,
    )


def title_of(number: str) -> str:
    """Of the message: what it is, and our own number of it."""
    return f"Care plan step overdue, {number}"


def first_words(wanted: Wanted, today: date, page: str | None) -> str:
    """A new message."""
    return _joined(_how_late(wanted, today), _NEXT_FOR_PROVIDER if wanted.is_notice else _NEXT, page)


def more_words(wanted: Wanted, today: date, page: str | None) -> str:
    """What is added to a message that stands there."""
    tier = f"Tier {wanted.tier}." if wanted.tier else None
    return _joined(f"Still open: {_how_late(wanted, today)}", tier, page)


def told_words(wanted: Wanted) -> str:
    """What is added to the gap's own message, where a notice of it goes to the same inbox."""
    tier = f"Tier {wanted.tier}: " if wanted.tier else ""
    return f"{tier}the provider is told. {_NEXT_FOR_PROVIDER}"


def last_words(wanted: Wanted) -> str:
    """What is added when there is nothing left to do."""
    on = f" ({wanted.closed_on})" if wanted.closed_on else ""
    return f"Closed by Milepost: {_WHY_CLOSED[wanted.state]}{on}. Nothing is left to do here."


def sent_again(words: str, number: str) -> str:
    """The first try was never answered: whoever finds two of one number knows that they are one. It may hang on the chart
    that had the patient's number before."""
    return _joined(words, f"This replaces any earlier message with the number {number}, on whatever chart it is.")


def said_again(words: str) -> str:
    """An addition of which nobody knows whether it arrived: who reads it twice need not look for what is new."""
    return _joined(words, "This may stand here twice.")


def never_found(wanted: Wanted, number: str) -> str:
    """The gap is closed, and of the message about it nobody knows whether it ever arrived."""
    other = f"If a message with the number {number} is still open, on whatever chart, it can be set to Done."
    return _joined(last_words(wanted), other)


WITHDRAWN = "Withdrawn by Milepost. Nothing is left to do here."
"""Over a message that counts no more; it says nothing about anybody."""


def _how_late(wanted: Wanted, today: date) -> str:
    due = f" Due {wanted.due}." if wanted.due else ""
    days = _days_late(wanted.first_day_late, today)
    how = "is overdue" if days is None else f"is {days} day{'' if days == 1 else 's'} overdue"
    return f"{' '.join(wanted.title.split())} {how}.{due}"


def _days_late(first: str | None, today: date) -> int | None:
    days = None if first is None else (today - date.fromisoformat(first)).days + 1
    return days if days is not None and days > 0 else None


def _joined(*parts: str | None) -> str:
    return " ".join(part for part in parts if part)
