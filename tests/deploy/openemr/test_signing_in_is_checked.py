"""Of the recordings of signing in, every one is compared, or stands here with its reason."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
SIGNING_IN = {
    f"{number:03}"
    for part in (
        range(2, 69),
        range(203, 215),
        range(260, 366),
        (386, 387, 393),
        range(416, 427),
        range(437, 448),
        range(455, 462),
    )
    for number in part
}
"""Discovery, registration, tokens, introspection, authorize, launch, and who is let in."""

ONLY_LET_IN = {
    "277": "after the reuse of an old refresh token the new access token is let in",
    "285": "a system's token is let in",
    "417": "scopes of the second version are let in",
    "418": "scopes of the second version are let in",
    "419": "scopes of the second version are let in",
    "438": "the patient of a token bound to one, by id",
    "440": "another patient's plans are not seen through a token bound to one",
    "445": "a group with the right is let in",
    "446": "a group with the right is let in",
}
"""Asked here, and only compared as far as the words say: the clinic of these tests has no such charts. The whole answers
are compared with the API's (replay.py)."""
ELSEWHERE = {"439": "what a token bound to one patient sees of the plans is asked with the API (replay.py)"}


def test_every_recording_of_signing_in_is_compared_or_has_its_reason() -> None:
    """None is forgotten, and no reason is left over."""
    asked = _asked("test_oauth_recordings.py") | _asked("test_launch_recordings.py")

    assert SIGNING_IN - asked - set(ELSEWHERE) == set()
    assert set(ELSEWHERE) & asked == set()
    assert set(ONLY_LET_IN) <= asked


def _asked(name: str) -> set[str]:
    """Those that a test file names, with the ranges that it writes as such."""
    text = (HERE / name).read_text(encoding="utf-8")
    named = set(re.findall(r'"(\d{3})"', text))
    for first, last in re.findall(r"range\((\d+), (\d+)\)", text):
        named |= {f"{number:03}" for number in range(int(first), int(last))}
    for first in re.findall(r'"(\d{3})": (?:None|7)\b', text):
        named |= {f"{int(first) + step}" for step in range(4)}
    return named
