"""Codes that an editor can pick from: those that programs name, and those that stand in the practice's charts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from plugin.domain.record import Coding

_MOST_WORDS = 8
_LONGEST_WORD = 60


class CodeSeen(NamedTuple):
    """A code that stands in charts, under the name that it has most often there, and how many patients have it."""

    system: str
    code: str
    display: str | None
    patients: int

    @property
    def words(self) -> str:
        """What a search looks through."""
        return f"{self.code} {self.display or ''}".lower()


class Place(NamedTuple):
    """Where one fact stands among all, patient by patient."""

    source_id: int
    patient: str
    ref: str


class CodeChoice(NamedTuple):
    """One line of the code picker."""

    coding: Coding
    patients: int
    is_named: bool
    """A program names it already."""


def searched(query: str) -> list[str]:
    """The words of a query, as a search compares them."""
    return [word[:_LONGEST_WORD] for word in query.lower().split()[:_MOST_WORDS]]


def choices(query: str, named: Iterable[Coding], seen: Iterable[CodeSeen], limit: int) -> list[CodeChoice]:
    """What a query finds, best first: the very code, then a code that begins so, then what programs name already, then
    what most patients have. A code is one line, under the name that a program gives it."""
    words = searched(query)
    if not words:
        return []
    counted = {(one.system, one.code): one for one in seen}
    found: dict[tuple[str, str], CodeChoice] = {}
    for coding in named:
        key = (coding.system, coding.code)
        count = counted[key].patients if key in counted else 0
        if key not in found and _holds(CodeSeen(*coding, patients=count), words):
            found[key] = CodeChoice(coding, count, is_named=True)
    for key, one in counted.items():
        if key not in found and _holds(one, words):
            found[key] = CodeChoice(Coding(*one[:3]), one.patients, is_named=False)
    return sorted(found.values(), key=lambda choice: _order(choice, " ".join(words)))[:limit]


def _holds(one: CodeSeen, words: Sequence[str]) -> bool:
    return all(word in one.words for word in words)


def _order(choice: CodeChoice, query: str) -> tuple[bool, bool, bool, int, str, str]:
    code = choice.coding.code.lower()
    begins = (code != query, not code.startswith(query), not choice.is_named)
    return (*begins, -choice.patients, choice.coding.display or "", code)


class Tally:
    """Counts patients by code while facts come patient by patient; flat in memory but for the codes themselves."""

    def __init__(self) -> None:
        self._patients: Counter[tuple[str, str]] = Counter()
        self._displays: dict[tuple[str, str], Counter[str]] = {}
        self._patient: tuple[int, str] | None = None
        self._had: set[tuple[str, str]] = set()

    def add(self, place: Place, codings: Iterable[Coding]) -> None:
        """One fact's codes. A code without a system is no code that a program could name."""
        if self._patient != place[:2]:
            self._patient, self._had = place[:2], set()
        for system, code, display in codings:
            key = (system, code)
            if not system or not code or key in self._had:
                continue
            self._had.add(key)
            self._patients[key] += 1
            if display:
                self._displays.setdefault(key, Counter())[display] += 1

    def seen(self) -> list[CodeSeen]:
        """All of them."""
        return [CodeSeen(*key, self._display(key), patients) for key, patients in self._patients.items()]

    def _display(self, key: tuple[str, str]) -> str | None:
        known = self._displays.get(key)
        return min(known, key=lambda display: (-known[display], display)) if known else None
