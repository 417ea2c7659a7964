"""Conditions that can never hold, or always do, as far as that follows from themselves alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from plugin.domain.condition import Condition, Operator


class _Limit(NamedTuple):
    """A number of the patient on one side of a limit: an age, or the newest value of something."""

    of: object
    operator: Operator
    value: float


def never_holds(condition: Condition) -> bool:
    """Whether no patient can ever meet it. What could not be read counts as what can."""
    match condition.what:
        case "all":
            limits = [limit for part in _flat(condition) for limit in _limits(part)]
            return (
                any(never_holds(part) for part in condition.parts) or _contradict(limits) or _denies_itself(condition)
            )
        case "any":
            return bool(condition.parts) and all(never_holds(part) for part in condition.parts)
        case "not":
            return any(always_holds(part) for part in condition.parts)
        case "age-below":
            return condition.years == 0
        case "condition":
            return condition.count > len(condition.pairs) > 0
        case _:
            return False


def always_holds(condition: Condition) -> bool:
    """Whether every patient meets it. An age is no such thing: who has no birth date meets none."""
    match condition.what:
        case "all":
            return bool(condition.parts) and all(always_holds(part) for part in condition.parts)
        case "any":
            denied = {inner for part in condition.parts if part.what == "not" for inner in part.parts}
            return any(always_holds(part) or part in denied for part in condition.parts)
        case "not":
            return bool(condition.parts) and all(never_holds(part) for part in condition.parts)
        case _:
            return False


def _flat(condition: Condition) -> Iterator[Condition]:
    """All that must hold together."""
    for part in condition.parts:
        yield from _flat(part) if part.what == "all" else (part,)


def _denies_itself(condition: Condition) -> bool:
    """One part must hold, and another says that it must not."""
    parts = set(_flat(condition))
    return any(inner in parts for part in parts if part.what == "not" for inner in part.parts)


def _limits(part: Condition) -> Iterator[_Limit]:
    match part.what:
        case "age-at-least":
            yield _Limit("age", Operator.AT_LEAST, part.years)
        case "age-below":
            yield _Limit("age", Operator.BELOW, part.years)
        case "observation":
            yield _Limit((part.pairs, part.unit), part.operator, part.value)
        case _:
            return


def _contradict(limits: list[_Limit]) -> bool:
    """Two limits of one number that leave nothing between them."""
    lower = [limit for limit in limits if limit.operator in (Operator.ABOVE, Operator.AT_LEAST)]
    upper = [limit for limit in limits if limit.operator in (Operator.BELOW, Operator.AT_MOST)]
    return any(_is_empty(low, high) for low in lower for high in upper if low.of == high.of)


def _is_empty(low: _Limit, high: _Limit) -> bool:
    meets = low.operator is Operator.AT_LEAST and high.operator is Operator.AT_MOST
    return low.value > high.value or (low.value == high.value and not meets)
