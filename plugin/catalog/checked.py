"""Reading a body and checking it, in one go: what refuses a body and what tells its faults cannot disagree."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from plugin.catalog.size import too_large
from plugin.catalog.table import Table
from plugin.domain.errors import BadProgram
from plugin.domain.fault import Fault

Read = TypeVar("Read")


def _nothing_more(_: object) -> Sequence[Fault]:
    return ()


def checked(
    body: object, read: Callable[[Table], Read], check: Callable[[Read], Sequence[Fault]] = _nothing_more
) -> tuple[Read | None, Sequence[Fault]]:
    """What is read, and all faults. Never raises; a field that could not be read is not found fault with a second time."""
    large = too_large(body)
    if large is not None:
        return None, [large]
    faults: list[Fault] = []
    found = read(Table("", body, faults))
    if not isinstance(body, Mapping):
        return None, faults[:1]
    unread = [fault.path for fault in faults]
    later = [fault for fault in check(found) if not any(_is_within(path, fault.path) for path in unread)]
    return found, [*faults, *later]


def right(found: Read | None, faults: Sequence[Fault], name: str) -> Read:
    """What was read, if nothing is wrong with it; else BadProgram naming the first fault."""
    wrong = next((fault for fault in faults if fault.is_wrong), None)
    if found is None or wrong is not None:
        raise BadProgram(": ".join(part for part in (name, *(wrong or ())[:2]) if part))
    return found


def _is_within(path: str, of: str) -> bool:
    return path == of or path.startswith((f"{of}.", f"{of}["))
