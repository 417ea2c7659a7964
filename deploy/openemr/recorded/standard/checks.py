"""What the older controllers check before they write, and how they say that it is not right: with 200 (OpenEMR 8.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Given = Mapping[str, Any]  # Any: JSON of whoever calls
Complaints = dict[str, dict[str, str]]
Check = Callable[[str, Any], dict[str, str]]  # Any: as above


def missing(label: str) -> dict[str, str]:
    """Not among what was sent."""
    return {"Required::NON_EXISTENT_KEY": f"{label} must be provided, but does not exist"}


def empty(label: str) -> dict[str, str]:
    """Sent, and empty."""
    return {"NotEmpty::EMPTY_VALUE": f"{label} must not be empty"}


def long_enough(most: int, least: int = 2) -> Check:
    """A text of so many characters."""

    def check(label: str, value: Any) -> dict[str, str]:  # JSON
        size = len(str(value))
        if size < least:
            return {"LengthBetween::TOO_SHORT": f"{label} must be {least} characters or longer"}
        return {"LengthBetween::TOO_LONG": f"{label} must be {most} characters or shorter"} if size > most else {}

    return check


def numeric(label: str, value: Any) -> dict[str, str]:  # JSON
    """A number, or the text of one."""
    try:
        float(value)
    except (TypeError, ValueError):
        return {"Numeric::NOT_NUMERIC": f"{label} must be numeric"}
    return {}


def anything(label: str, value: Any) -> dict[str, str]:  # JSON
    """Whatever it is."""
    return {}


def complaints(
    given: Given, checks: Mapping[str, Check], labels: Mapping[str, str] = {}, *, is_required: bool = True
) -> Complaints:
    """By field; empty when all is well."""
    found: Complaints = {}
    for name, check in checks.items():
        label = labels.get(name, name)
        if name not in given:
            found[name] = missing(name) if is_required else {}
        elif given[name] in ("", None):
            found[name] = empty(label) if is_required else {}
        else:
            found[name] = check(label, given[name])
    return {name: complaint for name, complaint in found.items() if complaint}
