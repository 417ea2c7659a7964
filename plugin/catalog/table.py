"""One table of a program or ladder, read strictly: every fault is kept with its place, and reading goes on."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping

from plugin.domain.fault import Fault
from plugin.domain.record import Coding

LONGEST_TEXT, LONGEST_URI, LONGEST_LIST = 200, 500, 200
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+", re.ASCII)
_NOT_SHOWN = ("Cc", "Cs")
"""Control characters and halves of characters: no screen shows them, and not every database keeps them."""


class Table:
    """A mapping with the path at which it stands. What is wrong goes to ``faults``, and something harmless is given in its
    place; keys that nobody asks for are told by ``close``."""

    def __init__(self, path: str, values: object, faults: list[Fault]) -> None:
        self.path = path
        self._faults = faults
        self._asked: set[str] = set()
        self._is_table = isinstance(values, Mapping)
        self._values: Mapping[str, object] = values if isinstance(values, Mapping) else {}
        if not self._is_table:
            self.faults_at("", "Expected a table of keys and values.")

    def faults_at(self, key: str, words: str) -> None:
        """One more fault, at one of its keys; empty: at the table itself."""
        self._faults.append(Fault(self.at(key), words))

    def passed_over(self, key: str, words: str) -> None:
        """One more fault, of a key that is not read."""
        self._asked.add(key)
        self.faults_at(key, words)

    def at(self, key: str) -> str:
        """The path of one of its keys."""
        return ".".join(part for part in (self.path, key) if part)

    def has(self, key: str) -> bool:
        """Whether the key is given."""
        return self._values.get(key) is not None

    def value(self, key: str) -> object:
        """As it stands there."""
        return self._values.get(key)

    def text(self, key: str, allowed: Collection[str] | None = None) -> str:
        """A text that must be there."""
        if not self.has(key):
            self._missing(key, _one_of(allowed) if allowed else "Please fill this in.")
            return ""
        return self.maybe_text(key, allowed) or ""

    def maybe_text(self, key: str, allowed: Collection[str] | None = None, longest: int = LONGEST_TEXT) -> str | None:
        """A text, or None when it is not given."""
        value = self._get(key)
        if value is None:
            return None
        if allowed is None:
            return self._line(key, value, longest)
        if isinstance(value, str) and value in allowed:
            return value
        self.faults_at(key, _one_of(allowed))
        return None

    def _line(self, key: str, value: object, longest: int) -> str | None:
        """One line of text that a screen can show."""
        if not isinstance(value, str) or not value.strip():
            self.faults_at(key, "Please give a text, or leave it out.")
            return None
        if len(value) > longest or any(unicodedata.category(char) in _NOT_SHOWN for char in value):
            self.faults_at(key, f"Please give a text of at most {longest} characters, in one line.")
            return None
        return value

    def name(self, key: str) -> str:
        """A short name that must be there: it stands in keys, and never changes."""
        value = self.text(key)
        if value and not _NAME.fullmatch(value):
            self.faults_at(key, "Please use letters, digits, hyphens, dots and underscores only, at most 64.")
            return ""
        return value

    def number(self, key: str, least: int = 0, most: int = 100_000, default: int = 0) -> int:
        """A whole number; the default when it is not given."""
        value = self._get(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            self.faults_at(key, f"Please give a whole number from {least} to {most}.")
            return default
        return value

    def needed_number(self, key: str, least: int, most: int) -> int:
        """A whole number that must be there."""
        if not self.has(key):
            self._missing(key, f"Please give a whole number from {least} to {most}.")
        return self.number(key, least, most, least)

    def decimal(self, key: str, most: float = 1e9) -> float:
        """A number that must be there."""
        value = self._get(key)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if is_number and isinstance(value, int | float) and abs(value) <= most and math.isfinite(value):
            return float(value)
        self._missing(key, "Please give a number.")
        return 0.0

    def flag(self, key: str) -> bool:
        """True or false; false when it is not given."""
        value = self._get(key)
        if value is None or isinstance(value, bool):
            return bool(value)
        self.faults_at(key, "Please say true or false.")
        return False

    def texts(self, key: str, longest: int = LONGEST_URI, most: int = LONGEST_LIST) -> tuple[str, ...]:
        """A list of texts; empty when it is not given."""
        values = enumerate(self._list(key, most))
        return tuple(self._line(f"{key}[{index}]", value, longest) or "" for index, value in values)

    def tables(self, key: str, most: int = LONGEST_LIST) -> Iterator[Table]:
        """A list of tables; empty when it is not given. What is beyond the most is told, and not read."""
        values = self._list(key, most)
        for index, value in enumerate(values):
            yield Table(self.at(f"{key}[{index}]"), value, self._faults)

    def table(self, key: str) -> Table | None:
        """One table, or None when it is not given."""
        value = self._get(key)
        return None if value is None else Table(self.at(key), value, self._faults)

    def codings(self, key: str) -> tuple[Coding, ...]:
        """A list of codes: ``{ system = "http://loinc.org", code = "4548-4", display = "…" }``."""
        found: list[Coding] = []
        for table in self.tables(key):
            system = table.text("system")
            if system and not _URI.fullmatch(system):
                table.faults_at("system", "Please give the code system's address, such as http://loinc.org.")
            code = table.text("code")
            if code != code.strip():
                table.faults_at("code", "Please take the spaces away.")
            found.append(Coding(system, code, table.maybe_text("display", longest=LONGEST_URI)))
            table.close()
        return tuple(found)

    def close(self) -> None:
        """Tells keys that were not asked for: most often a word misspelt."""
        known = ", ".join(sorted(self._asked))
        for key in sorted(map(str, self._values.keys() - self._asked))[:LONGEST_LIST]:
            shown = key if len(key) <= LONGEST_TEXT else key[:LONGEST_TEXT] + "…"
            self.faults_at(shown, f"There is no such key; known here: {known}.")

    def _get(self, key: str) -> object:
        self._asked.add(key)
        return self._values.get(key)

    def _missing(self, key: str, words: str) -> None:
        """Told once, and not of what is no table at all."""
        self._asked.add(key)
        if self._is_table:
            self.faults_at(key, words)

    def _list(self, key: str, most: int = LONGEST_LIST) -> list[object]:
        value = self._get(key)
        if value is None:
            return []
        if not isinstance(value, list | tuple):
            self.faults_at(key, "Expected a list.")
            return []
        if len(value) > most:
            self.faults_at(key, f"There are {len(value)} of them; at most {most} are read.")
        return list(value[:most])


def _one_of(allowed: Collection[str]) -> str:
    return "Please choose one of: " + ", ".join(sorted(allowed)) + "."
