"""JSON's own types, and FHIR dates, read from an object by name; what is malformed is dropped and counted.

Every method takes the JSON object that holds the element, the element's name, and, for nested objects, the path to
them (`within="activity.detail."`), which goes into the reason. Nothing here raises, whatever a server sends.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeGuard, cast

from fhir_adapters.mapping.moments import LONGEST, moment
from plugin.domain.record import Moment

Raw = Mapping[str, object]
"""A JSON object as it came."""

LARGEST_NUMBER = 10**9


class Plain:
    """The elements of one resource. `left_out` is shared by a page's resources."""

    __slots__ = ("left_out", "type")

    def __init__(self, type_: str, left_out: dict[str, int]) -> None:
        self.type = type_
        self.left_out = left_out

    def drop(self, element: str, why: str) -> None:
        """Counts a part that is left out. `element` and `why` are our words, never the source's."""
        reason = f"{self.type}.{element}: {why}"
        self.left_out[reason] = self.left_out.get(reason, 0) + 1

    def text(self, holder: Raw, name: str, within: str = "") -> str | None:
        """A string with something in it."""
        value = holder.get(name)
        return None if value is None else self.text_in(value, within + name)

    def text_in(self, value: object, element: str) -> str | None:
        """The value itself, where it is a text."""
        if is_text(value) and (text := storable(value)):
            return text
        self.drop(element, "not a text")
        return None

    def texts(self, holder: Raw, name: str, within: str = "") -> tuple[str, ...]:
        """The texts of a list."""
        values = self._list(holder, name, within)
        found = tuple([storable(item) for item in values if is_text(item)])
        if len(found) != len(values):
            self.drop(within + name, "not a text")
        return found

    def flag(self, holder: Raw, name: str, within: str = "") -> bool | None:
        """A boolean."""
        value = holder.get(name)
        if value is None or value is True or value is False:
            return value
        self.drop(within + name, "not a boolean")
        return None

    def number(self, holder: Raw, name: str, within: str = "") -> float | None:
        """A decimal, also below zero."""
        value = holder.get(name)
        if value is None:
            return None
        if isinstance(value, int | float) and not isinstance(value, bool) and -LARGEST_NUMBER < value < LARGEST_NUMBER:
            return float(value)
        self.drop(within + name, "not a number that can be used")
        return None

    def count(self, holder: Raw, name: str, within: str = "") -> int | None:
        """A whole number from 1 on."""
        value = holder.get(name)
        if value is None:
            return None
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value < LARGEST_NUMBER:
            return value
        self.drop(within + name, "not a positive whole number")
        return None

    def part(self, holder: Raw, name: str, within: str = "") -> Raw | None:
        """A nested object."""
        value = holder.get(name)
        if value is None or isinstance(value, dict):
            return cast("Raw | None", value)
        self.drop(within + name, "not an object")
        return None

    def parts(self, holder: Raw, name: str, within: str = "") -> list[Raw]:
        """The objects of a list."""
        values = self._list(holder, name, within)
        return [part for _, part in self._placed(values, within + name)] if values else []

    def placed(self, holder: Raw, name: str, within: str = "") -> Iterator[tuple[int, Raw]]:
        """The objects of a list with their places in it, which count malformed neighbours too."""
        return self._placed(self._list(holder, name, within), within + name)

    def moment(self, holder: Raw, name: str, within: str = "") -> Moment | None:
        """A date, dateTime or instant."""
        value = holder.get(name)
        if value is None:
            return None
        found = moment(value) if isinstance(value, str) and len(value) <= LONGEST else None
        if found is None:
            self.drop(within + name, "no date")
        return found

    def period(self, holder: Raw, name: str, within: str = "") -> tuple[Moment | None, Moment | None]:
        """Start and end of a Period."""
        value = self.part(holder, name, within)
        if value is None:
            return None, None
        path = f"{within}{name}."
        return self.moment(value, "start", path), self.moment(value, "end", path)

    def _list(self, holder: Raw, name: str, within: str) -> list[object]:
        value = holder.get(name)
        if value is None:
            return []
        if isinstance(value, list):
            return value
        self.drop(within + name, "not a list")
        return []

    def _placed(self, values: list[object], element: str) -> Iterator[tuple[int, Raw]]:
        for place, item in enumerate(values):
            if isinstance(item, dict):
                yield place, cast(Raw, item)
            else:
                self.drop(element, "not an object")


def is_text(value: object) -> TypeGuard[str]:
    """A string that says something."""
    return isinstance(value, str) and value != "" and not value.isspace()


def storable(text: str) -> str:
    """Without zero characters, which JSON can hold and PostgreSQL cannot."""
    return text.replace("\0", "") if "\0" in text else text
