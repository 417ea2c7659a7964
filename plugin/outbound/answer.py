"""What a server answered, read whole and within its limits."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

# Later the same request may succeed. 500 is among them: HAPI answers so while its database is away. Not 501 and 505,
# which say what the server never does.
TEMPORARY = frozenset({408, 425, 429, 500, 502, 503, 504})
_LONGEST_RETRY_AFTER = timedelta(hours=1)


@dataclass(frozen=True)
class Answer:
    """Any HTTP answer, also one that says no: what it means is for the caller to say.

    `asked` is the request as it may stand in a message. Headers are looked up by lower-case name. The body stays out
    of the repr, and so out of every log.
    """

    asked: str
    status_code: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def is_temporary(self) -> bool:
        return self.status_code in TEMPORARY

    @property
    def served_at(self) -> datetime | None:
        """The server's own clock (`Date`), in UTC."""
        return _http_date(self.headers.get("date"))

    @property
    def retry_after(self) -> timedelta | None:
        """How long the server asks us to wait: seconds, or a date, which is measured against the server's clock.
        Never more than an hour."""
        asked = self.headers.get("retry-after", "").strip()
        if asked.isascii() and asked.isdigit():
            return min(timedelta(seconds=min(int(asked[:9]), 10**6)), _LONGEST_RETRY_AFTER)
        until, now = _http_date(asked), self.served_at
        if until is None or now is None:
            return None
        return min(max(until - now, timedelta(0)), _LONGEST_RETRY_AFTER)


def _http_date(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
