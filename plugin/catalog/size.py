"""How large a body may be before anybody reads it: what is larger is no program, but an accident or an attack."""

from __future__ import annotations

from collections.abc import Mapping

from plugin.domain.fault import Fault

MOST_CHARACTERS, MOST_VALUES, DEEPEST = 1_000_000, 100_000, 40


def too_large(body: object) -> Fault | None:
    """Looks at no more of it than is allowed; never recurses."""
    characters = values = 0
    todo: list[tuple[object, int]] = [(body, 1)]
    while todo:
        value, depth = todo.pop()
        values += 1
        if isinstance(value, str | bytes):
            characters += len(value)
        elif isinstance(value, Mapping | list | tuple):
            if depth > DEEPEST:
                return Fault("", f"It is nested more than {DEEPEST} deep.")
            if len(value) + values > MOST_VALUES:
                return Fault("", f"It holds more than {MOST_VALUES} values.")
            items = [*value, *value.values()] if isinstance(value, Mapping) else value
            todo.extend((item, depth + 1) for item in items)
        if characters > MOST_CHARACTERS or values > 2 * MOST_VALUES:
            return Fault("", f"It is larger than {MOST_CHARACTERS} characters.")
    return None
