"""A condition as its builder draws it: always a group on the outside, rows and groups in it; and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from plugin.domain.condition import COMBINING, DEEPEST, KEYS, What
from ui_extension.admin.form_tree import Tree, decimal, number, parts, slim, text, texts

MOST_PARTS = 20
"""Of one group. The check has the limit for a whole condition."""
NEW_ROW: Tree = {"what": "condition"}
NEW_GROUP: Tree = {"what": "any", "parts": [NEW_ROW]}
_NUMBERS = ("years", "count", "days")
_TEXTS = ("operator", "unit", "state", "program")


def drawn(condition: object) -> Tree | None:
    """With a group on the outside, so that a second row can be added; None where there is no condition."""
    if not isinstance(condition, Mapping):
        return None
    return condition if condition.get("what") in COMBINING else {"what": "all", "parts": [condition]}


def typed(tree: Tree, key: str) -> Tree | None:
    """What the builder says, as it is drawn; None where the last row was taken away, or none was ever added."""
    found = tree.get(key)
    group = drawn(_condition(found, 1)) if isinstance(found, Mapping) else None
    return group if group and group.get("parts") else None


def alone(condition: object) -> object:
    """As it is stored: a lone row without the group around it."""
    if not isinstance(condition, Mapping) or condition.get("what") not in ("all", "any"):
        return condition
    rows = condition.get("parts")
    only = rows[0] if isinstance(rows, list) and len(rows) == 1 else None
    return only if isinstance(only, Mapping) and only.get("what") not in COMBINING else condition


def codes_of(tree: Tree, key: str) -> list[Tree]:
    """Codes as the picker carries them along."""
    named = [slim({name: text(row, name) for name in ("system", "code", "display")}) for row in parts(tree, key)]
    return [row for row in named if row]


def _condition(tree: Tree, depth: int) -> dict[str, object]:
    what = text(tree, "what")
    found: dict[str, object] = {"what": what}
    keys = KEYS.get(cast(What, what), ())
    for key in keys:
        if key == "parts":
            below = parts(tree, "parts")[:MOST_PARTS] if depth < DEEPEST else []
            found["parts"] = [_condition(part, depth + 1) for part in below]
        elif key == "codes":
            found["codes"] = codes_of(tree, "codes")
        elif key == "languages":
            found["languages"] = [name for name in texts(tree, "languages") if name]
        elif key == "value":
            found["value"] = decimal(tree, "value")
        elif key in _NUMBERS:
            found[key] = number(tree, key)
        elif key in _TEXTS:
            found[key] = text(tree, key)
    if found.get("count") == 1:
        del found["count"]
    return {key: value for key, value in found.items() if value is not None and value != ""}
