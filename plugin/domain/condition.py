"""The closed vocabulary of conditions (DESIGN §8), as far as the shipped programs need it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal
from zoneinfo import ZoneInfo

from plugin.domain.moment import days, plus_months
from plugin.domain.record import Coding, Other, Patient, Record


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition. ``all``, ``any`` and ``not`` combine ``parts``; ``condition`` holds when an active Condition has one
    of ``codes``; ``age-at-least`` and ``age-below`` compare the age in whole years with ``years``."""

    what: Literal["all", "any", "not", "condition", "age-at-least", "age-below"]
    parts: tuple[Condition, ...] = ()
    codes: tuple[Coding, ...] = ()
    years: int = 0


_INACTIVE = {"inactive", "remission", "resolved", "entered-in-error", "refuted"}


def holds(condition: Condition, record: Record, today: date, zone: ZoneInfo) -> bool:
    """Whether it holds on a local day. What is unknown (no birth date) does not hold."""
    match condition.what:
        case "all":
            return all(holds(part, record, today, zone) for part in condition.parts)
        case "any":
            return any(holds(part, record, today, zone) for part in condition.parts)
        case "not":
            return not any(holds(part, record, today, zone) for part in condition.parts)
        case "condition":
            return _has_condition(condition, record)
        case "age-at-least" | "age-below":
            birthday = _birthday(condition.years, record, zone)
            return birthday is not None and (today >= birthday) == (condition.what == "age-at-least")


def _has_condition(condition: Condition, record: Record) -> bool:
    wanted = {(c.system, c.code) for c in condition.codes}
    for fact in record.facts.values():
        if not isinstance(fact, Other) or fact.type != "Condition" or fact.status in _INACTIVE:
            continue
        if any((c.system, c.code) in wanted for concept in fact.concepts for c in concept.codings):
            return True
    return False


def _birthday(years: int, record: Record, zone: ZoneInfo) -> date | None:
    patient = record.facts.get(record.ref)
    born = days(patient.birth_date, zone) if isinstance(patient, Patient) and patient.birth_date else None
    return plus_months(born.first, 12 * years) if born else None


def turning_days(condition: Condition, record: Record, zone: ZoneInfo) -> Iterator[date]:
    """The days on which its answer can change by itself: birthdays."""
    for part in condition.parts:
        yield from turning_days(part, record, zone)
    birthday = _birthday(condition.years, record, zone) if condition.what.startswith("age") else None
    if birthday:
        yield birthday
