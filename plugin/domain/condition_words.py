"""A condition as a sentence for a clinician. What is denied is *not known*: who has no birth date is not known to be
old."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from plugin.domain.condition import COMBINING, Condition, Operator, VisitState, What
from plugin.domain.record import Coding

MOST_NAMED = 5
"""Of a long list of codes the first are named, the others counted."""
OPERATORS: Mapping[Operator, str] = {
    Operator.BELOW: "below",
    Operator.AT_MOST: "at most",
    Operator.ABOVE: "above",
    Operator.AT_LEAST: "at least",
}


@dataclass(frozen=True, slots=True)
class Names:
    """What codes are called on a screen: programs by their codes, languages and ladders by theirs."""

    programs: Mapping[str, str] = field(default_factory=dict)
    languages: Mapping[str, str] = field(default_factory=dict)
    ladders: Mapping[str, str] = field(default_factory=dict)


NO_NAMES = Names()


def condition_words(condition: Condition, names: Names = NO_NAMES) -> str:
    """Without subject and full stop, for example: ``is 65 or older and has no visit booked``."""
    return _words(condition, names, True)


def _words(condition: Condition, names: Names, holds: bool) -> str:
    """What is asked, or its denial: of *all* the denial is that one does not hold, and so on."""
    if condition.what not in COMBINING:
        return _PHRASES[condition.what](condition, names)[0 if holds else 1]
    if not condition.parts:
        return "is anybody" if holds == (condition.what != "any") else "is nobody"
    parts_hold = holds if condition.what != "not" else not holds
    joiner = " and " if (condition.what == "all") == holds else " or "
    if condition.what == "not":
        joiner = " and " if holds else " or "
    return joiner.join(_part(part, names, parts_hold, is_alone=len(condition.parts) == 1) for part in condition.parts)


def _part(part: Condition, names: Names, holds: bool, *, is_alone: bool) -> str:
    words = _words(part, names, holds)
    is_group = part.what in COMBINING and len(part.parts) > 1
    return f"({words})" if is_group and not is_alone else words


def list_words(items: Sequence[str], joiner: str = "or") -> str:
    """``A``, ``A or B``, ``A, B or C``; of many the first few, and how many more."""
    named = list(items[:MOST_NAMED])
    if len(items) > MOST_NAMED:
        named.append(f"{len(items) - MOST_NAMED} more")
    if len(named) < 2:
        return named[0] if named else ""
    return f"{', '.join(named[:-1])} {joiner} {named[-1]}"


def code_words(codings: Iterable[Coding], joiner: str = "or") -> str:
    """By their names, as far as they have any."""
    return list_words([coding.display or coding.code for coding in codings], joiner) or "something without a code"


def span_words(days: int) -> str:
    """``1 day``, ``10 days``, ``2 weeks``."""
    if days and days % 7 == 0:
        return counted(days // 7, "week")
    return counted(days, "day")


def counted(number: int, unit: str) -> str:
    """``1 week``, ``2 weeks``."""
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


def number_words(value: float) -> str:
    """Without a decimal point that says nothing."""
    return f"{value:.10g}"


# ------------------------------------------------------------------------------------ what is asked, and its denial
_Phrase = tuple[str, str]


def _at_least_old(condition: Condition, _: Names) -> _Phrase:
    return f"is {condition.years} or older", f"is not known to be {condition.years} or older"


def _younger(condition: Condition, _: Names) -> _Phrase:
    return f"is younger than {condition.years}", f"is not known to be younger than {condition.years}"


def _ill(condition: Condition, _: Names) -> _Phrase:
    if condition.count > 1:
        asked = f"at least {condition.count} of {code_words(condition.codes, 'and')}"
        return f"has {asked}", f"is not known to have {asked}"
    asked = code_words(condition.codes)
    return f"has {asked}", f"is not known to have {asked}"


def _flagged(condition: Condition, _: Names) -> _Phrase:
    asked = f"the flag {code_words(condition.codes)} in the chart"
    return f"has {asked}", f"does not have {asked}"


def _measured(condition: Condition, _: Names) -> _Phrase:
    unit = f" {condition.unit}" if condition.unit else ""
    limit = f"{OPERATORS[condition.operator]} {number_words(condition.value)}{unit}"
    age = f", not older than {span_words(condition.days)}" if condition.days is not None else ""
    asked = f"{code_words(condition.codes)} {limit} in the newest result{age}"
    return f"has {asked}", f"is not known to have {asked}"


def _speaking(condition: Condition, names: Names) -> _Phrase:
    asked = list_words([names.languages.get(language, language) for language in condition.languages])
    return f"speaks {asked or 'no language'}", f"is not known to speak {asked or 'no language'}"


def _interpreted(_: Condition, __: Names) -> _Phrase:
    return "needs an interpreter", "is not known to need an interpreter"


def _silent(condition: Condition, _: Names) -> _Phrase:
    span = span_words(condition.days or 0)
    return f"was not reached and did not come for {span} or more", f"was reached or came in the last {span}"


def _visiting(condition: Condition, _: Names) -> _Phrase:
    span = span_words(condition.days or 0)
    match condition.state:
        case VisitState.BOOKED:
            return "has a visit of this plan booked", "has no visit of this plan booked"
        case VisitState.MISSED:
            asked = f"a visit of this plan in the last {span}"
            return f"missed {asked}", f"did not miss {asked}"
        case VisitState.KEPT:
            asked = f"a visit of this plan in the last {span}"
            return f"came to {asked}", f"did not come to {asked}"


def _following(condition: Condition, names: Names) -> _Phrase:
    program = f"the program “{names.programs.get(condition.program, condition.program)}”"
    return f"follows {program}", f"does not follow {program}"


_PHRASES: Mapping[What, Callable[[Condition, Names], _Phrase]] = {
    "age-at-least": _at_least_old,
    "age-below": _younger,
    "condition": _ill,
    "flag": _flagged,
    "observation": _measured,
    "language": _speaking,
    "interpreter-needed": _interpreted,
    "days-since-contact": _silent,
    "appointment": _visiting,
    "in-program": _following,
}
