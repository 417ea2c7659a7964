"""One table of a data file, read strictly: every complaint names the file, the key and what is allowed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import NoReturn

from plugin.domain.errors import BadProgram
from plugin.domain.record import Coding


class Table:
    """A mapping with the place where it stands; keys that nobody asks for are refused by ``close``."""

    def __init__(self, where: str, values: object) -> None:
        self.where = where
        if not isinstance(values, Mapping):
            raise BadProgram(f"{where}: expected a table of keys and values")
        self._values: Mapping[str, object] = values
        self._asked: set[str] = set()

    def refuse(self, key: str, expected: str) -> NoReturn:
        """Raises BadProgram naming the key and what was expected."""
        raise BadProgram(f"{self.where}: {key}: expected {expected}")

    def _get(self, key: str) -> object:
        self._asked.add(key)
        return self._values.get(key)

    def has(self, key: str) -> bool:
        """Whether the key is given."""
        return key in self._values

    def text(self, key: str, allowed: Collection[str] | None = None) -> str:
        """A text that must be there."""
        value = self.maybe_text(key, allowed)
        return value if value is not None else self.refuse(key, _one_of(allowed) if allowed else "a text")

    def maybe_text(self, key: str, allowed: Collection[str] | None = None) -> str | None:
        """A text, or None when it is not given."""
        value = self._get(key)
        if value is None:
            return None
        if not isinstance(value, str) or not value.strip() or (allowed is not None and value not in allowed):
            self.refuse(key, _one_of(allowed) if allowed else "a text")
        return value

    def number(self, key: str, least: int = 0, most: int = 100_000) -> int:
        """A whole number; 0 when it is not given."""
        value = self._get(key)
        if value is None:
            return 0
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            self.refuse(key, f"a whole number from {least} to {most}")
        return value

    def flag(self, key: str) -> bool:
        """True or false; false when it is not given."""
        value = self._get(key)
        if value is None:
            return False
        return value if isinstance(value, bool) else self.refuse(key, "true or false")

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; empty when it is not given."""
        values = self._list(key)
        if not all(isinstance(value, str) and value for value in values):
            self.refuse(key, "a list of texts")
        return tuple(str(value) for value in values)

    def tables(self, key: str) -> Iterator[Table]:
        """A list of tables; empty when it is not given."""
        for index, value in enumerate(self._list(key)):
            yield Table(f"{self.where}: {key}[{index}]", value)

    def table(self, key: str) -> Table | None:
        """One table, or None when it is not given."""
        value = self._get(key)
        return None if value is None else Table(f"{self.where}: {key}", value)

    def codings(self, key: str) -> tuple[Coding, ...]:
        """A list of codes: ``{ system = "http://loinc.org", code = "4548-4", display = "…" }``."""
        found: list[Coding] = []
        for table in self.tables(key):
            found.append(Coding(table.text("system"), table.text("code"), table.maybe_text("display")))
            table.close()
        return tuple(found)

    def close(self) -> None:
        """Refuses keys that were not asked for: most often a word misspelt."""
        unknown = sorted(set(self._values) - self._asked)
        if unknown:
            raise BadProgram(f"{self.where}: {unknown[0]}: no such key; known here: {', '.join(sorted(self._asked))}")

    def _list(self, key: str) -> list[object]:
        value = self._get(key)
        if value is None:
            return []
        return value if isinstance(value, list) else self.refuse(key, "a list")


def _one_of(allowed: Collection[str]) -> str:
    return "one of " + ", ".join(sorted(allowed))
