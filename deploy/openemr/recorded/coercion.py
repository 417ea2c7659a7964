"""What MySQL makes of text where a number belongs, with OpenEMR 8.2's empty sql_mode: nothing is refused."""

from __future__ import annotations

import re

_LEADING = re.compile(r"\s*([+-]?\d+)")


def as_number(text: str) -> int:
    """The digits at the beginning; 0 when there are none. A uuid that begins with a digit is a patient's number so."""
    found = _LEADING.match(text)
    return int(found[1]) if found else 0
