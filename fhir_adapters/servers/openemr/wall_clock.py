"""Times as an OpenEMR means them: what the clock on the clinic's wall showed.

OpenEMR 8.2 keeps local times without a zone, and writes each with the offset that the server has *today*: in November
an appointment on 15 July at nine comes as `09:00:00-05:00`, where the clinic had -04:00 (recording 156). The offset is
dropped, and the clinic's own for that day is put in its place.
"""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

_STAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?)(?:[+-]\d\d:\d\d)?", re.ASCII)
_LONGEST = 32


def on_the_wall(text: str, zone: ZoneInfo) -> str:
    """A text that is a time with an offset, or without any, with the clinic's; every other text as it is. `Z` says more
    than a clock on a wall and stays. An hour that the clock skips in spring is meant as it stood before; of one that
    comes twice in autumn, the first is meant."""
    if len(text) > _LONGEST or (found := _STAMP.fullmatch(text)) is None:
        return text
    try:
        return datetime.fromisoformat(found[1]).replace(tzinfo=zone).isoformat()
    except (ValueError, OverflowError):
        return text
