"""Units as a clinician writes them: what a chart has is often UCUM's code for a machine."""

from __future__ import annotations

import re
from collections.abc import Mapping

_WORDS: Mapping[str, str] = {
    "1": "",
    "lb_av": "lb",
    "oz_av": "oz",
    "in_i": "in",
    "ft_i": "ft",
    "degf": "°F",
    "cel": "°C",
    "/min": "per minute",
    "m2": "m²",
    "kg/m2": "kg/m²",
    "ug": "µg",
    "ug/l": "µg/L",
    "ug/ml": "µg/mL",
    "umol/l": "µmol/L",
    "10*3/ul": "×10³/µL",
    "10*6/ul": "×10⁶/µL",
    "10*9/l": "×10⁹/L",
    "10*12/l": "×10¹²/L",
    "ml/min/1.73m2": "mL/min/1.73 m²",
    "ml/min/1.73.m2": "mL/min/1.73 m²",
    "ml/min/": "mL/min/1.73 m²",
}
"""By the code without its brackets and its remarks, in small letters. OpenEMR 8.2 leaves the brackets out itself."""

_MARKS = re.compile(r"\{[^}]*\}|[\[\]]")
"""Remarks in braces, and the brackets around what is no unit of the SI."""


def unit_words(unit: str | None) -> str:
    """``lb`` for ``[lb_av]``; nothing for a mere number; of a unit that is not in the list what it says itself."""
    bare = _MARKS.sub("", unit or "").strip()
    return _WORDS.get(bare.casefold(), bare)


def is_same_unit(one: str | None, other: str | None) -> bool:
    """Another way to write it makes no other unit: ``mm[Hg]`` and ``mmHg``, ``[lb_av]`` and ``lb``."""
    return _bare(one) == _bare(other)


def _bare(unit: str | None) -> str:
    return unit_words(unit).casefold().replace(" ", "")


def with_unit(number: str, unit: str | None) -> str:
    """``7 %``, ``91.4 kg``; a number of points alone."""
    words = unit_words(unit)
    return f"{number} {words}" if words else number
