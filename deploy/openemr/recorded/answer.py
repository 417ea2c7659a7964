"""What the recorded OpenEMR answers with, before it becomes HTTP."""

from __future__ import annotations

from dataclasses import dataclass, field

from deploy.openemr.recorded.php import written

JSON = "application/json"
STOPPED = ("max-age=0, private, must-revalidate",)
FAILED = ("no-cache, private",)
CACHING = (*STOPPED, *FAILED)
"""The Cache-Control headers: PHP's session says one, Symfony the other; an answer that dies early has only the first, one
whose log failed only the second."""
LARGEST_LOGGED = 8 * 1024 * 1024 - 64 * 1024
"""An answer is logged whole, in one packet; recorded whole were 7.3 MB, broken 8.4 MB (recording 385)."""
_TOO_LARGE = {
    "error": "An error occurred while processing the request.",
    "message": (
        "An exception occurred while executing a query: SQLSTATE[08S01]: Communication link failure: 1153 "
        "Got a packet bigger than 'max_allowed_packet' bytes"
    ),
}


@dataclass(frozen=True)
class Answer:
    """Status, body, and the time that a real one would have taken for it."""

    status: int
    body: bytes = field(repr=False)
    content_type: str = JSON
    caching: tuple[str, ...] = CACHING
    seconds: float = 0.0


def json_answer(status: int, body: object, seconds: float = 0.0, *, is_symfony: bool = True) -> Answer:
    """As OpenEMR writes JSON; over about 8 MB a second object follows the whole first one, since the log refuses it
    (OpenEMR 8.2, MariaDB's default max_allowed_packet)."""
    said = written(body, is_symfony=is_symfony)
    if len(said) > LARGEST_LOGGED:
        return Answer(status, said + written(_TOO_LARGE, is_symfony=False), caching=FAILED, seconds=seconds)
    return Answer(status, said, seconds=seconds)
