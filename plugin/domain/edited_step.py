"""Which step of before an edited step is, where a source gives its steps no keys: only what is unambiguous (DESIGN
§4.1).

Some servers delete and write anew all steps of a plan whenever one is edited. What has the same code and words is the
same anyhow; here the rest is paired, so that holds, attempts and statements are not lost by a corrected word or another
day.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from datetime import date
from difflib import SequenceMatcher
from typing import NamedTuple

ALIKE = 0.6
"""Of two titles, from which on one may be the other, corrected. Codes say more: without any, nothing else would tell."""
LONGEST = 300
"""So much of a title is compared."""


class Trace(NamedTuple):
    """What a step is known by, when its key is not: its codes (``system|code``, sorted), its due day, its title."""

    codes: tuple[str, ...]
    due: date | None
    title: str


def pairs(gone: Mapping[str, Trace], fresh: Mapping[int, Trace]) -> Iterator[tuple[int, str]]:
    """Each step that came, with the one that it was before; those left out are new. First by code and day, then by code
    alone, then, of those without a code, by words."""
    before, after = dict(gone), dict(fresh)
    for mark in (_code_and_day, _code):
        for place, key in list(_only_ones(before, after, mark)):
            del before[key], after[place]
            yield place, key
    yield from _by_words(before, after)


def _code_and_day(step: Trace) -> Hashable:
    return (step.codes, step.due) if step.codes and step.due else None


def _code(step: Trace) -> Hashable:
    return step.codes or None


def _only_ones(
    before: Mapping[str, Trace], after: Mapping[int, Trace], mark: Callable[[Trace], Hashable]
) -> Iterator[tuple[int, str]]:
    """Where exactly one went and exactly one came with the same mark."""
    for place, step in after.items():
        own = mark(step)
        if own is None or sum(mark(other) == own for other in after.values()) > 1:
            continue
        keys = [key for key, other in before.items() if mark(other) == own]
        if len(keys) == 1:
            yield place, keys[0]


def _by_words(before: Mapping[str, Trace], after: Mapping[int, Trace]) -> Iterator[tuple[int, str]]:
    like = [
        (place, key)
        for place, step in after.items()
        for key, other in before.items()
        if not step.codes and not other.codes and _are_alike(step.title, other.title)
    ]
    for place, key in like:
        if sum(place == other for other, _ in like) == 1 and sum(key == other for _, other in like) == 1:
            yield place, key


def _are_alike(one: str, other: str) -> bool:
    one, other = (" ".join(text.casefold().split())[:LONGEST] for text in (one, other))
    return bool(one) and bool(other) and SequenceMatcher(None, one, other, autojunk=False).ratio() >= ALIKE
