"""Conditions from JSON-able values: each says ``what`` and the keys that go with it, no others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, cast

from plugin.catalog.table import Table
from plugin.domain.condition import (
    DEEPEST,
    KEYS,
    MOST_PARTS,
    WHATS,
    Condition,
    Operator,
    VisitState,
    What,
)
from plugin.domain.program import MOST_DAYS

MOST_YEARS, MOST_COUNT = 130, 20


def read_condition(table: Table) -> Condition:
    """A condition with its parts. What could not be read holds for nobody."""
    return _Reading().read(table, 1)


class _Reading:
    """One condition while it is read: how many there have been so far."""

    def __init__(self) -> None:
        self._left = MOST_PARTS

    def read(self, table: Table, depth: int) -> Condition:
        self._left -= 1
        what = cast(What | Literal[""], table.text("what", WHATS))
        if what == "":
            return Condition("any")
        keys = KEYS[what]
        condition = Condition(
            what=what,
            parts=self._parts(table, depth) if "parts" in keys else (),
            codes=table.codings("codes") if "codes" in keys else (),
            years=table.needed_number("years", 0, MOST_YEARS) if "years" in keys else 0,
            count=table.number("count", 1, MOST_COUNT, 1) if "count" in keys else 1,
            operator=Operator(table.text("operator", list(Operator)) or "ge")
            if "operator" in keys
            else Operator.AT_LEAST,
            value=table.decimal("value") if "value" in keys else 0.0,
            unit=table.maybe_text("unit") if "unit" in keys else None,
            days=_days(table, what) if "days" in keys else None,
            languages=table.texts("languages") if "languages" in keys else (),
            state=VisitState(table.text("state", list(VisitState)) or "booked")
            if "state" in keys
            else VisitState.BOOKED,
            program=table.text("program") if "program" in keys else "",
        )
        self._look(table, condition)
        table.close()
        return condition

    def _parts(self, table: Table, depth: int) -> tuple[Condition, ...]:
        if depth >= DEEPEST and table.has("parts"):
            table.passed_over("parts", f"Conditions can be at most {DEEPEST} deep.")
            return (Condition("any"),)
        parts: list[Condition] = []
        for part in table.tables("parts"):
            if self._left <= 0:
                table.faults_at("parts", f"There can be at most {MOST_PARTS} conditions in all.")
                break
            parts.append(self.read(part, depth + 1))
        return tuple(parts)

    def _look(self, table: Table, condition: Condition) -> None:
        """What must not be empty."""
        lists: Sequence[tuple[str, object, str]] = (
            ("parts", condition.parts, "Please add at least one condition."),
            ("codes", condition.codes, "Please name at least one code."),
            ("languages", condition.languages, "Please name at least one language."),
        )
        for key, found, words in lists:
            if key in KEYS[condition.what] and not found:
                table.faults_at(key, words)


def _days(table: Table, what: What) -> int | None:
    """An observation may be of any age; days count for an appointment only where it lies behind."""
    is_needed = what == "days-since-contact" or (what == "appointment" and table.value("state") in ("missed", "kept"))
    if is_needed:
        return table.needed_number("days", 1, MOST_DAYS)
    if what == "appointment":
        if table.has("days"):
            table.faults_at("days", "It does not count for a booking: please leave it out.")
        return None
    return table.number("days", 1, MOST_DAYS, 1) if table.has("days") else None
