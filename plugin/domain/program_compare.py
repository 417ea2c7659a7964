"""Two versions of a program or ladder, side by side, in words: what was added, removed, moved and changed."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import zip_longest
from typing import NamedTuple

from plugin.domain.condition_words import NO_NAMES, Names, code_words
from plugin.domain.ladder import Ladder
from plugin.domain.program import MilestoneDefinition, Program
from plugin.domain.program_words import Line, act_words, claims_words, flag_words, step_lines


class Change(StrEnum):
    """What became of a part."""

    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"
    CHANGED = "changed"


class Difference(NamedTuple):
    """One difference. ``part`` is what kind of part (``program``, ``phase``, ``step``, ``flag``, ``ladder``, ``tier``) and
    ``code`` which one; ``title`` is what it is called, ``label`` what of it is different. ``before`` and ``after`` are the
    words; one is empty where something was added, removed, or said nothing."""

    part: str
    code: str
    title: str
    change: Change
    label: str = ""
    before: str = ""
    after: str = ""


def compare(before: Program, after: Program, names: Names = NO_NAMES) -> Sequence[Difference]:
    """What is different in the later version: the program itself, then its phases, steps and flags in their order."""
    return [
        *_head(before, after, names),
        *_phases(before, after),
        *_steps(before, after, names),
        *_flags(before, after, names),
    ]


def compare_ladders(before: Ladder, after: Ladder) -> Sequence[Difference]:
    """Tier by tier, by their numbers."""
    found = list(_line("ladder", after.code, after.title, Line("Title", before.title), Line("Title", after.title)))
    for old, new in zip_longest(before.tiers, after.tiers):
        tier = new or old
        code, title = str(tier.number), f"Tier {tier.number}"
        if old is None:
            words = f"from day {new.from_days} past due: {act_words(new)}"
            found.append(Difference("tier", code, title, Change.ADDED, after=words))
        elif new is None:
            words = f"from day {old.from_days} past due: {act_words(old)}"
            found.append(Difference("tier", code, title, Change.REMOVED, before=words))
        else:
            began, begins = f"day {old.from_days} past due", f"day {new.from_days} past due"
            found.extend(_line("tier", code, title, Line("Begins", began), Line("Begins", begins)))
            found.extend(_line("tier", code, title, Line("Does", act_words(old)), Line("Does", act_words(new))))
    return found


def _line(part: str, code: str, title: str, old: Line, new: Line) -> Iterator[Difference]:
    if old.words != new.words:
        yield Difference(part, code, title, Change.CHANGED, new.label, old.words, new.words)


def _lines(part: str, code: str, title: str, old: Sequence[Line], new: Sequence[Line]) -> Iterator[Difference]:
    """Label by label, in the order of the later version; what one of them does not say is empty."""
    was, now = dict(old), dict(new)
    for label in dict.fromkeys([*now, *was]):
        yield from _line(part, code, title, Line(label, was.get(label, "")), Line(label, now.get(label, "")))


def _head(before: Program, after: Program, names: Names) -> Iterator[Difference]:
    def lines(program: Program) -> list[Line]:
        intake = "; ".join(f"{item.title}: {code_words(item.codes)}" for item in program.intake)
        return [
            Line("Title", program.title),
            Line("Ladder", names.ladders.get(program.ladder, program.ladder)),
            Line("Claims", " ".join(claims_words(program))),
            Line("At the start", intake),
        ]

    yield from _lines("program", after.code, after.title, lines(before), lines(after))


def _phases(before: Program, after: Program) -> Iterator[Difference]:
    was = {phase.code: phase.title for phase in before.phases}
    now = {phase.code: phase.title for phase in after.phases}
    yield from _come_and_gone("phase", was, now)
    places = _neighbours([code for code in was if code in now], [code for code in now if code in was])
    for code in (code for code in now if code in was):
        yield from _line("phase", code, now[code], Line("Title", was[code]), Line("Title", now[code]))
        if code in places:
            yield Difference("phase", code, now[code], Change.MOVED, "Place", *_after(places[code], was, now))


def _steps(before: Program, after: Program, names: Names) -> Iterator[Difference]:
    was = {milestone.code: milestone for milestone in before.milestones}
    now = {milestone.code: milestone for milestone in after.milestones}
    titles_before = {code: step.title for code, step in was.items()}
    titles = {code: step.title for code, step in now.items()}
    yield from _come_and_gone("step", titles_before, titles)
    places = _neighbours([code for code in was if code in now], [code for code in now if code in was])
    for code, step in now.items():
        if code not in was:
            continue
        old, new = _phase_of(was[code], before), _phase_of(step, after)
        if was[code].phase != step.phase:
            yield Difference("step", code, step.title, Change.MOVED, "Phase", old, new)
        elif code in places:
            yield Difference(
                "step", code, step.title, Change.MOVED, "Place", *_after(places[code], titles_before, titles)
            )
        yield from _line("step", code, step.title, Line("Title", was[code].title), Line("Title", step.title))
        old_lines, new_lines = step_lines(was[code], before, names), step_lines(step, after, names)
        yield from _lines("step", code, step.title, old_lines, new_lines)


def _phase_of(milestone: MilestoneDefinition, program: Program) -> str:
    return next((phase.title for phase in program.phases if phase.code == milestone.phase), "in no phase")


def _flags(before: Program, after: Program, names: Names) -> Iterator[Difference]:
    was = {flag.code: flag for flag in before.flags}
    now = {flag.code: flag for flag in after.flags}
    yield from _come_and_gone("flag", {c: f.title for c, f in was.items()}, {c: f.title for c, f in now.items()})
    for code, flag in now.items():
        if code in was:
            old, new = flag_words(was[code], names), flag_words(flag, names)
            yield from _line("flag", code, flag.title, Line("Raised", old), Line("Raised", new))


def _come_and_gone(part: str, was: Mapping[str, str], now: Mapping[str, str]) -> Iterator[Difference]:
    for code in (code for code in was if code not in now):
        yield Difference(part, code, was[code], Change.REMOVED, before=was[code])
    for code in (code for code in now if code not in was):
        yield Difference(part, code, now[code], Change.ADDED, after=now[code])


# -------------------------------------------------------------------------------------------------------------- order
def _neighbours(was: Sequence[str], now: Sequence[str]) -> Mapping[str, tuple[str | None, str | None]]:
    """Of those that were moved: after which one each stood, and after which it stands (None: it was, or is, the first)."""
    stayed = _longest_in_order(was, now)

    def before(order: Sequence[str], code: str) -> str | None:
        place = order.index(code)
        return order[place - 1] if place else None

    return {code: (before(was, code), before(now, code)) for code in now if code not in stayed}


def _longest_in_order(was: Sequence[str], now: Sequence[str]) -> set[str]:
    """As many as possible that stand in the same order in both: the others are those that somebody moved."""
    place = {code: index for index, code in enumerate(was)}
    ends: list[int] = []
    chain_of: list[list[str]] = []
    for code in now:
        at = bisect_left(ends, place[code])
        chain = [*(chain_of[at - 1] if at else []), code]
        ends[at : at + 1] = [place[code]]
        chain_of[at : at + 1] = [chain]
    return set(chain_of[-1]) if chain_of else set()


def _after(places: tuple[str | None, str | None], was: Mapping[str, str], now: Mapping[str, str]) -> tuple[str, str]:
    old, new = places
    return f"after “{was[old]}”" if old else "first", f"after “{now[new]}”" if new else "first"
