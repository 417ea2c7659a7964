"""Windows of a program's steps: dates that depend on themselves, and windows that end before they begin.

An offset is followed through the due dates of other steps to where it begins: the plan's start, a completion, a fact.
Two offsets with one beginning can be compared for certain; what waits for a completion comes, at the earliest, when
that step's own window opens.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from plugin.domain.fault import Fault, Severity
from plugin.domain.program import Anchor, MilestoneDefinition, Offset

_DAYS_TO_TRY = (date(2001, 1, 1), date(2001, 1, 31), date(2001, 2, 1), date(2001, 4, 1), date(2001, 7, 1))
"""A month has 28 to 31 days: what is compared in months and days is tried from several days on."""

_ByCode = Mapping[str, MilestoneDefinition]


class _Way(NamedTuple):
    """What an offset comes to: where it begins, and the offsets that follow on that."""

    root: tuple[Anchor, object]
    offsets: tuple[Offset, ...]

    def after(self, day: date) -> date:
        """The day that it means, counted from a day of its beginning."""
        for offset in self.offsets:
            day = offset.after(day)
        return day


def circle_faults(milestones: Sequence[MilestoneDefinition]) -> Iterator[Fault]:
    """Dates that depend on themselves: one fault for each step in the circle, which names all of it."""
    by_code = _by_code(milestones)
    for index, milestone in enumerate(milestones):
        for name, offset in (("opens", milestone.opens), ("due", milestone.due)):
            if offset is None or offset.of is None or offset.of == milestone.code:
                continue
            circle = _way_back(offset, milestone.code, by_code)
            if circle:
                titles = " → ".join(f"“{by_code[code].title}”" for code in (milestone.code, *circle))
                yield Fault(f"milestones[{index}].{name}", f"The dates depend on each other in a circle: {titles}.")
                break


def _way_back(offset: Offset, to: str, by_code: _ByCode) -> list[str]:
    """The steps from an offset's anchor back to a step, that one last; the shortest way, empty where there is none."""
    came_from: dict[str, str] = {}
    todo = [code for code in _anchors_of_offset(offset) if code in by_code]
    seen = set(todo)
    while todo:
        code = todo.pop(0)
        if code == to:
            way = [code]
            while way[0] in came_from:
                way.insert(0, came_from[way[0]])
            return way
        for following in _anchors(by_code[code]):
            if following in by_code and following not in seen:
                seen.add(following)
                came_from[following] = code
                todo.append(following)
    return []


def _anchors(milestone: MilestoneDefinition) -> Iterator[str]:
    for offset in (milestone.opens, milestone.due):
        if offset is not None:
            yield from (code for code in _anchors_of_offset(offset) if code != milestone.code)


def _anchors_of_offset(offset: Offset) -> Iterator[str]:
    if offset.of is not None and offset.anchor in (Anchor.COMPLETION, Anchor.DUE):
        yield offset.of


def window_faults(milestones: Sequence[MilestoneDefinition]) -> Iterator[Fault]:
    """Windows that end before they begin. There are no circles."""
    by_code = _by_code(milestones)
    for index, milestone in enumerate(milestones):
        if milestone.opens is None or milestone.due is None:
            continue
        path = f"milestones[{index}].due"
        opens, due = _way(milestone.opens, by_code), _way(milestone.due, by_code)
        if opens.root == due.root:
            early = [due.after(day) < opens.after(day) for day in _DAYS_TO_TRY]
            if all(early):
                yield Fault(path, "The window ends before it begins.")
            elif any(early):
                yield Fault(path, "In some months the window ends before it begins.", Severity.UNSURE)
        elif due.root[0] is Anchor.PLAN_START and all(
            due.after(day) < _earliest(milestone.opens, day, by_code) for day in _DAYS_TO_TRY
        ):
            words = "The window ends before it begins: what its opening waits for cannot have happened by then."
            yield Fault(path, words)


def _by_code(milestones: Sequence[MilestoneDefinition]) -> _ByCode:
    """The first of each code."""
    return {milestone.code: milestone for milestone in reversed(milestones) if milestone.code}


def _way(offset: Offset, by_code: _ByCode) -> _Way:
    following: list[Offset] = []
    while True:
        following.insert(0, offset)
        other = by_code.get(offset.of or "") if offset.anchor is Anchor.DUE else None
        if other is None or other.due is None or len(following) > len(by_code):
            break
        offset = other.due
    of: object = offset.of if offset.anchor in (Anchor.COMPLETION, Anchor.DUE) else None
    if offset.anchor is Anchor.FACT:
        of = frozenset((coding.system, coding.code) for coding in offset.codes)
    return _Way((offset.anchor, of), tuple(following))


def _earliest(offset: Offset, start: date, by_code: _ByCode) -> date:
    """The earliest day that it can mean for a plan that starts on a day."""
    ways: list[Offset] = []
    current: Offset | None = offset
    while current is not None and len(ways) <= 2 * len(by_code):
        ways.insert(0, current)
        current = _before(current, by_code)
    day = start
    for way in ways:
        day = way.after(day)
    return day


def _before(offset: Offset, by_code: _ByCode) -> Offset | None:
    """What an offset's anchor itself waits for: the opening of the step that is to be completed, the due date."""
    other = by_code.get(offset.of or "")
    if other is None:
        return None
    if offset.anchor is Anchor.DUE:
        return other.due
    is_bound = offset.anchor is Anchor.COMPLETION and not other.before_plan_start
    return other.opens if is_bound else None
