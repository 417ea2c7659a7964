"""FHIR dates, dateTimes and instants: checked once, kept as text, so that a year stays a year."""

import re
from datetime import UTC, date, datetime
from functools import lru_cache

from plugin.domain.record import Moment

# Sentinels of vendors (0001-01-01, 9999-12-31) mean "not known" or "for ever", and no calendar can count from them.
EARLIEST_YEAR = 1800
LATEST_YEAR = 2999
LONGEST = 48
"""No FHIR instant is longer; what is, is not looked at."""

_PARTIAL = re.compile(r"\d{4}(-\d\d)?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_INSTANT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d)(?:(:\d\d)(\.\d+)?)?(Z|[+-]\d\d:\d\d)?", re.ASCII)


@lru_cache(maxsize=16_384)
def moment(text: str) -> Moment | None:
    """The text when it is a FHIR date or dateTime of a day that exists, else None.

    Kept as given, except for a leap second, which becomes the second before it: no clock of ours has a 61st.
    Liberal in two things that vendors do: seconds may be missing, and so may the offset.
    """
    try:
        return _checked(text)
    except (ValueError, OverflowError):
        return None


@lru_cache(maxsize=16_384)
def instant(text: str) -> datetime | None:
    """A change stamp, in UTC. One without an offset is read as UTC, a mere day as its first moment."""
    checked = moment(text)
    if checked is None or len(checked) < len("2026-06-15"):
        return None
    stamp = datetime.fromisoformat(checked)
    return stamp.replace(tzinfo=UTC) if stamp.tzinfo is None else stamp.astimezone(UTC)


def _checked(text: str) -> Moment | None:
    if _DAY.fullmatch(text):
        return _within_range(text, date.fromisoformat(text))
    if _PARTIAL.fullmatch(text):
        return _within_range(text, date.fromisoformat(f"{text}-01" if "-" in text else f"{text}-01-01"))
    parts = _INSTANT.fullmatch(text)
    if parts is None:
        return None
    minute, second, fraction, offset = parts.groups("")
    if second == ":60":
        text = f"{minute}:59{fraction}{offset}"
    return _within_range(text, datetime.fromisoformat(text))


def _within_range(text: str, day: date) -> Moment | None:
    return Moment(text) if EARLIEST_YEAR <= day.year <= LATEST_YEAR else None
