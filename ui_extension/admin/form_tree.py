"""Forms of nested parts: ``due.codes.0.code`` is a field's name, and the same path names its place in a draft's body.

What a form says becomes lists and mappings of texts here; names of another form, and more fields than any page of ours
draws, are passed over. No post can make this fail or take long.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

Tree = Mapping[str, object]

_NAME = re.compile(r"[a-z_]{1,30}(?:\.(?:[a-z_]{1,30}|\d{1,3})){0,28}", re.ASCII)
_MOST_FIELDS = 4_000
_LONGEST = 10_000


def tree_of(fields: Iterable[tuple[str, str]]) -> Tree:
    """Fields by name as one mapping. A part whose names are all numbers is a list, in their order. Of a name that comes
    twice, the last counts; where a field would be both a text and a part, the part stays."""
    root: dict[str, object] = {}
    for number, (name, value) in enumerate(fields):
        if number >= _MOST_FIELDS:
            break
        if _NAME.fullmatch(name):
            _put(root, name.split("."), value[:_LONGEST].replace("\x00", ""))
    listed = _listed(root)
    return listed if isinstance(listed, Mapping) else {}


def part(tree: Tree, key: str) -> Tree:
    """A part; empty where there is none."""
    found = tree.get(key)
    return found if isinstance(found, Mapping) else {}


def parts(tree: Tree, key: str) -> list[Tree]:
    """A list of parts."""
    found = tree.get(key)
    return [item for item in found if isinstance(item, Mapping)] if isinstance(found, list) else []


def texts(tree: Tree, key: str) -> list[str]:
    """A list of texts, as they were typed."""
    found = tree.get(key)
    return [item for item in found if isinstance(item, str)] if isinstance(found, list) else []


def text(tree: Tree, key: str) -> str:
    """A text without the spaces around it; empty where there is none."""
    found = tree.get(key)
    return found.strip() if isinstance(found, str) else ""


def number(tree: Tree, key: str) -> int | str | None:
    """A whole number; as it was typed where it is none, so that it can be shown again and complained about."""
    typed = text(tree, key)
    if not typed:
        return None
    return int(typed) if re.fullmatch(r"-?[0-9]{1,6}", typed) else typed


def decimal(tree: Tree, key: str) -> float | int | str | None:
    """A number with or without a fraction; as it was typed where it is none."""
    typed = text(tree, key).replace(",", ".")
    if re.fullmatch(r"-?[0-9]{1,6}", typed):
        return int(typed)
    if re.fullmatch(r"-?[0-9]{1,9}\.[0-9]{1,6}", typed):
        return float(typed)
    return text(tree, key) or None


def slim(part_: Mapping[str, object]) -> dict[str, object]:
    """Without what is not said: no text, no items, no tick. A zero says something, and so does an empty part."""
    return {
        key: value for key, value in part_.items() if value is not None and value is not False and value not in ("", [])
    }


# ------------------------------------------------------------------------------------------------------- lists in it
def appended(tree: Tree, path: str, item: object, *, most: int) -> Tree:
    """With one more item at the end of the list at ``path``, which is made where there is none."""
    return _listed_at(tree, path, lambda found: [*found, item] if len(found) < most else found)


def dropped(tree: Tree, path: str) -> Tree:
    """Without the list's item at ``path`` (``codes.2``)."""
    where, _, index = path.rpartition(".")
    if not where or not index.isdigit():
        return tree
    return _listed_at(tree, where, lambda found: [item for i, item in enumerate(found) if str(i) != index])


def at(tree: Tree, path: str) -> object:
    """What stands at a path; None where nothing does."""
    found: object = tree
    for name in path.split("."):
        if isinstance(found, Mapping):
            found = found.get(name)
        elif isinstance(found, list) and name.isdigit() and int(name) < len(found):
            found = found[int(name)]
        else:
            return None
    return found


def placed(tree: Tree, path: str, item: object) -> Tree:
    """With something at a path, whatever stood there."""
    return _whole(_changed(tree, path.split("."), lambda _: item), tree)


def _listed_at(tree: Tree, path: str, change: Callable[[list[object]], list[object]]) -> Tree:
    return _whole(_changed(tree, path.split("."), lambda f: change(list(f) if isinstance(f, list) else [])), tree)


def _whole(changed: object, before: Tree) -> Tree:
    return changed if isinstance(changed, Mapping) else before


def _changed(found: object, names: Sequence[str], change: Callable[[object], object]) -> object:
    """With what stands at ``names`` changed; what is no part on the way there stays as it is."""
    if not names:
        return change(found)
    name, rest = names[0], names[1:]
    if isinstance(found, list):
        return [_changed(item, rest, change) if str(i) == name else item for i, item in enumerate(found)]
    if isinstance(found, Mapping) or found is None:
        here = found or {}
        return {**here, name: _changed(here.get(name), rest, change)}
    return found


def _put(root: dict[str, object], names: Sequence[str], value: str) -> None:
    here = root
    for name in names[:-1]:
        below = here.get(name)
        if not isinstance(below, dict):
            below = here[name] = {}
        here = below
    if not isinstance(here.get(names[-1]), dict):
        here[names[-1]] = value


def _listed(found: object) -> object:
    if not isinstance(found, dict):
        return found
    if found and all(name.isdigit() for name in found):
        return [_listed(found[name]) for name in sorted(found, key=int)]
    return {name: _listed(value) for name, value in found.items()}
